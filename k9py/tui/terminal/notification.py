"""What the terminal is sent when something has ended while nobody looked: BEL, and OSC 9 with a text.

Invariant: the text is printable and short, so nothing from a cluster can end the sequence or begin another.
"""

from __future__ import annotations

from typing import Final

from k9py.api.text import printable
from k9py.config.terminal import NotificationMode

MOST_CHARACTERS: Final = 160
_BELL: Final = "\x07"


def notification_sequence(text: str, notify: NotificationMode) -> str:
    """Return what to write, "" for nothing. Source of OSC 9: iTerm2's and ConEmu's documented escape codes."""
    said = ""
    if notify.osc9:
        shown = printable(" ".join(text.split()))
        if len(shown) > MOST_CHARACTERS:
            shown = f"{shown[: MOST_CHARACTERS - 1]}…"
        # ConEmu reads a number and a semicolon at the beginning as another command.
        said = f"\x1b]9;{shown.lstrip('0123456789; ')}\x1b\\"
    return said + (_BELL if notify.bell else "")
