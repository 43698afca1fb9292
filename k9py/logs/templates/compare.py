"""Compares a new revision's log with the old ones': patterns that are new, stopped, or changed their rate. Pure.

Rules, in this order; everything else is the same:

- *new*: the new revision wrote it, no old one ever did, and no old container is known to write it at its start. Always
  listed; `is_sure` says whether the old ones were observed long enough for their silence to be significant.
- *stopped*: the old ones wrote it, the new one never did, although at the old rate `MIN_EXPECTED` lines were expected.
- *more*, *fewer*: the rates differ by a factor of at least `MIN_RATIO`, and not by chance.

Rates are lines per minute of the containers that write the pattern: where the new revision's crash, nothing has
stopped. Stopped, more and fewer ignore what containers write at their start: that comes with the rollout, not with the
revision. The significance level is `MAX_CHANCE` divided by the number of tested patterns, so that among hundreds of
patterns few change by accident.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Final, Literal, NamedTuple

from k9py.logs.parsing.level import Level
from k9py.logs.templates.counts import Pattern, PatternCounts, PatternTally
from k9py.logs.templates.observation import Phase
from k9py.logs.templates.poisson import chance_of_at_least, chance_of_at_most

PatternChange = Literal["new", "stopped", "more", "fewer", "same"]

MIN_EXPECTED: Final = 5.0
MIN_RATIO: Final = 2.0
MAX_CHANCE: Final = 0.01
MAX_SILENCE_CHANCE: Final = 0.05
"""A new pattern is sure when the old revisions, at its rate, would have been silent with less probability than this."""
AT_START: Final = "at startup"
_PAUSE_EVERY: Final = 64

_SEVERITY_RANK: Final = {Level.FATAL: 0, Level.ERROR: 1, Level.WARN: 2, Level.INFO: 3, Level.UNKNOWN: 3}
_KINDS: Final[tuple[PatternChange, ...]] = ("new", "stopped", "more", "fewer", "same")


class ComparedPattern(NamedTuple):
    """One pattern, compared.

    Args:
        change: how the new revision differs.
        template: its words with placeholders, printable.
        new_count, old_count: all lines of it.
        new_rate, old_rate: lines per container-minute, without those of starts; None: not observed long enough.
        example: a line of it, printable, from the new revision; from an old one if it stopped.
        example_number: number of that line in the log buffer, which may have dropped it.
        pattern_id: identifies the pattern as long as it exists.
        first_at, last_at: first and last time of the example's side; None where its lines have no times.
        note: "", "once", or `AT_START`: all its lines are from containers that just started, and what the old ones
        write
            at their start is unknown.
        is_sure: False for a new pattern that old revisions might have written too, had they been observed longer.
    """

    change: PatternChange
    level: Level
    template: str
    new_count: int
    old_count: int
    new_rate: float | None
    old_rate: float | None
    example: str
    example_number: int
    pattern_id: int
    note: str = ""
    is_sure: bool = True
    first_at: datetime | None = None
    last_at: datetime | None = None

    @property
    def is_significant(self) -> bool:
        """True for patterns that are listed with the sure ones.

        That includes warnings and errors of a container that has only just started: it may never get any further.
        """
        return self.is_sure or (self.note == AT_START and self.level >= Level.WARN)

    @property
    def ratio(self) -> float | None:
        """The new rate divided by the old one; None when there is no old rate."""
        return None if self.new_rate is None or not self.old_rate else self.new_rate / self.old_rate


class PatternComparison(NamedTuple):
    """All patterns, the most significant first.

    Args:
        new_minutes, old_minutes: container-minutes that the rates are based on.
        new_lines, old_lines: all lines.
        new_others, old_others: lines among them of patterns beyond `MAX_PATTERNS`.
    """

    rows: tuple[ComparedPattern, ...]
    new_minutes: float
    old_minutes: float
    new_lines: int
    old_lines: int
    new_others: int
    old_others: int

    def with_change(self, *changes: PatternChange) -> tuple[ComparedPattern, ...]:
        """Return the rows with one of some changes."""
        return tuple(row for row in self.rows if row.change in changes)


def compare_patterns(
    counts: PatternCounts, new: str, old: Collection[str], equivalent: Collection[str] = ()
) -> PatternComparison:
    """Compare the patterns of a revision with those of others.

    Args:
        equivalent: revisions that differ from the new one only by a restart: their lines count as its own.
        old: without any, all patterns of the new one are returned as the same.
    """
    done = None
    comparing = ComparisonJob(counts, new, old, equivalent)
    while done is None:
        done = comparing.advance(lambda: False)
    return done


def all_patterns(counts: PatternCounts) -> PatternComparison:
    """Return the patterns of all revisions together, without a comparison."""
    return compare_patterns(counts, "", ())


class ComparisonJob:
    """A comparison made in slices.

    Args:
        new: "" with no `old`: all revisions together.
    """

    def __init__(self, counts: PatternCounts, new: str, old: Collection[str], equivalent: Collection[str] = ()) -> None:
        self._observed = counts.observations.by_revision
        revisions = tuple(self._observed)
        self._counts = counts
        self._new = (new, *equivalent) if new or old else revisions
        self._old = tuple(revision for revision in old if revision not in self._new)
        self._knows_start = not counts.baseline_revisions.isdisjoint(self._old)
        # A new pod's beginning is ignored even where it may not be its start; an old pod has mostly run for long.
        self._new_steady = (Phase.STEADY,) if self._old else tuple(Phase)
        self._old_steady = (Phase.STEADY, Phase.MAYBE_STARTING)
        patterns = list(counts.patterns.values())
        tested = sum(1 for pattern in patterns if not pattern.tallies.keys().isdisjoint(self._old))
        self._max_chance = MAX_CHANCE / max(1, tested)
        self._rows: list[ComparedPattern] = []
        self._remaining: Iterator[Pattern] = iter(patterns)

    def advance(self, should_pause: Callable[[], bool]) -> PatternComparison | None:
        """Compare until done or paused; return None when not done."""
        for at, pattern in enumerate(self._remaining, 1):
            row = self._row(pattern)
            if row is not None:
                self._rows.append(row)
            if not at % _PAUSE_EVERY and should_pause():
                return None
        self._rows.sort(key=_order)
        observed, others = self._observed, self._counts.uncategorized_lines
        new, old = self._new, self._old
        return PatternComparison(
            tuple(self._rows),
            sum(
                observed[revision].seconds_by_phase[phase]
                for revision in new
                if revision in observed
                for phase in self._new_steady
            )
            / 60,
            sum(
                observed[revision].seconds_by_phase[phase]
                for revision in old
                if revision in observed
                for phase in self._old_steady
            )
            / 60,
            sum(observed[revision].lines for revision in new if revision in observed),
            sum(observed[revision].lines for revision in old if revision in observed),
            sum(others.get(revision, 0) for revision in new),
            sum(others.get(revision, 0) for revision in old),
        )

    def _minutes(self, pattern: Pattern) -> tuple[float, float]:
        """Return how long the containers that write a pattern were observed, of the new and the old revisions."""
        observations, containers = self._counts.observations, pattern.containers
        return (
            sum(observations.seconds(revision, containers, self._new_steady) for revision in self._new) / 60,
            sum(observations.seconds(revision, containers, self._old_steady) for revision in self._old) / 60,
        )

    def _row(self, pattern: Pattern) -> ComparedPattern | None:
        news = [pattern.tallies[revision] for revision in self._new if revision in pattern.tallies]
        olds = [pattern.tallies[revision] for revision in self._old if revision in pattern.tallies]
        if not news and not olds:
            return None
        new_count, old_count = sum(tally.count for tally in news), sum(tally.count for tally in olds)
        new_steady, old_steady = _count(news, self._new_steady), _count(olds, self._old_steady)
        new_minutes, old_minutes = minutes = self._minutes(pattern)
        new_rate = new_steady / new_minutes if new_minutes > 0 else None
        old_rate = old_steady / old_minutes if old_minutes > 0 else None
        kind: PatternChange = "same"
        note, is_sure = "", True
        if self._old:
            kind = self._kind(pattern, (new_count, old_count), (new_steady, old_steady), minutes)
        if kind == "new":
            at_start = not new_steady
            if at_start and not self._knows_start:
                note = AT_START
            elif new_count == 1:
                note = "once"
            is_sure = self._knows_start if at_start else _silence(new_steady, minutes) <= MAX_SILENCE_CHANCE
        tally = max(news or olds, key=lambda tally: tally.last_number)
        return ComparedPattern(
            kind,
            pattern.level,
            pattern.template.text,
            new_count,
            old_count,
            new_rate,
            old_rate,
            tally.example,
            self._counts.example_number(tally),
            pattern.number,
            note,
            is_sure,
            min((tally.first_at for tally in news or olds if tally.first_at is not None), default=None),
            max((tally.last_at for tally in news or olds if tally.last_at is not None), default=None),
        )

    def _kind(
        self, pattern: Pattern, counts: tuple[int, int], steady: tuple[int, int], minutes: tuple[float, float]
    ) -> PatternChange:
        (new_count, old_count), (new, old), (new_minutes, old_minutes) = counts, steady, minutes
        if not old_count and pattern.baseline_revisions.isdisjoint(self._old):
            return "new"
        if new_minutes <= 0 or old_minutes <= 0:
            return "same"
        total, share = new + old, new_minutes / (new_minutes + old_minutes)
        expected = old / old_minutes * new_minutes
        if not new_count:
            due = expected >= MIN_EXPECTED and chance_of_at_most(0, total, share) <= self._max_chance
            return "stopped" if due else "same"
        if new >= MIN_RATIO * expected:
            return "more" if chance_of_at_least(new, total, share) <= self._max_chance else "same"
        if new * MIN_RATIO <= expected:
            return "fewer" if chance_of_at_most(new, total, share) <= self._max_chance else "same"
        return "same"


def _silence(count: int, minutes: tuple[float, float]) -> float:
    """Return the probability that the old revisions, at the new one's rate, would not have written it."""
    new, old = minutes
    return (new / (new + old)) ** count if new + old > 0 else 1.0


def _count(tallies: Collection[PatternTally], phases: Collection[Phase]) -> int:
    return sum(tally.lines_by_phase[phase] for tally in tallies for phase in phases)


def _order(row: ComparedPattern) -> tuple[object, ...]:
    """Sort by change, then severity, then frequency.

    What is not significant comes last: rare lines that the old revisions may write as well would hide what is.
    """
    return (
        _KINDS.index(row.change) if row.is_significant else len(_KINDS),
        _SEVERITY_RANK.get(row.level, 4),
        row.note == AT_START,
        -max(row.new_count, row.old_count),
        row.pattern_id,
    )
