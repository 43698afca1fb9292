"""Progress on standard error: what a command waits for, and the output of credential plugins.

Invariants: nothing is printed for a short wait, nothing on standard output, and a terminal is left as it was. A
plugin that floods is cut off with a notice; a standard error that nobody reads does not end the sign-in.

On a terminal one line is updated from `FIRST_ON_TERMINAL` on, and erased at the end. Elsewhere (a pipe, a file,
`TERM=dumb`) a line is printed after `FIRST_ELSEWHERE`, then every `EVERY_ELSEWHERE` seconds, so that the log of a
pipeline shows what took long without being filled with it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Self, TextIO

from k9py.api.errors import ExpiredError, UnavailableError
from k9py.api.kinds import KINDS
from k9py.api.text import printable
from k9py.cluster.health import ClusterHealth, ClusterState, KindHealth
from k9py.config.terminal import is_dumb
from k9py.kube.sign_in import SignIn
from k9py.runtime.clock import Clock

FIRST_ON_TERMINAL: Final = 2.0
EVERY_ON_TERMINAL: Final = 1.0
FIRST_ELSEWHERE: Final = 10.0
EVERY_ELSEWHERE: Final = 30.0
"""Seconds."""


class WaitProgress:
    """Prints a progress line while its block runs.

    Args:
        err: standard error.
        text: returns the current progress text, printable; "" hides the line.
        is_terminal: the line can be overwritten and erased.
    """

    def __init__(self, err: TextIO, clock: Clock, text: Callable[[], str], *, is_terminal: bool | None = None) -> None:
        self._err = err
        self._clock = clock
        self._text = text
        self._is_terminal = err.isatty() and not is_dumb(os.environ) if is_terminal is None else is_terminal
        self._task: asyncio.Task[None] | None = None
        self._is_drawn = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="waiting")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        self._erase()

    async def _run(self) -> None:
        await self._clock.sleep(FIRST_ON_TERMINAL if self._is_terminal else FIRST_ELSEWHERE)
        while True:
            self._draw(self._text())
            await self._clock.sleep(EVERY_ON_TERMINAL if self._is_terminal else EVERY_ELSEWHERE)

    def _draw(self, text: str) -> None:
        if not text:
            self._erase()
        elif self._is_terminal:
            text = f"kdash: {text}"[: max(1, _columns(self._err) - 1)]
            self._err.write(f"\r{text}\x1b[K")
            self._is_drawn = True
        else:
            self._err.write(f"kdash: {text}\n")
        self._err.flush()

    def _erase(self) -> None:
        if self._is_drawn:
            self._is_drawn = False
            self._err.write("\r\x1b[K")
            self._err.flush()


def read_progress(health: ClusterHealth) -> str:
    """Return the kind being listed and its count: `reading pods: 1,204 so far…`; "" if all are listed."""
    unread = [kind_health for kind_health in health.kinds.values() if not is_settled(kind_health)]
    if not unread:
        return ""
    kind = max(unread, key=lambda kind_health: kind_health.object_count)
    resource = KINDS[kind.kind].resource
    more = f" ({len(unread) - 1} more to come)" if len(unread) > 1 else ""
    if kind.error is not None:
        return printable(f"reading {resource}: {kind.error.message}; retrying…{more}")
    return f"reading {resource}: {kind.object_count:,} so far…{more}"


def is_settled(kind: KindHealth) -> bool:
    """Return whether a kind is listed, or has failed permanently.

    Not permanent: 429 (API priority and fairness), and 410 for a list whose continue token has expired: the list
    restarts with larger pages.
    """
    passes = isinstance(kind.error, ExpiredError) or (
        isinstance(kind.error, UnavailableError) and kind.error.code == 429
    )
    return kind.state is not ClusterState.LOADING and not (kind.state is ClusterState.UNREACHABLE and passes)


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


MAX_LINES: Final = 200
"""Lines printed per plugin run."""


class SignInPrinter:
    """Prints the output of credential plugins line by line.

    Args:
        print_line: prints a line on standard error.
    """

    def __init__(self, print_line: Callable[[str], None]) -> None:
        self._print_line = print_line
        self._current: SignIn | None = None
        self._printed = 0

    def on_output(self, sign_in: SignIn, line: str) -> None:
        """Print a line; before the first one, the plugin's name."""
        with suppress(OSError):
            self._print(sign_in, line)

    def on_end(self, sign_in: SignIn) -> None:
        """Reset for the next run."""
        self._current = None

    def _print(self, sign_in: SignIn, line: str) -> None:
        if sign_in is not self._current:
            self._current, self._printed = sign_in, 0
            self._print_line(f"kdash: output of the credential plugin {sign_in.plugin} (Ctrl+C cancels it):")
        self._printed += 1
        if self._printed <= MAX_LINES:
            self._print_line(f"  {line}")
        elif self._printed == MAX_LINES + 1:
            self._print_line("  … more output omitted")
