"""Copying lines to the terminal's clipboard: what is sent, and what may be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from k9py.settings.clipboard import MAX_BASE64, Clipboard


@dataclass(frozen=True, slots=True)
class Copy:
    """What to do.

    Args:
        text: for the terminal; "" sends nothing.
        words: for the person.
    """

    text: str
    words: str

    @property
    def is_refused(self) -> bool:
        """True when nothing is sent."""
        return not self.text


def copy_of(lines: Sequence[str], clipboard: Clipboard) -> Copy:
    """Return what to send for these lines, and what to say of it."""
    if not lines:
        return Copy("", "there is no line to copy")
    text = "\n".join(lines)
    many = f"{len(lines)} line{'' if len(lines) == 1 else 's'}"
    them = "it" if len(lines) == 1 else "them"
    if clipboard.answer == "refused":
        return Copy("", f"this terminal takes no copies ({clipboard.why}): Ctrl+S saves {them}")
    size = (len(text.encode("utf-8", "replace")) + 2) // 3 * 4
    if size > MAX_BASE64:
        too_much = f"too much for a terminal's clipboard: {many}, {size // 1000} kB as it is sent"
        return Copy("", f"{too_much}. Ctrl+S saves {them}")
    if clipboard.answer == "taken":
        return Copy(text, f"copied {many}")
    why = f" ({clipboard.why})" if clipboard.why else ""
    return Copy(text, f"sent {many} to the terminal; whether it takes {them} it does not say{why}")
