"""A real pseudo-terminal with a program in it, and its screen as a person would see it.

Waiting means reading: every wait ends with the bytes that make its condition true, or fails with the screen as it is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pexpect
import pyte

PATIENCE = 60.0
"""Seconds a condition may take on a busy machine; nothing waits this long when all is well."""


class Terminal:
    """A program in a terminal of a fixed size."""

    def __init__(
        self, argv: Sequence[str], *, columns: int, rows: int, home: Path, environ: Mapping[str, str] | None = None
    ) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = bytearray()
        """Every byte the program has written."""
        inherited = {name: os.environ[name] for name in ("PATH", "LANG", "VIRTUAL_ENV") if name in os.environ}
        self.child = pexpect.spawn(
            argv[0],
            list(argv[1:]),
            dimensions=(rows, columns),
            timeout=PATIENCE,
            env={
                **inherited,
                "HOME": str(home),
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
        self.child.close(force=True)

    @property
    def lines(self) -> list[str]:
        """The screen, a string a row."""
        # pyte's own `display` fails on half of a wide character that was written over.
        rows, columns = range(self._screen.lines), range(self._screen.columns)
        return ["".join(self._screen.buffer[y][x].data for x in columns).rstrip() for y in rows]

    @property
    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines)

    def forget(self) -> None:
        """Lose what is shown, as after another program wrote over it."""
        self._screen.reset()

    def press(self, *keys: str) -> None:
        """Type these, one after another."""
        for key in keys:
            self.child.send(key)

    def wait_for(self, condition: str | Callable[[str], bool], what: str = "") -> str:
        """Read until the screen holds the words (or the condition is true of it); return the screen.

        Raises:
            AssertionError: with the screen, when it did not come in time or the program ended.
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
        self.child.expect(pexpect.EOF)
        self.child.close()
        assert self.child.exitstatus is not None, f"ended by signal {self.child.signalstatus}"
        return int(self.child.exitstatus)
