"""The head of a rollout's screen below its state: how far it is, what its strategy allows, the new revision beside the
old ones.

Invariant: a part is drawn anew only when it says something else; the line with the deadline alone changes every second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.renderables.bar import Bar as BarRenderable
from textual.widgets import ProgressBar, Static

from k9py.api.text import printable
from k9py.api.times import duration
from k9py.api.workloads import Workload
from k9py.rollouts.cohort_status import CohortStatus
from k9py.rollouts.status import RolloutStatus
from k9py.rollouts.strategy_limits import ProgressDeadline, progress_deadline, strategy_limits
from k9py.tui.theme import palette_for
from k9py.tui.widgets.folding import fold
from k9py.tui.widgets.text_view import TextSpan
from k9py.views.cohorts import cohort_lines
from k9py.views.values import StyledLine, Tone

INDENT: Final = 4
"""Cells the rest of a folded line stands to the right."""
MAX_OLD: Final = 3
"""Old revisions with pods that are told of; there are hardly ever more than two."""


class _Track(BarRenderable):
    """Textual's bar, told from its track without colour too."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = self.width or options.max_width
        full = min(width, round(max(0.0, self.highlight_range[1])))
        yield Text.assemble(("━" * full, self.highlight_style), ("─" * (width - full), self.background_style), end="")


class CountBar(ProgressBar):
    """A bar of pods."""

    BAR_RENDERABLE = _Track
    DEFAULT_CSS = """
    CountBar { width: 16; height: 1; margin: 0 1 0 0; }
    CountBar Bar { width: 16; }
    CountBar Bar > .bar--bar { color: $primary; background: $border-blurred; }
    CountBar Bar > .bar--complete { color: $success; background: $border-blurred; }
    CountBar.-fail Bar > .bar--bar { color: $error; }
    CountBar.-warn Bar > .bar--bar { color: $warning; }
    CountBar.-unknown { display: none; }
    .-narrow CountBar, .-narrow CountBar Bar { width: 10; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(total=1, show_percentage=False, show_eta=False, id=id)

    def count(self, count: int, desired: int | None, tone: Tone) -> None:
        """Show so many of the pods wanted; None: nobody knows how many are."""
        self.set_class(desired is None, "-unknown")
        self.set_class(tone in (Tone.FAIL, Tone.DEGRADED, Tone.STUCK), "-fail")
        self.set_class(tone is Tone.WARN, "-warn")
        if desired is not None and (self.total, self.progress) != (desired, min(count, desired)):
            self.update(total=desired, progress=min(count, desired))


class Counts(Horizontal):
    """Two bars: pods of the new revision, and pods that serve; with the numbers in words."""

    DEFAULT_CSS = """
    Counts { height: 1; width: 1fr; padding: 0 2; }
    Counts Static { width: auto; height: 1; margin: 0 3 0 0; }
    .-short Counts, .-narrow Counts { padding: 0 1; }
    .-narrow Counts Static { margin: 0 2 0 0; }
    """

    def __init__(self) -> None:
        super().__init__(id="counts")
        self._updated, self._available = CountBar(id="updated"), CountBar(id="available")
        self._words = [Static("", markup=False) for _ in range(3)]
        self._said: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        yield self._updated
        yield self._words[0]
        yield self._available
        yield self._words[1]
        yield self._words[2]

    def show(self, status: RolloutStatus, tone: Tone) -> None:
        """Show how far the rollout is."""
        desired = status.desired
        self._updated.count(status.updated, desired, tone)
        self._available.count(status.available, desired, Tone.PLAIN)
        of = "" if desired is None else f" of {desired}"
        revision = "" if status.revision is None else f" · revision {status.revision}"
        rest = f"{status.ready} ready{revision}" if desired is not None else f"pods wanted: not known{revision}"
        said = (f"{status.updated}{of} updated", f"{status.available}{of} available", rest)
        if said != self._said:
            self._said = said
            for one, words in zip(self._words, said, strict=True):
                one.update(words)


class Lines(Static):
    """Lines of pieces with tones; drawn anew only when they say something else.

    Args:
        folds: what is too long goes on in the next line; else it is cut.
    """

    DEFAULT_CSS = """
    Lines { height: auto; width: 1fr; padding: 0 2; text-wrap: nowrap; text-overflow: ellipsis; }
    .-short Lines, .-narrow Lines { padding: 0 1; }
    Lines.-folds { text-wrap: wrap; }
    Lines.-empty { display: none; }
    """

    def __init__(self, *, id: str, folds: bool = False) -> None:  # noqa: A002
        super().__init__("", markup=False, id=id, classes="-empty -folds" if folds else "-empty")
        self._folds = folds
        self.lines: tuple[StyledLine, ...] = ()

    def show(self, lines: Iterable[StyledLine]) -> None:
        """Show these lines; none: nothing is there."""
        wanted = tuple(lines)
        if wanted == self.lines:
            return
        # Where lines are folded their number does not tell the height.
        same_height = len(wanted) == len(self.lines) and not self._folds
        self.lines = wanted
        self.set_class(not wanted, "-empty")
        palette = palette_for(self.app)
        text = Text(no_wrap=not self._folds, overflow="ellipsis")
        for at, line in enumerate(wanted):
            text.append("\n" if at else "")
            for piece, tone in line:
                text.append(printable(piece), palette.tone(tone))
        self.update(text, layout=not same_height)


class Cohorts(Horizontal):
    """The new revision beside the old ones; below each other where the screen is narrow."""

    DEFAULT_CSS = """
    Cohorts { height: auto; max-height: 14; width: 1fr; margin: 1 0 0 0; }
    .-short Cohorts, .-narrow Cohorts { margin: 0; max-height: 9; }
    Cohorts #newest { width: 3fr; }
    Cohorts #older { width: 2fr; }
    """

    def __init__(self) -> None:
        super().__init__(id="cohorts")
        self.newest, self.older = Lines(id="newest"), Lines(id="older")

    def compose(self) -> ComposeResult:
        yield self.newest
        yield self.older

    def show(self, facts: Sequence[CohortStatus], now: datetime, *, room: int, compact: bool) -> None:
        """Show the cohorts.

        Args:
            room: cells there are for all of them.
            compact: they stand below each other, each with a line less.
        """
        current = [one for one in facts if one.cohort.is_current]
        old = [one for one in facts if not one.cohort.is_current]
        share = room - 2 if compact else (room * 3 // 5 if old else room) - 4
        self.newest.show(_lines(current, now, share, compact=compact))
        more = len(old) - MAX_OLD
        lines = _lines(old[:MAX_OLD], now, share if compact else room * 2 // 5 - 4, compact=compact)
        if more > 0:
            lines.append(((f"and {more} more revisions with pods", Tone.MUTED),))
        self.older.show(lines)
        self.older.display = bool(old)


def _lines(facts: Sequence[CohortStatus], now: datetime, room: int, *, compact: bool) -> list[StyledLine]:
    """Return the lines of the cohorts, long ones folded under themselves."""
    lines: list[StyledLine] = []
    for one in facts:
        heading, counts, *others = cohort_lines([one], now)
        first = [(*heading[:2], *counts, *heading[2:])] if compact else [heading, counts]
        for line in (*first, *others):
            spans = tuple(TextSpan(printable(text), tone) for text, tone in line)
            folded = fold(spans, room, indent=INDENT)
            lines += [tuple((span.text, span.tone) for span in piece) for piece in folded]
    return lines


def allowance_line(workload: Workload, now: datetime) -> StyledLine:
    """Return what the strategy allows, and how long the rollout may still go on without progress."""
    left = progress_deadline(workload, now)
    return (
        ("allows ", Tone.MUTED),
        (strategy_limits(workload).text, Tone.PLAIN),
        *(() if left is None else deadline_text(left)),
    )


def deadline_text(left: ProgressDeadline) -> StyledLine:
    """Say what is left of the progress deadline."""
    of = f" of {duration(left.seconds)} without progress"
    if left.remaining <= 0:
        return (("   deadline ", Tone.MUTED), ("passed", Tone.PLAIN), (f" after {duration(left.seconds)}", Tone.MUTED))
    minutes, seconds = divmod(int(left.remaining), 60)
    words = f"{minutes}m{seconds:02}s" if minutes else f"{seconds}s"
    return (("   deadline in ", Tone.MUTED), (words, Tone.PLAIN), (of, Tone.MUTED))
