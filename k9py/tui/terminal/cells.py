"""Strips as cells: a line of the screen as two strings, its characters and its styles, one code point per cell.

Invariant: both strings are as long as the strip is wide. A strip for which that cannot be guaranteed (control codes,
characters of disputed width) has no cells, and is written as it is.
"""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

SECOND_HALF: Final = "\0"
"""Marks the second cell of a double-width character."""
_FIRST_CLUSTER: Final = 0xF0000
_MOST_CODES: Final = 40_000
"""Styles or clusters at which the table is full: below the surrogates, so every code is a character."""


class CellCodes:
    """Assigns a code point to each style, and to each character of more than one code point."""

    def __init__(self, color_system: ColorSystem) -> None:
        self._color_system = color_system
        self._style_codes: dict[str, str] = {"": "\x01"}
        self._sgr: dict[str, str] = {"\x01": ""}
        self._cluster_codes: dict[str, str] = {}
        self._clusters: dict[str, str] = {}

    @property
    def is_full(self) -> bool:
        """True when it should be discarded, with everything encoded with it."""
        return max(len(self._style_codes), len(self._cluster_codes)) >= _MOST_CODES

    def sgr(self, code: str) -> str:
        """Return the SGR parameters of a style, "" for none."""
        return self._sgr[code]

    def decode(self, text: str) -> str:
        """Return the text of encoded characters."""
        if text.isascii() and SECOND_HALF not in text:
            return text
        return "".join([self._clusters.get(character, character) for character in text if character != SECOND_HALF])

    def cells(self, strip: Strip) -> tuple[str, str] | None:
        """Return the characters and styles of a strip; None when it has no cells."""
        characters: list[str] = []
        styles: list[str] = []
        for text, style, control in strip:
            if control:
                return None
            if not (text.isascii() and text.isprintable()):
                split = self._split(text)
                if split is None:
                    return None
                text = split
            characters.append(text)
            styles.append(self._style_code(style) * len(text))
        line = "".join(characters)
        return (line, "".join(styles)) if len(line) == strip.cell_length else None

    def _style_code(self, style: Style | None) -> str:
        sgr = "" if style is None else Strip.render_ansi(style, self._color_system)
        code = self._style_codes.get(sgr)
        if code is None:
            code = self._style_codes[sgr] = chr(len(self._style_codes) + 1)
            self._sgr[code] = sgr
        return code

    def _split(self, text: str) -> str | None:
        cells: list[str] = []
        for character in text:
            width = cell_len(character)
            if width == 0:
                lead = len(cells) - 1
                if lead > 0 and cells[lead] == SECOND_HALF:
                    lead -= 1
                if lead < 0:
                    return None
                cells[lead] = self._cluster(self._clusters.get(cells[lead], cells[lead]) + character)
                continue
            if not character.isprintable() and character != " ":
                return None
            cells.append(self._cluster(character) if ord(character) >= _FIRST_CLUSTER else character)
            if width == 2:
                cells.append(SECOND_HALF)
        return "".join(cells)

    def _cluster(self, text: str) -> str:
        code = self._cluster_codes.get(text)
        if code is None:
            code = self._cluster_codes[text] = chr(_FIRST_CLUSTER + len(self._cluster_codes))
            self._clusters[code] = text
        return code
