"""Choose the revision an undo goes back to by default, and resolve the revision that a number names.

Invariants: TUI and CLI both use this module. A revision that was rolled back or never became ready is never the
default; one without a number, or with a duplicate number, is never chosen by accident.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from k9py.api.errors import MissingPartError, RefusedError
from k9py.api.text import printable
from k9py.rollouts.revision_outcome import RevisionOutcome, revision_outcomes, was_undo_target
from k9py.rollouts.revisions import Revision, current_revision
from k9py.rollouts.status import RolloutState, RolloutStatus


@dataclass(frozen=True, slots=True)
class UndoTarget:
    """The revision to roll back to, and the reason for this choice."""

    revision: Revision
    reason: str


def undo_target(
    revisions: Sequence[Revision], outcomes: Mapping[str, RevisionOutcome] | None = None
) -> UndoTarget | None:
    """Return the default target of an undo, None if there is nothing to roll back to.

    An earlier revision whose pods are ready now is preferred, because it is known to work. Otherwise it is the previous
    revision, as with kubectl, but never one that was rolled back or never became ready.

    Args:
        outcomes: by the revision's uid; None: only the revisions themselves are used.
    """
    known = revision_outcomes(revisions) if outcomes is None else outcomes
    older = [
        revision for revision in _before_current(revisions) if not known.get(revision.uid, RevisionOutcome()).is_bad
    ]
    if not older:
        return None
    for revision in older:
        if revision.ready:
            pods = "1 of its pods is" if revision.ready == 1 else f"{revision.ready} of its pods are"
            return UndoTarget(revision, f"{pods} ready now")
    first = older[0]
    was_ready = known.get(first.uid, RevisionOutcome()).was_ready
    return UndoTarget(
        first, f"the previous revision{' (ready before)' if was_ready else ' (not known whether it was ever ready)'}"
    )


def suggested_undo(
    status: RolloutStatus, revisions: Sequence[Revision], outcomes: Mapping[str, RevisionOutcome]
) -> UndoTarget | None:
    """Return what to suggest for an undo of an unhealthy workload, None if an undo would not help."""
    return None if is_starting(status, revisions, outcomes) else undo_target(revisions, outcomes)


def is_starting(status: RolloutStatus, revisions: Sequence[Revision], outcomes: Mapping[str, RevisionOutcome]) -> bool:
    """Return whether a revision that once served is starting its pods again, as after a scale, without a failure.

    Such a revision is not at fault: no release caused its pods to be unready.
    """
    current = current_revision(revisions)
    if current is None or status.state is not RolloutState.PROGRESSING or status.is_blocked:
        return False
    if any(revision.replicas for revision in revisions if not revision.is_current):
        return False  # a release in progress: its first ready pods prove little
    return outcomes.get(current.uid, RevisionOutcome()).was_ready is True or was_undo_target(current, revisions)


def previous_revision(revisions: Sequence[Revision]) -> Revision | None:
    """Return the revision before the current one, whatever its outcome; None if there is none."""
    return next(iter(_before_current(revisions)), None)


def _before_current(revisions: Sequence[Revision]) -> list[Revision]:
    """Return the revisions with a unique number below the current one's, newest first."""
    # While the current revision is not known, the newest is assumed; the plan refuses an undo that changes nothing.
    newest = revisions[0] if revisions else None
    current = next((revision for revision in revisions if revision.is_current), newest)
    if current is None:
        return []
    return [
        revision
        for revision in revisions
        if 0 < revision.number < current.number and len(with_same_number(revisions, revision)) == 1
    ]


def with_same_number(revisions: Sequence[Revision], revision: Revision) -> list[Revision]:
    """Return the revisions that have this one's number, including itself."""
    return [other for other in revisions if other.number == revision.number]


def revision_label(revisions: Sequence[Revision], revision: Revision) -> str:
    """Return a revision's number, with its name if the number is missing or not unique. Printable."""
    if not revision.number:
        return f"{printable(revision.name)} (no revision number)"
    is_unique = len(with_same_number(revisions, revision)) == 1
    return str(revision.number) if is_unique else f"{revision.number} ({printable(revision.name)})"


def revision_of_number(revisions: Sequence[Revision], number: int, name: str) -> Revision:
    """Return the revision that a number names.

    Args:
        name: of the workload, for the error message.

    Raises:
        MissingPartError: no revision has the number.
        RefusedError: several have it.
    """
    matching = [revision for revision in revisions if number and revision.number == number]
    if len(matching) == 1:
        return matching[0]
    if matching:
        names = " and ".join(printable(revision.name) for revision in matching)
        raise RefusedError(
            f"{printable(name)} has revision {number} more than once: {names}",
            "their revision annotations are equal; correct one with kubectl annotate, then try again",
        )
    numbers = ", ".join(dict.fromkeys(str(revision.number) for revision in revisions if revision.number)) or "none"
    raise MissingPartError(f"{printable(name)} has no revision {number}", f"revisions: {numbers}")


def require_number(revision: Revision) -> None:
    """Raise RefusedError for a revision without a number: the controller does not count it in the history."""
    if not revision.number:
        raise RefusedError(
            f"{revision.kind} {printable(revision.name)} has no revision number",
            "the controller does not count it as a revision: an undo to it could not be verified",
        )
