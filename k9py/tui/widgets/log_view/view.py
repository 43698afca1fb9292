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

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from k9py.tables.values import Tone
from k9py.tui.widgets.line_view import LineView, LineViewOptions
from k9py.tui.widgets.log_view.buffer import LogBuffer
from k9py.tui.widgets.log_view.drawing import (
    MAX_PREFIX_CELLS,
    LogLayout,
    exact,
    highlighted,
    lead_segments,
    wrapped,
)
from k9py.tui.widgets.log_view.line import LineKind, LogLine, SourceColors, cleaned
from k9py.tui.widgets.log_view.scan import LineScan
from k9py.tui.widgets.search_pattern import compile_search

DEFAULT_CAPACITY: Final = 50_000
SCAN_SLICE_SECONDS: Final = 0.006
SIDEWAYS_CELLS: Final = 16


@dataclass(frozen=True, slots=True)
class LogState:
    """What a title says of a log view.

    `search_hits` None: no search; `search_at` counts from 1, 0: before the first.
    """

    following: bool = True
    new_below: int = 0
    lines: int = 0
    dropped: int = 0
    filter_text: str = ""
    shown: int = 0
    search_text: str = ""
    search_hits: int | None = None
    search_at: int = 0
    scanning: bool = False


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

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_rows(1)", "Down", show=False, id="log.down", tooltip="One line down"),
        Binding("up,k", "scroll_rows(-1)", "Up", show=False, id="log.up", tooltip="One line up; holds the view"),
        Binding("pagedown,ctrl+f", "scroll_pages(1)", "Page down", show=False, id="log.page_down"),
        Binding("pageup,ctrl+b", "scroll_pages(-1)", "Page up", show=False, id="log.page_up"),
        Binding("home,g", "oldest", "Oldest", show=False, id="log.oldest", tooltip="Oldest line kept"),
        Binding("end,G", "follow", "Follow", show=False, id="log.follow", tooltip="Newest line, and follow"),
        Binding("space", "toggle_hold", "Hold", show=False, id="log.hold", tooltip="Hold the view, or follow again"),
        Binding("left", "sideways(-1)", "Left", show=False, id="log.left"),
        Binding("right", "sideways(1)", "Right", show=False, id="log.right"),
        Binding("w", "toggle_wrap", "Wrap", show=False, id="log.wrap", tooltip="Wrap long lines"),
        Binding("t", "toggle_times", "Times", show=False, id="log.times", tooltip="Show when each line was written"),
        Binding("x", "toggle_prefix", "Source", show=False, id="log.prefix", tooltip="Show the source of each line"),
        Binding("n", "search_next", "Next hit", show=False, id="log.next", tooltip="Next line found"),
        Binding("N", "search_previous", "Previous hit", show=False, id="log.previous", tooltip="Previous line found"),
    ]

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
        self._following = True
        self._hold_end = 0
        self._top_number = 0
        self._top_row = 0
        self._filter: LineScan | None = None
        self._filter_text = ""
        self._search: LineScan | None = None
        self._search_text = ""
        self._current_hit: int | None = None
        self._prefix_cells = 0
        self._colors = SourceColors(lambda: len(self.palette.sources))
        self._look = 0
        self._log_layout = self._lay_out()
        self._window: list[tuple[int, int]] = []
        self._state = LogState()

    # -- lines --------------------------------------------------------------------------------------------------------

    def extend(self, lines: Iterable[LogLine]) -> None:
        """Add lines at the end, in the order to be shown.

        Give many at once: the cost is per call as well as per line.
        """
        batch = [cleaned(line) for line in lines]
        widest = max((len(line.label) for line in batch), default=0)
        if widest > self._prefix_cells:
            self._prefix_cells = min(widest, MAX_PREFIX_CELLS)
        self._buffer.extend(batch)
        self.schedule_flush()

    def clear(self) -> None:
        """Forget every line (another target was chosen) and follow again; colours and toggles stay."""
        self._buffer.clear()
        for scan in (self._filter, self._search):
            if scan is not None:
                scan.matches.numbers.clear()
        self._current_hit = None
        self._prefix_cells = 0
        self._following = True
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
        return self._following

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
        self._flush_if_mounted()
        if self._search is not None and not self._scanning:
            self.action_search_previous()

    def set_filter(self, text: str) -> None:
        """Show only lines that match, and markers; "" shows all again."""
        pattern = compile_search(text)
        self._filter_text = text
        self._filter = None if pattern is None else LineScan(pattern, with_markers=True)
        self._flush_if_mounted()

    @property
    def _scanning(self) -> bool:
        end = self._buffer.end
        return any(scan is not None and scan.next_number < end for scan in (self._filter, self._search))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("search_next", "search_previous"):
            return self._search is not None
        return super().check_action(action, parameters)

    def action_search_next(self) -> None:
        """Go to the next line found, towards the newest."""
        if self._search is not None:
            at = self._current_hit if self._current_hit is not None else self._number_on_top() - 1
            self._go_to_hit(self._search.matches.following(at))

    def action_search_previous(self) -> None:
        """Go to the previous line found, towards the oldest."""
        if self._search is not None:
            at = self._current_hit if self._current_hit is not None else self._number_at_bottom() + 1
            self._go_to_hit(self._search.matches.preceding(at))

    def _go_to_hit(self, number: int | None) -> None:
        if number is None:
            self.app.bell()
            return
        self._current_hit = number
        if not any(shown == number for shown, _ in self._window):
            index = self._item_index(number)
            self._hold_at(max(0, index - self.page_lines // 2), 0)
        elif self._following:
            self._hold_at(self._item_index(self._number_on_top()), self._window[0][1])
        self.flush()

    # -- position -----------------------------------------------------------------------------------------------------

    def line_count(self) -> int:
        return len(self._buffer) if self._filter is None else len(self._filter.matches.numbers)

    @property
    def page_lines(self) -> int:
        return max(1, self.size.height - (1 if self._status_text() else 0))

    def _item_number(self, index: int) -> int:
        return self._buffer.number_at(index) if self._filter is None else self._filter.matches.numbers[index]

    def _item_index(self, number: int) -> int:
        if self._filter is None:
            return self._buffer.index_of(number)
        return self._filter.matches.position(number - 1)

    def _number_on_top(self) -> int:
        return self._window[0][0] if self._window else self._buffer.first

    def _number_at_bottom(self) -> int:
        return self._window[-1][0] if self._window else self._buffer.end

    def _rows_of(self, number: int) -> int:
        layout = self._log_layout
        if not layout.wrap:
            return 1
        line = self._buffer.line(number)
        if line is None or line.kind is not LineKind.OUTPUT:
            return 1
        if line.text.isascii():
            return max(1, -(-len(line.text) // layout.room))
        return len(wrapped(line.text, layout.room))

    def _page_ending(self, rows: int) -> list[tuple[int, int]]:
        """Return the last rows of the log, at most that many, as (number, row)."""
        found: list[tuple[int, int]] = []
        index = self.line_count() - 1
        while index >= 0 and len(found) < rows:
            number = self._item_number(index)
            found += [(number, row) for row in range(self._rows_of(number) - 1, -1, -1)]
            index -= 1
        return found[:rows][::-1]

    def _page_from(self, index: int, row: int, rows: int) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        total = self.line_count()
        while index < total and len(found) < rows:
            number = self._item_number(index)
            found += [(number, at) for at in range(row, self._rows_of(number))]
            row = 0
            index += 1
        return found[:rows]

    def _hold_at(self, index: int, row: int) -> None:
        """Hold the view with that item's row on top; at the very end follow instead."""
        total = self.line_count()
        if total == 0:
            return
        index = max(0, min(index, total - 1))
        if self._following:
            self._buffer.hold()
            self._hold_end = self._buffer.end
            self._following = False
        self._top_number, self._top_row = self._item_number(index), row

    def action_scroll_rows(self, rows: int) -> None:
        """Scroll by rows: upwards holds the view, downwards past the end follows."""
        if not self._window:
            return
        number, row = self._window[0]
        index = self._item_index(number)
        while rows < 0 and (index > 0 or row > 0):
            if row > 0:
                row -= 1
            else:
                index -= 1
                row = self._rows_of(self._item_number(index)) - 1
            rows += 1
        if rows > 0 and self._window == self._page_ending(self.page_lines):
            self.action_follow()
            return
        while rows > 0 and index < self.line_count() - 1:
            if row + 1 < self._rows_of(self._item_number(index)):
                row += 1
            else:
                index, row = index + 1, 0
            rows -= 1
        if self._following and (number, row) == self._window[0] and index == self._item_index(number):
            return
        self._hold_at(index, row)
        self.flush()

    def action_scroll_pages(self, pages: int) -> None:
        """Scroll by pages."""
        self.action_scroll_rows(pages * max(1, self.page_lines - 1))

    def action_oldest(self) -> None:
        """Go to the oldest line kept."""
        if self.line_count() > self.page_lines or self.wrap:
            self._hold_at(0, 0)
            self.flush()

    def action_follow(self) -> None:
        """Go to the newest line and follow."""
        self._following = True
        self._buffer.release()
        self.flush()

    def action_toggle_hold(self) -> None:
        """Hold the view where it is, or follow again."""
        if self._following and self._window:
            self._hold_at(self._item_index(self._window[0][0]), self._window[0][1])
            self.flush()
        else:
            self.action_follow()

    def action_sideways(self, direction: int) -> None:
        """Scroll long lines sideways."""
        if not self.wrap:
            self.left = max(0, self.left + direction * SIDEWAYS_CELLS)
            self.flush()

    def action_toggle_wrap(self) -> None:
        """Turn wrapping on or off."""
        self.wrap = not self.wrap

    def action_toggle_times(self) -> None:
        """Show or hide the times."""
        self.times = not self.times

    def action_toggle_prefix(self) -> None:
        """Show or hide the sources."""
        self.prefix = not self.prefix

    def watch_wrap(self) -> None:
        """Lay the lines out anew; the line on top stays."""
        self._top_row = 0
        self._flush_if_mounted()

    def watch_times(self) -> None:
        """Lay the lines out anew."""
        self._flush_if_mounted()

    def watch_prefix(self) -> None:
        """Lay the lines out anew."""
        self._flush_if_mounted()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll towards the oldest line."""
        event.stop()
        self.action_scroll_rows(-3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll towards the newest line."""
        event.stop()
        self.action_scroll_rows(3)

    # -- keeping in step ----------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Draw what came before."""
        self.schedule_flush()

    def _flush_if_mounted(self) -> None:
        if self.is_mounted:
            self.flush()

    def size_changed(self) -> None:
        """Nothing to do before the rows are chosen anew."""

    def apply_pending(self) -> None:
        """Look at new lines for search and filter, and choose the rows to show."""
        if not self._scan():
            self.run_worker(self._finish_scan(), group="log-scan", exclusive=True)
        layout = self._lay_out()
        if layout != self._log_layout:
            self._log_layout = layout
            self._look += 1
        page = self.page_lines
        last = self._page_ending(page)
        if self._following:
            self._window = last
        else:
            self._window = self._page_from(self._item_index(self._top_number), self._top_row, page)
            if len(self._window) < len(last):
                self._window = last
        self.top = self._item_index(self._window[0][0]) if self._window else 0
        self._post_state()

    def _scan(self) -> bool:
        end = self.clock() + SCAN_SLICE_SECONDS
        pause: Callable[[], bool] = lambda: self.clock() >= end  # noqa: E731
        done = [scan.advance(self._buffer, pause) for scan in (self._filter, self._search) if scan is not None]
        return all(done)

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
        return LogLayout(
            prefix=self._prefix_cells if self.prefix else 0,
            times=self.times,
            wrap=wrap,
            left=0 if wrap else self.left,
            width=self.text_width,
            zone=self._zone,
        )

    def _new_below(self) -> int:
        if self._following:
            return 0
        if self._filter is None:
            return self._buffer.end - self._hold_end
        return len(self._filter.matches.numbers) - self._filter.matches.position(self._hold_end - 1)

    def _post_state(self) -> None:
        search = self._search
        state = LogState(
            following=self._following,
            new_below=self._new_below(),
            lines=len(self._buffer),
            dropped=self._buffer.dropped,
            filter_text=self._filter_text,
            shown=self.line_count(),
            search_text=self._search_text,
            search_hits=None if search is None else len(search.matches.numbers),
            search_at=0 if search is None or self._current_hit is None else search.matches.position(self._current_hit),
            scanning=self._scanning,
        )
        if state != self._state:
            self._state = state
            self.post_message(self.StateChanged(self, state))

    def _status_text(self) -> str:
        parts: list[str] = []
        if not self._following:
            new = self._new_below()
            parts.append(f"paused, {new:,} new below" if new else "paused, nothing new")
            parts.append("End follows")
        if self._search is not None:
            hits, at = self._search.matches, self._current_hit
            place = f"{hits.position(at):,} of " if at is not None else ""
            more = "+" if self._scanning else ""
            parts.append(f"/{self._search_text}: {place}{len(hits.numbers):,}{more} found")
        return "  ·  ".join(parts)

    # -- drawing ------------------------------------------------------------------------------------------------------

    def line_signature(self, y: int) -> Hashable:
        if y == self.size.height - 1 and (status := self._status_text()):
            return _Status(status)
        if y < len(self._window):
            number, row = self._window[y]
            return _Row(number, row, self._look, number == self._current_hit)
        return self._empty if y == 1 and not self._window and self._empty.text else None

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
        palette, base, on, layout = self.palette, self.base_style, self.on_base, self._log_layout
        if line.kind is not LineKind.OUTPUT:
            style = on(palette.gap if line.kind is LineKind.GAP else palette.notice)
            label = f"{line.label}: " if line.label else ""
            text = f"── {label}{line.text} "
            return exact([Segment(text + "─" * max(0, layout.width - cell_len(text)), style)], layout.width, base)
        source = on(palette.source(self._colors.index(line.source)))
        lead = lead_segments(line, layout, row, source=source, muted=on(palette.muted), base=base)
        text = wrapped(line.text, layout.room)[row] if layout.wrap else line.text[: layout.left + layout.room * 2]
        pattern = self._search.pattern if self._search is not None else None
        hit = on(palette.hit_current if current_hit else palette.hit)
        body = exact(highlighted(text, on(palette.tone(line.tone)), pattern, hit), layout.room, base, left=layout.left)
        return Strip([*lead, *body]).crop_extend(0, layout.width, base)
