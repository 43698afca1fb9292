"""A real pseudo-terminal with a program in it, and its screen as a user would see it.

Waiting means reading: every wait ends with the bytes that make its condition true, or fails with the screen as it is.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pexpect
import pyte

PATIENCE = 60.0
"""Seconds a condition may take on a busy machine; a successful test never waits this long."""


class TolerantScreen(pyte.Screen):  # type: ignore[misc]
    """A screen that ignores private sequences that pyte does not know, instead of raising TypeError."""

    def report_device_status(self, mode: int = 0, **_private: bool) -> None:
        """Answer nothing."""

    def set_margins(self, top: int | None = None, bottom: int | None = None, **private: bool) -> None:
        """Ignore the private sequence, which restores modes."""
        if not private:
            super().set_margins(top, bottom)

    def select_graphic_rendition(self, *attributes: int, **private: bool) -> None:
        """Ignore the private sequence, which sets how keys are reported."""
        if not private:
            super().select_graphic_rendition(*attributes)


class Terminal:
    """A program in a terminal of a fixed size."""

    def __init__(
        self, argv: Sequence[str], *, columns: int, rows: int, home: Path, environ: Mapping[str, str] | None = None
    ) -> None:
        self._screen = TolerantScreen(columns or 1, rows or 1)
        self._stream = pyte.ByteStream(self._screen)
        self._is_hung_up = False
        self.raw = bytearray()
        """Every byte the program has written."""
        inherited = {name: os.environ[name] for name in ("PATH", "VIRTUAL_ENV") if name in os.environ}
        self.child = pexpect.spawn(
            argv[0],
            list(argv[1:]),
            dimensions=(rows, columns),
            timeout=PATIENCE,
            env={
                **inherited,
                "HOME": str(home),
                "LANG": "C.UTF-8",
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
                **(environ or {}),
            },
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._is_hung_up:
            self.child.close(force=True)
            return
        if not self.child.terminated:  # it has not been waited for, so its number is still its own
            os.kill(self.child.pid, signal.SIGKILL)
            os.waitpid(self.child.pid, 0)

    @property
    def lines(self) -> list[str]:
        """The screen, one string per row."""
        # pyte's own `display` fails on half of a wide character that was written over.
        rows, columns = range(self._screen.lines), range(self._screen.columns)
        return ["".join(self._screen.buffer[y][x].data for x in columns).rstrip() for y in rows]

    @property
    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines)

    def forget(self) -> None:
        """Discard the screen, as if another program had overwritten it."""
        self._screen.reset()

    def resize(self, columns: int, rows: int) -> None:
        """Resize the terminal and notify the program."""
        self.show_as(columns, rows)
        self.child.setwinsize(rows, columns)

    def show_as(self, columns: int, rows: int) -> None:
        """Interpret the output for a screen of this size, without notifying the program."""
        self._screen.resize(rows, columns)

    def hang_up(self) -> None:
        """Close the terminal while the program runs."""
        self._is_hung_up = True
        self.child.ptyproc.fileobj.close()

    @property
    def attributes(self) -> list[Any]:
        """The modes of the line as the kernel has them: echo, canonical input, signals."""
        return termios.tcgetattr(self.child.child_fd)

    @property
    def modes_left_on(self) -> set[str]:
        """Return the terminal modes that the program has enabled and not disabled, as far as its output was read."""
        on: set[str] = set()
        for numbers, switch in re.findall(rb"\x1b\[\?([0-9;]+)([hl])", self.raw):
            for number in numbers.decode().split(";"):
                is_on = (switch == b"h") != (number in _ON_AT_FIRST)
                (on.add if is_on else on.discard)(_MODES.get(number, number))
        pushed = len(re.findall(rb"\x1b\[>[0-9]+u", self.raw)) - sum(
            int(count or b"1") for count in re.findall(rb"\x1b\[<([0-9]*)u", self.raw)
        )
        return on | ({"kitty keys"} if pushed > 0 else set())

    def press(self, *keys: str) -> None:
        """Type these, one after another."""
        for key in keys:
            self.child.send(key)

    def wait_for(self, condition: str | Callable[[str], bool], what: str = "") -> str:
        """Read until the screen contains the text (or the condition holds); return the screen.

        Raises:
            AssertionError: with the screen, when the time is over or the program has ended.
        """
        is_there = condition if callable(condition) else (lambda text: condition in text)
        wanted = what or (condition if isinstance(condition, str) else "the condition")
        give_up_at = time.monotonic() + PATIENCE
        while not is_there(self.text):
            left = give_up_at - time.monotonic()
            if left <= 0:
                raise AssertionError(f"never saw: {wanted}\n{self.text}")
            try:
                read = self.child.read_nonblocking(65536, timeout=left)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                raise AssertionError(f"the program ended before: {wanted}\n{self.text}") from None
            self.raw += read
            self._stream.feed(read)
        return self.text

    def wait_for_exit(self) -> int:
        """Read to the end and return the exit code."""
        self._read_to_the_end()
        assert self.child.exitstatus is not None, f"ended by signal {self.child.signalstatus}"
        return int(self.child.exitstatus)

    def wait_for_signal(self) -> int:
        """Read to the end and return the signal that ended the program."""
        self._read_to_the_end()
        assert self.child.signalstatus is not None, f"ended with exit code {self.child.exitstatus}"
        return int(self.child.signalstatus)

    def wait_for_exit_unread(self) -> int:
        """Wait until the program has ended, without reading what it writes; return its exit code."""
        program = os.pidfd_open(self.child.pid)
        try:
            assert select.select((program,), (), (), PATIENCE)[0], "it has not ended"
        finally:
            os.close(program)
        self.child.wait()
        assert self.child.exitstatus is not None, f"ended by signal {self.child.signalstatus}"
        return int(self.child.exitstatus)

    def wait_for_restored(self, attributes: list[Any]) -> None:
        """Read until the modes of the line are these; fails when the time is over."""
        give_up_at = time.monotonic() + PATIENCE
        while self.attributes != attributes:
            assert time.monotonic() < give_up_at, f"{self.attributes} are not {attributes}"
            try:
                read = self.child.read_nonblocking(65536, timeout=0.1)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                assert self.attributes == attributes
                return
            self.raw += read
            self._stream.feed(read)

    def wait_until_full(self) -> None:
        """Return when the program cannot write any more because nobody reads."""
        waiting = -1
        while True:
            before, waiting = waiting, self._unread()
            if waiting and waiting == before:
                return
            select.select((), (), (), 0.5)

    def _unread(self) -> int:
        counted = fcntl.ioctl(self.child.child_fd, termios.FIONREAD, b"\0" * 4)
        return int.from_bytes(counted, sys.byteorder)

    def _read_to_the_end(self) -> None:
        give_up_at = time.monotonic() + PATIENCE
        while time.monotonic() < give_up_at:
            try:
                read = self.child.read_nonblocking(65536, timeout=max(0.0, give_up_at - time.monotonic()))
            except pexpect.EOF:
                self.child.close()
                return
            self.raw += read
            self._stream.feed(read)
        raise AssertionError(f"it has not ended\n{self.text}")


_MODES = {
    "7": "no line wrap",
    "25": "no cursor",
    "1000": "mouse",
    "1003": "mouse moves",
    "1004": "reports of focus",
    "1049": "alternate screen",
    "2004": "bracketed paste",
    "2026": "a frame being drawn",
    "2048": "reports of size",
}
_ON_AT_FIRST = ("7", "25")


def wait_until_gone(pid: int) -> None:
    """Wait for a process that nobody reads from; raises AssertionError when it does not end."""
    try:
        program = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select((program,), (), (), PATIENCE)[0], f"process {pid} has not ended"
    finally:
        os.close(program)
