"""How long each revision has been listened to, and which of its lines belong to a container's start.

Observed time is counted in container-seconds: the span from a container's first line to its last, over all pods of a
revision, for each container of their template: a sidecar that talks on is no sign that the main one does. Where a
container's start is known (told by the kubelet, or a `start` marker in the stream) its first `START_SECONDS` are its
beginning; where it is not, its first line may be its start and may be not, and that time is counted apart as
`perhaps`, for whoever compares to decide. A line without a timestamp tells no time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from k9py.logs.source import LogTarget

START_SECONDS: Final = 30.0
MAX_RUNS: Final = 4096
"""Containers told apart; when there are more, all are forgotten but not what was counted of them."""

_START: Final = timedelta(seconds=START_SECONDS)


class Phase(IntEnum):
    """When in its container's life a line was written."""

    STEADY = 0
    BEGINNING = 1
    PERHAPS = 2
    """In the first seconds we heard of it, and when it started is not known."""


class Heard:
    """What has been heard of one container of a revision: lines, and container-seconds by phase."""

    __slots__ = ("lines", "seconds")

    def __init__(self) -> None:
        self.lines = 0
        self.seconds = [0.0, 0.0, 0.0]

    def add(self, other: Heard) -> None:
        """Count what was heard of another one too."""
        self.lines += other.lines
        self.seconds = [ours + theirs for ours, theirs in zip(self.seconds, other.seconds, strict=True)]


class Run:
    """One run of one container: until when it is young, and the span of its lines."""

    __slots__ = ("early", "first", "heard", "last", "target", "until")

    def __init__(self, target: LogTarget, heard: Heard, began: datetime | None, *, is_start: bool) -> None:
        self.target = target
        self.heard = heard
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.early = Phase.BEGINNING if is_start or began is not None else Phase.PERHAPS
        self.until: datetime | None = None if began is None else began + _START

    def phase(self, at: datetime | None) -> Phase:
        """Take a line's time into account and return its phase."""
        self.heard.lines += 1
        if at is None:
            return Phase.STEADY
        last = self.last
        if last is None:
            self.first = self.last = at
            if self.until is None:
                self.until = at + _START
        elif at > last:
            self._add(last, at)
            self.last = at
        elif self.first is not None and at < self.first:
            self._add(at, self.first)
            self.first = at
        assert self.until is not None
        return Phase.STEADY if at >= self.until else self.early

    def _add(self, start: datetime, end: datetime) -> None:
        assert self.until is not None
        seconds = self.heard.seconds
        if start >= self.until:
            seconds[Phase.STEADY] += (end - start).total_seconds()
            return
        middle = min(self.until, end)
        seconds[self.early] += (middle - start).total_seconds()
        seconds[Phase.STEADY] += (end - middle).total_seconds()


class Runs:
    """All runs heard of, by their targets."""

    def __init__(self) -> None:
        self.by_container: dict[str, dict[str, Heard]] = {}
        """By revision and the container's name."""
        self._runs: dict[LogTarget, Run] = {}
        self._by_identity: dict[int, Run] = {}
        self._started: dict[str, datetime] = {}

    def of(self, target: LogTarget) -> Run:
        """Return a target's run. Targets are compared as objects first: that is what millions of lines share."""
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
        run.target = target  # kept alive, so that its identity stays its own
        self._by_identity[id(target)] = run
        return run

    @property
    def heard(self) -> dict[str, Heard]:
        """What was heard of each revision, all containers together."""
        return {revision: _together(containers.values()) for revision, containers in self.by_container.items()}

    def seconds(self, revision: str, containers: Collection[str], phases: Collection[Phase]) -> float:
        """Return the container-seconds heard of some containers of a revision, in some phases."""
        heard = self.by_container.get(revision, {})
        return sum(heard[name].seconds[phase] for name in containers if name in heard for phase in phases)

    def set_started(self, started: dict[str, datetime]) -> None:
        """Say since when containers run, by container id: all that are known now."""
        self._started = started

    def may_begin(self, target: LogTarget, at: datetime | None) -> bool:
        """Tell whether a line may be of a container's first seconds, as far as is known when it started."""
        began = self._started.get(target.container_id)
        return began is None or at is None or at <= began + _START

    def starts(self, target: LogTarget, at: datetime | None) -> None:
        """A container begins here: what was heard of this target before belongs to another run."""
        self._by_identity.clear()
        self._runs[target] = self._new(target, at, is_start=True)

    def _new(self, target: LogTarget, at: datetime | None = None, *, is_start: bool = False) -> Run:
        began = self._started.get(target.container_id) if target.container_id else None
        containers = self.by_container.setdefault(target.revision, {})
        return Run(target, containers.setdefault(target.container, Heard()), began or at, is_start=is_start)


def _together(parts: Iterable[Heard]) -> Heard:
    whole = Heard()
    for one in parts:
        whole.add(one)
    return whole
