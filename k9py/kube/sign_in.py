"""What a credential plugin says to the person while it waits: a device code, the address of a page to open.

Owns: turning a plugin's stderr into a few printable lines, and the way to cancel it. Imports neither the client nor the
terminal. Invariant: text is bounded and printable, because the plugin's words may come from anywhere.
"""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from k9py.api.text import printable

KEPT_LINES: Final = 20
MAX_LINE: Final = 1000
"""Characters of a line; the rest is dropped."""


class SignIn:
    """One run of a plugin that has spoken.

    Args:
        plugin: its name, printable.
        cancel: ends the plugin and all it started.
    """

    def __init__(self, plugin: str, cancel: Callable[[], None]) -> None:
        self.plugin = plugin
        self.cancel = cancel
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)

    @property
    def lines(self) -> tuple[str, ...]:
        """What it said last, oldest first."""
        return tuple(self._lines)

    def latest(self, *, rows: int, columns: int) -> tuple[str, ...]:
        """Return the last lines that fit when they are wrapped; at least one, because the code may be in it."""
        fitting: list[str] = []
        for line in reversed(self._lines):
            rows -= -(-len(line) // max(1, columns)) or 1
            if fitting and rows < 0:
                break
            fitting.append(line)
        return tuple(reversed(fitting))

    def add(self, line: str) -> None:
        """Keep a line."""
        self._lines.append(line)


class SignInListener(Protocol):
    """Who is told what plugins say. Called on the event loop; must not block."""

    def on_output(self, sign_in: SignIn, line: str) -> None:
        """The plugin has said a further line."""
        ...

    def on_end(self, sign_in: SignIn) -> None:
        """The plugin has ended, or was ended."""
        ...


class StderrLines:
    """Cuts what comes on stderr into printable lines; what a carriage return overwrites is dropped."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._open = ""

    @property
    def is_inside_line(self) -> bool:
        """Tell whether a line has begun that has not ended, such as a question."""
        return bool(printable(self._open).strip())

    def feed(self, chunk: bytes) -> list[str]:
        """Return the lines that have ended with this chunk, blank ones left out."""
        *ended, self._open = (self._open + self._decoder.decode(chunk)).split("\n")
        self._open = self._open[-4 * MAX_LINE :]
        return [line for line in map(_shown, ended) if line]

    def flush(self) -> list[str]:
        """Return the line that has not ended, as if it had."""
        line, self._open = _shown(self._open), ""
        return [line] if line else []


def _shown(line: str) -> str:
    text = printable(line.rstrip("\r").rpartition("\r")[2][: 4 * MAX_LINE]).strip()
    return text if len(text) <= MAX_LINE else text[: MAX_LINE - 1] + "…"
