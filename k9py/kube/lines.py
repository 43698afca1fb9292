"""Cuts a byte stream into whole lines, in batches as the bytes arrive.

Invariants: bytes are never searched twice; a watch event of any length (up to `MAX_EVENT`) arrives whole; a log line is
never longer than `MAX_LOG_LINE` and a mark that says how much was left out, however many MB a program writes at once.
"""

from __future__ import annotations

from typing import Final

from k9py.logs.source import Unfinished

MAX_EVENT: Final = 64 << 20
"""Bytes of one watch event; etcd's own limit on an object is 1.5 MB by default, so more than this is no watch."""
MAX_LOG_LINE: Final = 64 << 10
"""Bytes of a log line that are kept."""


class EventLines:
    """Whole lines of a watch. A line that has not ended is `unfinished`, and grows without being copied each time."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._length = 0

    @property
    def unfinished(self) -> bool:
        return self._length > 0

    @property
    def overlong(self) -> bool:
        return self._length > MAX_EVENT

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines this chunk completes, without their line ends; blank lines are left out."""
        end = chunk.rfind(b"\n")
        if end < 0:
            self._keep(chunk)
            return []
        lines = chunk[:end].split(b"\n")
        if self._pieces:
            lines[0] = b"".join([*self._pieces, lines[0]])
            self._pieces.clear()
            self._length = 0
        self._keep(chunk[end + 1 :])
        return [line for line in lines if line]

    def _keep(self, piece: bytes) -> None:
        if piece:
            self._pieces.append(piece)
            self._length += len(piece)


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
        return [Unfinished(self._take(), seen)]

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
