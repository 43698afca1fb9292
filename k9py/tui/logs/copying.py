"""Copy lines to the terminal's clipboard, with OSC 52.

Invariant: all selected lines are sent, or none and the message says how many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from k9py.api.plural import count_noun, pluralize
from k9py.config.terminal import MAX_COPY_BASE64, Clipboard
from k9py.logs.parsing.sgr import plain_text_with_tabs
from k9py.runtime.time_slice import TimeSlice
from k9py.tui.keys import key_names
from k9py.tui.widgets.log_view.jumps import MESSAGE_SECONDS
from k9py.tui.widgets.log_view.view import LogView

SLICE_SECONDS: Final = 0.003


@dataclass(frozen=True, slots=True)
class ClipboardCopy:
    """What to send to the terminal.

    Args:
        text: the lines; "" sends nothing.
        message: the outcome, for the user.
    """

    text: str
    message: str

    @property
    def is_refused(self) -> bool:
        """True when nothing can be sent."""
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
    """Return what to send for the lines selected in a view.

    The lines are copied as the containers wrote them: without time and source, without escape sequences, and without
    markers unless only markers are selected.
    """
    save_key = key_names(view)("log.save")
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
            return clipboard_copy(lines, clipboard, save_key, count=max(count, len(lines)))
        await time_slice.yield_if_over()
    return clipboard_copy(lines or markers, clipboard, save_key)


def clipboard_copy(
    lines: Sequence[str], clipboard: Clipboard, save_key: str, *, count: int | None = None
) -> ClipboardCopy:
    """Return what to send for these lines.

    Args:
        save_key: the key that saves lines instead.
        count: number of selected lines, where `lines` are only the first of them and too many already.
    """
    if not lines:
        return ClipboardCopy("", "no line to copy")
    text = "\n".join(lines)
    count = len(lines) if count is None else count
    selected = count_noun(count, "line")
    saves = f"{save_key} saves {pluralize(count, 'it', 'them')}"
    if clipboard.support == "unsupported":
        return ClipboardCopy("", f"no clipboard here ({clipboard.reason}): {saves}")
    size = (len(text.encode("utf-8", "replace")) + 2) // 3 * 4
    if size > MAX_COPY_BASE64:
        reason = f"{size // 1000} kB in base64" if count == len(lines) else f"the first {len(lines):,} are too many"
        return ClipboardCopy("", f"too much for a terminal's clipboard: {selected}, {reason}. {saves}")
    if clipboard.support == "supported":
        return ClipboardCopy(text, f"copied {selected}")
    otherwise = f"if {pluralize(count, 'it does', 'they do')} not arrive, {saves}"
    return ClipboardCopy(text, f"sent {selected} to the clipboard (OSC 52) · {clipboard.reason or otherwise}")
