"""Delete the pods that block a StatefulSet's rollback: in order, one by one, each identified by its uid.

Invariants: every state is read from the server, not from a cache; no pod is deleted before the controller has observed
the rollback (it would recreate the pod from the revision that is being left); a pod that has become ready meanwhile, is
terminating, or was replaced by another with its name is left alone; the next one is deleted only once the replacement
of the previous one is ready, because the controller recreates pods in the order of their ordinals and waits for each.
While one is waited for, a lost connection may come back.
Source: k8s.io/kubernetes/pkg/controller/statefulset, `updateStatefulSet`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final

import msgspec

from k9py.api.errors import ConnectionFailedError, NotFoundError, RefusedError, UnavailableError
from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.operations.delete_pod import plan_delete_pod
from k9py.operations.operation import PlannedTarget
from k9py.operations.patcher import Reader
from k9py.operations.target import Target, TargetReader, TargetSnapshot
from k9py.operations.track import POD_SECONDS, TrackedEnd
from k9py.operations.write import Writer
from k9py.runtime.clock import Clock

OBSERVED_SECONDS: Final = 30.0
"""How long the controller may take to observe the rollback."""

READY_SECONDS: Final = 300.0
"""How long the replacement of a deleted pod may take to become ready, before the next pod is left alone."""

POLL_SECONDS: Final = 0.5

DeletePod = Callable[[PlannedTarget, int, int, Callable[[], Coroutine[Any, Any, TrackedEnd]]], Awaitable[None]]
"""Writes a planned deletion, number n of a total, and tracks it with the given function."""


class StuckPodDeleter:
    """The stuck pods of one workload.

    Args:
        key: the StatefulSet.
        pods: in the order to delete them.
        generation: of the StatefulSet once the rollback is written.
        is_confirmed: deleting them was confirmed together with the rollback.
        delete: writes one deletion.
    """

    def __init__(
        self,
        key: ObjectRef,
        pods: Sequence[Pod],
        generation: int,
        *,
        is_confirmed: bool,
        writer: Writer,
        reader: Reader,
        targets: TargetReader,
        clock: Clock,
        delete: DeletePod,
    ) -> None:
        self.key = key
        self.pods = tuple(pods)
        self.is_confirmed = is_confirmed
        self._generation = generation
        self._writer = writer
        self._reader = reader
        self._targets = targets
        self._clock = clock
        self._delete = delete

    async def dry_run(self) -> None:
        """Dry-run each deletion, before anything is written. Raises KdashError."""
        for pod in self.pods:
            target = await self._stuck(pod)
            if target is not None:
                await self._writer.write(plan_delete_pod(target.raw), dry_run=True, before=target.raw)

    async def wait_until_observed(self) -> None:
        """Wait until the controller has observed the rollback. Raises UnavailableError: it does not in time."""

        async def is_observed() -> bool:
            raw = await self._reader.get(self.key)
            return int((raw.get("status") or {}).get("observedGeneration") or 0) >= self._generation

        if not await self._poll(is_observed, OBSERVED_SECONDS):
            raise UnavailableError(
                f"the controller has not observed the change of {printable(str(self.key))} yet: no pod was deleted",
                "check that kube-controller-manager works; then delete the stuck pods with kubectl",
            )

    async def still_stuck(self) -> tuple[Pod, ...]:
        """Return the pods that are still stuck."""
        return tuple([pod for pod in self.pods if await self._stuck(pod) is not None])

    async def delete(self, confirmed: Sequence[Pod]) -> None:
        """Delete each that was confirmed and is still stuck.

        Raises:
            UnavailableError: the controller did not observe the rollback, or a replacement did not become ready.
            KdashError: a pod could not be deleted.
        """
        await self.wait_until_observed()
        count = len(confirmed)
        for number, pod in enumerate(confirmed, start=1):
            target = await self._stuck(pod)
            if target is None:
                continue
            title = f"delete stuck pod {number} of {count}" if count > 1 else "delete stuck pod"
            planned = PlannedTarget(target, plan_delete_pod(target.raw), title)

            async def gone(pod: Pod = pod) -> TrackedEnd:
                return await self._gone(pod)

            await self._delete(planned, number, count, gone)
            if number < count:
                await self._wait_until_replaced(pod, confirmed[number:])

    async def _stuck(self, pod: Pod) -> Target | None:
        try:
            target = await self._targets.read(TargetSnapshot(pod.key, pod.uid))
        except (RefusedError, NotFoundError):
            return None  # gone, or replaced
        present = _decoded(target.raw)
        return None if present.is_terminating or present.is_ready else target

    async def _gone(self, pod: Pod) -> TrackedEnd:
        began = self._clock.monotonic()

        async def is_gone() -> bool:
            present = await self._present(pod)
            return present is None or present.uid != pod.uid

        is_done = await self._poll(is_gone, POD_SECONDS)
        seconds = self._clock.monotonic() - began
        if is_done:
            return TrackedEnd("gone", "gone", seconds=seconds, is_expected=True)
        text = f"still terminating after {POD_SECONDS:.0f} s"
        return TrackedEnd("not-followed", text, seconds=seconds, is_timeout=True)

    async def _wait_until_replaced(self, pod: Pod, left: Sequence[Pod]) -> None:
        async def is_replaced() -> bool:
            present = await self._present(pod)
            return present is not None and present.uid != pod.uid and present.is_ready

        if not await self._poll(is_replaced, READY_SECONDS):
            names = ", ".join(printable(pod.name) for pod in left)
            raise UnavailableError(
                f"the replacement of pod {printable(pod.name)} is not ready after {READY_SECONDS:.0f} s",
                f"not deleted: {names}",
            )

    async def _present(self, pod: Pod) -> Pod | None:
        try:
            return _decoded(await self._reader.get(pod.key))
        except NotFoundError:
            return None

    async def _poll(self, condition: Callable[[], Awaitable[bool]], seconds: float) -> bool:
        until = self._clock.monotonic() + seconds
        while True:
            try:
                if await condition():
                    return True
            except (ConnectionFailedError, UnavailableError):
                if self._clock.monotonic() >= until:
                    raise
            if self._clock.monotonic() >= until:
                return False
            await self._clock.sleep(POLL_SECONDS)


def _decoded(raw: Any) -> Pod:
    return POD.decode(msgspec.json.encode(raw))
