"""Delete the pods a StatefulSet leaves stuck after a rollback: in order, one by one, each the very pod that was named.

Invariant: a pod that has meanwhile become ready, ended, or been replaced by another of its name is left alone; and none
is deleted before the controller has seen the rollback: it would make the pod anew from the revision that is being left.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from k9py.api.errors import NotFoundError, UnavailableError
from k9py.api.kinds import POD
from k9py.api.meta import ObjectKey
from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.cli.session import CommandSession
from k9py.operations.delete_pod import plan_delete_pod
from k9py.operations.plan import WriteResult
from k9py.runtime.clock import Clock

_CONTROLLER_SECONDS: Final = 30.0
"""How long a controller is given to see a change."""

_BETWEEN_LOOKS: Final = 0.5


async def try_deleting(session: CommandSession, pods: Sequence[Pod]) -> None:
    """Try each deletion as a dry-run, before anything is written. Raises KdashError."""
    for pod in pods:
        found = await _still_stuck(session, pod)
        if found is not None:
            await session.writer.write(plan_delete_pod(found), dry_run=True)


async def delete_in_order(
    session: CommandSession, key: ObjectKey, generation: int, pods: Sequence[Pod], clock: Clock
) -> AsyncIterator[tuple[str, WriteResult]]:
    """Delete each, once the controller has seen that generation, and yield its name and what came of the write.

    Raises:
        UnavailableError: the controller does not see to it; nothing was deleted.
        KdashError: a pod could not be deleted; those yielded are.
    """
    await _observed(session, key, generation, clock)
    for pod in pods:
        found = await _still_stuck(session, pod)
        if found is not None:
            yield pod.name, await session.writer.write(plan_delete_pod(found), dry_run=False, before=found)


async def _observed(session: CommandSession, key: ObjectKey, generation: int, clock: Clock) -> None:
    until = clock.monotonic() + _CONTROLLER_SECONDS
    while True:
        found = await session.connection.get(key)
        if int((found.get("status") or {}).get("observedGeneration") or 0) >= generation:
            return
        if clock.monotonic() >= until:
            raise UnavailableError(
                f"the controller has not seen the change of {printable(str(key))} yet: no pod was deleted",
                "look whether kube-controller-manager works; then delete the stuck pods with kubectl",
            )
        await clock.sleep(_BETWEEN_LOOKS)


async def _still_stuck(session: CommandSession, pod: Pod) -> Mapping[str, Any] | None:
    try:
        found = await session.connection.get(pod.key)
    except NotFoundError:
        return None
    present = POD.decode(msgspec.json.encode(found))
    gone = present.uid != pod.uid or present.is_terminating or present.is_ready
    return None if gone else found
