"""What an answer is made of beside the view: the revisions, what differs between two of them, and who scaled it."""

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
    """What is known of a workload's last change.

    Args:
        revisions: newest first, empty while they have not been read.
        target: the revision to suggest for an undo, None when there is none, or going back would not help.
        base: the revision the current one is compared with, None when there is none.
        changes: what differs between the two pod templates, None while they have not been read.
        scaled_by: the field manager that set the number of pods last, "" when nothing tells.
        scaled_at: when, None when nothing tells.
        former_replicas: pods there were before the workload was scaled to zero, None when nothing tells.
        restarts: of the containers in the pods that are not ready, 0 where they are not what is wrong.
        scaling: what brings its pods up again, where no release does; None: a release is what changed last.
        stuck_pod: a pod the controller waits for and will not replace after an undo, "" when there is none.
        new_errors: what the new revision's log says and the old ones' do not, errors alone, printable.
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
        """The revision the workload rolls out to, None when it is not known."""
        return current_revision(self.revisions)


def compared_revision(revisions: Sequence[Revision], target: UndoTarget | None, *, is_problem: bool) -> Revision | None:
    """Return the revision the current one is compared with, None when there is no older one.

    With a problem it is the one an undo goes back to: several bad releases in a row are one change. Else the one
    before.
    """
    current = current_revision(revisions)
    if current is None:
        return None
    if is_problem and target is not None:
        return target.revision
    return next((one for one in revisions if one.number < current.number), None)
