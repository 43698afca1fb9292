"""What a new revision's log says and the old ones' do not: patterns that are new, stopped, or changed their rate. Pure.

Rules, in this order; everything that none of them names is the same:

- *new*: the new revision says it, no old one ever did, and no old container is known to say it at its start. Listed
  always; `is_sure` tells whether the old ones were heard long enough for their silence to mean something.
- *stopped*: the old ones said it, the new one never did, though at the old rate at least `MIN_EXPECTED` lines were due.
- *more*, *fewer*: the rates differ at least `MIN_RATIO`-fold, and chance is no explanation.

Rates are lines a minute of the containers that say it: where the new revision's crash, nothing has stopped. Stopped,
more and fewer leave out what containers print at their start: that comes with the rollout, not with the revision.
Chance is ruled out at `CHANCE` divided by the patterns that are tested, so that among hundreds of patterns not a few
change by accident.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Final, Literal, NamedTuple

from k9py.logs.parsing.level import Level
from k9py.logs.templates.counts import Pattern, PatternCounts, Tally
from k9py.logs.templates.rates import chance_of_at_least, chance_of_at_most
from k9py.logs.templates.runs import Phase

PatternChange = Literal["new", "stopped", "more", "fewer", "same"]

MIN_EXPECTED: Final = 5.0
MIN_RATIO: Final = 2.0
CHANCE: Final = 0.01
SILENCE: Final = 0.05
"""A new pattern is sure when, at its rate, the old revisions would have kept silent about it less likely than this."""
AT_START: Final = "at its start"
_LOOK_EVERY: Final = 64

_GRAVITY: Final = {Level.FATAL: 0, Level.ERROR: 1, Level.WARN: 2, Level.INFO: 3, Level.UNKNOWN: 3}
_KINDS: Final[tuple[PatternChange, ...]] = ("new", "stopped", "more", "fewer", "same")


class ComparedPattern(NamedTuple):
    """One pattern, compared.

    Args:
        pattern: its words with placeholders, printable.
        new_count, old_count: all lines of it.
        new_rate, old_rate: lines a container-minute, without those of starts; None: not heard long enough to tell.
        example: a line of it, printable: of the new revision, for what stopped of an old one.
        number: of a line in the log; the log may have let it go.
        identity: stays the pattern's while it exists.
        first_at, last_at: when the side of the example said it, None where its lines have no times.
        note: "", "once", or "at its start": all its lines are of containers that just started, and how the old ones
            start is not known.
        is_sure: False for a new pattern that old revisions may say too, had they been heard longer.
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
        """True for what stands among the sure ones.

        Warnings and errors of a container that has only just started do too: it may never get any further.
        """
        return self.is_sure or (self.note == AT_START and self.level >= Level.WARN)

    @property
    def ratio(self) -> float | None:
        """How many times the old rate the new one is; None when there is no old rate."""
        return None if self.new_rate is None or not self.old_rate else self.new_rate / self.old_rate


class PatternComparison(NamedTuple):
    """All patterns, those that tell most first.

    Args:
        new_minutes, old_minutes: container-minutes that rates are of.
        new_lines, old_lines: heard in all.
        new_others, old_others: of those, lines of more patterns than are kept.
    """

    rows: tuple[ComparedPattern, ...]
    new_minutes: float
    old_minutes: float
    new_lines: int
    old_lines: int
    new_others: int
    old_others: int

    def with_change(self, *kinds: PatternChange) -> tuple[ComparedPattern, ...]:
        """Return the rows of some kinds."""
        return tuple(row for row in self.rows if row.change in kinds)


def compare_patterns(
    counts: PatternCounts, new: str, old: Collection[str], same: Collection[str] = ()
) -> PatternComparison:
    """Compare what a revision says with what others do.

    Args:
        same: revisions that are the new one but for a restart: what they say, it says.
        old: without any, all patterns are the same and those of the new one are given.
    """
    done = None
    comparing = ComparisonJob(counts, new, old, same)
    while done is None:
        done = comparing.advance(lambda: False)
    return done


def all_patterns(counts: PatternCounts) -> PatternComparison:
    """Return the patterns of all revisions together, as of one that is compared with none."""
    return compare_patterns(counts, "", ())


class ComparisonJob:
    """A comparison made in slices.

    Args:
        new: "" with no `old`: all revisions together.
    """

    def __init__(self, counts: PatternCounts, new: str, old: Collection[str], same: Collection[str] = ()) -> None:
        self._heard = counts.runs.heard
        revisions = tuple(self._heard)
        self._counts = counts
        self._new = (new, *same) if new or old else revisions
        self._old = tuple(one for one in old if one not in self._new)
        self._knows_start = not counts.baselines.isdisjoint(self._old)
        # How a new pod's log begins is put aside even where a start is only likely; an old pod has mostly run for long.
        self._new_steady = (Phase.STEADY,) if self._old else tuple(Phase)
        self._old_steady = (Phase.STEADY, Phase.PERHAPS)
        patterns = list(counts.patterns.values())
        tested = sum(1 for one in patterns if not one.tallies.keys().isdisjoint(self._old))
        self._chance = CHANCE / max(1, tested)
        self._rows: list[ComparedPattern] = []
        self._left: Iterator[Pattern] = iter(patterns)

    def advance(self, should_pause: Callable[[], bool]) -> PatternComparison | None:
        """Go on until done or told to pause; None: not done."""
        for at, pattern in enumerate(self._left, 1):
            row = self._row(pattern)
            if row is not None:
                self._rows.append(row)
            if not at % _LOOK_EVERY and should_pause():
                return None
        self._rows.sort(key=_order)
        heard, others = self._heard, self._counts.others
        new, old = self._new, self._old
        return PatternComparison(
            tuple(self._rows),
            sum(heard[one].seconds[phase] for one in new if one in heard for phase in self._new_steady) / 60,
            sum(heard[one].seconds[phase] for one in old if one in heard for phase in self._old_steady) / 60,
            sum(heard[one].lines for one in new if one in heard),
            sum(heard[one].lines for one in old if one in heard),
            sum(others.get(one, 0) for one in new),
            sum(others.get(one, 0) for one in old),
        )

    def _minutes(self, pattern: Pattern) -> tuple[float, float]:
        """Return how long the containers that say a pattern were heard, of the new and the old revisions."""
        runs, named = self._counts.runs, pattern.containers
        return (
            sum(runs.seconds(one, named, self._new_steady) for one in self._new) / 60,
            sum(runs.seconds(one, named, self._old_steady) for one in self._old) / 60,
        )

    def _row(self, pattern: Pattern) -> ComparedPattern | None:
        news = [pattern.tallies[one] for one in self._new if one in pattern.tallies]
        olds = [pattern.tallies[one] for one in self._old if one in pattern.tallies]
        if not news and not olds:
            return None
        new_count, old_count = sum(one.count for one in news), sum(one.count for one in olds)
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
            is_sure = self._knows_start if at_start else _silence(new_steady, minutes) <= SILENCE
        tally = max(news or olds, key=lambda one: one.last_number)
        return ComparedPattern(
            kind,
            pattern.level,
            pattern.template.words,
            new_count,
            old_count,
            new_rate,
            old_rate,
            tally.example,
            self._counts.example_number(tally),
            pattern.number,
            note,
            is_sure,
            min((one.first_at for one in news or olds if one.first_at is not None), default=None),
            max((one.last_at for one in news or olds if one.last_at is not None), default=None),
        )

    def _kind(
        self, pattern: Pattern, counts: tuple[int, int], steady: tuple[int, int], minutes: tuple[float, float]
    ) -> PatternChange:
        (new_count, old_count), (new, old), (new_minutes, old_minutes) = counts, steady, minutes
        if not old_count and pattern.baseline.isdisjoint(self._old):
            return "new"
        if new_minutes <= 0 or old_minutes <= 0:
            return "same"
        total, share = new + old, new_minutes / (new_minutes + old_minutes)
        expected = old / old_minutes * new_minutes
        if not new_count:
            due = expected >= MIN_EXPECTED and chance_of_at_most(0, total, share) <= self._chance
            return "stopped" if due else "same"
        if new >= MIN_RATIO * expected:
            return "more" if chance_of_at_least(new, total, share) <= self._chance else "same"
        if new * MIN_RATIO <= expected:
            return "fewer" if chance_of_at_most(new, total, share) <= self._chance else "same"
        return "same"


def _silence(count: int, minutes: tuple[float, float]) -> float:
    """Return how likely the old revisions would have said nothing, had they said it at the new one's rate."""
    new, old = minutes
    return (new / (new + old)) ** count if new + old > 0 else 1.0


def _count(tallies: Collection[Tally], phases: Collection[Phase]) -> int:
    return sum(one.phases[phase] for one in tallies for phase in phases)


def _order(row: ComparedPattern) -> tuple[object, ...]:
    """Put first: what is new, of that what is grave, of that what is said most.

    What is not sure comes last: rare lines that the old revisions may say as well would crowd out what is.
    """
    return (
        _KINDS.index(row.change) if row.is_significant else len(_KINDS),
        _GRAVITY.get(row.level, 4),
        row.note == AT_START,
        -max(row.new_count, row.old_count),
        row.pattern_id,
    )
