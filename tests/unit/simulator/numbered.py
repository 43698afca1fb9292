"""Proof that no log line is lost without a marker: lines that numbered containers wrote against lines a reader
received.

`WrittenLines` listens in the simulator and counts the lines of each run, whatever happens to its pod. `Ledger` takes
the received lines in order and finds violations: a line twice, a line out of order within its container, or a missing
number without a gap marker in its place. Containers write with the generator `numbered-pod`.

The API serves logs by pod name, so a reader that does not know yet that a pod was recreated under its name attributes
the new pod's first lines to the old one. That is counted (`misattributed`) and is no violation; a line twice is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from k9py.simulator.log_generators.scripts import GENERATOR_ANNOTATION, RATE_ANNOTATION
from k9py.simulator.registry.resources import PODS
from k9py.simulator.registry.storage import StorageEvent
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]

ContainerId = tuple[str, str, str, str]
"""Namespace, pod, container, uid of the pod."""

Counts = Mapping[ContainerId, Mapping[int, int]]
"""Number of lines of each run of a container."""

_LINE: Final = re.compile(r"run=(\d+) n=(\d{6,}) of=(\S+)")
_VOICE: Final = "numbered-pod"


def numbered(rate: float, **annotations: str) -> dict[str, str]:
    """Return the annotations of a pod whose containers write `rate` numbered lines per second."""
    return {GENERATOR_ANNOTATION: _VOICE, RATE_ANNOTATION: str(rate), **annotations}


class WrittenLines:
    """Counts the lines of a namespace's numbered pods; created and used on the simulator's loop."""

    def __init__(self, state: SimulatorState, namespace: str) -> None:
        self._state = state
        self._namespace = namespace
        self._ended: dict[ContainerId, dict[int, int]] = {}
        self._numbers: dict[str, int] = {}
        state.storage.on_change(self._hear)

    def counts(self) -> Counts:
        """Return the number of lines of every run so far."""
        counts = {place: dict(runs) for place, runs in self._ended.items()}
        for pod in self._state.storage.list(PODS, self._namespace):
            for place, run, count in self._runs(pod):
                counts.setdefault(place, {})[run] = count
        return counts

    def run_of(self, container_id: str) -> int:
        """Return the run number of a container id; 0 if it has not written yet."""
        return self._numbers.get(container_id, 0)

    def _hear(self, change: StorageEvent) -> None:
        if change.resource is not PODS or change.obj["metadata"]["namespace"] != self._namespace:
            return
        for place, run, count in self._runs(change.obj):
            self._ended.setdefault(place, {})[run] = count

    def _runs(self, pod: Object) -> Iterator[tuple[ContainerId, int, int]]:
        metadata = pod["metadata"]
        if (metadata.get("annotations") or {}).get(GENERATOR_ANNOTATION) != _VOICE:
            return
        for entry in (pod.get("status") or {}).get("containerStatuses") or ():
            place = (metadata["namespace"], metadata["name"], entry["name"], metadata["uid"])
            for previous in (True, False):
                log = self._state.log_source.open(pod, entry["name"], previous=previous)
                if log is None:
                    continue
                whole = log.read(0)
                count = whole[-1].sequence + 1 if whole else len(log.read())
                if count:
                    match = _LINE.match((whole or log.read())[-1].text)
                    assert match is not None
                    if not previous:
                        self._numbers[entry.get("containerID", "")] = int(match[1])
                    yield place, int(match[1]), count


class StreamItem(Protocol):
    """A line or a marker of a log stream."""

    @property
    def text(self) -> str: ...
    @property
    def marker(self) -> str: ...
    @property
    def target(self) -> Any: ...


ContainerName = tuple[str, str, str]
"""Namespace, pod, container."""


@dataclass(slots=True)
class _Received:
    """What was received of a container: (stream index, uid, run, number), indexes of gap markers, other markers."""

    lines: list[tuple[int, str, int, int]] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)
    other_markers: int = 0


class Ledger:
    """Records the lines of a stream in order."""

    def __init__(self) -> None:
        self.lines = 0
        self.markers: list[str] = []
        self.late = 0
        self.misattributed = 0
        self._received: dict[ContainerName, _Received] = {}
        self._stream_gaps: list[int] = []
        self._index = 0

    @property
    def places(self) -> int:
        """The number of containers with lines."""
        return sum(len({uid for _, uid, _, _ in given.lines}) for given in self._received.values())

    def add(self, lines: Iterable[StreamItem]) -> None:
        """Record the next lines."""
        for line in lines:
            self._index += 1
            namespace, pod, container, uid = line.target.container_key
            given = self._received.setdefault((namespace, pod, container), _Received()) if pod else None
            if line.marker:
                self.markers.append(f"{line.marker} {pod}: {line.text}" if pod else f"{line.marker}: {line.text}")
                if line.marker == "gap":
                    (self._stream_gaps if given is None else given.gaps).append(self._index)
                elif given is not None:
                    given.other_markers += 1
                continue
            match = _LINE.fullmatch(line.text)
            assert match is not None, f"not a numbered line: {line.text[:80]!r}"
            assert given is not None, "a line of nobody"
            self.lines += 1
            self.late += bool(getattr(line, "late", False))
            self.misattributed += match[3] != uid
            given.lines.append((self._index, match[3], int(match[1]), int(match[2])))

    def unfinished(self, counts: Counts) -> list[str]:
        """Return descriptions of containers whose last line (or a gap marker in its place) has not arrived."""
        return self._check(counts, {})[1]

    def violations(self, counts: Counts, *, joined: Mapping[ContainerId, int] | None = None) -> list[str]:
        """Return descriptions of violations; lines that have not arrived yet are none.

        Args:
            counts: the lines written; more may have been received since.
            joined: containers that were added while the stream was read, and the run they were in: the beginning of
                that run could be read.
        """
        return self._check(counts, joined or {})[0]

    def _check(self, counts: Counts, joined: Mapping[ContainerId, int]) -> tuple[list[str], list[str]]:
        """Return violations, and what has not arrived yet."""
        wrong: list[str] = []
        unfinished: list[str] = []
        by_name: dict[ContainerName, list[ContainerId]] = {}
        for place in counts:
            by_name.setdefault(place[:3], []).append(place)
        for name, places in by_name.items():
            given = self._received.get(name) or _Received()
            reached: dict[ContainerId, tuple[int, int, int]] = {}
            again: list[str] = []
            for index, uid, run, number in given.lines:
                writer = (*name, uid)
                before = reached.get(writer)
                if before is not None and (run, number) <= before[1:]:
                    again.append(f"run={run} n={number} of {uid}")
                    continue
                if before is None and run >= joined.get(writer, run + 1):  # an earlier run is more than required
                    before = (0, joined[writer], -1)
                reached[writer] = after = (index, run, number)
                if before is None:
                    continue
                missing = _missing(before, after, counts.get(writer, {}))
                if missing and not self._has_gap_marker(given, before[0], index):
                    wrong.append(
                        f"{writer}: {missing} lines are missing in silence between run={before[1]} n={before[2]} "
                        f"and run={run} n={number}"
                    )
            if again:
                wrong.append(f"{name}: {len(again)} lines come twice, or behind a later one, the first {again[0]}")
            for place in places:
                unfinished += self._unfinished(place, counts[place], given, reached.get(place))
        return wrong, unfinished

    def _unfinished(
        self, place: ContainerId, runs: Mapping[int, int], given: _Received, reached: tuple[int, int, int] | None
    ) -> Iterator[str]:
        if not runs:
            return
        last = max(runs)
        if reached is None:
            if not given.gaps and not given.other_markers:
                yield f"{place}: nothing was given at all, not even a word"
        elif reached[1:] < (last, runs[last] - 1) and not self._has_gap_marker(given, reached[0], self._index + 1):
            yield f"{place}: ends with run={reached[1]} n={reached[2]}, written were run={last} n<{runs[last]}"

    def _has_gap_marker(self, given: _Received, begin: int, end: int) -> bool:
        return any(begin < at < end for at in (*given.gaps, *self._stream_gaps))


def _missing(before: tuple[int, int, int], after: tuple[int, int, int], runs: Mapping[int, int]) -> int:
    """Return the number of lines written between two lines."""
    if before[1] == after[1]:
        return after[2] - before[2] - 1
    between = sum(runs.get(run, 0) for run in range(before[1] + 1, after[1]))
    return max(0, runs.get(before[1], 0) - before[2] - 1) + between + after[2]
