"""What a credential plugin shows to the person while it waits: a device code, the address of a page to open.

Owns: turning a plugin's stderr into a few printable lines, and the way to cancel it. Imports neither the client library
nor the terminal. Invariant: text is bounded and printable, because a plugin may print anything.
"""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from k9py.api.errors import ConfigError
from k9py.api.text import bounded, printable

KEPT_LINES: Final = 20
MAX_LINE: Final = 1000
"""Characters of a line; the rest is dropped."""


class SignInCancelledError(ConfigError):
    """The person cancelled the plugin; it does not run again without being asked to."""


class SignIn:
    """One run of a plugin that has printed something.

    Args:
        plugin: its name, printable.
        cancel: ends the plugin and everything that it started.
    """

    def __init__(self, plugin: str, cancel: Callable[[], None]) -> None:
        self.plugin = plugin
        self.cancel = cancel
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)

    @property
    def lines(self) -> tuple[str, ...]:
        """The last lines of its output, oldest first."""
        return tuple(self._lines)

    def latest(self, *, rows: int, columns: int) -> tuple[str, ...]:
        """Return the last lines that fit when they are wrapped; at least one, because it may contain the code."""
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
    """Is notified of what plugins print. Called on the event loop; must not block."""

    def on_output(self, sign_in: SignIn, line: str) -> None:
        """The plugin has printed another line."""
        ...

    def on_end(self, sign_in: SignIn) -> None:
        """The plugin has ended, or was cancelled."""
        ...


class StderrLines:
    """Splits stderr into printable lines; text that a carriage return overwrites is dropped."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._incomplete = ""

    @property
    def is_inside_line(self) -> bool:
        """Whether a line has begun but not ended, such as a question."""
        return bool(printable(self._incomplete).strip())

    def feed(self, chunk: bytes) -> list[str]:
        """Return the lines that this chunk completes; blank lines are skipped."""
        *complete, self._incomplete = (self._incomplete + self._decoder.decode(chunk)).split("\n")
        self._incomplete = self._incomplete[-4 * MAX_LINE :]
        return [line for line in map(_shown, complete) if line]

    def flush(self) -> list[str]:
        """Return the incomplete line as if it had ended."""
        line, self._incomplete = _shown(self._incomplete), ""
        return [line] if line else []


def _shown(line: str) -> str:
    return bounded(line.rstrip("\r").rpartition("\r")[2], MAX_LINE)
