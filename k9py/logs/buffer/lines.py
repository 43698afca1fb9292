"""A long list of lines that the garbage collector does not walk.

A full collection looks at every item of every list; hundreds of thousands of lines, each somewhere else in memory,
would hold the event loop for tens of milliseconds. Tuples of what is not tracked are not tracked either, so the lines
stand in tuples of `CHUNK`, and only the newest few in a list. Lines are added at the end and let go at both ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from k9py.logs.line import LogLine

CHUNK: Final = 512


class Lines:
    """Lines by index, oldest first.

    Invariant: every tuple but the first has `CHUNK` lines, and the first, when it has lost some, `CHUNK - _gone`.
    """

    __slots__ = ("_chunks", "_gone", "_newest")

    def __init__(self) -> None:
        self._chunks: list[tuple[LogLine, ...]] = []
        self._gone = 0
        self._newest: list[LogLine] = []

    def __len__(self) -> int:
        return len(self._chunks) * CHUNK - self._gone + len(self._newest)

    def __getitem__(self, index: int) -> LogLine:
        """Return the line at an index from 0; negative ones are not known."""
        chunk, at = divmod(index + self._gone, CHUNK)
        if chunk >= len(self._chunks):
            return self._newest[index + self._gone - len(self._chunks) * CHUNK]
        return self._chunks[chunk][at if chunk else at - self._gone]

    def __iter__(self) -> Iterator[LogLine]:
        for chunk in self._chunks:
            yield from chunk
        yield from self._newest

    def __reversed__(self) -> Iterator[LogLine]:
        yield from reversed(self._newest)
        for chunk in reversed(self._chunks):
            yield from reversed(chunk)

    def part(self, start: int, count: int) -> list[LogLine]:
        """Return up to so many lines from an index on."""
        found: list[LogLine] = []
        chunk, at = divmod(start + self._gone, CHUNK)
        while len(found) < count and chunk < len(self._chunks):
            begin = at if chunk else at - self._gone
            found += self._chunks[chunk][begin : begin + count - len(found)]
            chunk, at = chunk + 1, 0
        if len(found) < count:
            begin = at + (chunk - len(self._chunks)) * CHUNK
            found += self._newest[begin : begin + count - len(found)]
        return found

    def add(self, lines: Iterable[LogLine]) -> None:
        """Add lines at the end."""
        newest = self._newest
        newest += lines
        whole = len(newest) // CHUNK * CHUNK
        if whole:
            self._chunks += [tuple(newest[at : at + CHUNK]) for at in range(0, whole, CHUNK)]
            del newest[:whole]

    def drop_oldest(self, count: int) -> None:
        """Let go of the first so many."""
        whole, rest = divmod(count + self._gone, CHUNK)
        if whole >= len(self._chunks):
            del self._newest[: count - (len(self) - len(self._newest))]
            self._chunks, self._gone = [], 0
            return
        first = self._chunks[whole]
        self._chunks[: whole + 1] = [first[rest if whole else rest - self._gone :]]
        self._gone = rest

    def drop_newest(self, count: int) -> None:
        """Let go of the last so many."""
        while count > len(self._newest) and self._chunks:
            count -= len(self._newest)
            self._newest = list(self._chunks.pop())
        if not self._chunks:
            self._gone = 0
        del self._newest[max(0, len(self._newest) - count) :]
