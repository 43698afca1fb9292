"""Copying lines to the terminal's clipboard: what is sent, and what may be said of it.

Invariant: all of the lines that were chosen are sent, or none and the words say how many they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from k9py.config.terminal import MAX_COPY_BASE64, Clipboard
from k9py.logs.parsing.sgr import plain_text_with_tabs
from k9py.runtime.time_slice import TimeSlice
from k9py.tui.widgets.log_view.view import LogView

SLICE_SECONDS: Final = 0.003
MESSAGE_SECONDS: Final = 4.0


@dataclass(frozen=True, slots=True)
class ClipboardCopy:
    """What to do.

    Args:
        text: for the terminal; "" sends nothing.
        words: for the person.
    """

    text: str
    message: str

    @property
    def is_refused(self) -> bool:
        """True when nothing is sent."""
        return not self.text


async def copy_selection(view: LogView, clipboard: Clipboard) -> None:
    """Copy the lines selected in a view, and show the outcome."""
    copy = await prepare_copy(view, clipboard)
    if not copy.is_refused:
        view.app.copy_to_clipboard(copy.text)
        view.clear_marks()
    view.app.notify(
        copy.message,
        severity="error" if copy.is_refused else "information",
        markup=False,
        timeout=MESSAGE_SECONDS,
    )


async def prepare_copy(view: LogView, clipboard: Clipboard) -> ClipboardCopy:
    """Return what to send for the lines chosen in a view, as the containers wrote them, and what to say of it.

    Without the time and the source that stand before them on the screen, without escape sequences and without our own
    markers between them, unless there is nothing else.
    """
    count = view.selected_count
    lines: list[str] = []
    markers: list[str] = []
    characters = 0
    time_slice = TimeSlice(SLICE_SECONDS)
    for line in view.selected_lines():
        text = plain_text_with_tabs(line.text)
        (markers if line.marker else lines).append(text)
        characters += len(text) + 1
        if characters > MAX_COPY_BASE64:
            return clipboard_copy(lines, clipboard, count=max(count, len(lines)))
        await time_slice.yield_if_over()
    return clipboard_copy(lines or markers, clipboard)


def clipboard_copy(lines: Sequence[str], clipboard: Clipboard, *, count: int | None = None) -> ClipboardCopy:
    """Return what to send for these lines, and what to say of it.

    Args:
        count: how many lines are wanted, where these, too much already, are only the first of them.
    """
    if not lines:
        return ClipboardCopy("", "there is no line to copy")
    text = "\n".join(lines)
    count = len(lines) if count is None else count
    many = f"{count:,} line{'' if count == 1 else 's'}"
    them = "it" if count == 1 else "them"
    if clipboard.support == "unsupported":
        return ClipboardCopy("", f"no clipboard here ({clipboard.reason}): Ctrl+S saves {them}")
    size = (len(text.encode("utf-8", "replace")) + 2) // 3 * 4
    if size > MAX_COPY_BASE64:
        sent = f"{size // 1000} kB as it is sent" if count == len(lines) else f"the first {len(lines):,} are too much"
        return ClipboardCopy("", f"too much for a terminal's clipboard: {many}, {sent}. Ctrl+S saves {them}")
    if clipboard.support == "supported":
        return ClipboardCopy(text, f"copied {many}")
    otherwise = f"if {'it does' if count == 1 else 'they do'} not arrive, Ctrl+S saves {them}"
    return ClipboardCopy(text, f"sent {many} to the clipboard (OSC 52) · {clipboard.reason or otherwise}")
