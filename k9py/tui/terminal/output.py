"""The terminal as the file of Textual's writer thread: unbuffered.

Invariants: characters that the terminal's encoding lacks are written in their ASCII form, of the same width; writes to
a closed terminal are discarded (the input thread ends the program, not the write).
"""

from __future__ import annotations

import os
import select
from typing import TextIO

from k9py.config import ascii_text


class TerminalOutput:
    """Writes to the file descriptor of a stream, in the stream's encoding."""

    def __init__(self, stream: TextIO) -> None:
        ascii_text.register()
        self._descriptor = stream.fileno()
        self.encoding = stream.encoding or "utf-8"
        self.is_closed = False

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def write(self, text: str) -> int:
        """Write text; return when all of it is written."""
        left = memoryview(text.encode(self.encoding, ascii_text.ERRORS))
        while left and not self.is_closed:
            try:
                left = left[os.write(self._descriptor, left) :]
            except BlockingIOError:  # another program has made it non-blocking
                select.select((), (self._descriptor,), (), 1.0)
            except OSError:
                self.is_closed = True
        return len(text)

    def flush(self) -> None:
        """Do nothing: there is no buffer."""
