"""Proving that nothing is lost in silence: what numbered containers wrote, and what a reader was given of it.

`Written` listens in the simulator and knows how many lines each run wrote, whatever became of its pod. `Ledger` takes
what a reader got, in order, and finds what breaks the promise: a line twice, a line out of order within its container,
or a number that is missing with no gap marker in its place. Containers write with the voice `numbered`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from k9py.simulator.nodes.log_lines import RATE_ANNOTATION, VOICE_ANNOTATION
from k9py.simulator.resources import PODS
from k9py.simulator.state import ClusterState
from k9py.simulator.storage import Change

Object = dict[str, Any]

Place = tuple[str, str, str, str]
"""Namespace, pod, container, uid of the pod."""

Counts = Mapping[Place, Mapping[int, int]]
"""How many lines each run of a place wrote."""

_LINE: Final = re.compile(r"run=(\d+) n=(\d{6,})")


def numbered(rate: float, **annotations: str) -> dict[str, str]:
    """Return the annotations of a pod whose containers number their lines, so many a second."""
    return {VOICE_ANNOTATION: "numbered", RATE_ANNOTATION: str(rate), **annotations}


class Written:
    """Counts what the containers of a namespace's numbered pods write; made and asked on the simulator's own loop."""

    def __init__(self, state: ClusterState, namespace: str) -> None:
        self._state = state
        self._namespace = namespace
        self._ended: dict[Place, dict[int, int]] = {}
        self._numbers: dict[str, int] = {}
        state.storage.on_change(self._hear)

    def counts(self) -> Counts:
        """Return how many lines every run wrote so far."""
        found = {place: dict(runs) for place, runs in self._ended.items()}
        for pod in self._state.storage.list(PODS, self._namespace):
            for place, run, count in self._runs(pod):
                found.setdefault(place, {})[run] = count
        return found

    def run_of(self, container_id: str) -> int:
        """Return which run of its container has an id; 0 where it has not written yet."""
        return self._numbers.get(container_id, 0)

    def _hear(self, change: Change) -> None:
        if change.resource is not PODS or change.obj["metadata"]["namespace"] != self._namespace:
            return
        for place, run, count in self._runs(change.obj):
            self._ended.setdefault(place, {})[run] = count

    def _runs(self, pod: Object) -> Iterator[tuple[Place, int, int]]:
        metadata = pod["metadata"]
        if (metadata.get("annotations") or {}).get(VOICE_ANNOTATION) != "numbered":
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
                    found = _LINE.match((whole or log.read())[-1].text)
                    assert found is not None
                    if not previous:
                        self._numbers[entry.get("containerID", "")] = int(found[1])
                    yield place, int(found[1]), count


class Line(Protocol):
    """A line or a marker, as a reader of logs gives it."""

    @property
    def text(self) -> str: ...
    @property
    def marker(self) -> str: ...
    @property
    def target(self) -> Any: ...


@dataclass(slots=True)
class _Given:
    """What was given of a place: (index in the stream, run, number), indexes of gap markers, how many other markers."""

    lines: list[tuple[int, int, int]] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)
    words: int = 0


class Ledger:
    """Takes a stream's lines as they are given."""

    def __init__(self) -> None:
        self.lines = 0
        self.markers: list[str] = []
        self.late = 0
        self._places: dict[Place, _Given] = {}
        self._everyones: list[int] = []
        self._index = 0

    @property
    def places(self) -> int:
        """Of how many places lines were given."""
        return sum(bool(given.lines) for given in self._places.values())

    def take(self, lines: Iterable[Line]) -> None:
        """Note what was given next."""
        for line in lines:
            self._index += 1
            place = tuple(line.target.place)
            if line.marker:
                self._take_marker(place, line)
                continue
            found = _LINE.fullmatch(line.text)
            assert found is not None, f"not a numbered line: {line.text[:80]!r}"
            self.lines += 1
            self.late += bool(getattr(line, "late", False))
            self._of(place).lines.append((self._index, int(found[1]), int(found[2])))

    def _take_marker(self, place: Place, line: Line) -> None:
        self.markers.append(f"{line.marker} {place[1]}: {line.text}" if place[1] else f"{line.marker}: {line.text}")
        if not place[1]:
            if line.marker == "gap":
                self._everyones.append(self._index)
            return
        if line.marker == "gap":
            self._of(place).gaps.append(self._index)
        elif line.marker in ("end", "note"):
            self._of(place).words += 1

    def _of(self, place: Place) -> _Given:
        return self._places.setdefault(place, _Given())

    def is_complete(self, counts: Counts) -> bool:
        """Tell whether the last line of every place is there (or a marker behind the last that came)."""
        return not any(self._unfinished(counts))

    def _unfinished(self, counts: Counts) -> Iterator[str]:
        for place, runs in counts.items():
            given = self._places.get(place)
            last_run = max(runs)
            if given is None or not (given.lines or given.gaps or given.words):
                yield f"{place}: nothing was given at all, not even a word"
                continue
            index, run, number = given.lines[-1] if given.lines else (0, -1, -1)
            behind = (run, number) < (last_run, runs[last_run] - 1)
            if behind and not self._is_told(given, index, self._index + 1) and (given.lines or not given.words):
                yield f"{place}: ends with run={run} n={number}, written were run={last_run} n<{runs[last_run]}"

    def _is_told(self, given: _Given, begin: int, end: int) -> bool:
        return any(begin < at < end for at in (*given.gaps, *self._everyones))

    def broken_promises(self, counts: Counts, *, joined: Mapping[Place, int] | None = None) -> list[str]:
        """Return what should not be, in words: nothing, if all is well.

        Args:
            counts: what was written; whatever was given must be part of it or come after it.
            joined: places that came while the stream was read, and the run they were in: that one's beginning was
                there to be read.
        """
        found = list(self._unfinished(counts))
        for place, given in self._places.items():
            found += self._within(place, given, counts.get(place, {}), (joined or {}).get(place))
        return found

    def _within(self, place: Place, given: _Given, runs: Mapping[int, int], first: int | None) -> Iterator[str]:
        before = None if first is None else (0, first, -1)
        for line in given.lines:
            if before is not None:
                if line[1:] <= before[1:]:
                    yield f"{place}: run={line[1]} n={line[2]} after run={before[1]} n={before[2]}"
                elif _missing(before, line, runs) and not self._is_told(given, before[0], line[0]):
                    yield (
                        f"{place}: {_missing(before, line, runs)} lines are missing in silence between "
                        f"run={before[1]} n={before[2]} and run={line[1]} n={line[2]}"
                    )
            before = line


def _missing(before: tuple[int, int, int], after: tuple[int, int, int], runs: Mapping[int, int]) -> int:
    """Return how many lines were written between two."""
    if before[1] == after[1]:
        return after[2] - before[2] - 1
    between = sum(runs.get(run, 0) for run in range(before[1] + 1, after[1]))
    return max(0, runs.get(before[1], 0) - before[2] - 1) + between + after[2]
