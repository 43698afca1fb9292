"""Counts how often each revision wrote each pattern: the numbers that comparisons are made of.

Owns the patterns of one subject. Invariants: every line is counted once: in a pattern, as a continuation of the line
above it, or among the `uncategorized_lines` of its revision; there are at most `MAX_PATTERNS` patterns. Counts outlive
the lines: lines that the log buffer drops stay counted, only their numbers are no longer valid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from k9py.logs.line import LogLine
from k9py.logs.parsing.level import Level, level_of
from k9py.logs.parsing.sgr import plain_text
from k9py.logs.templates.merging import TemplateMerger
from k9py.logs.templates.observation import Observations
from k9py.logs.templates.template import Template, TemplateMiner

MAX_PATTERNS: Final = 2000
MAX_EVER: Final = 20_000
"""Patterns ever created, including those merged later: the limit of what a hostile log can make us keep."""
MAX_EXAMPLE: Final = 1000
"""Characters kept of an example."""
MAX_READ: Final = 4096
"""Characters of a line that are read; a JSON line is read completely, it could not be parsed otherwise."""
_PAUSE_EVERY: Final = 4
"""Lines counted between two looks at the clock: a hostile one may take a millisecond or two."""
_BLANKS: Final = (" ", "\t")


class PatternTally:
    """One revision's lines of one pattern: counts by phase, first and last time, and the numbers of two of them."""

    __slots__ = ("example", "first_at", "first_number", "last_at", "last_number", "lines_by_phase")

    def __init__(self, number: int, example: str) -> None:
        self.lines_by_phase = [0, 0, 0]
        self.first_at: datetime | None = None
        self.last_at: datetime | None = None
        self.first_number = self.last_number = number
        self.example = example

    @property
    def count(self) -> int:
        """All lines of it."""
        return sum(self.lines_by_phase)

    def add(self, other: PatternTally) -> None:
        """Add the counts of another tally."""
        self.lines_by_phase = [
            ours + theirs for ours, theirs in zip(self.lines_by_phase, other.lines_by_phase, strict=True)
        ]
        self.first_at = min(filter(None, (self.first_at, other.first_at)), default=None)
        self.last_at = max(filter(None, (self.last_at, other.last_at)), default=None)
        self.last_number = max(self.last_number, other.last_number)
        if other.first_number < self.first_number:
            self.first_number, self.example = other.first_number, other.example


class Pattern:
    """Lines of one template.

    Args:
        number: in the order in which patterns were first seen; never reused.
    """

    __slots__ = ("baseline_revisions", "containers", "number", "tallies", "template")

    def __init__(self, number: int, template: Template) -> None:
        self.number = number
        self.template = template
        self.tallies: dict[str, PatternTally] = {}
        """By revision."""
        self.baseline_revisions: set[str] = set()
        """Revisions whose containers are known to write this at their start."""
        self.containers: set[str] = set()
        """Names of the containers that write it."""

    @property
    def level(self) -> Level:
        return self.template.level

    def add(self, other: Pattern) -> None:
        """Add the counts of another pattern."""
        self.baseline_revisions |= other.baseline_revisions
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
        self.uncategorized_lines: dict[str, int] = {}
        """By revision: lines of patterns beyond `MAX_PATTERNS`."""
        self.continuation_lines = 0
        """Lines that continue the one above them, such as those of a stack trace."""
        self._baselines: dict[str, bool] = {}
        self.oldest_number = 0
        """Lines below this number are no longer kept."""
        self.observations = Observations()
        self._miner = TemplateMiner()
        self._merger = TemplateMerger()
        self._next_number = 0

    @property
    def baseline_revisions(self) -> frozenset[str]:
        """Revisions whose containers' first lines are known."""
        return frozenset(revision for revision, is_start in self._baselines.items() if is_start)

    @property
    def lines(self) -> int:
        """Lines counted, of all revisions."""
        return sum(observation.lines for observation in self.observations.by_revision.values())

    def add(self, first_number: int, lines: Sequence[LogLine], should_pause: Callable[[], bool]) -> int:
        """Count lines until done or paused.

        Args:
            first_number: number of the first line; the others follow.

        Returns:
            How many were counted, at least one if there are any; the next call begins after them.
        """
        counted = 0
        for line in lines:
            if not line.marker:
                self._count(first_number + counted, line)
            elif line.marker == "start":
                self.observations.mark_start(line.target, line.timestamp)
            counted += 1
            if not counted % _PAUSE_EVERY and should_pause():
                break
        return counted

    def add_baseline(
        self,
        revision: str,
        lines: Sequence[LogLine],
        should_pause: Callable[[], bool] = lambda: False,
        *,
        begin: int = 0,
    ) -> int:
        """Learn what a container of that revision writes at its start, until done or paused; nothing is counted.

        Lines that begin long after the container did are from a log that was rotated: its start remains unknown.

        Args:
            lines: all of them, in each call.
            begin: index of the first line to learn.

        Returns:
            The `begin` of the next call; the number of lines when all are learnt.
        """
        first = next((line for line in lines if not line.marker), None)
        if first is not None and not begin:
            is_start = self.observations.may_be_start(first.target, first.timestamp)
            self._baselines[revision] = is_start and self._baselines.get(revision, True)
        for at in range(begin, len(lines)):
            text = _readable(lines[at].text)
            if not lines[at].marker and not _is_continuation(text):
                pattern = self._pattern(self._miner.template_of(text))
                if pattern is not None:
                    pattern.baseline_revisions.add(revision)
                    pattern.containers.add(lines[at].target.container)
            if should_pause():
                return at + 1
        return len(lines)

    def set_start_times(self, started: Mapping[str, datetime]) -> None:
        """Set when the current containers started, by container id."""
        self.observations.set_start_times(dict(started))

    def forget_before(self, number: int) -> None:
        """Record that lines below that number are no longer kept."""
        self.oldest_number = max(self.oldest_number, number)

    def example_number(self, tally: PatternTally) -> int:
        """Return the number of a line of that tally: the first while it is kept, otherwise the last."""
        return tally.first_number if tally.first_number >= self.oldest_number else tally.last_number

    def _count(self, number: int, line: LogLine) -> None:
        run = self.observations.run_of(line.target)
        at, text = line.timestamp, _readable(line.text)
        is_first = run.last is None
        phase = run.observe(at)
        if not text or (text[:1] in _BLANKS and not is_first and _is_continuation(text)):
            self.continuation_lines += 1
            return
        pattern = self._pattern(self._miner.template_of(text))
        revision = line.target.revision
        if pattern is None:
            self.uncategorized_lines[revision] = self.uncategorized_lines.get(revision, 0) + 1
            return
        tally = pattern.tallies.get(revision)
        if tally is None:
            tally = pattern.tallies[revision] = PatternTally(number, text[:MAX_EXAMPLE])
        if line.target.container not in pattern.containers:
            pattern.containers.add(line.target.container)
        tally.lines_by_phase[phase] += 1
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
        template = self._merger.find(template)
        pattern = self.patterns.get(template)
        if pattern is not None:
            return pattern
        if len(self.patterns) >= MAX_PATTERNS or self._next_number >= MAX_EVER:
            return None
        return self._add(template)

    def _add(self, template: Template) -> Pattern:
        pattern = self.patterns[template] = Pattern(self._next_number, template)
        self._next_number += 1
        merged, parts = self._merger.add(template)
        if not parts:
            return pattern
        merged_pattern = self._add(merged) if merged not in self.patterns else self.patterns[merged]
        for part in parts:
            part_pattern = self.patterns.pop(part, None)
            if part_pattern is not None:
                merged_pattern.add(part_pattern)
        return merged_pattern


def _readable(text: str) -> str:
    """Return the part of a line that is read, printable."""
    if len(text) > MAX_READ and not (text.startswith("{") and text.isprintable()):
        text = text[:MAX_READ]
    return text if text.isprintable() else plain_text(text)


def _is_continuation(text: str) -> bool:
    """Return whether a line continues the one above it: indented without a level of its own, or blank."""
    return not text or (text[:1] in _BLANKS and (text.isspace() or level_of(text) is Level.UNKNOWN))
