"""What containers write: a script a run, with lines that follow from a seed and their number alone.

Pure and cheap: a line costs a few multiplications and one format. To add an application's voice, add a function
`(Chance, datetime) -> str` and a word in `_VOICES`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from k9py.simulator.nodes import voices
from k9py.simulator.nodes.behaviours import Exits, NeverReady, behaviour_of
from k9py.simulator.nodes.chance import Chance
from k9py.simulator.nodes.containers import is_init

Voice = Callable[[Chance, datetime], str]

RATE_ANNOTATION = "sim.k9py.dev/lines-per-second"
"""On a pod: how many lines each of its containers writes a second."""


class Script(Protocol):
    """When one run of a container writes which line; lines are numbered from 0."""

    def seconds(self, number: int) -> float:
        """Return how many seconds after the start a line is written; never falls with the number."""
        ...

    def written(self, elapsed: float, *, ended: bool) -> int:
        """Return how many lines have been written after so many seconds."""
        ...

    def text(self, number: int, moment: datetime) -> str:
        """Return a line."""
        ...


@dataclass(frozen=True, slots=True)
class Steady:
    """A few lines at the start, then one about every `period` seconds for ever."""

    seed: int
    opening: tuple[str, ...]
    period: float
    voice: Voice

    _OPENING_STEP = 0.05

    def seconds(self, number: int) -> float:
        if number < len(self.opening):
            return self._OPENING_STEP * (number + 1)
        later = number - len(self.opening)
        start = self._OPENING_STEP * (len(self.opening) + 1)
        return start + (later + Chance(self.seed, number).fraction()) * self.period

    def written(self, elapsed: float, *, ended: bool) -> int:
        start = self._OPENING_STEP * (len(self.opening) + 1)
        if elapsed < start:
            return min(len(self.opening), max(0, int(elapsed / self._OPENING_STEP)))
        certain = len(self.opening) + math.floor((elapsed - start) / self.period)
        return certain + (self.seconds(certain) <= elapsed)

    def text(self, number: int, moment: datetime) -> str:
        if number < len(self.opening):
            return self.opening[number]
        return self.voice(Chance(self.seed, number), moment)


@dataclass(frozen=True, slots=True)
class Told:
    """A fixed story, its lines spread evenly over so many seconds; what is left comes at once when the run ends."""

    lines: tuple[str, ...]
    duration: float

    def seconds(self, number: int) -> float:
        return self.duration * (number + 1) / (len(self.lines) + 1)

    def written(self, elapsed: float, *, ended: bool) -> int:
        if ended:
            return len(self.lines)
        return max(0, min(len(self.lines), int(elapsed / self.duration * (len(self.lines) + 1))))

    def text(self, number: int, moment: datetime) -> str:
        return self.lines[number]


def script_for(
    pod: Mapping[str, Any], container: Mapping[str, Any], seed: int, *, exit_code: int | None = None
) -> Script:
    """Return the script of one run of a container.

    Args:
        pod: with its annotations.
        container: its spec.
        seed: makes one run differ from another.
        exit_code: of a run that has ended, else None.
    """
    name = _application(container)
    behaviour = behaviour_of(pod, container, init=is_init(pod, container["name"]))
    if isinstance(behaviour, Exits) or exit_code:
        after = behaviour.after if isinstance(behaviour, Exits) else 3.0
        code = exit_code if exit_code is not None else (behaviour.code if isinstance(behaviour, Exits) else 1)
        return Told(_story(name, code, seed), after * 0.95)
    voice, period = _voice(name)
    if isinstance(behaviour, NeverReady):
        voice, period = voices.starved, 2.0
    rate = (pod["metadata"].get("annotations") or {}).get(RATE_ANNOTATION)
    if rate:
        period = 1 / float(rate)
    # Replicas of one service do not all write at the same pace.
    period *= 0.8 + 0.4 * Chance(seed, -1).fraction()
    return Steady(seed, _opening(name, container), period, voice)


def _application(container: Mapping[str, Any]) -> str:
    return str(container.get("image", "")).rpartition("/")[2].partition(":")[0].partition("@")[0]


_VOICES: Sequence[tuple[tuple[str, ...], Voice, float]] = (
    (("gateway", "frontend", "nginx", "proxy", "web"), voices.access_log, 0.9),
    (("checkout", "payments", "cart", "email"), voices.json_line, 1.4),
    (("postgres", "redis", "db"), voices.database, 6.0),
    (("agent", "exporter", "prometheus", "coredns", "kube", "metrics"), voices.logfmt, 8.0),
    (("catalog", "search", "ads", "recommendations"), voices.java_line, 1.8),
)


def _voice(name: str) -> tuple[Voice, float]:
    for words, voice, period in _VOICES:
        if any(word in name for word in words):
            return voice, period
    return voices.plain_line, 2.0


def _opening(name: str, container: Mapping[str, Any]) -> tuple[str, ...]:
    tag = str(container.get("image", "")).rpartition(":")[2]
    return (f"starting {name} {tag}", "configuration loaded", "listening on :8080")


def _story(name: str, exit_code: int, seed: int) -> tuple[str, ...]:
    if exit_code == 0:
        total = 200 + Chance(seed, 0).below(800)
        steps = tuple(f"INFO {name}: processed {total * part // 5} of {total} records" for part in range(1, 6))
        return (f"INFO {name}: started", *steps, f"INFO {name}: done, nothing left to do")
    if exit_code == 137:
        sizes = (61, 94, 118, 127)
        return (
            f"INFO {name}: warming the cache",
            *(f"WARN {name}: heap at {size} MiB of 128 MiB" for size in sizes),
            f"WARN {name}: allocation failed, collecting garbage",
        )
    return voices.migration(name) if "migrate" in name else voices.crash(name)
