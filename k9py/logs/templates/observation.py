"""How long each revision was observed, and which of its lines belong to a container's start.

Observed time is counted in container-seconds: the span from a container's first line to its last, summed over all pods
of a revision, for each container of their template: a sidecar that still logs does not show that the main one does.
Where a container's start is known (from the kubelet, or a `start` marker in the stream) its first `START_SECONDS` are
its start. Where it is unknown, its first line may or may not be its start, and that time is counted separately as
`MAYBE_STARTING`, for the comparison to decide. A line without a timestamp adds no time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from k9py.logs.source import LogTarget

START_SECONDS: Final = 30.0
MAX_RUNS: Final = 4096
"""Runs remembered; when there are more, all are forgotten, but not what was counted of them."""

_START: Final = timedelta(seconds=START_SECONDS)


class Phase(IntEnum):
    """When in the life of its container a line was written."""

    STEADY = 0
    STARTING = 1
    MAYBE_STARTING = 2
    """In the first observed seconds of a container whose start is unknown."""


class Observation:
    """What was observed of one container of a revision: lines, and container-seconds by phase."""

    __slots__ = ("lines", "seconds_by_phase")

    def __init__(self) -> None:
        self.lines = 0
        self.seconds_by_phase = [0.0, 0.0, 0.0]

    def add(self, other: Observation) -> None:
        """Add what was observed of another container."""
        self.lines += other.lines
        self.seconds_by_phase = [
            ours + theirs for ours, theirs in zip(self.seconds_by_phase, other.seconds_by_phase, strict=True)
        ]


class ObservedRun:
    """One run of one container: when its start phase ends, and the span of its lines."""

    __slots__ = ("first", "first_phase", "last", "observation", "start_end", "target")

    def __init__(
        self, target: LogTarget, observation: Observation, started_at: datetime | None, *, is_start: bool
    ) -> None:
        self.target = target
        self.observation = observation
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.first_phase = Phase.STARTING if is_start or started_at is not None else Phase.MAYBE_STARTING
        self.start_end: datetime | None = None if started_at is None else started_at + _START

    def observe(self, at: datetime | None) -> Phase:
        """Count a line and its time; return its phase."""
        self.observation.lines += 1
        if at is None:
            return Phase.STEADY
        last = self.last
        if last is None:
            self.first = self.last = at
            if self.start_end is None:
                self.start_end = at + _START
        elif at > last:
            self._add_seconds(last, at)
            self.last = at
        elif self.first is not None and at < self.first:
            self._add_seconds(at, self.first)
            self.first = at
        assert self.start_end is not None
        return Phase.STEADY if at >= self.start_end else self.first_phase

    def _add_seconds(self, start: datetime, end: datetime) -> None:
        assert self.start_end is not None
        seconds = self.observation.seconds_by_phase
        if start >= self.start_end:
            seconds[Phase.STEADY] += (end - start).total_seconds()
            return
        middle = min(self.start_end, end)
        seconds[self.first_phase] += (middle - start).total_seconds()
        seconds[Phase.STEADY] += (end - middle).total_seconds()


class Observations:
    """All observed runs, by their targets."""

    def __init__(self) -> None:
        self.by_container: dict[str, dict[str, Observation]] = {}
        """By revision and the container's name."""
        self._runs: dict[LogTarget, ObservedRun] = {}
        self._by_identity: dict[int, ObservedRun] = {}
        self._start_times: dict[str, datetime] = {}

    def run_of(self, target: LogTarget) -> ObservedRun:
        """Return a target's run. Targets are compared by identity first: millions of lines share one object."""
        run = self._by_identity.get(id(target))
        if run is not None and run.target is target:
            return run
        run = self._runs.get(target)
        if run is None:
            if len(self._runs) >= MAX_RUNS:
                self._runs.clear()
                self._by_identity.clear()
            run = self._runs[target] = self._new(target)
        if len(self._by_identity) >= MAX_RUNS:
            self._by_identity.clear()
        run.target = target  # kept alive, so that its id is not reused
        self._by_identity[id(target)] = run
        return run

    @property
    def by_revision(self) -> dict[str, Observation]:
        """What was observed of each revision, all containers together."""
        return {revision: _sum(containers.values()) for revision, containers in self.by_container.items()}

    def seconds(self, revision: str, containers: Collection[str], phases: Collection[Phase]) -> float:
        """Return the observed container-seconds of some containers of a revision, in some phases."""
        observed = self.by_container.get(revision, {})
        return sum(
            observed[name].seconds_by_phase[phase] for name in containers if name in observed for phase in phases
        )

    def set_start_times(self, start_times: dict[str, datetime]) -> None:
        """Set when containers started, by container id: all that are known now."""
        self._start_times = start_times

    def may_be_start(self, target: LogTarget, at: datetime | None) -> bool:
        """Return whether a line may be from a container's first seconds, as far as its start is known."""
        started_at = self._start_times.get(target.container_id)
        return started_at is None or at is None or at <= started_at + _START

    def mark_start(self, target: LogTarget, at: datetime | None) -> None:
        """Record that a container starts here: what was observed of this target before was another run."""
        self._by_identity.clear()
        self._runs[target] = self._new(target, at, is_start=True)

    def _new(self, target: LogTarget, at: datetime | None = None, *, is_start: bool = False) -> ObservedRun:
        started_at = self._start_times.get(target.container_id) if target.container_id else None
        containers = self.by_container.setdefault(target.revision, {})
        return ObservedRun(
            target, containers.setdefault(target.container, Observation()), started_at or at, is_start=is_start
        )


def _sum(parts: Iterable[Observation]) -> Observation:
    total = Observation()
    for part in parts:
        total.add(part)
    return total
