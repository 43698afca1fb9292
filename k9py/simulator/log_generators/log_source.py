"""The log of every container, made up when it is read.

Invariant: nothing is stored. Line n of a run was written at a moment that follows from the run's start and n alone,
and its text from the container, the run and n; so a tail costs its own lines only, two readers see the same, and a
100,000-pod cluster's logs cost no memory. A run holds its newest `_HELD` lines, or, with the annotation
`sim.k9py.dev/rotate-after`, those of its present file; whoever follows keeps the file open and reads on without loss.
Moments are stamped by the node's clock, which may be wrong.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, overload

from k9py.simulator.clock import parse_timestamp
from k9py.simulator.controllers.hashing import fnv32a
from k9py.simulator.kubelet.containers import status_of, spec_of
from k9py.simulator.kubelet_access import clock_skew, is_reachable
from k9py.simulator.log_generators.scripts import Script, script_for
from k9py.simulator.registry.resources import PODS
from k9py.simulator.state import ContainerLogLine, SimulatorState

Object = dict[str, Any]

ROTATE_ANNOTATION = "sim.k9py.dev/rotate-after"
"""On a pod: lines after which a container's log begins a new file; only the present file can be read again."""

_HELD = 5000
_POLL = 0.5  # seconds; how often a reader who waits looks whether the run is over
_BATCH_SECONDS = 0.02  # seconds; what is written faster comes several lines at a time


class LogSlice(Sequence[ContainerLogLine]):
    """Some consecutive lines of a run, each made when it is looked at."""

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
        container_id: of the run; "" where the status says none.
        started, ended: by the cluster's time; `ended` is None while it runs.
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
        """Return the lines written so far above a number, oldest first; from the beginning, only those still held."""
        written = self._count()
        if after >= 0:
            first = after + 1
        elif self._rotate_after:
            first = max(0, written - 1) // self._rotate_after * self._rotate_after
        else:
            first = max(0, written - _HELD)
        return LogSlice(self, range(first, max(written, first)))

    async def wait_for_more(self, after: int) -> bool:
        """Wait until there is a line above a number; False when the run is over.

        Nothing comes from a node that cannot be reached, nor is it heard that anything has ended there.
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
        """See whether the container has stopped since."""
        if self._ended is not None or self._is_running():
            return
        self._ended = self._state.container_runs.ended_at(self._id) or self._state.clock.now()

    def _is_running(self) -> bool:
        metadata = self._pod["metadata"]
        present = self._state.storage.get(PODS, metadata["namespace"], metadata["name"])
        if present is None or present["metadata"]["uid"] != metadata["uid"]:
            return False
        entry = status_of(present, self._container)
        running = entry["state"].get("running")
        if running is None or entry.get("containerID", "") != self._id:
            return False
        return bool(self._id) or parse_timestamp(running["startedAt"]) == self._started


class ContainerLogs:
    """The log source of a cluster: `pods/log` reads from it."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state

    def open(self, pod: Object, container: str, *, previous: bool = False) -> ContainerRun | None:
        """Return the present (or previous) run of a container; None where it never ran (before)."""
        try:
            entry = status_of(pod, container)
        except KeyError:
            return None
        current = entry["state"].get("running") or entry["state"].get("terminated")
        found = (entry.get("lastState") or {}).get("terminated") if previous else current
        if not found or not found.get("startedAt"):
            return None
        # A container that waits to be started again counts the run that ended as its last; otherwise it is one behind.
        run = int(entry.get("restartCount", 0)) - (previous and bool(current))
        container_id = found.get("containerID") or ("" if previous else entry.get("containerID", ""))
        moments = self._state.container_runs
        ended = None
        if found.get("finishedAt"):
            ended = moments.ended_at(container_id) or parse_timestamp(found["finishedAt"])
        started = moments.started_at(container_id) or parse_timestamp(found["startedAt"])
        seed = fnv32a(f"{pod['metadata']['uid']}/{container}/{found['startedAt']}".encode())
        script = script_for(pod, spec_of(pod, container), seed, exit_code=found.get("exitCode"), run=run)
        return ContainerRun(self._state, pod, container, container_id, script, started, ended)
