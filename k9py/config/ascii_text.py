"""ASCII replacements for characters that a terminal or a stream cannot show.

Owns: the table of kdash's signs and of the borders that Textual draws, and the codec error handler that applies it
wherever text is encoded, so that no caller has to. Invariants: a replacement is as wide as its character, so columns
stay aligned; the signs of `Tone` have different replacements; a character without one becomes `?`.

To add a character: `_REPLACEMENTS`.
"""

from __future__ import annotations

import codecs
import unicodedata
from functools import lru_cache
from typing import Final

ERRORS: Final = "kdash-ascii"
"""Name of the error handler, for `str.encode` and text streams; it exists after a call of `register`."""

UNKNOWN: Final = "?"

_REPLACEMENTS: Final = {
    # tones
    "●": "o", "◐": "%", "▲": "!", "✗": "X", "▼": "V", "■": "#",
    # marks and arrows
    "◆": "*", "•": "*", "✓": "+", "✔": "+", "✘": "X", "○": ".", "□": "_", "◌": ".", "★": "*", "⚠": "!",
    "↑": "^", "↓": "v", "→": ">", "←": "<", "⇧": "^", "⏎": "<", "⌫": "<",
    "▶": ">", "▸": ">", "◀": "<", "◂": "<", "▾": "v",
    "▴": "^",
    # punctuation
    "…": "~", "·": "-", "–": "-", "—": "-", "−": "-", "×": "x", "µ": "u", "μ": "u", "“": '"', "”": '"', "„": '"',
    "‘": "'", "’": "'", "‹": "<", "›": ">", "«": "<", "»": ">", "\xa0": " ", "\xad": "-", "�": UNKNOWN,
    "≥": ">", "≤": "<", "≠": "#",
    "╱": "/", "╲": "\\", "╳": "X",
    # blocks
    "▁": "_", "▂": ".", "▃": ":", "▄": "=", "▅": "+", "▆": "*", "▇": "%", "█": "#", "▀": "=", "▔": "-",
    "▏": "|", "▎": ":", "▍": "|", "▋": "|", "▊": "|", "▉": "|", "▕": "|", "▌": ">", "▐": "#",
    "░": ".", "▒": ":", "▓": "%",
}  # fmt: skip

_JOINER: Final = "\u200d"
_EMOJI_FORM: Final = "\ufe0f"
_SKIN_TONES: Final = range(0x1F3FB, 0x1F400)


def ascii_text(text: str) -> str:
    """Return the text in ASCII, with the same width."""
    if text.isascii():
        return text
    replacements: list[str] = []
    for at, character in enumerate(text):
        before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
        if before == _JOINER or (before and ord(character) in _SKIN_TONES):
            continue  # part of the preceding emoji
        replacement = _replacement(character)
        replacements.append(UNKNOWN * 2 if after == _EMOJI_FORM and len(replacement) == 1 else replacement)
    return "".join(replacements)


def register() -> None:
    """Register the error handler with Python's codecs."""
    codecs.register_error(ERRORS, _handle_error)


def _handle_error(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return ascii_text(error.object[error.start : error.end]), error.end


@lru_cache(4096)
def _replacement(character: str) -> str:
    if character.isascii():
        return character
    sign = _REPLACEMENTS.get(character)
    if sign is not None:
        return sign
    code = ord(character)
    if 0x2500 <= code < 0x2580:
        return _border(unicodedata.name(character))
    if 0x2580 <= code < 0x25A0:
        return "#"
    if 0x2800 <= code < 0x2900:
        return " " if code == 0x2800 else "*"
    if unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf"):
        return ""
    is_wide = unicodedata.east_asian_width(character) in ("W", "F") and unicodedata.category(character) != "Cn"
    width = 2 if is_wide else 1
    decomposed = unicodedata.normalize("NFKD", character)
    letters = "".join(letter for letter in decomposed if letter.isascii() and letter.isprintable())
    return letters.ljust(width) if 0 < len(letters) <= width else UNKNOWN * width


def _border(name: str) -> str:
    """Return the replacement of a box-drawing character: heavy and double lines differ, because they mark the focus."""
    words = set(name.replace("-", " ").split())
    is_bold = bool(words & {"HEAVY", "DOUBLE"})
    across = bool(words & {"HORIZONTAL", "LEFT", "RIGHT"})
    down = bool(words & {"VERTICAL", "UP", "DOWN"})
    if across and down:
        return "+"
    return ("=" if is_bold else "-") if across else ("#" if is_bold else "|")
