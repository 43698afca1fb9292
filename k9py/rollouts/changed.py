"""When a rollout last changed: the start of its revision, or the controller's last progress.

An undo of a StatefulSet or DaemonSet takes an old ControllerRevision into use again and leaves its creation time as it
was. Such a revision has the highest number and is older than another one; its pods tell when it came back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from k9py.objects.pods import Pod
from k9py.rollouts.cohorts import cohorts
from k9py.rollouts.revisions import Revision


def revision_since(current: Revision | None, revisions: Sequence[Revision], pods: Sequence[Pod]) -> datetime | None:
    """Return since when the current revision is in use, as far as anything tells; None when unknown."""
    if current is None or current.created_at is None:
        return None
    created = current.created_at
    later = max((one.created_at for one in revisions if one.created_at and one.created_at > created), default=None)
    if later is None:
        return created
    times = (
        pod.metadata.creation_timestamp for group in cohorts(revisions, pods) if group.is_current for pod in group.pods
    )
    return min((one for one in times if one is not None and one > later), default=later)
