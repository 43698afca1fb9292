"""What is said of the logs beside them, on standard error: gaps, restarts, what waits and why, what cannot be watched.

Invariant: each remark once, until it is another; every word is printable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TextIO

from k9py.api.text import printable
from k9py.cli.logs.ansi import paint
from k9py.cli.logs.outlet import Outlet
from k9py.cli.logs.printers import source_name
from k9py.logs.follow.status import StreamCounts
from k9py.logs.line import WHOLE_STREAM, LogLine, Marker

_CODES: Final[Mapping[Marker, str]] = {"gap": "1;33", "start": "36", "end": "2", "note": "35"}


class Reporter:
    """Says remarks; each comes behind the lines before it where both go to one place."""

    def __init__(self, err: TextIO, *, colour: bool) -> None:
        self._outlet = Outlet(err)
        self._colour = colour
        self._trouble = ""
        self._resting = False

    async def remark(self, remarks: Iterable[str], codes: str = "") -> None:
        """Say what is printable already."""
        for one in remarks:
            await self._outlet.write(f"{paint(f'kdash: {one}', codes if self._colour else '')}\n")

    async def marker(self, line: LogLine) -> None:
        """Say what happened between two lines."""
        words = printable(line.text)
        source = "" if line.target == WHOLE_STREAM else f"{source_name(line.target)}: "
        await self.remark([f"{source}{words}"], _CODES.get(line.marker, ""))

    async def counts(self, counts: StreamCounts) -> None:
        """Say that not all are read at once, when that begins."""
        if counts.queued and not self._resting:
            words = f"{counts.wanted - counts.queued} of {counts.wanted} containers are read at a time, in turn"
            await self.remark([words], _CODES["note"])
        self._resting = counts.queued > 0

    async def trouble(self, words: str) -> None:
        """Say why the pods are not watched, and when they are again."""
        if words == self._trouble:
            return
        self._trouble = words
        await self.remark([words or "the pods are watched again"])
