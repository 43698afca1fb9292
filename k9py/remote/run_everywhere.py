"""Run one command in all pods of a workload, a few at a time, and keep what each of them answered.

Invariants: a pod that cannot run the command is a result with its reason, never left out silently; results keep the
order of the pods; of each pod `KEPT_OUTPUT` bytes are kept, the rest is read and counted, so that the command is
not held back. Every run is in the audit by itself. How results are shown is in `run_results`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from k9py.api.errors import KdashError, RefusedError
from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.streams import CommandEnd, ContainerRef, OutputChannel
from k9py.api.text import printable
from k9py.remote.command_end import exit_code_of, failure_text
from k9py.remote.containers import choose_container, containers_of, default_name, defaulted_note, pods_of
from k9py.session import ClusterSession

PARALLEL: Final = 8
"""Commands that run at the same time."""
KEPT_OUTPUT: Final = 256 << 10
"""Bytes of output and error output together that are kept of each pod."""
_FINISHED: Final = ("Succeeded", "Failed")


class RunState(Enum):
    """How far the command is in a pod."""

    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"
    NOT_RUN = "not run"
    LOST = "lost"
    """It was started, and nobody knows how it ended."""


@dataclass(frozen=True, slots=True)
class PodTarget:
    """A container in which a command is to run.

    Args:
        uid: of its pod.
        obstacle: why the command cannot run there, printable; "" when it can.
        defaulted: which of several containers was taken because none was named, printable; "" for no choice.
    """

    container: ContainerRef
    uid: str = ""
    obstacle: str = ""
    defaulted: str = ""


@dataclass(frozen=True, slots=True)
class PodRun:
    """The command in one pod, as far as it is.

    Args:
        exit_code: None while it runs, and where nobody knows it.
        error: why it was not run, or how it was lost, printable; "" for none.
        hint: what to do about the error.
        output: what it wrote, in the order in which it arrived.
        dropped: bytes of output that were not kept.
        seconds: how long it ran.
    """

    container: ContainerRef
    state: RunState = RunState.WAITING
    exit_code: int | None = None
    error: str = ""
    hint: str = ""
    output: tuple[tuple[OutputChannel, bytes], ...] = ()
    dropped: int = 0
    seconds: float = 0.0

    @property
    def is_over(self) -> bool:
        return self.state not in (RunState.WAITING, RunState.RUNNING)

    @property
    def stdout(self) -> bytes:
        return b"".join(data for channel, data in self.output if channel is OutputChannel.STDOUT)

    @property
    def stderr(self) -> bytes:
        return b"".join(data for channel, data in self.output if channel is OutputChannel.STDERR)


@dataclass(frozen=True, slots=True)
class RunPods:
    """The pods of an object in which a command can be run, sorted by name; at least one."""

    ref: ObjectRef
    pods: tuple[Pod, ...]

    @property
    def containers(self) -> tuple[str, ...]:
        """The main containers and sidecars of all of them."""
        return tuple(
            dict.fromkeys(each.name for pod in self.pods for each in containers_of(pod) if each.role in ("", "sidecar"))
        )

    def targets(self, container: str = "") -> tuple[PodTarget, ...]:
        """Return the container of each pod; a pod whose container does not run has the reason.

        Args:
            container: its name; "": the default one of each pod.

        Raises:
            RefusedError: no pod has such a container that runs.
        """
        targets = tuple(_target(pod, container) for pod in self.pods)
        if all(target.obstacle for target in targets):
            choose_container(self.pods[0], container)  # raises with the list of containers
            raise RefusedError(f"no pod of {printable(str(self.ref))} runs: {targets[0].obstacle}", "")
        return targets


async def find_run_pods(session: ClusterSession, ref: ObjectRef) -> RunPods:
    """Return the pods of an object; those that have finished or are being deleted no longer serve, and are left out.

    Raises:
        RefusedError: there are no such pods.
        KdashError: the object or its pods cannot be read.
    """
    pods = await pods_of(session, ref)
    present = tuple(pod for pod in pods if not pod.is_terminating and pod.status.phase not in _FINISHED)
    if not present:
        others = "all have finished or are being deleted" if pods else "it has none"
        raise RefusedError(f"{printable(str(ref))} has no pods to run a command in: {others}", "")
    return RunPods(ref, present)


async def find_targets(session: ClusterSession, ref: ObjectRef, container: str = "") -> tuple[PodTarget, ...]:
    """Return the container of each pod of an object, as `find_run_pods` and `RunPods.targets`. Raises KdashError."""
    return (await find_run_pods(session, ref)).targets(container)


def _target(pod: Pod, container: str) -> PodTarget:
    try:
        chosen = choose_container(pod, container)
    except RefusedError as error:
        name = container or default_name(pod)
        return PodTarget(ContainerRef(pod.namespace, pod.name, name), pod.metadata.uid, error.message)
    obstacle = "" if pod.status.phase == "Running" else printable(f"the pod is {pod.status.phase or 'unknown'}")
    defaulted = "" if container else defaulted_note(pod, chosen)
    return PodTarget(ContainerRef(pod.namespace, pod.name, chosen.name), pod.metadata.uid, obstacle, defaulted)


async def run_in_pods(
    session: ClusterSession,
    targets: Sequence[PodTarget],
    command: Sequence[str],
    *,
    parallel: int = PARALLEL,
    on_change: Callable[[int, PodRun], object] = lambda index, run: None,
) -> tuple[PodRun, ...]:
    """Run a command in containers; return how it ended in each, in the order of the targets.

    Args:
        parallel: commands at the same time.
        on_change: is called with the index and the run whenever its state changes.

    Raises:
        ReadOnlyError: the session is read-only; nothing was run.
    """
    session.writer.accesses.refuse(f"command in {len(targets)} pods")
    runs = [PodRun(target.container) for target in targets]
    free = asyncio.Semaphore(parallel)

    def change(index: int, run: PodRun) -> None:
        runs[index] = run
        on_change(index, run)

    async def work(index: int, target: PodTarget) -> None:
        if target.obstacle:
            change(index, replace(runs[index], state=RunState.NOT_RUN, error=target.obstacle))
            return
        async with free:
            change(index, replace(runs[index], state=RunState.RUNNING))
            change(index, await _run(session, target, command))

    async with asyncio.TaskGroup() as group:
        for index, target in enumerate(targets):
            group.create_task(work(index, target))
    return tuple(runs)


class _Output:
    """What a command has written, up to a limit."""

    def __init__(self) -> None:
        self.pieces: list[tuple[OutputChannel, bytes]] = []
        self.kept = 0
        self.dropped = 0

    def add(self, channel: OutputChannel, data: bytes) -> None:
        kept = data[: KEPT_OUTPUT - self.kept]
        self.dropped += len(data) - len(kept)
        if kept:
            self.kept += len(kept)
            self.pieces.append((channel, kept))


async def _run(session: ClusterSession, target: PodTarget, command: Sequence[str]) -> PodRun:
    container, output, started = target.container, _Output(), session.clock.monotonic()
    pod = POD.key(container.namespace, container.pod)
    what = f"command in {printable(container.pod)} ({printable(container.container)})"
    end: CommandEnd | None = None
    state, error, hint = RunState.NOT_RUN, "", ""
    try:
        async with session.writer.accesses.recorded(
            "exec", pod, what, uid=target.uid, container=container.container, command=command
        ) as record:
            async with session.connection.open_exec(container, command) as stream:
                state = RunState.LOST
                async for channel, data in stream.output():
                    output.add(channel, data)
                end = await stream.end()
            record.exit_code = end.exit_code
        if record.problem:
            error = f"the audit record is incomplete: {printable(record.problem)}"
    except KdashError as failure:
        error, hint = printable(failure.message), printable(failure.hint)
    code = None if end is None else exit_code_of(end)
    if end is not None:
        error = failure_text(end) or error
        is_started = end.exit_code is not None or end.reason in ("NoStatus", "InvalidStatus")
        state = RunState.ENDED if end.exit_code is not None else RunState.LOST if is_started else RunState.NOT_RUN
    return PodRun(
        container,
        state,
        code,
        error,
        hint,
        tuple(output.pieces),
        output.dropped,
        session.clock.monotonic() - started,
    )
