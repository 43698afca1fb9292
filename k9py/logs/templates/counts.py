"""How often each pattern was said by each revision: the numbers that comparisons are made of.

Owns the patterns of one subject. Invariants: every line given is counted once: in a pattern, as a continuation of the
line above it, or among `others` of its revision; there are at most `MAX_PATTERNS` patterns. Counts outlive the lines:
what the log's buffer drops stays counted, only its numbers lead nowhere any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from k9py.logs.line import LogLine
from k9py.logs.parsing.level import Level, level_of
from k9py.logs.parsing.sgr import plain_text
from k9py.logs.templates.merging import Merging
from k9py.logs.templates.runs import Runs
from k9py.logs.templates.template import Template, Templates

MAX_PATTERNS: Final = 2000
MAX_EVER: Final = 20_000
"""Patterns ever made, those included that turned out to be one: what a hostile log can make us keep."""
MAX_EXAMPLE: Final = 1000
"""Characters kept of an example."""
MAX_READ: Final = 4096
"""Characters of a line that are looked at; of a JSON line all, or it would be none."""
_LOOK_EVERY: Final = 4
"""Lines counted between two looks at the clock: a hostile one may take a millisecond or two."""
_BLANKS: Final = (" ", "\t")


class Tally:
    """What one revision said of one pattern: lines by phase, when first and last, and the numbers of two of them."""

    __slots__ = ("example", "first_at", "first_number", "last_at", "last_number", "phases")

    def __init__(self, number: int, example: str) -> None:
        self.phases = [0, 0, 0]
        self.first_at: datetime | None = None
        self.last_at: datetime | None = None
        self.first_number = self.last_number = number
        self.example = example

    @property
    def count(self) -> int:
        """All lines."""
        return sum(self.phases)

    def add(self, other: Tally) -> None:
        """Take over what another one has counted."""
        self.phases = [ours + theirs for ours, theirs in zip(self.phases, other.phases, strict=True)]
        self.first_at = min(filter(None, (self.first_at, other.first_at)), default=None)
        self.last_at = max(filter(None, (self.last_at, other.last_at)), default=None)
        self.last_number = max(self.last_number, other.last_number)
        if other.first_number < self.first_number:
            self.first_number, self.example = other.first_number, other.example


class Pattern:
    """Lines of one kind.

    Args:
        number: in the order in which patterns were first seen; never used twice.
    """

    __slots__ = ("baseline", "containers", "number", "tallies", "template")

    def __init__(self, number: int, template: Template) -> None:
        self.number = number
        self.template = template
        self.tallies: dict[str, Tally] = {}
        """By revision."""
        self.baseline: set[str] = set()
        """Revisions whose containers are known to say this at their start."""
        self.containers: set[str] = set()
        """Names of the containers that say it."""

    @property
    def level(self) -> Level:
        return self.template.level

    def add(self, other: Pattern) -> None:
        """Take over what another pattern has counted."""
        self.baseline |= other.baseline
        self.containers |= other.containers
        for revision, theirs in other.tallies.items():
            ours = self.tallies.get(revision)
            if ours is None:
                self.tallies[revision] = theirs
            else:
                ours.add(theirs)


class PatternCounts:
    """Counts lines by pattern and revision."""

    def __init__(self) -> None:
        self.patterns: dict[Template, Pattern] = {}
        """By template, in the order in which they were first seen."""
        self.others: dict[str, int] = {}
        """By revision: lines of patterns beyond `MAX_PATTERNS`."""
        self.continued = 0
        """Lines that go on with the one above them, such as those of a stack trace."""
        self._baselines: dict[str, bool] = {}
        self.oldest = 0
        """Lines below this number are no longer kept."""
        self.runs = Runs()
        self._templates = Templates()
        self._merging = Merging()
        self._next_number = 0

    @property
    def baselines(self) -> frozenset[str]:
        """Revisions of which is known what their containers say at their start."""
        return frozenset(revision for revision, is_start in self._baselines.items() if is_start)

    @property
    def lines(self) -> int:
        """Lines counted, of all revisions."""
        return sum(heard.lines for heard in self.runs.heard.values())

    def add(self, first_number: int, lines: Sequence[LogLine], should_pause: Callable[[], bool]) -> int:
        """Count lines until told to pause.

        Args:
            first_number: of the first of them; the others follow.

        Returns:
            How many were taken, at least one if there are any; begin with the next one when called again.
        """
        taken = 0
        for line in lines:
            if not line.marker:
                self._count(first_number + taken, line)
            elif line.marker == "start":
                self.runs.starts(line.target, line.timestamp)
            taken += 1
            if not taken % _LOOK_EVERY and should_pause():
                break
        return taken

    def add_baseline(
        self,
        revision: str,
        lines: Sequence[LogLine],
        should_pause: Callable[[], bool] = lambda: False,
        *,
        begin: int = 0,
    ) -> int:
        """Learn what a container of that revision says at its start, until told to pause; nothing is counted.

        Lines that begin long after the container did are of a log that was rotated: they are known, its start is not.

        Args:
            lines: all of them, each time it is called.
            begin: with which of them.

        Returns:
            With which to begin when called again; the number of lines when all are learnt.
        """
        first = next((line for line in lines if not line.marker), None)
        if first is not None and not begin:
            is_start = self.runs.may_begin(first.target, first.timestamp)
            self._baselines[revision] = is_start and self._baselines.get(revision, True)
        for at in range(begin, len(lines)):
            text = _read(lines[at].text)
            if not lines[at].marker and not _continues(text):
                pattern = self._pattern(self._templates.of(text))
                if pattern is not None:
                    pattern.baseline.add(revision)
                    pattern.containers.add(lines[at].target.container)
            if should_pause():
                return at + 1
        return len(lines)

    def set_start_times(self, started: Mapping[str, datetime]) -> None:
        """Say since when the containers run that are there now, by container id."""
        self.runs.set_started(dict(started))

    def forget_before(self, number: int) -> None:
        """Lines below that number are no longer kept."""
        self.oldest = max(self.oldest, number)

    def example_number(self, tally: Tally) -> int:
        """Return the number of a line of that tally: of the first while it is kept, else of the last."""
        return tally.first_number if tally.first_number >= self.oldest else tally.last_number

    def _count(self, number: int, line: LogLine) -> None:
        run = self.runs.of(line.target)
        at, text = line.timestamp, _read(line.text)
        is_first = run.last is None
        phase = run.phase(at)
        if not text or (text[:1] in _BLANKS and not is_first and _continues(text)):
            self.continued += 1
            return
        pattern = self._pattern(self._templates.of(text))
        revision = line.target.revision
        if pattern is None:
            self.others[revision] = self.others.get(revision, 0) + 1
            return
        tally = pattern.tallies.get(revision)
        if tally is None:
            tally = pattern.tallies[revision] = Tally(number, text[:MAX_EXAMPLE])
        if line.target.container not in pattern.containers:
            pattern.containers.add(line.target.container)
        tally.phases[phase] += 1
        tally.last_number = number
        if at is not None:
            if tally.last_at is None or at > tally.last_at:
                tally.last_at = at
            if tally.first_at is None or at < tally.first_at:
                tally.first_at = at

    def _pattern(self, template: Template) -> Pattern | None:
        """Return the pattern of a template, a new one while there is room."""
        pattern = self.patterns.get(template)
        if pattern is not None:
            return pattern
        template = self._merging.find(template)
        pattern = self.patterns.get(template)
        if pattern is not None:
            return pattern
        if len(self.patterns) >= MAX_PATTERNS or self._next_number >= MAX_EVER:
            return None
        return self._add(template)

    def _add(self, template: Template) -> Pattern:
        pattern = self.patterns[template] = Pattern(self._next_number, template)
        self._next_number += 1
        merged, parts = self._merging.add(template)
        if not parts:
            return pattern
        whole = self._add(merged) if merged not in self.patterns else self.patterns[merged]
        for part in parts:
            gone = self.patterns.pop(part, None)
            if gone is not None:
                whole.add(gone)
        return whole


def _read(text: str) -> str:
    """Return what of a line is looked at, printable."""
    if len(text) > MAX_READ and not (text.startswith("{") and text.isprintable()):
        text = text[:MAX_READ]
    return text if text.isprintable() else plain_text(text)


def _continues(text: str) -> bool:
    """Tell whether a line goes on with the one above it: indented, and saying no level of its own; or blank."""
    return not text or (text[:1] in _BLANKS and (text.isspace() or level_of(text) is Level.UNKNOWN))
