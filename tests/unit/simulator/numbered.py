"""Proving that nothing is lost in silence: what numbered containers wrote, and what a reader was given of it.

`Written` listens in the simulator and knows how many lines each run wrote, whatever became of its pod. `Ledger` takes
what a reader got, in order, and finds what breaks the promise: a line twice, a line out of order within its container,
or a number that is missing with no gap marker in its place. Containers write with the voice `numbered-pod`.

The API hands out logs by name alone, so a reader that has not heard yet that a pod was made anew under its name takes
the new one's first lines for the old one's. That is counted (`misattributed`) and no broken promise; twice is.
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

Place = tuple[str, str, str, str]
"""Namespace, pod, container, uid of the pod."""

Counts = Mapping[Place, Mapping[int, int]]
"""How many lines each run of a place wrote."""

_LINE: Final = re.compile(r"run=(\d+) n=(\d{6,}) of=(\S+)")
_VOICE: Final = "numbered-pod"


def numbered(rate: float, **annotations: str) -> dict[str, str]:
    """Return the annotations of a pod whose containers number their lines, so many a second."""
    return {GENERATOR_ANNOTATION: _VOICE, RATE_ANNOTATION: str(rate), **annotations}


class Written:
    """Counts what the containers of a namespace's numbered pods write; made and asked on the simulator's own loop."""

    def __init__(self, state: SimulatorState, namespace: str) -> None:
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

    def _hear(self, change: StorageEvent) -> None:
        if change.resource is not PODS or change.obj["metadata"]["namespace"] != self._namespace:
            return
        for place, run, count in self._runs(change.obj):
            self._ended.setdefault(place, {})[run] = count

    def _runs(self, pod: Object) -> Iterator[tuple[Place, int, int]]:
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


Name = tuple[str, str, str]
"""Namespace, pod, container."""


@dataclass(slots=True)
class _Given:
    """What was given of a name: (index in the stream, uid, run, number), indexes of gap markers, other markers."""

    lines: list[tuple[int, str, int, int]] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)
    words: int = 0


class Ledger:
    """Takes a stream's lines as they are given."""

    def __init__(self) -> None:
        self.lines = 0
        self.markers: list[str] = []
        self.late = 0
        self.misattributed = 0
        self._given: dict[Name, _Given] = {}
        self._everyones: list[int] = []
        self._index = 0

    @property
    def places(self) -> int:
        """Of how many containers lines were given."""
        return sum(len({uid for _, uid, _, _ in given.lines}) for given in self._given.values())

    def take(self, lines: Iterable[Line]) -> None:
        """Note what was given next."""
        for line in lines:
            self._index += 1
            namespace, pod, container, uid = line.target.container_key
            given = self._given.setdefault((namespace, pod, container), _Given()) if pod else None
            if line.marker:
                self.markers.append(f"{line.marker} {pod}: {line.text}" if pod else f"{line.marker}: {line.text}")
                if line.marker == "gap":
                    (self._everyones if given is None else given.gaps).append(self._index)
                elif given is not None:
                    given.words += 1
                continue
            found = _LINE.fullmatch(line.text)
            assert found is not None, f"not a numbered line: {line.text[:80]!r}"
            assert given is not None, "a line of nobody"
            self.lines += 1
            self.late += bool(getattr(line, "late", False))
            self.misattributed += found[3] != uid
            given.lines.append((self._index, found[3], int(found[1]), int(found[2])))

    def unfinished(self, counts: Counts) -> list[str]:
        """Return the places whose last line is not there yet (nor a gap marker behind the last that came), in words."""
        return self._told(counts, {})[1]

    def broken_promises(self, counts: Counts, *, joined: Mapping[Place, int] | None = None) -> list[str]:
        """Return what should not be, in words: nothing, if all is well. What is yet to come is no broken promise.

        Args:
            counts: what was written; lines may have come after it.
            joined: places that came while the stream was read, and the run they were in: that one's beginning was
                there to be read.
        """
        return self._told(counts, joined or {})[0]

    def _told(self, counts: Counts, joined: Mapping[Place, int]) -> tuple[list[str], list[str]]:
        """Return what is wrong, and what is not there yet."""
        wrong: list[str] = []
        unfinished: list[str] = []
        by_name: dict[Name, list[Place]] = {}
        for place in counts:
            by_name.setdefault(place[:3], []).append(place)
        for name, places in by_name.items():
            given = self._given.get(name) or _Given()
            reached: dict[Place, tuple[int, int, int]] = {}
            again: list[str] = []
            for index, uid, run, number in given.lines:
                writer = (*name, uid)
                before = reached.get(writer)
                if before is not None and (run, number) <= before[1:]:
                    again.append(f"run={run} n={number} of {uid}")
                    continue
                if before is None and run >= joined.get(writer, run + 1):  # an earlier run is more than was asked for
                    before = (0, joined[writer], -1)
                reached[writer] = after = (index, run, number)
                if before is None:
                    continue
                missing = _missing(before, after, counts.get(writer, {}))
                if missing and not self._is_told(given, before[0], index):
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
        self, place: Place, runs: Mapping[int, int], given: _Given, reached: tuple[int, int, int] | None
    ) -> Iterator[str]:
        if not runs:
            return
        last = max(runs)
        if reached is None:
            if not given.gaps and not given.words:
                yield f"{place}: nothing was given at all, not even a word"
        elif reached[1:] < (last, runs[last] - 1) and not self._is_told(given, reached[0], self._index + 1):
            yield f"{place}: ends with run={reached[1]} n={reached[2]}, written were run={last} n<{runs[last]}"

    def _is_told(self, given: _Given, begin: int, end: int) -> bool:
        return any(begin < at < end for at in (*given.gaps, *self._everyones))


def _missing(before: tuple[int, int, int], after: tuple[int, int, int], runs: Mapping[int, int]) -> int:
    """Return how many lines were written between two."""
    if before[1] == after[1]:
        return after[2] - before[2] - 1
    between = sum(runs.get(run, 0) for run in range(before[1] + 1, after[1]))
    return max(0, runs.get(before[1], 0) - before[2] - 1) + between + after[2]
