"""Jumps in a log: to errors and times; a line that marks where new lines begin; and clearing.

Invariant: long searches run in slices in one worker; the next key replaces the search of the key before.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Final

from k9py.logs.line import WHOLE_STREAM, LogLine
from k9py.logs.parsing.level import Level, level_of
from k9py.runtime.time_slice import TimeSlice
from k9py.tui.keys import key_names
from k9py.tui.widgets.log_view.body import SCAN_SLICE_SECONDS, LogBody

MESSAGE_SECONDS: Final = 4.0
_NEAR: Final = 64
"""Lines searched for one with a time that is in order."""


class LogJumps(LogBody):
    """A log view with keys that go to an error or a time, draw a line, and clear."""

    # -- errors -------------------------------------------------------------------------------------------------------

    def action_error(self, step: int) -> None:
        """Go to the next line of level error or above (1: towards the newest, -1: towards the oldest).

        While following, the search starts below the newest line.
        """
        self.run_worker(self._go_to_error(step), group="log-error", exclusive=True)

    async def _go_to_error(self, step: int) -> None:
        cursor = self.cursor_number
        here = self._buffer.end if cursor is None else cursor
        number = await self._error_from(here, step)
        if number is not None:
            self._go_to(number)
            return
        if await self._error_from(here, -step) is None:
            self._notify(f"no {'later' if step > 0 else 'earlier'} error")
            return
        back, forward = "last error · {log.previous_error} goes back", "first error · {log.next_error} goes forward"
        self._notify(back if step > 0 else forward)

    async def _error_from(self, here: int, step: int) -> int | None:
        """Return the number of the nearest shown error below or above a line; None when there is none."""
        finder = self._finder
        time_slice = TimeSlice(SCAN_SLICE_SECONDS, self.clock)
        index = finder.index_of(here + 1) if step > 0 else finder.index_of(here) - 1
        while 0 <= index < finder.item_count:
            number = finder.number_of(index)
            line = self._buffer.line(number)
            if line is not None and not line.marker and level_of(line.text) >= Level.ERROR:
                return number
            index += step
            if await time_slice.yield_if_over():
                index = finder.index_of(number + 1) if step > 0 else finder.index_of(number) - 1
        return None

    # -- times --------------------------------------------------------------------------------------------------------

    @property
    def zone(self) -> tzinfo | None:
        """The time zone that times are shown in; None: the machine's."""
        return UTC if self.times == "utc" else self._columns.zone

    def go_to_time(self, moment: datetime) -> None:
        """Go to the first line written at that time or later; to the nearest end where there is none."""
        count = self._finder.item_count
        low, high = 0, count
        while low < high:
            middle = (low + high) // 2
            at = self._time_near(middle, high)
            if at is not None and at < moment:
                low = middle + 1
            else:
                high = middle
        if not count:
            self._notify("no line")
            return
        self._go_to(self._finder.number_of(min(low, count - 1)))
        if low >= count:
            self._notify(f"newest line shown is older than {self._clock_text(moment)}")
        elif low == 0 and (at := self._time_near(0, count)) is not None and at > moment:
            self._notify(f"oldest line shown is newer than {self._clock_text(moment)}")

    def _clock_text(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.zone):%H:%M:%S}"

    def _time_near(self, index: int, end: int) -> datetime | None:
        """Return the time of the line at an index, or of the first one after it with a time that is in order."""
        for at in range(index, min(end, index + _NEAR)):
            line = self._buffer.line(self._finder.number_of(at))
            if line is not None and line.timestamp is not None and not line.late and not line.marker:
                return line.timestamp
        return None

    # -- new lines ----------------------------------------------------------------------------------------------------

    def action_from_here(self) -> None:
        """Draw a line below the newest line, to separate new lines from old ones."""
        now = self._columns.now()
        self._buffer.extend([LogLine(WHOLE_STREAM, now, f"from here {now.astimezone(UTC):%H:%M:%S}", "note")])
        self.flush_if_mounted()
        number = self._window.newest_number
        if number is not None and not self._window.shows(number):
            self._show_message("mark drawn · {log.follow} jumps to it")

    def action_clear_view(self) -> None:
        """Hide every line before now and follow; or show all buffered lines again."""
        begin = 0 if self._finder.begin_number else self._buffer.end
        self._finder.set_begin_number(begin)
        if begin:
            self._window.follow()
        self.flush_if_mounted()

    def _go_to(self, number: int) -> None:
        self._search_from, self._jump_wanted = None, False
        self._window.go_to(number, middle=True)
        self.flush_if_mounted()

    def _notify(self, message: str) -> None:
        """Show a message with a bell: the key could not do what it should."""
        self.app.bell()
        self._show_message(message)

    def _show_message(self, template: str) -> None:
        self.app.notify(key_names(self).fill(template), markup=False, timeout=MESSAGE_SECONDS)
