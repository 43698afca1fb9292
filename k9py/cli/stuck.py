"""Delete the pods a StatefulSet leaves stuck after a rollback: in order, one by one, each the very pod that was named.

Invariant: a pod that has meanwhile become ready, ended, or been replaced by another of its name is left alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec

from k9py.actions.delete_pod import plan_delete_pod
from k9py.cli.session import Session
from k9py.objects.errors import NotFoundError
from k9py.objects.kinds import POD
from k9py.objects.pods import Pod


async def try_deleting(session: Session, pods: Sequence[Pod]) -> None:
    """Try each deletion as a dry-run, before anything is written. Raises KdashError."""
    for pod in pods:
        found = await _still_stuck(session, pod)
        if found is not None:
            await session.writer.write(plan_delete_pod(found), dry_run=True)


async def delete_in_order(session: Session, pods: Sequence[Pod]) -> AsyncIterator[str]:
    """Delete each, and yield its name. Raises KdashError; those yielded are deleted."""
    for pod in pods:
        found = await _still_stuck(session, pod)
        if found is not None:
            await session.writer.write(plan_delete_pod(found), dry_run=False)
            yield pod.name


async def _still_stuck(session: Session, pod: Pod) -> Mapping[str, Any] | None:
    try:
        found = await session.connection.get(pod.key)
    except NotFoundError:
        return None
    present = POD.decode(msgspec.json.encode(found))
    gone = present.uid != pod.uid or present.is_terminating or present.is_ready
    return None if gone else found
