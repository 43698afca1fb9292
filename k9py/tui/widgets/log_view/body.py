"""What a log view shows: its lines buffered, laid out and drawn. `view.LogView` adds the API and the keys.

Invariants: following, the newest line is at the bottom; paused, the top line stays on top whatever is added or dropped,
until the user moves. Drawing happens in `flush` alone, and only rows that look different are drawn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip
from textual.timer import Timer
from textual.worker import Worker

from k9py.api.plural import count_noun
from k9py.logs.buffer.buffer import DEFAULT_CAPACITY, LogBuffer
from k9py.logs.buffer.finder import Finder
from k9py.logs.parsing.sgr import plain_text
from k9py.runtime.time_slice import TimeSlice, run_in_slices
from k9py.tui.keys import key_names
from k9py.tui.widgets.line_view import LineView, LineViewOptions
from k9py.tui.widgets.log_view.columns import LineColumns, Times
from k9py.tui.widgets.log_view.layout import LogLayout
from k9py.tui.widgets.log_view.painting import LinePainter, RowLook, exact, rule
from k9py.tui.widgets.log_view.state import LogState, has_status, status_text
from k9py.tui.widgets.log_view.window import HEAD, RULE, LogWindow
from k9py.tui.widgets.toned_text import fold_empty_text
from k9py.views.values import Tone

SCAN_SLICE_SECONDS: Final = 0.005
"""Time for searching lines in one turn of the event loop."""
FLUSH_SLICE_SECONDS: Final = 0.002
"""The same together with drawing."""
EMPTY_MARGIN: Final = 3
"""Cells and rows around the text of an empty log."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One screen line: a row of a numbered line. `marker`: the text of a marker, which may change."""

    number: int
    row: int
    version: int
    look: RowLook
    marker: str = ""


@dataclass(frozen=True, slots=True)
class _Rule:
    """The row between two groups."""


@dataclass(frozen=True, slots=True)
class _OwnText:
    """A row of kdash's own text: the status line, or the row above the oldest line."""

    text: str
    status: bool


@dataclass(frozen=True, slots=True)
class EmptyText:
    """The text of an empty log, or a row of it."""

    text: str
    tone: Tone


class LogBody(LineView):
    """The lines of a log view, without keys."""

    wrap = reactive(False, repaint=False)
    """Break long lines instead of cutting them."""
    times: reactive[Times] = reactive("none", repaint=False)
    """How the time of each line is shown."""
    prefix = reactive(True, repaint=False)
    """Show the source of each line."""
    parsed = reactive(True, repaint=False)
    """Show JSON and logfmt lines as level, time, message and fields."""
    colours = reactive(True, repaint=False)
    """Keep the colours of the containers' output."""
    context = reactive(0, repaint=False)
    """Lines of the same container shown before and after each match of the filter, 0 to 20."""

    def __init__(
        self,
        *,
        capacity: int = DEFAULT_CAPACITY,
        zone: tzinfo | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        empty_text: str = "",
        options: LineViewOptions | None = None,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """Make a log view.

        Args:
            capacity: Bytes of lines buffered; the oldest lines are dropped.
            zone: Time zone of local times; None: the machine's.
            now: The time that ages and "today" count from.
            empty_text: Shown while there are no lines.
            options: Redraw rate, clock and link pacing.
        """
        super().__init__(options=options, name=name, id=id, classes=classes)
        self._buffer = LogBuffer(capacity)
        self._finder = Finder(self._buffer)
        self._painter = LinePainter(self._buffer.line, lambda number: number in self._open)
        self._window = LogWindow(self._finder, self._painter.row_count, lambda: self.page_lines)
        self._columns = LineColumns(lambda: len(self.palette.sources), zone, now)
        self._empty = EmptyText(empty_text, Tone.MUTED)
        self._extra: tuple[str, ...] = ()
        self._open: set[int] = set()
        self._marks: set[int] = set()
        self._dropped = 0
        self._version = 0
        self._turn = 0
        self._search_from: int | None = None
        self._jump_wanted = False
        self._ticking: Timer | None = None
        self._scanner: Worker[None] | None = None
        self._unscanned = asyncio.Event()
        self._state = LogState()

    @property
    def following(self) -> bool:
        """True while the newest line is kept visible."""
        return self._window.following

    @property
    def cursor_number(self) -> int | None:
        """Number of the line the cursor is on; None while following."""
        return self._window.cursor_number

    def _kept(self, numbers: set[int]) -> set[int]:
        return {number for number in numbers if self._buffer.line(number) is not None}

    def state_changed(self, state: LogState) -> None:
        """Report another state; for subclasses."""

    def jump(self) -> None:
        """Go to the match of a search that was just typed; for subclasses."""

    # -- layout -------------------------------------------------------------------------------------------------------

    def line_count(self) -> int:
        return self._finder.item_count

    @property
    def page_lines(self) -> int:
        return max(1, self.size.height - (1 if has_status(self._current_state(below=False)) else 0))

    def watch_wrap(self) -> None:
        """Lay the lines out again; the top line stays."""
        self.flush_if_mounted()

    def on_mount(self) -> None:
        """Redraw ages every second, if they are shown."""
        self.watch_times()

    watch_prefix = watch_parsed = watch_colours = watch_context = watch_wrap

    def watch_times(self) -> None:
        """Lay the lines out again; redraw every second while ages are shown."""
        if self._ticking is not None:
            self._ticking.stop()
            self._ticking = None
        if self.times == "relative" and self.is_mounted:
            self._ticking = self.set_interval(1, self.schedule_flush)
        self.flush_if_mounted()

    # -- keeping in step ----------------------------------------------------------------------------------------------

    def size_changed(self) -> None:
        """Do nothing: the rows are chosen in `apply_pending`."""

    def apply_pending(self) -> None:
        """Search and filter new lines, and choose the rows to show."""
        if not self._scan(FLUSH_SLICE_SECONDS):
            self._scan_on()
        elif self._jump_wanted:
            self.jump()
        if self._buffer.dropped != self._dropped:
            self._dropped = self._buffer.dropped
            self._marks, self._open = self._kept(self._marks), self._kept(self._open)
        self._lay_out()
        if self._finder.filter_generation != self._turn and not self.following:
            self._window.reveal()
        self._turn = self._finder.filter_generation
        self._window.choose()
        if self.times in ("local", "utc"):
            rows = {number for number, _ in self._window.rows}
            self._columns.date(filter(None, map(self._buffer.line, rows)), self.times)
            if self._lay_out():
                self._window.choose()
        self.top = self._window.top_index
        self._post_state()

    def _scan(self, seconds: float) -> bool:
        return self._finder.advance(TimeSlice(seconds, self.clock).is_over)

    def _scan_on(self) -> None:
        self._unscanned.set()
        if self._scanner is None or self._scanner.is_finished:
            self._scanner = self.run_worker(self._finish_scans, group="log-scan")

    async def _finish_scans(self) -> None:
        """Finish what a flush had no time for. One worker for all: each worker that ends is garbage in a cycle."""
        while True:
            await self._unscanned.wait()
            self._unscanned.clear()
            await run_in_slices(lambda pause: self._finder.advance(pause), SCAN_SLICE_SECONDS, self.clock)
            self.flush()

    def _lay_out(self) -> bool:
        prefix = self._columns.prefix_cells(self.text_width, following=self.following)
        layout = LogLayout(
            prefix=prefix if self.prefix else 0,
            times=self._columns.time_cells(self.times),
            wrap=self.wrap,
            left=0 if self.wrap else self.left,
            width=self.text_width,
            parsed=self.parsed,
            colours=self.colours,
            label_of=self._columns.label,
        )
        changed = self._painter.set_layout(layout)
        self._version += changed
        return changed

    def _lay_out_again(self) -> None:
        self._painter.forget()
        self._version += 1
        self.schedule_flush()

    def _current_state(self, *, below: bool = True) -> LogState:
        window, finder = self._window, self._finder
        filtering, searching, search = finder.filter_query, finder.search_query, finder.search
        here = self.cursor_number
        return LogState(
            following=window.following,
            new_below=window.new_below if below else 0,
            lines=len(self._buffer),
            bytes=self._buffer.bytes,
            dropped=self._buffer.dropped,
            filter_text=filtering.text if filtering else "",
            filter_problem=filtering.problem_text if filtering else "",
            context=finder.context,
            shown=finder.item_count,
            hidden=len(finder.hidden.containers) + len(finder.hidden.levels),
            search_text=searching.text if searching else "",
            search_problem=searching.problem_text if searching else "",
            search_hits=None if search is None else len(search.matches),
            search_at=search.matches.rank(here) if search and here is not None and here in search.matches else 0,
            scanning=finder.is_busy,
            marked=len(self._marks),
            cleared=self._buffer.index_of(finder.begin_number) if finder.begin_number else 0,
        )

    def _post_state(self) -> None:
        state = self._current_state()
        if state != self._state:
            self._state = state
            self.state_changed(state)

    def _status_text(self) -> str:
        state = self._current_state()
        return status_text(state, key_names(self)) if has_status(state) else ""

    # -- drawing ------------------------------------------------------------------------------------------------------

    def line_signature(self, y: int) -> Hashable:
        if y == self.size.height - 1 and (status := self._status_text()):
            return _OwnText(status, status=True)
        rows = self._window.rows
        if y >= len(rows):
            return None if rows else self._empty_row(y)
        number, row = rows[y]
        if number == HEAD:
            return _OwnText(
                f"── {count_noun(self._buffer.dropped_before_first, 'older line')} dropped ──", status=False
            )
        if row == RULE:
            return _Rule()
        line = self._buffer.line(number)
        if line is None:
            return None
        return _Row(
            number,
            row,
            self._version,
            RowLook(
                cursor=number == self.cursor_number,
                marked=number in self._marks,
                context=self._finder.is_context(number),
                time=self._columns.time(line, self.times) if self.times != "none" and row == 0 else "",
            ),
            line.text if line.marker else "",
        )

    def _empty_row(self, y: int) -> EmptyText | None:
        """Return a row of the text of an empty log, folded."""
        text, tone = self._empty.text, self._empty.tone
        folded = fold_empty_text(text, tone, self.text_width - EMPTY_MARGIN - 1)
        return EmptyText(folded[y - 1], tone) if 0 < y <= len(folded) else None

    def build_line(self, signature: Hashable, width: int) -> Strip:
        palette, on = self.palette, self.on_base
        match signature:
            case _Row(number=number, row=row, look=look):
                line = self._buffer.line(number)
                if line is None:
                    return Strip.blank(width, self.base_style)
                label, color = self._columns.label(line.target), palette.source(self._columns.color(line.target))
                return self._painter.paint(number, row, look, label, color, palette, self.base_style)
            case _Rule():
                return rule(self._painter.layout, palette, self.base_style)
            case _OwnText(text=text, status=status):
                style = on(palette.status if status else palette.muted)
                return exact([Segment(f" {plain_text(text)}", style)], width, style)
            case EmptyText(text=text, tone=tone):
                return exact([Segment(f"{' ' * EMPTY_MARGIN}{text}", on(palette.tone(tone)))], width, self.base_style)
        raise TypeError(f"not a line of a log: {signature!r}")
