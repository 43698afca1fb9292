"""A dashboard in a real pseudo-terminal for benches: bytes counted and, where asked for, the screen kept by pyte.

Answers mode 2026 queries, as a fast terminal does.
"""

from __future__ import annotations

import os
import re
import select
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pexpect
import pyte

from tests.bench.cluster_process import usage

COLUMNS: Final = 160
ROWS: Final = 45
_QUERY: Final = re.compile(rb"\x1b\[\?2026\$p")


class Screen:
    """`kdash` with these arguments.

    Args:
        report: where `watched_kdash` writes the holds of the event loop; None runs the plain command.
    """

    def __init__(self, *arguments: str, report: Path | None = None) -> None:
        begin: Sequence[str] = ["-m", "k9py"]
        if report is not None:
            begin = ["-m", "tests.bench.watched_kdash", str(report)]
        self.began = time.monotonic()
        self.bytes = 0
        self._unread = b""
        self.writes = 0
        self._pyte = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._pyte)
        environ = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        environ.pop("NO_COLOR", None)
        environ.pop("SSH_CONNECTION", None)
        self._child = pexpect.spawn(sys.executable, [*begin, *arguments], dimensions=(ROWS, COLUMNS), env=environ)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.close(force=True)

    @property
    def pid(self) -> int:
        """The dashboard's process."""
        return int(self._child.pid)

    @property
    def text(self) -> str:
        """The screen, if it is kept."""
        return "\n".join(self._pyte.display)

    def usage(self) -> dict[str, float]:
        """CPU seconds and resident megabytes so far."""
        return usage(self.pid)

    def read(self, seconds: float, *, keep: bool) -> bytes:
        """Return the output within `seconds`, at most one read; `keep` updates the screen."""
        ready, _, _ = select.select([self._child.child_fd], [], [], max(0.0, seconds))
        if not ready:
            return b""
        data = os.read(self._child.child_fd, 1 << 18)
        self.bytes += len(data)
        self.writes += 1
        asked = self._unread + data  # a query may be split between two reads
        for _ in _QUERY.findall(asked):
            os.write(self._child.child_fd, b"\x1b[?2026;2$y")
        self._unread = asked[max(asked.rfind(b"\x1b"), len(asked) - 7) :] if b"\x1b" in asked[-7:] else b""
        if _QUERY.fullmatch(self._unread):
            self._unread = b""
        if keep:
            self._stream.feed(data)
        return data

    def wait_for(self, holds: Callable[[str], bool], patience: float = 120.0) -> float:
        """Read until a condition on the screen holds; return the seconds since the start, -1 on timeout."""
        while time.monotonic() - self.began < patience:
            if self.read(0.5, keep=True) and holds(self.text):
                return time.monotonic() - self.began
        return -1.0

    def idle(self, seconds: float, *, keep: bool = False) -> int:
        """Read for `seconds`; return the number of bytes."""
        before, end = self.bytes, time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.read(left, keep=keep)
        return self.bytes - before

    def press(self, key: str) -> None:
        """Type."""
        os.write(self._child.child_fd, key.encode())

    def redraw(self) -> None:
        """Redraw everything, so that the screen is kept from now on."""
        self._child.setwinsize(ROWS - 1, COLUMNS)
        self.idle(0.3)
        self._pyte.reset()
        self._child.setwinsize(ROWS, COLUMNS)
        self.idle(0.3, keep=True)

    def key_latencies(self, keys: Sequence[str], pause: float, answer: Callable[[bytes], bool]) -> list[float]:
        """Type keys one after the other; return the milliseconds until the response to each."""
        latencies: list[float] = []
        for key in keys:
            self.idle(pause)
            began = time.monotonic()
            self.press(key)
            while not answer(self.read(2.0, keep=False)):
                if time.monotonic() - began > 2.0:
                    break
            latencies.append((time.monotonic() - began) * 1e3)
        return latencies


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
