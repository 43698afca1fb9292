"""Output of a command on a terminal that has not been handed over: text alone, nothing that the terminal acts on.

Invariant: escape sequences are removed and other control characters replaced, however the output is cut into pieces;
line ends, tabs and carriage returns stay. To files and pipes output goes unchanged, past this.
"""

from __future__ import annotations

import codecs
import os
import re
from typing import Final

from k9py.api.text import printable_lines
from k9py.remote.descriptors import DescriptorWriter

_INCOMPLETE: Final = re.compile(
    r"(?:\x1b(?:\[[0-9;:?<=>]*[ -/]*|[\]PX^_][^\x07\x1b\x9c]*\x1b?|[ -/]*)|\x9b[0-9;:?<=>]*[ -/]*)\Z"
)
"""An escape sequence that the next piece may complete."""
_MAX_HELD: Final = 4096
"""Characters that are held back for that; a longer sequence is shown as text."""


class TerminalText:
    """Makes a stream of bytes safe to show."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def feed(self, data: bytes) -> bytes:
        """Return what can be shown now; the rest may be the beginning of a sequence."""
        text = self._held + self._decoder.decode(data)
        self._held = ""
        if cut := _INCOMPLETE.search(text, max(0, len(text) - _MAX_HELD)):
            text, self._held = text[: cut.start()], text[cut.start() :]
        return printable_lines(text).encode()


class OutputWriter:
    """Writes output of a command: unchanged, or as safe text where the descriptor is a terminal.

    Args:
        descriptor: it stays open.
    """

    def __init__(self, descriptor: int) -> None:
        self._writer = DescriptorWriter(descriptor)
        self._text = TerminalText() if os.isatty(descriptor) else None

    async def write(self, data: bytes) -> None:
        """Write all of the data. Raises OSError (BrokenPipeError: nobody reads it)."""
        await self._writer.write(data if self._text is None else self._text.feed(data))

    def close(self) -> None:
        """Close what was opened for it."""
        self._writer.close()
