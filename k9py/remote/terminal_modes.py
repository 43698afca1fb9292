"""The modes of a terminal that a program in a pod may have changed, and what resets them.

Owns: the sequences that make a terminal usable again whatever was written to it, and which output makes that necessary.
Invariant: `RESET` moves no text and, where the terminal knows DECSC, not the cursor; a terminal ignores what it does
not know. To add a mode: what resets it belongs here, and into `tests/unit/remote/test_terminal_modes.py`.
Source: ECMA-48, the control sequences of xterm (ctlseqs), the keyboard protocol of kitty.
"""

from __future__ import annotations

import re
from typing import Final

SAVE_TITLE: Final = b"\x1b[22;0t"
RESTORE_TITLE: Final = b"\x1b[23;0t"

_MOUSE: Final = (9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016)
"""Mouse modes, and reports of focus (1004)."""
_OTHER_MODES_OFF: Final = (1, 5, 66, 69, 2004, 2026, 2031, 2048)
"""Application cursor keys, reverse video, application keypad, margins, bracketed paste, a frame being drawn, reports
of the colour scheme and of the size."""


def _off(*modes: int) -> str:
    return "".join(f"\x1b[?{mode}l" for mode in modes)


RESET: Final = (
    "\x18\x1b\\"  # ends a sequence or string that was cut
    "\x1b<"  # ends the VT52 mode
    + _off(2026)
    + "\x1b[<99u\x1b[=0u"  # kitty keys of the alternate screen
    + "\x1b7\x1b[?1049l"  # the main screen; the saved position is the present one where it was shown already
    + "\x1b[<99u\x1b[=0u\x1b[>4m\x1b[>4n"  # kitty keys and xterm's modifyOtherKeys
    + "\x1b[!p"  # soft reset: origin, insertion, scroll region, character sets, keypad
    + "\x1b[0m\x1b(B\x1b)B\x0f\x1b%G"  # attributes; ASCII and UTF-8
    + _off(*_OTHER_MODES_OFF, *_MOUSE)
    + "\x1b[2l\x1b[4l\x1b[12h\x1b[20l\x1b>"  # keyboard locked, insertion, local echo, line feeds, keypad
    + "\x1b[?7h\x1b[?25h\x1b[0 q"  # lines wrap; the cursor is visible and has its own form
    + '\x1b[0"q'  # nothing is protected from being erased
    + "\x1b7\x1b[r\x1b8"  # all lines scroll
    + "\x1b]8;;\x1b\\"  # no hyperlink
    + "\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\\x1b]117\x1b\\\x1b]119\x1b\\"  # colours
    + "\x1b]22;\x1b\\\x1b]9;4;0\x1b\\"  # form of the pointer, progress
    + "\x1b[?5W"  # tab stops
).encode("ascii")
"""Resets every mode but the origin mode, which cannot be left without moving the cursor."""

RESET_ORIGIN: Final = b"\x1b[?6l\x1b[r\x1b[999;1H"
"""Leaves the origin mode and puts the cursor into the last line."""

_CHANGES_MODES: Final = re.compile(rb"[\x05\x0e\x1b]|\xc2[\x80-\x9f]")
_QUERIES: Final = re.compile(
    rb"\x05|\x1bZ"  # answerback, DECID
    rb"|(?:\x1b\[|\xc2\x9b)[<-?]?[0-9;:]*[ !\"$'*]?[cnpqtuxyw]"  # CSI: attributes, reports, modes, sizes, checksums
    rb"|(?:\x1b[PX^_]|\xc2[\x90\x98\x9e\x9f])"  # DCS, SOS, PM, APC
    rb"|(?:\x1b\]|\xc2\x9d)[^\x07\x1b]*\?"  # OSC with a question mark
)
_SAVES_TITLE: Final = re.compile(rb"\x1b\[22(?:;[0-9]*)*t")
_RESTORES_TITLE: Final = re.compile(rb"\x1b\[23(?:;[0-9]*)*t")
MOST_TITLES: Final = 20
"""Titles that are taken off the stack: xterm keeps ten."""
_KEPT: Final = 32
"""Bytes that are kept of the end of a chunk: a sequence may be cut by its end."""


class OutputModes:
    """What the output of a program makes necessary at its end.

    Attributes:
        changed: it may have changed modes: it wrote escape sequences.
        queried: it may have asked the terminal something: an answer may still come.
        has_origin: it has set the origin mode.
        saved_titles: how many titles it has put on the terminal's stack and not taken back.
    """

    def __init__(self) -> None:
        self.changed = self.queried = self.has_origin = False
        self.saved_titles = 0
        self._end = b""

    def see(self, data: bytes) -> None:
        """Look at the next output."""
        if self.changed or b"\x1b[2" in data:
            self.saved_titles += len(_SAVES_TITLE.findall(data)) - len(_RESTORES_TITLE.findall(data))
        seen = self._end + data
        if self.changed or _CHANGES_MODES.search(data) is not None or self._end:
            self.changed = self.changed or _CHANGES_MODES.search(seen) is not None
            if not self.queried:
                self.queried = _QUERIES.search(seen) is not None
            if not self.has_origin:
                self.has_origin = _ORIGIN.search(seen) is not None
        end = seen[-_KEPT:]
        self._end = end if b"\x1b" in end or b"\xc2" in end else b""


_ORIGIN: Final = re.compile(rb"(?:\x1b\[|\xc2\x9b)\?(?:[0-9]*;)*6(?:;[0-9]*)*h")


def position_query(row: int, column: int) -> bytes:
    """Return a query for the position of the cursor, which is put there before and back afterwards."""
    return f"\x1b7\x1b[{row};{column}H\x1b[6n\x1b8".encode("ascii")


def position_answer(row: int, column: int) -> bytes:
    """Return how a terminal answers this query."""
    return f"\x1b[{row};{column}R".encode("ascii")
