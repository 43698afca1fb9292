"""Which revision an undo goes back to unless a person chooses another, and which one a number names.

Invariants: both faces, key and command, ask here. A revision that was left by an undo, or never became ready, is never
the default; one without a number, or whose number another one has too, is never taken by accident.
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
    """The revision to go back to, and why this one, in words."""

    revision: Revision
    reason: str


def undo_target(found: Sequence[Revision], outcomes: Mapping[str, RevisionOutcome] | None = None) -> UndoTarget | None:
    """Return the default target of an undo, None when there is nothing to go back to.

    A revision before the current one whose pods are ready now is preferred: it is known to work. Else the last one
    before the current one, as kubectl does, but never one that was left or never became ready.

    Args:
        pasts: what is known of each revision, by uid; None: only what the revisions themselves tell.
    """
    known = revision_outcomes(found) if outcomes is None else outcomes
    older = [one for one in _before(found) if not known.get(one.uid, RevisionOutcome()).is_bad]
    if not older:
        return None
    for one in older:
        if one.ready:
            pods = "1 pod of it is" if one.ready == 1 else f"{one.ready} pods of it are"
            return UndoTarget(one, f"{pods} ready now")
    first = older[0]
    ready = (
        "it was ready before" if known.get(first.uid, RevisionOutcome()).was_ready else "not known whether it was ready"
    )
    return UndoTarget(first, f"previous revision, {ready}")


def suggested_undo(
    status: RolloutStatus, found: Sequence[Revision], outcomes: Mapping[str, RevisionOutcome]
) -> UndoTarget | None:
    """Return what to suggest for an undo of a workload that is not healthy, None when an undo would not help."""
    return None if is_starting(status, found, outcomes) else undo_target(found, outcomes)


def is_starting(status: RolloutStatus, found: Sequence[Revision], outcomes: Mapping[str, RevisionOutcome]) -> bool:
    """Tell whether a revision that served before is getting its pods again, as after a scale, and nothing has failed.

    Such a revision is no suspect: no release brought about that its pods are not ready yet.
    """
    current = current_revision(found)
    if current is None or status.state is not RolloutState.PROGRESSING or status.is_blocked:
        return False
    if any(one.replicas for one in found if not one.is_current):
        return False  # a release on its way: its first pods that are ready prove little
    return outcomes.get(current.uid, RevisionOutcome()).was_ready is True or was_undo_target(current, found)


def previous_revision(found: Sequence[Revision]) -> Revision | None:
    """Return the revision before the current one, whatever became of it; None when there is none."""
    return next(iter(_before(found)), None)


def _before(found: Sequence[Revision]) -> list[Revision]:
    """Return the revisions with a number of their own below the current one's, newest first."""
    # While it is not known which revision is in force, the newest is taken for it: the plan refuses what is no change.
    current = next((one for one in found if one.is_current), found[0] if found else None)
    if current is None:
        return []
    return [one for one in found if 0 < one.number < current.number and len(with_same_number(found, one)) == 1]


def with_same_number(found: Sequence[Revision], revision: Revision) -> list[Revision]:
    """Return the revisions with the number of that one, itself included."""
    return [one for one in found if one.number == revision.number]


def revision_label(found: Sequence[Revision], revision: Revision) -> str:
    """Return what to call a revision: its number, with its name where the number alone does not name it. Printable."""
    if not revision.number:
        return f"{printable(revision.name)} (no revision number)"
    alone = len(with_same_number(found, revision)) == 1
    return str(revision.number) if alone else f"{revision.number} ({printable(revision.name)})"


def revision_of_number(found: Sequence[Revision], number: int, name: str) -> Revision:
    """Return the revision a number names.

    Args:
        name: of the workload, for the refusal.

    Raises:
        AbsentError: none has it.
        RefusedError: several have it.
    """
    named = [one for one in found if number and one.number == number]
    if len(named) == 1:
        return named[0]
    if named:
        both = " and ".join(printable(one.name) for one in named)
        raise RefusedError(
            f"{printable(name)} has revision {number} more than once: {both}",
            "their revision annotations say so; correct one with kubectl annotate, then try again",
        )
    numbers = ", ".join(dict.fromkeys(str(one.number) for one in found if one.number)) or "none"
    raise MissingPartError(f"{printable(name)} has no revision {number}", f"revisions: {numbers}")


def require_number(revision: Revision) -> None:
    """Raise RefusedError for a revision that has no number: no controller made it one of the workload's history."""
    if not revision.number:
        raise RefusedError(
            f"{revision.kind} {printable(revision.name)} has no revision number",
            "it is no revision the controller counts: an undo to it could not be told apart from another change",
        )
