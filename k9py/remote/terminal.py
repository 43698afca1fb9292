"""The person's terminal, handed over completely to a command in a container.

Owns: raw mode, the size and its changes, what is typed, what is drawn, and the way back. Invariants: while it is
handed over, every key goes to the command, Ctrl+C, Ctrl+Z and Ctrl+\\ too; whatever ends it (the command, a lost
connection, an exception, a signal), the line has the modes that it had before, and the terminal none that the command
has left on. What cannot wait for the event loop calls `restore_raw_terminals`. To use it: `run_interactively`.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from types import FrameType
from typing import Any, Final, Self

from k9py.api.errors import KdashError, RefusedError
from k9py.api.streams import CommandEnd, ContainerStream
from k9py.remote.descriptors import open_terminal, read_descriptor, wait_readable, wait_writable
from k9py.remote.leave_keys import LEAVE_KEYS, LeaveKeys
from k9py.remote.output_buffer import OutputBuffer, is_interrupt
from k9py.remote.terminal_modes import (
    MOST_TITLES,
    RESET,
    RESET_ORIGIN,
    RESTORE_TITLE,
    SAVE_TITLE,
    OutputModes,
    position_answer,
    position_query,
)
from k9py.runtime.time_slice import TimeSlice

if sys.platform != "win32":
    import termios
    import tty

DEFAULT_SIZE: Final = (80, 24)
LEFT: Final = CommandEnd(None, "Left", f"left with {LEAVE_KEYS}; the command may still run")
"""The end of a stream that the person has left."""
_WRITE_SECONDS: Final = 0.5
"""Seconds after which a terminal that takes no output counts as stalled."""
_ANSWER_SECONDS: Final = 1.0
"""Seconds that are waited for the terminal's answers."""
_QUIET_SECONDS: Final = 0.02
_TYPED_CHUNKS: Final = 256
"""Chunks of typed or pasted input that wait for the server; the terminal is not read while there are more."""


class TerminalClosedError(KdashError):
    """The terminal was closed."""


class LocalTerminal:
    """A terminal; it is raw while the context is entered. Entered once, in the main thread.

    Args:
        descriptor: of the terminal, such as standard input.
        is_screen_lost: the caller draws the whole screen afterwards, so the cursor need not stay where it is; and
            answers of the terminal that come late would arrive as its keys.

    Raises:
        RefusedError: the descriptor is no terminal, or this system has no raw mode (Windows).
    """

    def __init__(self, descriptor: int = 0, *, is_screen_lost: bool = False) -> None:
        if sys.platform == "win32":
            raise RefusedError(
                "an interactive terminal needs Linux or macOS",
                "run a command without a terminal: kdash exec POD -- COMMAND",
            )
        if not os.isatty(descriptor):
            hint = "run a command without one: kdash exec POD -- COMMAND"
            raise RefusedError("standard input is not a terminal", hint)
        try:
            self._descriptor = open_terminal(descriptor)
        except OSError as error:
            raise RefusedError(f"the terminal cannot be opened: {error.strerror or error}") from error
        self._is_screen_lost = is_screen_lost
        self._modes = OutputModes()
        self._attributes: list[Any] | None = None
        self._raw: list[Any] | None = None
        self._is_closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._resized = asyncio.Event()
        self._handlers: dict[int, Any] = {}
        self._slice = TimeSlice()

    # -- raw mode -----------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._attributes = termios.tcgetattr(self._descriptor)
        self._raw = _raw_attributes(self._attributes)
        _raw_terminals.add(self)
        for number, handler in (
            (signal.SIGWINCH, self._on_resize),
            (signal.SIGTSTP, self._on_stop),
            (signal.SIGCONT, self._on_continue),
        ):
            self._handlers[number] = signal.signal(number, handler)
        self._set(self._raw)
        try:
            if self._is_screen_lost:
                await self._write_some(SAVE_TITLE)
        except BaseException:  # cancelled: the context is not entered, so nothing else restores it
            self._leave()
            raise
        self._resized.set()
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._settle()
        finally:
            self._leave()

    def _leave(self) -> None:
        self.restore_now()
        with suppress(OSError):
            os.close(self._descriptor)

    def restore_now(self) -> None:
        """Restore the modes without the event loop; in any thread. Once."""
        if self not in _raw_terminals:
            return
        _raw_terminals.discard(self)
        if not self._is_closed and self._modes.changed:  # not settled
            _write_now(self._descriptor, self._reset())
        self._set(self._attributes)
        with suppress(ValueError):  # not in the main thread: the process is about to end
            for number, handler in self._handlers.items():
                signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def _set(self, attributes: list[Any] | None) -> None:
        if attributes is None:
            return
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            with suppress(termios.error):
                termios.tcsetattr(self._descriptor, termios.TCSANOW, attributes)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    # -- signals: handlers run between any two instructions ------------------------------------------------------------

    def _on_resize(self, _number: int, _frame: FrameType | None) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._resized.set)

    def _on_stop(self, number: int, _frame: FrameType | None) -> None:
        """Stop with a usable terminal: another program has sent the signal, for Ctrl+Z goes to the command."""
        self._set(self._attributes)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _on_continue(self, number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTSTP, self._on_stop)
        with suppress(OSError):
            if os.tcgetpgrp(self._descriptor) == os.getpgrp():
                self._set(self._raw)
        self._on_resize(number, frame)

    # -- input and output ---------------------------------------------------------------------------------------------

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows; 80x24 while the terminal does not know."""
        with suppress(OSError):
            columns, rows = os.get_terminal_size(self._descriptor)
            if columns and rows:
                return columns, rows
        return DEFAULT_SIZE

    async def resized(self) -> tuple[int, int]:
        """Wait for a change of the size and return it; the first call returns the present size at once."""
        await self._resized.wait()
        self._resized.clear()
        return self.size

    async def read(self) -> bytes:
        """Return what was typed next. Raises TerminalClosedError."""
        try:
            typed = await read_descriptor(self._descriptor)
        except OSError as error:
            raise self._closed() from error
        if not typed:
            raise self._closed()
        return typed

    async def write(self, data: bytes) -> None:
        """Draw output; waits while the terminal takes none. Raises TerminalClosedError."""
        self._modes.see(data)
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._descriptor, left) :]
            except BlockingIOError:
                await wait_writable(self._descriptor)
            except OSError as error:
                raise self._closed() from error
            await self._slice.yield_if_over()

    def _closed(self) -> TerminalClosedError:
        self._is_closed = True
        return TerminalClosedError("the terminal was closed")

    # -- the way back -------------------------------------------------------------------------------------------------

    def _reset(self) -> bytes:
        origin = RESET_ORIGIN if self._is_screen_lost or self._modes.has_origin else b""
        titles = min(max(0, self._modes.saved_titles), MOST_TITLES) + self._is_screen_lost
        return RESET + origin + RESTORE_TITLE * titles

    async def _settle(self) -> None:
        """Reset what the command has changed, and drop what the terminal still answers."""
        if self._is_closed or not (self._modes.changed or self._is_screen_lost):
            return
        if not await self._write_some(self._reset()):
            with suppress(termios.error):  # it was closed meanwhile
                termios.tcflush(self._descriptor, termios.TCOFLUSH)
            if not await self._write_some(self._reset()):
                return
        self._modes.changed = False
        if self._modes.queried or self._is_screen_lost:
            await self._drop_answers()

    async def _write_some(self, data: bytes) -> bool:
        """Write, but do not wait for ever; return whether all was written."""
        modes, self._modes = self._modes, OutputModes()
        try:
            async with asyncio.timeout(_WRITE_SECONDS):
                await self.write(data)
            return True
        except (TimeoutError, TerminalClosedError):
            return False
        finally:
            self._modes = modes

    async def _drop_answers(self) -> None:
        """Ask the terminal something that nobody else asks, and drop everything up to the answer.

        A terminal answers in order, so nothing comes after it. The position is chosen at random, so that a command
        cannot have asked for it too.
        """
        columns, rows = self.size
        row, column = random.randint(1, rows), random.randint(2, max(2, columns - 1))
        if not await self._write_some(position_query(row, column)):
            return
        answer, seen = position_answer(row, column), b""
        with suppress(TimeoutError, TerminalClosedError):
            async with asyncio.timeout(_ANSWER_SECONDS):
                while answer not in seen:
                    seen = seen[-64:] + await self.read()
        with suppress(TimeoutError, OSError):
            while True:
                async with asyncio.timeout(_QUIET_SECONDS):
                    await wait_readable(self._descriptor)
                if not os.read(self._descriptor, 65536):
                    return


_raw_terminals: set[LocalTerminal] = set()


def restore_raw_terminals() -> None:
    """Restore every terminal that is handed over, without the event loop; in any thread."""
    for terminal in tuple(_raw_terminals):
        terminal.restore_now()


def _raw_attributes(attributes: list[Any]) -> list[Any]:
    """Return the attributes of a raw line (`cfmakeraw`), reading one byte or more at a time."""
    raw = [*attributes[:6], [*attributes[6]]]
    iflag, oflag, cflag, lflag = (int(flag) for flag in attributes[:4])
    raw[0] = iflag & ~(
        termios.IGNBRK
        | termios.BRKINT
        | termios.PARMRK
        | termios.ISTRIP
        | termios.INLCR
        | termios.IGNCR
        | termios.ICRNL
        | termios.IXON
        | termios.IXOFF
    )
    raw[1] = oflag & ~termios.OPOST
    raw[2] = (cflag & ~(termios.CSIZE | termios.PARENB)) | termios.CS8
    raw[3] = lflag & ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN)
    raw[tty.CC][termios.VMIN] = 1
    raw[tty.CC][termios.VTIME] = 0
    return raw


def _write_now(descriptor: int, data: bytes) -> None:
    """Write to a non-blocking terminal for a moment, without the event loop."""
    give_up_at = time.monotonic() + _WRITE_SECONDS / 2
    while data and time.monotonic() < give_up_at:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            time.sleep(0.01)
        except OSError:
            return


async def run_interactively(
    stream: ContainerStream, terminal: LocalTerminal, *, write: Callable[[bytes], Awaitable[None]] | None = None
) -> CommandEnd:
    """Connect a command with a terminal until it ends, or the person leaves it.

    Args:
        terminal: raw.
        write: where the output goes, when that is not the terminal.

    Returns:
        `LEFT` when the person has left it.

    Raises:
        ConnectionFailedError: the connection was lost.
        TerminalClosedError: the terminal was closed.
    """

    output = OutputBuffer(write or terminal.write)

    async def read_output() -> None:
        try:
            async for _, data in stream.output():
                await output.put(data)
        finally:
            output.end()

    async def pass_output() -> CommandEnd:
        reading = asyncio.create_task(read_output())
        try:
            await output.run()
            await reading
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        return await stream.end()

    async def pass_sizes() -> CommandEnd:
        while True:
            columns, rows = await terminal.resized()
            await stream.resize(columns, rows)

    return await first_end(pass_output(), pass_sizes(), _pass_keys(stream, terminal, output))


async def _pass_keys(stream: ContainerStream, terminal: LocalTerminal, output: OutputBuffer) -> CommandEnd:
    """Send what is typed; return when the person leaves, even while the server takes nothing."""
    typed: asyncio.Queue[bytes] = asyncio.Queue(_TYPED_CHUNKS)
    leave_keys = LeaveKeys(time.monotonic)

    async def send() -> CommandEnd:
        while True:
            data = await typed.get()
            while not typed.empty() and len(data) < 65536:
                data += typed.get_nowait()
            await stream.send(data)

    async def read() -> CommandEnd:
        while True:
            data = await terminal.read()
            if leave_keys.pressed(data):
                return LEFT
            if is_interrupt(data):
                output.interrupt()
            await typed.put(data)

    return await first_end(read(), send())


async def first_end(*parts: Coroutine[Any, Any, CommandEnd]) -> CommandEnd:
    """Run all parts, and return or raise what the first one that ends does; the others are cancelled."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(task for task in tasks if task in done).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
