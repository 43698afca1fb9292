"""What a command that waits says of it on standard error.

Invariant: nothing is said of a short wait, nothing on standard output, and a terminal is left as it was.

On a terminal one line is kept up to date from `FIRST_ON_TERMINAL` on, and taken away at the end. Elsewhere (a pipe,
a file, `TERM=dumb`) nothing can be taken away: a line comes after `FIRST_ELSEWHERE`, then every `EVERY_ELSEWHERE`, so
that the log of a pipeline says what took so long and is not filled with it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Final, Self, TextIO

from k9py.api.errors import ExpiredError, UnavailableError
from k9py.api.kinds import KINDS
from k9py.api.text import printable
from k9py.cluster.health import ClusterHealth, ClusterState, KindHealth
from k9py.config.terminal import is_dumb
from k9py.runtime.clock import Clock

FIRST_ON_TERMINAL: Final = 2.0
EVERY_ON_TERMINAL: Final = 1.0
FIRST_ELSEWHERE: Final = 10.0
EVERY_ELSEWHERE: Final = 30.0
"""Seconds."""


class WaitProgress:
    """Says what is being waited for while its block lasts.

    Args:
        err: standard error.
        words: what is waited for now, printable; "" for nothing.
        is_terminal: lines on it can be taken away again.
    """

    def __init__(self, err: TextIO, clock: Clock, words: Callable[[], str], *, is_terminal: bool | None = None) -> None:
        self._err = err
        self._clock = clock
        self._words = words
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
        self._take_away()

    async def _run(self) -> None:
        await self._clock.sleep(FIRST_ON_TERMINAL if self._is_terminal else FIRST_ELSEWHERE)
        while True:
            self._say(self._words())
            await self._clock.sleep(EVERY_ON_TERMINAL if self._is_terminal else EVERY_ELSEWHERE)

    def _say(self, words: str) -> None:
        if not words:
            self._take_away()
        elif self._is_terminal:
            text = f"kdash: {words}"[: max(1, _columns(self._err) - 1)]
            self._err.write(f"\r{text}\x1b[K")
            self._is_drawn = True
        else:
            self._err.write(f"kdash: {words}\n")
        self._err.flush()

    def _take_away(self) -> None:
        if self._is_drawn:
            self._is_drawn = False
            self._err.write("\r\x1b[K")
            self._err.flush()


def read_progress(health: ClusterHealth) -> str:
    """Return which kind is being read and how much of it is there: `reading pods: 1,204 so far…`; "" when all are."""
    unread = [one for one in health.kinds.values() if not is_settled(one)]
    if not unread:
        return ""
    kind = max(unread, key=lambda one: one.object_count)
    resource = KINDS[kind.kind].resource
    more = f" ({len(unread) - 1} more to come)" if len(unread) > 1 else ""
    if kind.error is not None:
        return printable(f"reading {resource}: {kind.error.message}; it is tried again…{more}")
    return f"reading {resource}: {kind.object_count:,} so far…{more}"


def is_settled(kind: KindHealth) -> bool:
    """Tell whether a kind is read, or has failed in a way that waiting does not mend.

    A busy server that asks for a moment's patience (429: API priority and fairness) has not failed, nor has a long list
    whose continue token grew too old (410): it is begun again, with larger pages.
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
