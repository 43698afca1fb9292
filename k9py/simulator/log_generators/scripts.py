"""What containers write: one script per container run, with lines determined by seed and number.

Pure and cheap: a line costs a few multiplications and one format. To add an application, add a generator
`(Prng, datetime) -> str` and a row to `_GENERATORS`; with a name in `NAMED_GENERATORS`, the pod annotation
`sim.k9py.dev/log-generator` can choose it, whatever the pod's images and however its containers exit.
"""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from k9py.simulator.kubelet.behaviours import Exits, NeverReady, behaviour_of
from k9py.simulator.kubelet.containers import is_init
from k9py.simulator.log_generators import applications
from k9py.simulator.log_generators.hostile_lines import hostile_line
from k9py.simulator.log_generators.prng import Prng

LineGenerator = Callable[[Prng, datetime], str]

RATE_ANNOTATION = "sim.k9py.dev/lines-per-second"
"""Annotation of a pod: lines per second that each container writes."""
GENERATOR_ANNOTATION = "sim.k9py.dev/log-generator"
"""On a pod: what its containers write, one of `NAMED`, `numbered`, `numbered-pod` (with the pod's uid) or `hostile`."""

_STOPPED = 143
"""Exit code of a container that was stopped by SIGTERM; its log stays the same."""


class Script(Protocol):
    """The lines of one container run and their times; lines are numbered from 0."""

    def seconds(self, number: int) -> float:
        """Return the seconds from the start to a line; never decreases with the number."""
        ...

    def count(self, elapsed: float, *, ended: bool) -> int:
        """Return how many lines have been written after `elapsed` seconds."""
        ...

    def text(self, number: int, moment: datetime) -> str:
        """Return a line."""
        ...


@dataclass(frozen=True, slots=True)
class SteadyScript:
    """A few lines at the start, then one about every `period` seconds, endlessly."""

    seed: int
    opening: tuple[str, ...]
    period: float
    generator: LineGenerator

    _OPENING_STEP = 0.05

    def seconds(self, number: int) -> float:
        if number < len(self.opening):
            return self._OPENING_STEP * (number + 1)
        later = number - len(self.opening)
        start = self._OPENING_STEP * (len(self.opening) + 1)
        return start + (later + Prng(self.seed, number).fraction()) * self.period

    def count(self, elapsed: float, *, ended: bool) -> int:
        start = self._OPENING_STEP * (len(self.opening) + 1)
        if elapsed < start:
            return min(len(self.opening), max(0, int(elapsed / self._OPENING_STEP)))
        certain = len(self.opening) + math.floor((elapsed - start) / self.period)
        return certain + (self.seconds(certain) <= elapsed)

    def text(self, number: int, moment: datetime) -> str:
        if number < len(self.opening):
            return self.opening[number]
        return self.generator(Prng(self.seed, number), moment)


@dataclass(frozen=True, slots=True)
class FixedScript:
    """Fixed lines, spread evenly over `duration` seconds; the rest is written when the run ends."""

    lines: tuple[str, ...]
    duration: float

    def seconds(self, number: int) -> float:
        return self.duration * (number + 1) / (len(self.lines) + 1)

    def count(self, elapsed: float, *, ended: bool) -> int:
        if ended:
            return len(self.lines)
        return max(0, min(len(self.lines), int(elapsed / self.duration * (len(self.lines) + 1))))

    def text(self, number: int, moment: datetime) -> str:
        return self.lines[number]


@dataclass(frozen=True, slots=True)
class NumberedScript:
    """One numbered line about every `period` seconds; every fourth has the timestamp of the one before."""

    seed: int
    period: float
    text_of: Callable[[int], str]

    def seconds(self, number: int) -> float:
        step = number - (number % 4 == 3)
        return (step + 0.25 + 0.5 * Prng(self.seed, step).fraction()) * self.period

    def count(self, elapsed: float, *, ended: bool) -> int:
        if elapsed < 0:
            return 0
        count = math.floor(elapsed / self.period)
        while self.seconds(count) <= elapsed:
            count += 1
        return count

    def text(self, number: int, moment: datetime) -> str:
        return self.text_of(number)


def numbered_line(run: int, number: int) -> str:
    """Return a line with its run and number, so that a missing line is detected."""
    return f"run={run} n={number:06}"


def script_for(
    pod: Mapping[str, Any], container: Mapping[str, Any], seed: int, *, exit_code: int | None = None, run: int = 0
) -> Script:
    """Return the script of one run of a container.

    Args:
        pod: the pod, for its annotations.
        container: the container's spec.
        seed: of this run.
        exit_code: of a finished run, else None.
        run: number of restarts before this run.
    """
    name = _application(container)
    annotations = pod["metadata"].get("annotations") or {}
    chosen, rate = annotations.get(GENERATOR_ANNOTATION, ""), float(annotations.get(RATE_ANNOTATION) or 0)
    if chosen:
        return _annotated_script(chosen, seed, rate, run, str(pod["metadata"].get("uid", "")))
    behaviour = behaviour_of(pod, container, init=is_init(pod, container["name"]))
    if isinstance(behaviour, Exits) or exit_code not in (None, 0, _STOPPED):
        after = behaviour.after if isinstance(behaviour, Exits) else 3.0
        code = exit_code if exit_code is not None else (behaviour.code if isinstance(behaviour, Exits) else 1)
        return FixedScript(_final_lines(name, code, seed), after * 0.95)
    generator, period = _BY_IMAGE.get(container.get("image", "")) or _generator(name)
    if isinstance(behaviour, NeverReady):
        generator, period = applications.starved, 2.0
    if rate:
        period = 1 / rate
    # Replicas of one service do not all write at the same pace.
    period *= 0.8 + 0.4 * Prng(seed, -1).fraction()
    return SteadyScript(seed, _opening(name, container), period, generator)


def _annotated_script(name: str, seed: int, rate: float, run: int, uid: str) -> Script:
    match name:
        case "numbered":
            return NumberedScript(seed, 1 / (rate or 5.0), functools.partial(numbered_line, run))
        case "numbered-pod":
            return NumberedScript(seed, 1 / (rate or 5.0), lambda number: f"{numbered_line(run, number)} of={uid}")
        case "hostile":
            return NumberedScript(seed, 1 / (rate or 2.0), hostile_line)
    if name not in NAMED_GENERATORS:
        return FixedScript((f"ERROR unknown generator {name!r} in annotation {GENERATOR_ANNOTATION}",), 1.0)
    generator, period = NAMED_GENERATORS[name]
    return SteadyScript(seed, (), 1 / rate if rate else period, generator)


def _application(container: Mapping[str, Any]) -> str:
    return str(container.get("image", "")).rpartition("/")[2].partition(":")[0].partition("@")[0]


_GENERATORS: Sequence[tuple[tuple[str, ...], LineGenerator, float]] = (
    (("gateway", "frontend", "nginx", "proxy", "web"), applications.access_log, 0.9),
    (("checkout", "payments", "cart", "email"), applications.json_line, 1.4),
    (("postgres", "redis", "db"), applications.database, 6.0),
    (("agent", "exporter", "prometheus", "coredns", "kube", "metrics"), applications.logfmt, 8.0),
    (("catalog", "search", "ads", "recommendations"), applications.java_line, 1.8),
)

NAMED_GENERATORS: Mapping[str, tuple[LineGenerator, float]] = {
    "access": (applications.access_log, 0.9),
    "json": (applications.json_line, 1.4),
    "database": (applications.database, 6.0),
    "logfmt": (applications.logfmt, 8.0),
    "java": (applications.java_line, 1.8),
    "plain": (applications.plain_line, 2.0),
    "starved": (applications.starved, 2.0),
    "coloured": (applications.coloured, 1.0),
}
_BY_IMAGE: Mapping[str, tuple[LineGenerator, float]] = {
    applications.BEFORE_IMAGE: (applications.good_release, 0.5),
    applications.AFTER_IMAGE: (applications.bad_release, 0.5),
}


def _generator(name: str) -> tuple[LineGenerator, float]:
    for names, generator, period in _GENERATORS:
        if any(part in name for part in names):
            return generator, period
    return applications.plain_line, 2.0


def _opening(name: str, container: Mapping[str, Any]) -> tuple[str, ...]:
    tag = str(container.get("image", "")).rpartition(":")[2]
    return (f"starting {name} {tag}", "configuration loaded", "listening on :8080")


def _final_lines(name: str, exit_code: int, seed: int) -> tuple[str, ...]:
    if exit_code == 0:
        total = 200 + Prng(seed, 0).integer(800)
        steps = tuple(f"INFO {name}: processed {total * part // 5} of {total} records" for part in range(1, 6))
        return (f"INFO {name}: started", *steps, f"INFO {name}: done, nothing left to do")
    if exit_code == 137:
        sizes = (61, 94, 118, 127)
        return (
            f"INFO {name}: warming the cache",
            *(f"WARN {name}: heap at {size} MiB of 128 MiB" for size in sizes),
            f"WARN {name}: allocation failed, collecting garbage",
        )
    return applications.migration(name) if "migrate" in name else applications.crash(name)
