"""The terminal notification at the end of an operation: BEL, and OSC 9 with a text.

Invariant: the text is printable and short, so text from a cluster can neither end the sequence nor start another.
"""

from __future__ import annotations

from typing import Final

from k9py.api.text import printable
from k9py.config.terminal import NotificationMode

MOST_CHARACTERS: Final = 160
_BELL: Final = "\x07"


def notification_sequence(text: str, notify: NotificationMode) -> str:
    """Return the escape sequences, "" for none. Source of OSC 9: the escape codes documented by iTerm2 and ConEmu."""
    sequence = ""
    if notify.osc9:
        shown = printable(" ".join(text.split()))
        if len(shown) > MOST_CHARACTERS:
            shown = f"{shown[: MOST_CHARACTERS - 1]}…"
        # ConEmu reads a leading number and semicolon as another command.
        sequence = f"\x1b]9;{shown.lstrip('0123456789; ')}\x1b\\"
    return sequence + (_BELL if notify.bell else "")
