"""A long list of lines that the garbage collector does not walk.

A full collection visits every item of every list; hundreds of thousands of lines, scattered in memory, would hold the
event loop for tens of milliseconds. Tuples of untracked values are not tracked either, so the lines are kept in tuples
of `CHUNK`, and only the newest few in a list. Lines are added at the end and dropped at both ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from k9py.logs.line import LogLine

CHUNK: Final = 512


class ChunkedLines:
    """Lines by index, oldest first.

    Invariant: every tuple has `CHUNK` lines, except the first, which has `CHUNK - _dropped`.
    """

    __slots__ = ("_chunks", "_dropped", "_newest")

    def __init__(self) -> None:
        self._chunks: list[tuple[LogLine, ...]] = []
        self._dropped = 0
        self._newest: list[LogLine] = []

    def __len__(self) -> int:
        return len(self._chunks) * CHUNK - self._dropped + len(self._newest)

    def __getitem__(self, index: int) -> LogLine:
        """Return the line at an index from 0; negative indexes are not supported."""
        chunk, at = divmod(index + self._dropped, CHUNK)
        if chunk >= len(self._chunks):
            return self._newest[index + self._dropped - len(self._chunks) * CHUNK]
        return self._chunks[chunk][at if chunk else at - self._dropped]

    def __iter__(self) -> Iterator[LogLine]:
        for chunk in self._chunks:
            yield from chunk
        yield from self._newest

    def __reversed__(self) -> Iterator[LogLine]:
        yield from reversed(self._newest)
        for chunk in reversed(self._chunks):
            yield from reversed(chunk)

    def part(self, start: int, count: int) -> list[LogLine]:
        """Return up to `count` lines from an index on."""
        lines: list[LogLine] = []
        chunk, at = divmod(start + self._dropped, CHUNK)
        while len(lines) < count and chunk < len(self._chunks):
            begin = at if chunk else at - self._dropped
            lines += self._chunks[chunk][begin : begin + count - len(lines)]
            chunk, at = chunk + 1, 0
        if len(lines) < count:
            begin = at + (chunk - len(self._chunks)) * CHUNK
            lines += self._newest[begin : begin + count - len(lines)]
        return lines

    def extend(self, lines: Iterable[LogLine]) -> None:
        """Add lines at the end."""
        newest = self._newest
        newest += lines
        full = len(newest) // CHUNK * CHUNK
        if full:
            self._chunks += [tuple(newest[at : at + CHUNK]) for at in range(0, full, CHUNK)]
            del newest[:full]

    def drop_oldest(self, count: int) -> None:
        """Drop the first `count` lines."""
        full, rest = divmod(count + self._dropped, CHUNK)
        if full >= len(self._chunks):
            del self._newest[: count - (len(self) - len(self._newest))]
            self._chunks, self._dropped = [], 0
            return
        first = self._chunks[full]
        self._chunks[: full + 1] = [first[rest if full else rest - self._dropped :]]
        self._dropped = rest

    def drop_newest(self, count: int) -> None:
        """Drop the last `count` lines."""
        while count > len(self._newest) and self._chunks:
            count -= len(self._newest)
            self._newest = list(self._chunks.pop())
        if not self._chunks:
            self._dropped = 0
        del self._newest[max(0, len(self._newest) - count) :]
