"""What an answer needs besides the view: revisions, the difference between two of them, and who scaled the workload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from k9py.rollouts.revisions import Revision, current_revision
from k9py.rollouts.scaling_events import Scaling
from k9py.rollouts.semantic_diff import SemanticChange
from k9py.rollouts.undo_target import UndoTarget


@dataclass(frozen=True, slots=True)
class RolloutFacts:
    """What is known about a workload's last change.

    Args:
        revisions: newest first, empty while they have not been read.
        target: the revision to suggest for an undo, None if there is none, or an undo would not help.
        base: the revision the current one is compared with, None if there is none.
        changes: what differs between the two pod templates, None while they have not been read.
        scaled_by: the field manager that last set the number of pods, "" if unknown.
        scaled_at: when, None if unknown.
        previous_replicas: pods there were before the workload was scaled to zero, None if unknown.
        restarts: of the containers in the unready pods, 0 where they are not the problem.
        scaling: what restores its pods, if not a release; None: a release was the last change.
        stuck_pod: a pod the controller waits for and will not replace after an undo, "" if there is none.
        new_errors: errors that the new revision logs and the old ones do not, printable.
    """

    revisions: tuple[Revision, ...] = ()
    target: UndoTarget | None = None
    base: Revision | None = None
    changes: tuple[SemanticChange, ...] | None = None
    scaled_by: str = ""
    scaled_at: datetime | None = None
    previous_replicas: int | None = None
    restarts: int = 0
    stuck_pod: str = ""
    new_errors: tuple[str, ...] = ()
    scaling: Scaling | None = None

    @property
    def current(self) -> Revision | None:
        """The revision the workload rolls out to, None if unknown."""
        return current_revision(self.revisions)


def compared_revision(revisions: Sequence[Revision], target: UndoTarget | None, *, is_problem: bool) -> Revision | None:
    """Return the revision the current one is compared with, None if there is no older one.

    If there is a problem it is the undo target: several bad releases in a row are one change. Otherwise it is the
    previous one.
    """
    current = current_revision(revisions)
    if current is None:
        return None
    if is_problem and target is not None:
        return target.revision
    return next((revision for revision in revisions if revision.number < current.number), None)
