"""The log of every container, made up when it is read.

Invariant: nothing is stored. Line n of a run was written at a moment that follows from the run's start and n alone,
and its text from the container, the run and n; so a tail costs its own lines only, two readers see the same, and a
100,000-pod cluster's logs cost no memory. A run holds its newest `_HELD` lines, as a rotated log file would.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, overload

from k9py.simulator.clock import parse_timestamp
from k9py.simulator.controllers.hashing import fnv32a
from k9py.simulator.nodes.containers import entry_of, spec_of
from k9py.simulator.nodes.log_lines import Script, script_for
from k9py.simulator.resources import PODS
from k9py.simulator.state import ClusterState, LogLine

Object = dict[str, Any]

_HELD = 5000
_POLL = 0.5  # seconds; how often a reader who waits looks whether the run is over


class Lines(Sequence[LogLine]):
    """Some consecutive lines of a run, each made when it is looked at."""

    def __init__(self, run: "ContainerRun", numbers: range) -> None:
        self._run = run
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> LogLine: ...
    @overload
    def __getitem__(self, index: slice) -> "Lines": ...
    def __getitem__(self, index: int | slice) -> "LogLine | Lines":
        if isinstance(index, slice):
            return Lines(self._run, self._numbers[index])
        return self._run.line(self._numbers[index])

    def __iter__(self) -> Iterator[LogLine]:
        return map(self._run.line, self._numbers)


class ContainerRun:
    """One run of one container, from its start to its end or until now."""

    def __init__(
        self,
        state: ClusterState,
        pod: Object,
        container: str,
        script: Script,
        started: datetime,
        ended: datetime | None,
    ) -> None:
        self._state = state
        self._pod = pod
        self._container = container
        self._script = script
        self._started = started
        self._ended = ended

    def line(self, number: int) -> LogLine:
        """Return line n."""
        moment = self._started + timedelta(seconds=self._script.seconds(number))
        return LogLine(number, moment, self._script.text(number, moment))

    def read(self, after: int = -1) -> Lines:
        """Return the lines written so far above a number, oldest first; the newest ones only, where there are many."""
        written = self._written()
        return Lines(self, range(max(after + 1, written - _HELD), max(written, after + 1)))

    async def more(self, after: int) -> bool:
        """Wait until there is a line above a number; False when the run is over."""
        while True:
            self._notice_end()
            if self._written() > after + 1:
                return True
            if self._ended is not None:
                return False
            due = self._started + timedelta(seconds=self._script.seconds(after + 1))
            wait = (due - self._state.clock.now()).total_seconds()
            await self._state.clock.sleep(min(_POLL, max(0.001, wait)))

    def _written(self) -> int:
        until = self._ended or self._state.clock.now()
        return self._script.written((until - self._started).total_seconds(), ended=self._ended is not None)

    def _notice_end(self) -> None:
        """See whether the container has stopped since."""
        if self._ended is not None:
            return
        metadata = self._pod["metadata"]
        present = self._state.storage.get(PODS, metadata["namespace"], metadata["name"])
        now = self._state.clock.now()
        if present is None or present["metadata"]["uid"] != metadata["uid"]:
            self._ended = now
            return
        running = entry_of(present, self._container)["state"].get("running")
        if running is None or parse_timestamp(running["startedAt"]) != self._started:
            self._ended = now


class ContainerLogs:
    """The log source of a cluster: `pods/log` reads from it."""

    def __init__(self, state: ClusterState) -> None:
        self._state = state

    def open(self, pod: Object, container: str, *, previous: bool = False) -> ContainerRun | None:
        """Return the present (or previous) run of a container; None where it never ran (before)."""
        try:
            entry = entry_of(pod, container)
        except KeyError:
            return None
        ended = None
        if previous:
            found = (entry.get("lastState") or {}).get("terminated")
        else:
            found = entry["state"].get("running") or entry["state"].get("terminated")
        if not found or not found.get("startedAt"):
            return None
        if found.get("finishedAt"):
            ended = parse_timestamp(found["finishedAt"])
        started = parse_timestamp(found["startedAt"])
        seed = fnv32a(f"{pod['metadata']['uid']}/{container}/{found['startedAt']}".encode())
        script = script_for(pod, spec_of(pod, container), seed, exit_code=found.get("exitCode"))
        return ContainerRun(self._state, pod, container, script, started, ended)
