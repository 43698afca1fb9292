"""Plan a rollback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from k9py.actions.change import Change
from k9py.objects.pods import Pod


def plan_undo(obj: Mapping[str, Any], revision_obj: Mapping[str, Any] | None, *, pods: Sequence[Pod] = ()) -> Change:
    """Plan to put a revision's pod template back, as `kubectl rollout undo`.

    Args:
        revision_obj: the whole ReplicaSet or ControllerRevision, None when it is gone.
        pods: of the workload, to name those that will stay stuck.

    Raises:
        RefusedError: paused, gone, of another workload, or already the present template.
    """
    raise NotImplementedError


def revision_template(revision_obj: Mapping[str, Any]) -> dict[str, Any]:
    """Return the pod template a ReplicaSet or ControllerRevision holds, as the workload would have it."""
    raise NotImplementedError
