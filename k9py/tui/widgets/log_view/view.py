"""The log widget: a window on a `LogBuffer`, followed or held.

Invariants: followed, the newest line is at the bottom; held, the line on top stays on top whatever comes in or is
dropped, until the person moves. Drawing happens in `flush` alone. The owner asks for a search or filter (from its own
input line) and shows the state this posts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import ClassVar, Final

from rich.segment import Segment
from textual.binding import BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from k9py.logs.keeping.buffer import LogBuffer
from k9py.logs.keeping.scan import LineScan
from k9py.logs.line import LogLine
from k9py.logs.source import LogTarget
from k9py.objects.search_pattern import compile_search
from k9py.tables.values import Tone
from k9py.tui.widgets.line_view import LineView, LineViewOptions
from k9py.tui.widgets.log_view.drawing import (
    MAX_PREFIX_CELLS,
    MIN_PREFIX_CELLS,
    LineStyles,
    LogLayout,
    draw_marker,
    draw_output,
    exact,
)
from k9py.tui.widgets.log_view.keys import LOG_KEYS
from k9py.tui.widgets.log_view.line import SourceColors, cleaned
from k9py.tui.widgets.log_view.state import LogState, status_text
from k9py.tui.widgets.log_view.window import LogWindow

DEFAULT_CAPACITY: Final = 50_000
SCAN_SLICE_SECONDS: Final = 0.006
SIDEWAYS_CELLS: Final = 16


@dataclass(frozen=True, slots=True)
class _Row:
    """One screen line: a row of a numbered line."""

    number: int
    row: int
    look: int
    current_hit: bool


@dataclass(frozen=True, slots=True)
class _Status:
    text: str


@dataclass(frozen=True, slots=True)
class _Empty:
    text: str
    tone: Tone


class LogView(LineView):
    """A log of many sources. Add lines with `extend`, as often as you like; nothing is drawn before the next flush."""

    BINDINGS: ClassVar[list[BindingType]] = [*LOG_KEYS]

    wrap = reactive(False, repaint=False)
    """Break long lines instead of cutting them."""
    times = reactive(False, repaint=False)
    """Show the time of each line."""
    prefix = reactive(True, repaint=False)
    """Show the source of each line."""

    @dataclass
    class StateChanged(Message):
        """Following, held, counts, search or filter changed; at most one a flush."""

        view: LogView
        state: LogState

        @property
        def control(self) -> LogView:
            return self.view

    def __init__(
        self,
        *,
        capacity: int = DEFAULT_CAPACITY,
        zone: tzinfo = UTC,
        empty_text: str = "",
        options: LineViewOptions | None = None,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """Make a log view.

        Args:
            capacity: Lines kept; the oldest are dropped. While the view is held, up to twice as many.
            zone: Time zone of the times shown.
            empty_text: Shown while there is no line.
            options: Redraw rate, clock and link pacing.
        """
        super().__init__(options=options, name=name, id=id, classes=classes)
        self._buffer = LogBuffer(capacity)
        self._zone = zone
        self._empty = _Empty(empty_text, Tone.MUTED)
        self._filter_text = ""
        self._search: LineScan | None = None
        self._search_text = ""
        self._current_hit: int | None = None
        self.label_of: Callable[[LogTarget], str] = lambda target: target.pod
        """Short name of a source, shown before its lines."""
        self._widest_label = 0
        self._prefix_cells = 0
        self._colors = SourceColors(lambda: len(self.palette.sources))
        self._look = 0
        self._window = LogWindow(self._buffer, LogLayout(prefix=0, times=False, wrap=False, left=0, width=1, zone=zone))
        self._state = LogState()

    # -- lines --------------------------------------------------------------------------------------------------------

    def extend(self, lines: Iterable[LogLine]) -> None:
        """Add lines at the end, in the order to be shown.

        Give many at once: the cost is per call as well as per line.
        """
        batch = [cleaned(line) for line in lines]
        self._widest_label = max(
            self._widest_label, max((len(self.label_of(line.target)) for line in batch), default=0)
        )
        self._buffer.extend(batch)
        self.schedule_flush()

    def clear(self) -> None:
        """Forget every line (another target was chosen) and follow again; colours and toggles stay."""
        self._buffer.clear()
        for scan in (self._window.filter, self._search):
            if scan is not None:
                scan.matches.numbers.clear()
        self._current_hit = None
        self._widest_label = 0
        self._window.follow()
        self.left = 0
        self.schedule_flush()

    def set_empty_text(self, text: str, tone: Tone = Tone.MUTED) -> None:
        """Set what stands in an empty log: 'waiting for the first line…', 'no pod is running', 'forbidden: …'."""
        self._empty = _Empty(text, tone)
        self.schedule_flush()

    @property
    def buffer(self) -> LogBuffer:
        """The lines kept, for saving them; do not write to it."""
        return self._buffer

    @property
    def following(self) -> bool:
        """True while the newest line is kept in sight."""
        return self._window.following

    @property
    def state(self) -> LogState:
        """The state as last posted."""
        return self._state

    # -- search and filter --------------------------------------------------------------------------------------------

    def search(self, text: str) -> None:
        """Highlight what matches (see `compile_search`) and go to the last hit above or at the bottom; "" ends it."""
        pattern = compile_search(text)
        self._search_text = text
        self._search = None if pattern is None else LineScan(pattern, with_markers=False)
        self._current_hit = None
        self._look += 1
        self.flush_if_mounted()
        if self._search is not None and not self._scanning:
            self.action_search_previous()

    def set_filter(self, text: str) -> None:
        """Show only lines that match, and markers; "" shows all again."""
        pattern = compile_search(text)
        self._filter_text = text
        self._window.filter = None if pattern is None else LineScan(pattern, with_markers=True)
        self.flush_if_mounted()

    def _scans(self) -> list[LineScan]:
        return [scan for scan in (self._window.filter, self._search) if scan is not None]

    @property
    def _scanning(self) -> bool:
        return any(scan.next_number < self._buffer.end for scan in self._scans())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("search_next", "search_previous"):
            return self._search is not None
        return super().check_action(action, parameters)

    def action_search_next(self) -> None:
        """Go to the next line found, towards the newest."""
        if self._search is not None:
            at = self._current_hit if self._current_hit is not None else self._window.top_number - 1
            self._go_to_hit(self._search.matches.following(at))

    def action_search_previous(self) -> None:
        """Go to the previous line found, towards the oldest."""
        if self._search is not None:
            at = self._current_hit if self._current_hit is not None else self._window.bottom_number + 1
            self._go_to_hit(self._search.matches.preceding(at))

    def _go_to_hit(self, number: int | None) -> None:
        if number is None:
            self.app.bell()
            return
        self._current_hit = number
        window = self._window
        if not window.shows(number):
            index = max(0, window.index_of(number) - self.page_lines // 2)
            window.hold_at((window.number_of(min(index, window.item_count - 1)), 0))
        elif window.following:
            window.hold_at(window.rows[0])
        self.flush()

    # -- position -----------------------------------------------------------------------------------------------------

    def line_count(self) -> int:
        return self._window.item_count

    @property
    def page_lines(self) -> int:
        return max(1, self.size.height - (1 if status_text(self._present_state()) else 0))

    def action_scroll_rows(self, rows: int) -> None:
        """Scroll by rows: upwards holds the view, downwards past the end follows."""
        self._window.scroll(rows, self.page_lines)
        self.flush()

    def action_scroll_pages(self, pages: int) -> None:
        """Scroll by pages."""
        self.action_scroll_rows(pages * max(1, self.page_lines - 1))

    def action_oldest(self) -> None:
        """Go to the oldest line kept."""
        if self._window.item_count:
            self._window.hold_at((self._window.number_of(0), 0))
            self.flush()

    def action_follow(self) -> None:
        """Go to the newest line and follow."""
        self._window.follow()
        self.flush()

    def action_toggle_hold(self) -> None:
        """Hold the view where it is, or follow again."""
        if self._window.following and self._window.rows:
            self._window.hold_at(self._window.rows[0])
        else:
            self._window.follow()
        self.flush()

    def action_sideways(self, direction: int) -> None:
        """Scroll long lines sideways."""
        if not self.wrap:
            self.left = max(0, self.left + direction * SIDEWAYS_CELLS)
            self.flush()

    def watch_wrap(self) -> None:
        """Lay the lines out anew; the line on top stays."""
        self.flush_if_mounted()

    watch_times = watch_wrap
    watch_prefix = watch_wrap

    def wheel(self, lines: int) -> None:
        self.action_scroll_rows(lines)

    # -- keeping in step ----------------------------------------------------------------------------------------------

    def size_changed(self) -> None:
        """Nothing to do before the rows are chosen anew."""

    def apply_pending(self) -> None:
        """Look at new lines for search and filter, and choose the rows to show."""
        if not self._scan():
            self.run_worker(self._finish_scan(), group="log-scan", exclusive=True)
        layout = self._lay_out()
        if layout != self._window.layout:
            self._window.layout = layout
            self._look += 1
        self._window.choose(self.page_lines)
        self.top = self._window.index_of(self._window.top_number)
        self._post_state()

    def _scan(self) -> bool:
        end = self.clock() + SCAN_SLICE_SECONDS
        pause: Callable[[], bool] = lambda: self.clock() >= end  # noqa: E731
        return all(scan.advance(self._buffer, pause) for scan in self._scans())

    async def _finish_scan(self) -> None:
        first_hit_wanted = self._search is not None and self._current_hit is None
        done = False
        while not done:
            await asyncio.sleep(0)
            done = self._scan()
        self.flush()
        if first_hit_wanted and self._search is not None and self._search.matches.numbers:
            self.action_search_previous()

    def _lay_out(self) -> LogLayout:
        wrap = self.wrap
        if self.following:  # the lines of a held view must not move
            self._prefix_cells = min(self._widest_label, MAX_PREFIX_CELLS)
        return LogLayout(
            prefix=min(self._prefix_cells, max(MIN_PREFIX_CELLS, self.text_width // 4)) if self.prefix else 0,
            times=self.times,
            wrap=wrap,
            left=0 if wrap else self.left,
            width=self.text_width,
            zone=self._zone,
        )

    def _present_state(self) -> LogState:
        window, search, hit = self._window, self._search, self._current_hit
        return LogState(
            following=window.following,
            new_below=window.new_below,
            lines=len(self._buffer),
            dropped=self._buffer.dropped,
            filter_text=self._filter_text,
            shown=window.item_count,
            search_text=self._search_text,
            search_hits=None if search is None else len(search.matches.numbers),
            search_at=0 if search is None or hit is None else search.matches.position(hit),
            scanning=self._scanning,
        )

    def _post_state(self) -> None:
        state = self._present_state()
        if state != self._state:
            self._state = state
            self.say(self.StateChanged(self, state))

    # -- drawing ------------------------------------------------------------------------------------------------------

    def line_signature(self, y: int) -> Hashable:
        if y == self.size.height - 1 and (status := status_text(self._present_state())):
            return _Status(status)
        rows = self._window.rows
        if y < len(rows):
            number, row = rows[y]
            return _Row(number, row, self._look, number == self._current_hit)
        return self._empty if y == 1 and not rows and self._empty.text else None

    def build_line(self, signature: Hashable, width: int) -> Strip:
        palette, on = self.palette, self.on_base
        match signature:
            case _Row(number=number, row=row, current_hit=current_hit):
                line = self._buffer.line(number)
                return Strip.blank(width, self.base_style) if line is None else self._draw_row(line, row, current_hit)
            case _Status(text=text):
                return exact([Segment(f" {text}", on(palette.status))], width, on(palette.status))
            case _Empty(text=text, tone=tone):
                symbol = f"{tone.symbol} " if tone.symbol.strip() else ""
                return exact([Segment(f"   {symbol}{text}", on(palette.tone(tone)))], width, self.base_style)
        raise TypeError(f"not a line of a log: {signature!r}")

    def _draw_row(self, line: LogLine, row: int, current_hit: bool) -> Strip:
        palette, base, on, layout = self.palette, self.base_style, self.on_base, self._window.layout
        if line.marker:
            style = on(palette.gap if line.marker == "gap" else palette.notice)
            return draw_marker(line, layout, row, style, base)
        styles = LineStyles(
            source=on(palette.source(self._colors.index(f"{line.target.pod}/{line.target.container}"))),
            time=on(palette.muted),
            text=on(palette.tone(Tone.PLAIN)),
            hit=on(palette.hit_current if current_hit else palette.hit),
            base=base,
        )
        return draw_output(
            line,
            self.label_of(line.target),
            layout,
            row,
            styles,
            None if self._search is None else self._search.pattern,
        )
