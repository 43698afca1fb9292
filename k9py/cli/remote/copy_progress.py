"""The progress of a copy on standard error, on a terminal only: a bar, how far it is, and how fast.

Invariant: one line that is drawn again at most four times a second and erased at the end; nothing of it is in a pipe.
"""

from __future__ import annotations

import asyncio
import os
from typing import Final, Self, TextIO

from k9py.api.quantities import size_text
from k9py.cli.process import terminal_columns
from k9py.config.terminal import is_dumb
from k9py.remote.files.progress import CopyProgress
from k9py.runtime.clock import Clock

EVERY: Final = 0.25
FIRST: Final = 0.5
"""Seconds."""
_BAR: Final = 20


class CopyBar:
    """Draws the progress while its block runs."""

    def __init__(self, err: TextIO, clock: Clock, progress: CopyProgress) -> None:
        self._err, self._clock, self._progress = err, clock, progress
        self._is_terminal = err.isatty() and not is_dumb(os.environ)
        self._task: asyncio.Task[None] | None = None
        self._is_drawn = False
        self._since = 0.0

    async def __aenter__(self) -> Self:
        self._since = self._clock.monotonic()
        if self._is_terminal:
            self._task = asyncio.create_task(self._run(), name="copy progress")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._is_drawn:
            self._err.write("\r\x1b[K")
            self._err.flush()

    async def _run(self) -> None:
        await self._clock.sleep(FIRST)
        while True:
            columns = max(10, (terminal_columns(self._err) or 80) - 1)
            self._err.write(f"\r{progress_line(self._progress, self._clock.monotonic() - self._since, columns)}\x1b[K")
            self._err.flush()
            self._is_drawn = True
            await self._clock.sleep(EVERY)


def progress_line(progress: CopyProgress, seconds: float, columns: int) -> str:
    """Return the line: `[####----] 42 % of 80 MiB, 3 of 12 files, 12 MiB/s, 5 s left  var/log/app.log`."""
    parts = [progress.text]
    copied = progress.bytes - progress.kept_bytes
    if copied > 0 and seconds > 0 and not progress.waits_for:
        speed = copied / seconds
        parts.append(f"{size_text(int(speed))}/s")
        if progress.total_bytes is not None and progress.total_bytes > progress.bytes:
            parts.append(f"{_duration((progress.total_bytes - progress.bytes) / speed)} left")
    bar = ""
    if (fraction := progress.fraction) is not None and columns > 60:
        full = int(fraction * _BAR)
        bar = f"[{'#' * full}{'-' * (_BAR - full)}] "
    text = bar + ", ".join(parts)
    name = progress.current
    room = columns - len(text) - 2
    if room >= 8:
        text += f"  {name if len(name) <= room else f'…{name[1 - room :]}'}"
    return text[:columns]


def _duration(seconds: float) -> str:
    whole = int(seconds) + 1
    if whole < 90:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 5400 else f"{whole // 3600} h"
