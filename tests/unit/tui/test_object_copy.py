"""Whether a text is sent to the terminal's clipboard, and what is said about it."""

from __future__ import annotations

import pytest

from k9py.config.terminal import MAX_COPY_BASE64, Clipboard
from k9py.tui.object_copy import clipboard_text


@pytest.mark.parametrize(
    ("clipboard", "message"),
    [
        (Clipboard("supported", "kitty"), "copied 2 names"),
        (Clipboard(), "sent 2 names to the clipboard (OSC 52)"),
        (Clipboard("unknown", "tmux needs: x"), "sent 2 names to the clipboard (OSC 52) · tmux needs: x"),
    ],
)
def test_a_text_is_sent_where_the_terminal_may_take_it(clipboard: Clipboard, message: str) -> None:
    copy = clipboard_text("a\nb", "2 names", clipboard)
    assert (copy.text, copy.message) == ("a\nb", message)


@pytest.mark.parametrize(
    ("text", "clipboard", "message"),
    [
        ("", Clipboard("supported"), "nothing to copy"),
        ("a\nb", Clipboard("unsupported", "GNU screen"), "no clipboard here (GNU screen): a, 1 more"),
        ("x" * MAX_COPY_BASE64, Clipboard("supported"), "too much for a terminal's clipboard: 2 names"),
    ],
)
def test_what_cannot_be_copied_is_refused_with_the_reason(text: str, clipboard: Clipboard, message: str) -> None:
    copy = clipboard_text(text, "2 names", clipboard)
    assert copy.is_refused
    assert copy.message.startswith(message)
