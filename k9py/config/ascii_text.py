"""ASCII forms of the characters a terminal or a stream cannot take.

Owns: the table of our own signs and of the borders Textual draws, and the codec error handler that applies it wherever
text is encoded, so that no caller needs to think of it. Invariants: a replacement is as wide as what it replaces, so
columns stay aligned; the signs of `Tone` have forms that differ from each other; `?` stands for what has no form.

To extend: add the character to `_SIGNS`.
"""

from __future__ import annotations

import codecs
import unicodedata
from functools import lru_cache
from typing import Final

ERRORS: Final = "kdash-ascii"
"""Name of the error handler, for `str.encode` and text streams; there once `register` was called."""

NO_FORM: Final = "?"

_SIGNS: Final = {
    # tones
    "●": "o", "◐": "%", "▲": "!", "✗": "X", "▼": "V", "■": "#",
    # marks and arrows
    "◆": "*", "•": "*", "✓": "+", "✔": "+", "✘": "X", "○": ".", "□": "_", "◌": ".", "★": "*", "⚠": "!",
    "↑": "^", "↓": "v", "→": ">", "←": "<", "⇧": "^", "⏎": "<", "⌫": "<",
    "▶": ">", "▸": ">", "◀": "<", "◂": "<", "▾": "v",
    "▴": "^",
    # punctuation
    "…": "~", "·": "-", "–": "-", "—": "-", "−": "-", "×": "x", "µ": "u", "μ": "u", "“": '"', "”": '"', "„": '"',
    "‘": "'", "’": "'", "‹": "<", "›": ">", "«": "<", "»": ">", "\xa0": " ", "\xad": "-", "�": NO_FORM,
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
    """Return text in ASCII, as wide as it was."""
    if text.isascii():
        return text
    forms: list[str] = []
    for at, character in enumerate(text):
        before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
        if before == _JOINER or (before and ord(character) in _SKIN_TONES):
            continue  # part of the emoji before it
        form = _form(character)
        forms.append(NO_FORM * 2 if after == _EMOJI_FORM and len(form) == 1 else form)
    return "".join(forms)


def register() -> None:
    """Make the error handler known to Python's codecs."""
    codecs.register_error(ERRORS, _replaced)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return ascii_text(error.object[error.start : error.end]), error.end


@lru_cache(4096)
def _form(character: str) -> str:
    if character.isascii():
        return character
    sign = _SIGNS.get(character)
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
    letters = "".join(one for one in unicodedata.normalize("NFKD", character) if one.isascii() and one.isprintable())
    return letters.ljust(width) if 0 < len(letters) <= width else NO_FORM * width


def _border(name: str) -> str:
    """Return the form of a box drawing: heavy and double lines look otherwise, because they mark the focus."""
    words = set(name.replace("-", " ").split())
    is_bold = bool(words & {"HEAVY", "DOUBLE"})
    across = bool(words & {"HORIZONTAL", "LEFT", "RIGHT"})
    down = bool(words & {"VERTICAL", "UP", "DOWN"})
    if across and down:
        return "+"
    return ("=" if is_bold else "-") if across else ("#" if is_bold else "|")
