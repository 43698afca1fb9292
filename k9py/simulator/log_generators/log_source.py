"""The logs of all containers, generated on read.

Invariant: nothing is stored. The time of line n of a run is determined by the run's start and n, its text by the
container, the run and n; so a tail costs its own lines only, two readers see the same, and the logs of 100,000 pods
need no memory. A run holds its latest `_HELD` lines or, with the annotation `sim.k9py.dev/rotate-after`, those of its
current file; a follower keeps the file open and reads on without loss. Timestamps are those of the node's clock,
which may be wrong.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, overload

from k9py.simulator.clock import parse_timestamp
from k9py.simulator.controllers.hashing import fnv32a
from k9py.simulator.kubelet.containers import spec_of, status_of
from k9py.simulator.kubelet_access import clock_skew, is_reachable
from k9py.simulator.log_generators.scripts import Script, script_for
from k9py.simulator.registry.resources import PODS
from k9py.simulator.state import ContainerLogLine, SimulatorState

Object = dict[str, Any]

ROTATE_ANNOTATION = "sim.k9py.dev/rotate-after"
"""Annotation of a pod: lines after which a container's log is rotated; only the current file can be read."""

_HELD = 5000
_POLL = 0.5  # seconds between checks of a waiting reader whether the run has ended
_BATCH_SECONDS = 0.02  # seconds; faster lines arrive in batches


class LogSlice(Sequence[ContainerLogLine]):
    """Consecutive lines of a run, generated on access."""

    def __init__(self, run: "ContainerRun", numbers: range) -> None:
        self._run = run
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> ContainerLogLine: ...
    @overload
    def __getitem__(self, index: slice) -> "LogSlice": ...
    def __getitem__(self, index: int | slice) -> "ContainerLogLine | LogSlice":
        if isinstance(index, slice):
            return LogSlice(self._run, self._numbers[index])
        return self._run.line(self._numbers[index])

    def __iter__(self) -> Iterator[ContainerLogLine]:
        return map(self._run.line, self._numbers)


class ContainerRun:
    """One run of one container, from its start to its end or until now.

    Args:
        container_id: of the run; "" if the status has none.
        started, ended: in cluster time; `ended` is None while it runs.
    """

    def __init__(
        self,
        state: SimulatorState,
        pod: Object,
        container: str,
        container_id: str,
        script: Script,
        started: datetime,
        ended: datetime | None,
    ) -> None:
        self._state = state
        self._pod = pod
        self._container = container
        self._id = container_id
        self._script = script
        self._started = started
        self._ended = ended
        self._node = str(pod["spec"].get("nodeName", ""))
        self._stamped_from = started + clock_skew(state.storage, self._node)
        annotations = pod["metadata"].get("annotations") or {}
        self._rotate_after = int(annotations.get(ROTATE_ANNOTATION) or 0)

    def line(self, number: int) -> ContainerLogLine:
        """Return line n."""
        moment = self._stamped_from + timedelta(seconds=self._script.seconds(number))
        return ContainerLogLine(number, moment, self._script.text(number, moment))

    def read(self, after: int = -1) -> LogSlice:
        """Return the lines after a number, oldest first; from the beginning, only those still held."""
        written = self._count()
        if after >= 0:
            first = after + 1
        elif self._rotate_after:
            first = max(0, written - 1) // self._rotate_after * self._rotate_after
        else:
            first = max(0, written - _HELD)
        return LogSlice(self, range(first, max(written, first)))

    async def wait_for_more(self, after: int) -> bool:
        """Wait until there is a line after a number; return False when the run has ended.

        An unreachable node delivers nothing, not even the end of a run.
        """
        while True:
            wait = _POLL
            if is_reachable(self._state.storage, self._node):
                self._record_end()
                if self._count() > after + 1:
                    return True
                if self._ended is not None:
                    return False
                due = self._started + timedelta(seconds=self._script.seconds(after + 1))
                wait = min(_POLL, max(_BATCH_SECONDS, (due - self._state.clock.now()).total_seconds()))
            await self._state.clock.sleep(wait)

    def _count(self) -> int:
        until = self._ended or self._state.clock.now()
        return self._script.count((until - self._started).total_seconds(), ended=self._ended is not None)

    def _record_end(self) -> None:
        """Record the end of the run if the container has stopped."""
        if self._ended is not None or self._is_running():
            return
        self._ended = self._state.container_runs.ended_at(self._id) or self._state.clock.now()

    def _is_running(self) -> bool:
        metadata = self._pod["metadata"]
        existing = self._state.storage.get(PODS, metadata["namespace"], metadata["name"])
        if existing is None or existing["metadata"]["uid"] != metadata["uid"]:
            return False
        entry = status_of(existing, self._container)
        running = entry["state"].get("running")
        if running is None or entry.get("containerID", "") != self._id:
            return False
        return bool(self._id) or parse_timestamp(running["startedAt"]) == self._started


class ContainerLogs:
    """The log source of a cluster: `pods/log` reads from it."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state

    def open(self, pod: Object, container: str, *, previous: bool = False) -> ContainerRun | None:
        """Return the current (or previous) run of a container; None if there is none."""
        try:
            entry = status_of(pod, container)
        except KeyError:
            return None
        current = entry["state"].get("running") or entry["state"].get("terminated")
        run_state = (entry.get("lastState") or {}).get("terminated") if previous else current
        if not run_state or not run_state.get("startedAt"):
            return None
        # While a container waits to be restarted, restartCount is that of the finished run; otherwise it is one more.
        run = int(entry.get("restartCount", 0)) - (previous and bool(current))
        container_id = run_state.get("containerID") or ("" if previous else entry.get("containerID", ""))
        moments = self._state.container_runs
        ended = None
        if run_state.get("finishedAt"):
            ended = moments.ended_at(container_id) or parse_timestamp(run_state["finishedAt"])
        started = moments.started_at(container_id) or parse_timestamp(run_state["startedAt"])
        seed = fnv32a(f"{pod['metadata']['uid']}/{container}/{run_state['startedAt']}".encode())
        script = script_for(pod, spec_of(pod, container), seed, exit_code=run_state.get("exitCode"), run=run)
        return ContainerRun(self._state, pod, container, container_id, script, started, ended)
