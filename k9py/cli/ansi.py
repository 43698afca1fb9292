"""ANSI colours of command output: the one place that turns a tone into an escape sequence.

Invariant: only sequences made here, of numbers, are added; the text must be printable already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from k9py.views.values import Tone

TONE_SGR: Final[Mapping[Tone, str]] = {
    Tone.OK: "32",
    Tone.BUSY: "36",
    Tone.WARN: "33",
    Tone.FAIL: "1;31",
    Tone.DEGRADED: "31",
    Tone.STUCK: "1;33",
    Tone.UNKNOWN: "35",
    Tone.MUTED: "2",
    Tone.ACCENT: "1",
    Tone.STRING: "92",
    Tone.NUMBER: "94",
}
"""SGR parameters of each tone; a tone that is missing has no colour."""

_RESET: Final = "\x1b[0m"


def paint(text: str, codes: str) -> str:
    """Return the text with these SGR parameters ("" for none)."""
    return f"\x1b[{codes}m{text}{_RESET}" if codes and text else text


def paint_tone(text: str, tone: Tone) -> str:
    """Return the text in the colour of a tone."""
    return paint(text, TONE_SGR.get(tone, ""))
