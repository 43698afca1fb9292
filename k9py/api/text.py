"""Makes text from a cluster safe to show in a terminal.

Escape sequences, control characters (C0, C1), bidirectional overrides and invisible characters can move the cursor,
forge a line or hide a name. They become the replacement character; tabs and line ends become spaces.
"""

from __future__ import annotations

import re
from typing import Final

ESCAPE_SEQUENCE: Final = re.compile(
    r"\x1b\[[0-9;:?<=>]*[ -/]*[@-~]"  # CSI
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS, SOS, PM, APC with their terminator
    r"|\x1b[ -/]*[0-~]"  # two- and three-character sequences
    r"|\x9b[0-9;:?<=>]*[ -/]*[@-~]"  # CSI as one C1 character
)
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_BLANKS: Final = re.compile(r"[\t\n\r]")
REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
MAX_MESSAGE: Final = 1000
"""Characters of a server's message that are quoted in a message of kdash."""
_KEPT_START: Final = 250
_LONG_WORD: Final = 60
"""A longer word may be cut."""
_LIST: Final = 6
"""Items of a list that may be shortened, of at most `_ITEM` characters each; the first `_KEPT_ITEMS` are kept."""
_ITEM: Final = 80
_KEPT_ITEMS: Final = 3


def printable(text: str) -> str:
    """Return the text on one line, without anything that a terminal would act on.

    Whole escape sequences are removed; a lone control or invisible character becomes U+FFFD. Ordinary text costs one
    C-level scan (`str.isprintable`).
    """
    if text.isprintable():
        return text
    return replace_unsafe(ESCAPE_SEQUENCE.sub("", text))


def printable_lines(text: str) -> str:
    """Return the text as `printable` does, but with its line ends, carriage returns and tabs."""
    return _UNSAFE.sub(REPLACEMENT, ESCAPE_SEQUENCE.sub("", text))


def bounded(text: str, limit: int = MAX_MESSAGE) -> str:
    """Return the text as `printable` does, cut with "…" to at most `limit` characters."""
    safe = printable(text[: limit * 4]).strip()
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


def replace_unsafe(text: str) -> str:
    """Replace each unsafe character by one other, so that offsets into the text stay valid. Expects no sequences."""
    return _UNSAFE.sub(REPLACEMENT, _BLANKS.sub(" ", text))


def shorten(text: str) -> str:
    """Return a message from the cluster without its full stop, printable and of at most 1,000 characters.

    In a longer one lists are shortened (`a, b, c, 18 more, z`); then it loses its middle, between words: a nested error
    (`a: b: c`) ends with its cause.
    """
    clean = printable(text.strip()).rstrip(".")
    if len(clean) <= MAX_MESSAGE:
        return clean
    clean = _with_short_lists(clean)
    if len(clean) <= MAX_MESSAGE:
        return clean
    start, end = clean[:_KEPT_START], clean[-(MAX_MESSAGE - _KEPT_START - 3) :]
    blank = start.rfind(" ")
    if blank >= _KEPT_START - _LONG_WORD:
        start = start[:blank]
    blank = end.find(" ")
    if 0 <= blank < _LONG_WORD:
        end = end[blank:]
    return f"{start.rstrip()} … {end.lstrip()}"


def _with_short_lists(text: str) -> str:
    """Return a text in which long lists have their first items, their last one, and a count of the others."""
    parts = text.split(", ")
    kept = parts[:1]
    inner: list[str] = []
    for part in parts[1:]:
        if len(part) <= _ITEM and part is not parts[-1]:
            inner.append(part)
            continue
        kept += _short_list(inner)
        kept.append(part)
        inner = []
    return ", ".join(kept)


def _short_list(items: list[str]) -> list[str]:
    return items if len(items) < _LIST else [*items[: _KEPT_ITEMS - 1], f"{len(items) - _KEPT_ITEMS + 1} more"]
