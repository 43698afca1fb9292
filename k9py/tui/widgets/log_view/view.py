"""The log widget: a window on a `LogBuffer`, followed or held with a cursor.

Invariants: followed, the newest line is at the bottom; held, the line on top stays on top whatever comes in or is let
go, until the person moves. Drawing happens in `flush` alone, and only rows that look different are drawn. The owner
asks for a search or filter (from its own input line) and shows the state this posts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from operator import attrgetter
from typing import ClassVar, Final

from rich.segment import Segment
from textual.binding import BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.timer import Timer

from k9py.logs.keeping.buffer import DEFAULT_CAPACITY, LogBuffer
from k9py.logs.keeping.finder import Finder
from k9py.logs.keeping.hidden import Hidden
from k9py.logs.line import LogLine
from k9py.logs.records.sgr import plain
from k9py.logs.source import LogTarget
from k9py.objects.search_pattern import compile_search
from k9py.tables.values import Tone
from k9py.tui.widgets.line_view import LineView, LineViewOptions
from k9py.tui.widgets.log_view.columns import Columns
from k9py.tui.widgets.log_view.keys import LOG_KEYS
from k9py.tui.widgets.log_view.layout import LogLayout, marker_words, shown_line
from k9py.tui.widgets.log_view.painting import Highlight, LinePainter, RowLook, exact, rule
from k9py.tui.widgets.log_view.state import LogState, status_text
from k9py.tui.widgets.log_view.times import TIMES, Times
from k9py.tui.widgets.log_view.window import HEAD, RULE, LogWindow

SCAN_SLICE_SECONDS: Final = 0.005
SIDEWAYS_CELLS: Final = 16
MAX_CHOSEN: Final = 100_000
"""Lines that can be chosen for copying."""
_target_of = attrgetter("target")


@dataclass(frozen=True, slots=True)
class _Row:
    """One screen line: a row of a numbered line. `words`: those of a marker, which may change."""

    number: int
    row: int
    version: int
    look: RowLook
    words: str = ""


@dataclass(frozen=True, slots=True)
class _Rule:
    """The row between two groups."""


@dataclass(frozen=True, slots=True)
class _Words:
    """A row of our own words: the status line, or what stands above the oldest line."""

    text: str
    status: bool


@dataclass(frozen=True, slots=True)
class _Empty:
    text: str
    tone: Tone


class LogView(LineView):
    """A log of many sources. Add lines with `extend`, as often as you like; nothing is drawn before the next flush."""

    BINDINGS: ClassVar[list[BindingType]] = [*LOG_KEYS]

    wrap = reactive(False, repaint=False)
    """Break long lines instead of cutting them."""
    times: reactive[Times] = reactive("none", repaint=False)
    """How the time of each line is shown."""
    prefix = reactive(True, repaint=False)
    """Show the source of each line."""
    parsed = reactive(True, repaint=False)
    """Tell JSON and logfmt lines as level, time, message and fields."""
    colours = reactive(True, repaint=False)
    """Keep the colours the containers gave their text."""
    context = reactive(0, repaint=False)
    """Lines of the same container shown before and after each that passes the filter, 0 to 20."""

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
            capacity: Bytes kept, held or not; the oldest lines are let go.
            zone: Time zone of local times; None: the machine's.
            now: The time that ages and "today" are told by.
            empty_text: Shown while there is no line.
            options: Redraw rate, clock and link pacing.
        """
        super().__init__(options=options, name=name, id=id, classes=classes)
        self._buffer = LogBuffer(capacity)
        self._finder = Finder(self._buffer)
        self._painter = LinePainter(self._buffer.line, lambda number: number in self._open)
        self._window = LogWindow(self._finder, self._painter.row_count, lambda: self.page_lines)
        self._columns = Columns(lambda: len(self.palette.sources), zone, now)
        self._empty = _Empty(empty_text, Tone.MUTED)
        self._extra: tuple[str, ...] = ()
        self._open: set[int] = set()
        self._marks: set[int] = set()
        self._dropped = 0
        self._version = 0
        self._search_from: int | None = None
        self._jump_wanted = False
        self._ticking: Timer | None = None
        self._state = LogState()

    # -- lines --------------------------------------------------------------------------------------------------------

    @property
    def label_of(self) -> Callable[[LogTarget], str]:
        """Short name of a source, shown before its lines. Set it (again) when sources are to be named anew."""
        return self._columns.label_of

    @label_of.setter
    def label_of(self, label_of: Callable[[LogTarget], str]) -> None:
        self._columns.relabel(label_of)
        self._look_anew()

    def extend(self, lines: Iterable[LogLine]) -> int:
        """Add lines at the end, in the order to be shown; return the number of the first of them.

        Give many at once: the cost is per call as well as per line.
        """
        batch = lines if isinstance(lines, list) else list(lines)
        first = self._buffer.end
        self._columns.widen(set(map(_target_of, batch)))
        self._buffer.extend(batch)
        self.schedule_flush()
        return first

    def clear(self) -> None:
        """Forget every line (another target was chosen) and follow again; colours, toggles and filter stay."""
        self._window.follow()
        self._buffer.clear()
        self._finder.clear()
        self._open.clear()
        self._marks.clear()
        self._columns.forget()
        self._dropped = 0
        self._search_from, self._jump_wanted = None, False
        self.left = 0
        self._look_anew()

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

    # -- what is chosen -----------------------------------------------------------------------------------------------

    @property
    def cursor_number(self) -> int | None:
        """Number of the line the cursor is on; None while following."""
        return self._window.cursor_number

    @property
    def cursor_line(self) -> LogLine | None:
        """The line the cursor is on; None while following."""
        number = self.cursor_number
        return None if number is None else self._buffer.line(number)

    def chosen_lines(self) -> list[LogLine]:
        """Return what copying takes, at most `MAX_CHOSEN` lines of those that are shown.

        From the first mark to the last; with one mark from it to the cursor (following: to the newest line); without
        marks the cursor's line, and following the newest.
        """
        here = self.cursor_number if not self.following else self._window.newest_number
        numbers = sorted(self._kept(self._marks))
        if here is not None and len(numbers) < 2:
            numbers = sorted([*numbers, here])
        chosen: list[LogLine] = []
        if numbers:
            for _, line in self._finder.items_between(numbers[0], numbers[-1] + 1):
                chosen.append(line)
                if len(chosen) >= MAX_CHOSEN:
                    break
        return chosen

    def shown_lines(self) -> Iterator[LogLine]:
        """Yield all that passes the filter and is not hidden, markers too; lines may be added while it runs."""
        for _, line in self._finder.items_between(self._buffer.first, self._buffer.end):
            yield line

    def line_text(self, line: LogLine) -> str:
        """Return a line's plain text as it stands on the screen: time, source, text."""
        if line.marker:
            return marker_words(line)
        parts = []
        if self.times != "none":
            parts.append(self._columns.time(line, self.times))
        if self.prefix and line.target.pod:
            parts.append(self._columns.label(line.target))
        return " ".join([*parts, shown_line(line, self._painter.layout).text])

    def clear_marks(self) -> None:
        """Forget the marked lines."""
        self._marks.clear()
        self.flush_if_mounted()

    def _kept(self, numbers: set[int]) -> set[int]:
        return {number for number in numbers if self._buffer.line(number) is not None}

    # -- search and filter --------------------------------------------------------------------------------------------

    def search(self, text: str) -> None:
        """Highlight what matches (see `keeping.query`) and go to the last hit at or above the cursor; "" ends it.

        Typed on, the search goes on from where the cursor was when it began.
        """
        if self._search_from is None or self._finder.search_query is None:
            self._search_from = self.cursor_number
        self._finder.set_search(text)
        self._jump_wanted = self._finder.search_query is not None
        if not self._jump_wanted:
            self._search_from = None
        self._set_highlights()
        self.flush_if_mounted()

    def set_filter(self, text: str) -> None:
        """Show only lines that match (see `keeping.query`), context and markers; "" shows all again."""
        self._finder.set_filter(text)
        self._set_highlights()
        self.flush_if_mounted()

    def set_hidden(self, hidden: Hidden) -> None:
        """Leave out containers and levels."""
        self._finder.set_hidden(hidden)
        self.flush_if_mounted()

    def set_highlights(self, patterns: Sequence[str]) -> None:
        """Highlight what matches these patterns, each in a colour of its own, beside search and filter."""
        self._extra = tuple(patterns)
        self._set_highlights()
        self.flush_if_mounted()

    def _set_highlights(self) -> None:
        finder = self._finder
        wanted = [(compile_search(text), index + 1) for index, text in enumerate(self._extra)]
        wanted.append((finder.filter_query.pattern if finder.filter_query else None, 0))
        wanted.append((finder.search_query.pattern if finder.search_query else None, -1))
        self._painter.set_highlights([Highlight(pattern, style) for pattern, style in wanted if pattern is not None])
        self._version += 1

    def validate_context(self, context: int) -> int:
        """Keep it within its bounds."""
        self._finder.set_context(context)
        return self._finder.context

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("search_next", "search_previous"):
            return self._finder.search is not None
        if action == "more_context":
            return self._finder.filter_query is not None
        return super().check_action(action, parameters)

    def action_more_context(self, lines: int) -> None:
        """Show more lines around each that passes the filter, or fewer."""
        self.context += lines

    def action_search_next(self) -> None:
        """Go to the next line found, towards the newest."""
        if self._finder.search is not None:
            here = self.cursor_number
            at = self._buffer.first - 1 if here is None and self._window.following else here
            self._go_to_hit(self._finder.search.matches.following(-1 if at is None else at))

    def action_search_previous(self) -> None:
        """Go to the previous line found, towards the oldest."""
        if self._finder.search is not None:
            here = self.cursor_number
            self._go_to_hit(self._finder.search.matches.preceding(self._buffer.end if here is None else here))

    def _go_to_hit(self, number: int | None) -> None:
        self._search_from = None
        if number is None:
            self.app.bell()
            return
        self._window.go_to(number, middle=True)
        self.flush()

    def _jump(self) -> None:
        """Go to where the search that was just typed leads."""
        self._jump_wanted = False
        search = self._finder.search
        if search is not None:
            at = self._buffer.end if self._search_from is None else self._search_from + 1
            number = search.matches.preceding(at)
            if number is not None:
                self._window.go_to(number, middle=True)

    # -- position -----------------------------------------------------------------------------------------------------

    def line_count(self) -> int:
        return self._finder.item_count

    @property
    def page_lines(self) -> int:
        return max(1, self.size.height - (1 if status_text(self._present_state(below=False)) else 0))

    def go_to(self, number: int) -> bool:
        """Hold with the cursor on a line; False when it is no longer kept.

        A line that is filtered out or hidden has the cursor on the next one that is shown: see `cursor_number`.
        """
        if self._buffer.line(number) is None:
            return False
        self._window.go_to(number, middle=True)
        self.flush_if_mounted()
        return True

    def action_move_cursor(self, lines: int) -> None:
        """Move the cursor: upwards holds the view, downwards past the newest line follows."""
        self._moved(lambda: self._window.move_cursor(lines))

    def action_move_pages(self, pages: int) -> None:
        """Move view and cursor by pages."""
        self._moved(lambda: self._window.move_pages(pages))

    def action_oldest(self) -> None:
        """Go to the oldest line kept."""
        self._moved(self._window.go_to_oldest)

    def action_follow(self) -> None:
        """Go to the newest line and follow."""
        self._moved(self._window.follow)

    def action_toggle_hold(self) -> None:
        """Hold the view where it is, or follow again."""
        self._moved(self._window.hold if self._window.following else self._window.follow)

    def _moved(self, move: Callable[[], None]) -> None:
        self._search_from, self._jump_wanted = None, False
        move()
        self.flush()

    def wheel(self, lines: int) -> None:
        self._moved(lambda: self._window.scroll(lines))

    def action_sideways(self, direction: int) -> None:
        """Scroll long lines sideways."""
        if not self.wrap:
            self.left = max(0, self.left + direction * SIDEWAYS_CELLS)
            self.flush()

    def action_mark(self) -> None:
        """Mark the cursor's line (following: the newest), or take its mark away."""
        number = self._window.newest_number if self.following else self.cursor_number
        if number is not None:
            self._marks ^= {number}
            self.flush()

    def action_unfold(self) -> None:
        """Show all of the cursor's line (following: of the newest, which holds the view), or fold it."""
        if self.following:
            self._window.hold()
        number = self.cursor_number
        if number is not None:
            self._open ^= {number}
            self._look_anew()
            self._window.reveal()
            self.flush()

    def action_times(self) -> None:
        """Show times in the next way."""
        self.times = TIMES[(TIMES.index(self.times) + 1) % len(TIMES)]

    def watch_wrap(self) -> None:
        """Lay the lines out anew; the line on top stays."""
        self.flush_if_mounted()

    watch_prefix = watch_parsed = watch_colours = watch_context = watch_wrap

    def watch_times(self) -> None:
        """Lay the lines out anew, and tick while ages are shown."""
        if self._ticking is not None:
            self._ticking.stop()
            self._ticking = None
        if self.times == "relative" and self.is_mounted:
            self._ticking = self.set_interval(1, self.schedule_flush)
        self.flush_if_mounted()

    # -- keeping in step ----------------------------------------------------------------------------------------------

    def size_changed(self) -> None:
        """Nothing to do before the rows are chosen anew."""

    def apply_pending(self) -> None:
        """Look at new lines for search and filter, and choose the rows to show."""
        if not self._scan():
            self.run_worker(self._finish_scan(), group="log-scan", exclusive=True)
        elif self._jump_wanted:
            self._jump()
        if self._buffer.dropped != self._dropped:
            self._dropped = self._buffer.dropped
            self._marks, self._open = self._kept(self._marks), self._kept(self._open)
        self._lay_out()
        self._window.choose()
        if self.times in ("local", "utc"):
            rows = {number for number, _ in self._window.rows}
            self._columns.date(filter(None, map(self._buffer.line, rows)), self.times)
            if self._lay_out():
                self._window.choose()
        self.top = self._window.top_index
        self._post_state()

    def _scan(self) -> bool:
        end = self.clock() + SCAN_SLICE_SECONDS
        return self._finder.advance(lambda: self.clock() >= end)

    async def _finish_scan(self) -> None:
        while not self._scan():
            await asyncio.sleep(0)
        if not self.following and not self._jump_wanted:
            self._window.reveal()
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
        )
        changed = self._painter.set_layout(layout)
        self._version += changed
        return changed

    def _look_anew(self) -> None:
        self._painter.forget()
        self._version += 1
        self.schedule_flush()

    def _present_state(self, *, below: bool = True) -> LogState:
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
            filter_problem=filtering.problem if filtering else "",
            context=finder.context,
            shown=finder.item_count,
            hidden=len(finder.hidden.places) + len(finder.hidden.levels),
            search_text=searching.text if searching else "",
            search_problem=searching.problem if searching else "",
            search_hits=None if search is None else len(search.matches),
            search_at=search.matches.position(here) if search and here is not None and here in search.matches else 0,
            scanning=finder.busy,
            marked=len(self._marks),
        )

    def _post_state(self) -> None:
        state = self._present_state()
        if state != self._state:
            self._state = state
            self.say(self.StateChanged(self, state))

    # -- drawing ------------------------------------------------------------------------------------------------------

    def line_signature(self, y: int) -> Hashable:
        if y == self.size.height - 1 and (status := status_text(self._present_state())):
            return _Words(status, status=True)
        rows = self._window.rows
        if y >= len(rows):
            return self._empty if y == 1 and not rows and self._empty.text else None
        number, row = rows[y]
        if number == HEAD:
            return _Words(f"── {self._buffer.let_go:,} older lines let go ──", status=False)
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
                context=self._finder.is_context(line),
                time=self._columns.time(line, self.times) if self.times != "none" and row == 0 else "",
            ),
            line.text if line.marker else "",
        )

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
            case _Words(text=text, status=status):
                style = on(palette.status if status else palette.muted)
                return exact([Segment(f" {plain(text)}", style)], width, style)
            case _Empty(text=text, tone=tone):
                symbol = f"{tone.symbol} " if tone.symbol.strip() else ""
                return exact([Segment(f"   {symbol}{text}", on(palette.tone(tone)))], width, self.base_style)
        raise TypeError(f"not a line of a log: {signature!r}")
