"""An app that writes only the cells that differ to the terminal, one write per frame, and no faster than it is read.

Overrides Textual's private `App._display`; nothing else does. With a minor version of Textual that was not tested, or
with KDASH_CELL_DIFF=0, Textual draws itself.

Pacing: after each frame the terminal is queried for a mode that it supports (DECRQM 2026, nine bytes). While two
answers are missing, the link is behind, and `can_paint` makes live widgets skip their redraw; keys always paint.
"""

from __future__ import annotations

import os
from time import monotonic
from typing import Any, Final, Generic, TypeVar

from rich.console import RenderableType
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.messages import TerminalSupportsSynchronizedOutput
from textual.screen import Screen
from textual.strip import Strip

from k9py.tui.terminal.covered_screens import CoveringApp
from k9py.tui.terminal.frame_buffer import FrameBuffer
from k9py.tui.terminal.terminal_app import IS_TESTED, TerminalApp

FRAMES_IN_FLIGHT: Final = 2
LOST_ANSWER_SECONDS: Final = 3.0
"""A later answer counts as lost: a terminal that stops answering never stops the screen."""
MOST_FAILURES: Final = 3
"""Frames that failed to compare, after which Textual draws itself."""
_ASK: Final = "\x1b[?2026$p"

ResultT = TypeVar("ResultT")


class DiffingApp(CoveringApp[ResultT], TerminalApp[ResultT], Generic[ResultT]):
    """Base of the dashboard and of test hosts."""

    def __init__(self, **app_options: Any) -> None:
        super().__init__(**app_options)
        self._diffs = IS_TESTED and os.environ.get("KDASH_CELL_DIFF") != "0"
        self._frame_buffer: FrameBuffer | None = None
        self._cursor_shown_at: tuple[int, int] | None = None
        self._in_flight = 0
        self._asked_at = 0.0
        self._failures = 0

    def can_paint(self) -> bool:
        """False while frames are on their way to the terminal, or something else has it: live widgets do not redraw."""
        if self.is_handed_over:
            return False
        if self._in_flight >= FRAMES_IN_FLIGHT and monotonic() - self._asked_at > LOST_ANSWER_SECONDS:
            self._in_flight = 0
        return self._in_flight < FRAMES_IN_FLIGHT

    def forget_screen(self) -> None:
        """Write every cell in the next frames: something else wrote to the terminal."""
        self._frame_buffer = None
        self._in_flight = 0

    def on_resize(self) -> None:
        """Redraw everything: a resized terminal may show anything, even at the same size."""
        self.forget_screen()

    def _on_terminal_supports_synchronized_output(self, message: TerminalSupportsSynchronizedOutput) -> None:
        self._in_flight = max(0, self._in_flight - 1)
        super()._on_terminal_supports_synchronized_output(message)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        driver = self._driver
        if (
            not self._diffs
            or driver is None
            or driver.is_inline
            or self.is_headless
            or self._closed
            or not self._running
            or self._batch_count
            or not isinstance(renderable, ChopsUpdate | LayoutUpdate)
        ):
            if renderable is not None and not self._batch_count:
                self._frame_buffer = None
            super()._display(screen, renderable)
            return
        frame = self._difference_or_none(renderable)
        if frame is None:
            super()._display(screen, renderable)
            return
        try:
            x, y = position = self.screen.outer_size.clamp_offset(self.cursor_position)
            if frame or position != self._cursor_shown_at:
                self._cursor_shown_at = self._previous_cursor_position = position
                frame += f"\x1b[{y + 1};{x + 1}H"
                if self._sync_available:
                    frame = f"{SYNC_START}{frame}{SYNC_END}{_ASK}"
                    self._in_flight += 1
                    self._asked_at = monotonic()
                driver.write(frame)
                driver.flush()
        finally:
            self.post_display_hook()

    def _difference_or_none(self, update: ChopsUpdate | LayoutUpdate) -> str | None:
        """Return the frame; None when it failed: then Textual draws, and after a few failures always."""
        try:
            return self._difference(update)
        except Exception:  # noqa: BLE001 (a slowly drawn screen is better than none)
            self._failures += 1
            self._diffs = self._failures < MOST_FAILURES
            self.forget_screen()
            return None

    def _difference(self, update: ChopsUpdate | LayoutUpdate) -> str:
        width, height = self.size
        buffer = self._frame_buffer
        if buffer is None or buffer.is_full or (buffer.width, buffer.height) != (width, height):
            buffer = self._frame_buffer = FrameBuffer(width, height, self.console)
        strips = _strips(update)
        frame = buffer.update(strips)
        _break_cycles(strips)
        return frame


def _break_cycles(strips: dict[int, dict[int, Strip]]) -> None:
    """Break the reference cycles of drawn strips: one that was cut nowhere refers to itself as its only piece.

    A log draws thousands a second; only a full garbage collection would free them, and it would hold the event loop
    for tens of milliseconds.
    """
    for line in strips.values():
        for strip in line.values():
            strip._divide_cache.clear()


def _strips(update: ChopsUpdate | LayoutUpdate) -> dict[int, dict[int, Strip]]:
    """Return the whole strips of an update by line and first cell: cutting costs more than comparing."""
    strips_by_line: dict[int, dict[int, Strip]] = {}
    match update:
        case LayoutUpdate():
            for y, strips in enumerate(update.strips, update.region.y):
                x = update.region.x
                for strip in strips:
                    strips_by_line.setdefault(y, {})[x] = strip
                    x += strip.cell_length
        case ChopsUpdate():
            for y, start, end in update.spans:
                for chop_end, (x, chop) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                    if chop is not None and x < end and chop_end > start:
                        strips_by_line.setdefault(y, {})[x] = chop
    return strips_by_line
