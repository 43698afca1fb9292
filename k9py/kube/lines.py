"""Splits a byte stream into whole lines, in batches as the bytes arrive.

Invariants: bytes are never scanned twice; a watch event of any length (up to `MAX_EVENT`) arrives whole; a log line is
never longer than `MAX_LOG_LINE` and a note of what was cut, however many MB a program writes at once.
"""

from __future__ import annotations

from typing import Final, Self

from k9py.logs.source import PartialLine

MAX_EVENT: Final = 16 << 20
"""Bytes of one watch event. etcd limits an object to 1.5 MB by default, so a longer line is not part of a watch."""
MAX_INCOMPLETE: Final = 32 << 20
"""Bytes of incomplete lines, over all watches of a server."""
MAX_LOG_LINE: Final = 64 << 10
"""Bytes of a log line that are kept; the rest is cut."""


class LineBudget:
    """Limits the bytes of incomplete lines that all watches of a server hold together.

    When the limit is exceeded, the longest line is dropped and its stream marked as overlong.

    Args:
        limit: in bytes. A healthy watch holds a part of one event, for a moment.
    """

    def __init__(self, limit: int = MAX_INCOMPLETE) -> None:
        self._limit = limit
        self._held = 0
        self._streams: set[EventLines] = set()

    @property
    def held(self) -> int:
        """Bytes held now, over all streams."""
        return self._held

    def open(self, stream: EventLines) -> None:
        """Start to count a stream."""
        self._streams.add(stream)

    def close(self, stream: EventLines) -> None:
        """Stop counting a stream."""
        self._streams.discard(stream)

    def add(self, length: int) -> None:
        """Add bytes to what is held, or (negative) remove them."""
        self._held += length
        while self._held > self._limit:
            max(self._streams, key=lambda stream: stream.length).give_up()


class EventLines:
    """Splits the stream of a watch into lines. An incomplete line grows without being copied for each chunk.

    Use it as a context manager: inside the block, its bytes count against the budget.
    """

    def __init__(self, budget: LineBudget | None = None) -> None:
        self._budget = budget or LineBudget()
        self._pieces: list[bytes] = []
        self.length = 0
        """Bytes of the incomplete line."""
        self.is_overlong = False
        """A line was dropped: longer than `MAX_EVENT`, or the longest when the budget was exceeded."""
        self._budget.open(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._drop()
        self._budget.close(self)

    @property
    def has_incomplete_line(self) -> bool:
        """Whether the last bytes fed do not end with a line end."""
        return self.length > 0

    def give_up(self) -> None:
        """Drop the incomplete line, and everything that follows without a line end."""
        self.is_overlong = True
        self._drop()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that this chunk completes, without line ends; blank lines are skipped."""
        end = chunk.rfind(b"\n")
        if end < 0:
            self._keep(chunk)
            return []
        lines = chunk[:end].split(b"\n")
        if self._pieces:
            lines[0] = b"".join([*self._pieces, lines[0]])
            self._drop()
        self._keep(chunk[end + 1 :])
        return [line for line in lines if line]

    def _keep(self, piece: bytes) -> None:
        if not piece or self.is_overlong:
            return
        self._pieces.append(piece)
        self.length += len(piece)
        self._budget.add(len(piece))
        if self.length > MAX_EVENT:
            self.give_up()

    def _drop(self) -> None:
        self._pieces.clear()
        length, self.length = self.length, 0
        self._budget.add(-length)


class LogLines:
    """Splits the stream of a log into lines of bounded length."""

    def __init__(self, limit: int = MAX_LOG_LINE) -> None:
        self._limit = limit
        self._kept = bytearray()
        self._length = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that this chunk completes, without line ends."""
        *complete, incomplete = chunk.split(b"\n")
        if not complete:
            self._add(incomplete)
            return []
        self._add(complete[0])
        lines = [self._take()]
        lines += [line if len(line) <= self._limit else self._cut(line, len(line)) for line in complete[1:]]
        self._add(incomplete)
        return lines

    def finish(self) -> list[bytes]:
        """Return the last line when the log ended inside it: programs need not end a line, and proxies may cut one."""
        if not self._length:
            return []
        length = len(self._kept)
        return [PartialLine(self._take(), length)]

    def _add(self, piece: bytes) -> None:
        self._kept += piece[: self._limit - len(self._kept)]
        self._length += len(piece)

    def _take(self) -> bytes:
        line = bytes(self._kept) if self._length <= self._limit else self._cut(bytes(self._kept), self._length)
        self._kept.clear()
        self._length = 0
        return line

    def _cut(self, line: bytes, length: int) -> bytes:
        return line[: self._limit] + f" … [{length - self._limit} more bytes cut]".encode()
