"""Cuts a byte stream into whole lines, in batches as the bytes arrive.

Invariants: bytes are never searched twice; a watch event of any length (up to `MAX_EVENT`) arrives whole; a log line is
never longer than `MAX_LOG_LINE` and a mark that says how much was left out, however many MB a program writes at once.
"""

from __future__ import annotations

from typing import Final, Self

from k9py.logs.source import PartialLine

MAX_EVENT: Final = 16 << 20
"""Bytes of one watch event; etcd's own limit on an object is 1.5 MB by default, so more than this is no watch."""
MAX_UNFINISHED: Final = 32 << 20
"""Bytes of lines that have not ended, over all watches of a server."""
MAX_LOG_LINE: Final = 64 << 10
"""Bytes of a log line that are kept."""


class LineBudget:
    """Bytes of unfinished lines that all watches of a server hold together: past the limit the longest one is given up.

    Args:
        limit: bytes; every watch that is well holds a part of one event, for a moment.
    """

    def __init__(self, limit: int = MAX_UNFINISHED) -> None:
        self._limit = limit
        self._held = 0
        self._lines: set[EventLines] = set()

    @property
    def held(self) -> int:
        """Bytes held now."""
        return self._held

    def open(self, lines: EventLines) -> None:
        """Count a stream's lines from now on."""
        self._lines.add(lines)

    def close(self, lines: EventLines) -> None:
        """Forget a stream that has ended."""
        self._lines.discard(lines)

    def add(self, length: int) -> None:
        """Count bytes in, or (negative) out."""
        self._held += length
        while self._held > self._limit:
            max(self._lines, key=lambda one: one.length).give_up()


class EventLines:
    """Whole lines of a watch. A line that has not ended is `unfinished`, and grows without being copied each time.

    Used as a context manager: what it holds is counted in the budget until the block is left.
    """

    def __init__(self, budget: LineBudget | None = None) -> None:
        self._budget = budget or LineBudget()
        self._pieces: list[bytes] = []
        self.length = 0
        """Bytes of the line that has not ended."""
        self.overlong = False
        """A line was longer than `MAX_EVENT`, or the longest when there was no room for all: it was let go."""
        self._budget.open(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._drop()
        self._budget.close(self)

    @property
    def unfinished(self) -> bool:
        return self.length > 0

    def give_up(self) -> None:
        """Let go of the line that has not ended."""
        self.overlong = True
        self._drop()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines this chunk completes, without their line ends; blank lines are left out."""
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
        if not piece or self.overlong:
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
    """Whole lines of a log, each bounded."""

    def __init__(self, limit: int = MAX_LOG_LINE) -> None:
        self._limit = limit
        self._kept = bytearray()
        self._length = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines this chunk completes, without their line ends."""
        *complete, rest = chunk.split(b"\n")
        if not complete:
            self._add(rest)
            return []
        self._add(complete[0])
        lines = [self._take()]
        lines += [line if len(line) <= self._limit else self._cut(line, len(line)) for line in complete[1:]]
        self._add(rest)
        return lines

    def finish(self) -> list[bytes]:
        """Return the last line when the log ended inside it: a program's last words count, and a proxy may cut one."""
        if not self._length:
            return []
        seen = len(self._kept)
        return [PartialLine(self._take(), seen)]

    def _add(self, piece: bytes) -> None:
        self._kept += piece[: self._limit - len(self._kept)]
        self._length += len(piece)

    def _take(self) -> bytes:
        line = bytes(self._kept) if self._length <= self._limit else self._cut(bytes(self._kept), self._length)
        self._kept.clear()
        self._length = 0
        return line

    def _cut(self, line: bytes, length: int) -> bytes:
        return line[: self._limit] + f" … [{length - self._limit} bytes more were cut]".encode()
