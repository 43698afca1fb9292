"""Work in a container that was created for debugging: attach to it, learn how it ended, remove its pod afterwards.

Invariants: a pod that has to be removed is removed whatever ends the session (an exception, a cancellation, a signal);
if that fails, the text says what is left over and how to remove it. What is opened is audited, never its content.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import msgspec

from k9py.api.errors import ConnectionFailedError, KdashError, NotFoundError, UnavailableError
from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod, StateTerminated
from k9py.api.streams import ContainerRef, ContainerStream
from k9py.api.text import printable
from k9py.operations.debugging.profiles import HOST_ROOT
from k9py.operations.debugging.removing import remove_pod
from k9py.operations.debugging.starting import status_of
from k9py.operations.result import OperationResult
from k9py.remote.prompt_hint import PromptHintStream
from k9py.runtime.exit_holds import hold_exit
from k9py.session import ClusterSession

HOST_HINT: Final = f"The node's files are at {HOST_ROOT}; chroot {HOST_ROOT} runs its programs."
_REMOVE_SECONDS: Final = 20.0
"""How long a server is asked to remove a pod, and waited for."""
_NOTICE_SECONDS: Final = 1.0
"""How long a removal may take in silence."""
_END_SECONDS: Final = 5.0
"""How long the kubelet has to report how a container ended."""
_PAUSE: Final = 0.25


@dataclass(frozen=True, slots=True)
class DebugPod:
    """Where a debugging session takes place.

    Args:
        container: to attach to.
        uid: of the pod; "" when it is not known.
        ends_after: seconds after which its kubelet ends it, None when it does not.
        has_host_files: the files of its node are at `/host`.
    """

    container: ContainerRef
    uid: str = ""
    ends_after: int | None = None
    has_host_files: bool = False

    @property
    def hint(self) -> str:
        """What to know in it, "" for nothing."""
        return HOST_HINT if self.has_host_files else ""

    @property
    def title(self) -> str:
        """What a person is in, printable."""
        return f"debugging in {printable(self.container.pod)} ({printable(self.container.container)})"

    @property
    def ref(self) -> ObjectRef:
        """The pod."""
        return ObjectRef("Pod", self.container.namespace, self.container.pod)


def debug_pod_of(result: OperationResult) -> DebugPod | None:
    """Return what a debugging operation has created, or may have; None when it added no container."""
    written = result.written
    if written is not None and not written.dry_run:
        plan, obj = written.plan, written.result
    elif (
        result.outcome == "unknown"
        and result.dry_run is not None
        and isinstance(result.dry_run.plan.request.patch, dict)
    ):
        plan, obj = result.dry_run.plan, result.dry_run.plan.request.patch  # nobody knows whether it exists
    else:
        return None
    if not plan.container:
        return None
    uid = str((obj.get("metadata") or {}).get("uid") or "")
    spec = obj.get("spec") or {}
    has_host_files = any("hostPath" in volume for volume in spec.get("volumes") or ()) and "hostPID" in spec
    container = ContainerRef(plan.key.namespace, plan.key.name, plan.container)
    return DebugPod(container, uid, spec.get("activeDeadlineSeconds"), has_host_files and "nodeName" in spec)


@asynccontextmanager
async def open_debug(session: ClusterSession, where: DebugPod) -> AsyncIterator[ContainerStream]:
    """Attach to the container; a terminal without a prompt gets a hint. Raises KdashError, ReadOnlyError."""
    container = where.container
    what = f"debug container in {container.pod}"
    recorded = session.writer.accesses.recorded("attach", where.ref, what, uid=where.uid, container=container.container)
    async with recorded, session.connection.open_attach(container, stdin=True, tty=True) as stream:
        yield PromptHintStream(stream, session.clock)


async def how_it_ended(session: ClusterSession, where: DebugPod, *, waits: bool = True) -> StateTerminated | None:
    """Return how the container has ended, None while it runs or when that is not known.

    Args:
        waits: for the kubelet's report, which comes a moment later.
    """
    clock = session.clock
    until = clock.monotonic() + (_END_SECONDS if waits else 0.0)
    while True:
        try:
            pod: Pod = POD.decode(msgspec.json.encode(await session.connection.get(where.ref)))
        except (KdashError, msgspec.MsgspecError):
            return None
        status = status_of(pod, where.container.container)
        if status is not None and status.state is not None and status.state.terminated is not None:
            return status.state.terminated
        if clock.monotonic() >= until:
            return None
        await clock.sleep(_PAUSE)


@asynccontextmanager
async def removed_afterwards(
    session: ClusterSession, where: DebugPod, report: Callable[[str, bool], None]
) -> AsyncIterator[None]:
    """Remove the pod at the end, whatever ends it.

    Args:
        report: shows what became of the pod; the second argument is True when it is left over.
    """
    left_over = left_over_text(where, "kdash had to end before the server answered")
    name = printable(where.ref.name)
    async with session.held():
        with hold_exit(left_over):  # from the start: the wait is decided when the signal comes
            try:
                yield
            finally:
                removing, is_cancelled = asyncio.ensure_future(remove_debug_pod(session, where)), False
                notice = asyncio.get_running_loop().call_later(
                    _NOTICE_SECONDS, report, f"removing pod {name}: waiting for the server", False
                )
                while not removing.done():
                    try:
                        await asyncio.shield(removing)
                    except asyncio.CancelledError:
                        is_cancelled = True
                notice.cancel()
                problem = removing.result()
                report(problem or f"pod {name} removed", bool(problem))
                if is_cancelled:
                    raise asyncio.CancelledError


async def remove_debug_pod(session: ClusterSession, where: DebugPod) -> str:
    """Remove the pod; return "" when it is gone, else what is left over and how to remove it."""
    try:
        async with asyncio.timeout(_REMOVE_SECONDS):
            return await _remove_debug_pod(session, where)
    except TimeoutError:
        return left_over_text(where, "the server does not answer")


async def _remove_debug_pod(session: ClusterSession, where: DebugPod) -> str:
    clock = session.clock
    until = clock.monotonic() + _REMOVE_SECONDS
    while True:
        try:
            await remove_pod(session.writer, session.connection, where.ref, uid=where.uid)
            return ""
        except NotFoundError:
            return ""
        except (ConnectionFailedError, UnavailableError) as error:
            if clock.monotonic() >= until:
                return left_over_text(where, error.message)
        except KdashError as error:
            return left_over_text(where, error.message)
        await clock.sleep(4 * _PAUSE)


def left_over_text(where: DebugPod, why: str) -> str:
    """Return what to do about a pod that could not be removed."""
    name, namespace = printable(where.ref.name), printable(where.ref.namespace)
    hours = (
        "" if where.ends_after is None else f"; its kubelet ends it {where.ends_after // 3600} hours after its start"
    )
    return (
        f"pod {name} is left over in namespace {namespace}: {printable(why)};"
        f" remove it with kdash delete pod/{name} -n {namespace}{hours}"
    )
