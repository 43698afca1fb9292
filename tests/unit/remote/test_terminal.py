"""A pseudo-terminal handed over to a command, and what it is like afterwards."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from k9py.api.errors import ConnectionFailedError, RefusedError
from k9py.api.streams import CommandEnd
from k9py.remote.descriptors import read_descriptor
from k9py.remote.terminal import LEFT, LocalTerminal, TerminalClosedError, restore_raw_terminals, run_interactively
from tests.unit.remote.fake_stream import FakeStream

DONE = CommandEnd(0)


class Pty:
    """A terminal, and the person in front of it.

    Attributes:
        shown: every byte that was drawn.
        answers: what the terminal answers to a query, while it answers at all.
    """

    def __init__(self) -> None:
        self.keyboard, self.line = os.openpty()
        os.set_blocking(self.keyboard, False)
        termios.tcsetwinsize(self.line, (24, 80))
        self.before = termios.tcgetattr(self.line)
        self.shown = bytearray()
        self.answers_positions = True
        self._task = asyncio.create_task(self._draw())

    async def _draw(self) -> None:
        while True:
            data = await read_descriptor(self.keyboard)
            self.shown += data
            if self.answers_positions and (query := re.search(rb"\x1b\[(\d+);(\d+)H\x1b\[6n", data)):
                self.press(b"\x1b[%b;%bR" % query.groups())

    def press(self, keys: bytes) -> None:
        os.write(self.keyboard, keys)

    def resize(self, columns: int, rows: int) -> None:
        termios.tcsetwinsize(self.line, (rows, columns))
        signal.raise_signal(signal.SIGWINCH)

    def stop_reading(self) -> None:
        self._task.cancel()

    @property
    def attributes(self) -> list[Any]:
        return termios.tcgetattr(self.line)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        for descriptor in {self.keyboard, self.line}:
            os.close(descriptor)


@asynccontextmanager
async def opened_pty() -> AsyncIterator[Pty]:
    pty = Pty()
    try:
        yield pty
    finally:
        await pty.close()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition; fails after a long time."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 (a descriptor, not an event)
            await asyncio.sleep(0.001)


async def run(stream: FakeStream, pty: Pty, *, is_screen_lost: bool = False) -> CommandEnd:
    async with LocalTerminal(pty.line, is_screen_lost=is_screen_lost) as local:
        return await run_interactively(stream, local)


def running(stream: FakeStream, pty: Pty, *, is_screen_lost: bool = False) -> asyncio.Task[CommandEnd]:
    return asyncio.create_task(run(stream, pty, is_screen_lost=is_screen_lost))


async def test_size_keys_and_output_pass_unchanged() -> None:
    async with opened_pty() as pty:
        stream = FakeStream()
        task = running(stream, pty)
        await until(lambda: stream.sizes == [(80, 24)])
        pty.press(b"a\x03\x1a\x1c\x11\x13\x04\r\x00\xff")
        await until(lambda: len(stream.sent) == 10)
        assert bytes(stream.sent) == b"a\x03\x1a\x1c\x11\x13\x04\r\x00\xff"
        stream.write(b"one\ntwo\r\n\xff\x00")
        pty.resize(100, 30)
        await until(lambda: stream.sizes == [(80, 24), (100, 30)])
        stream.finish(CommandEnd(7, "NonZeroExitCode", "exit 7"))
        assert (await task).exit_code == 7
        await until(lambda: bytes(pty.shown) == b"one\ntwo\r\n\xff\x00")  # nothing is added where no mode was changed
        assert pty.attributes == pty.before


async def test_signal_handlers_are_as_before_at_the_end() -> None:
    numbers = (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)
    before = [signal.getsignal(number) for number in numbers]
    async with opened_pty() as pty:
        stream = FakeStream()
        task = running(stream, pty)
        await until(lambda: bool(stream.sizes))
        assert [signal.getsignal(number) for number in numbers] != before
        stream.finish(DONE)
        await task
    assert [signal.getsignal(number) for number in numbers] == before


@pytest.mark.parametrize("lost", [ConnectionFailedError("lost"), RuntimeError("a defect")])
async def test_a_lost_stream_restores_the_terminal(lost: Exception) -> None:
    async with opened_pty() as pty:
        stream = FakeStream()
        task = running(stream, pty)
        await until(lambda: bool(stream.sizes))
        stream.write(b"\x1b[?1049h\x1b[?1000h\x1b[?25l")
        stream.finish(lost)
        with pytest.raises(type(lost)):
            await task
        assert pty.attributes == pty.before
        await until(lambda: b"\x1b[?25h" in pty.shown)
        assert b"\x1b[?1049l" in pty.shown
        assert b"\x1b[?1000l" in pty.shown


async def test_a_cancelled_command_restores_the_terminal() -> None:
    async with opened_pty() as pty:
        stream = FakeStream()
        task = running(stream, pty)
        await until(lambda: bool(stream.sizes))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert pty.attributes == pty.before


async def test_restoring_needs_no_event_loop() -> None:
    async with opened_pty() as pty:
        stream = FakeStream()
        task = running(stream, pty)
        stream.write(b"\x1b[?1000h")
        await until(lambda: b"\x1b[?1000h" in pty.shown)
        restore_raw_terminals()
        assert pty.attributes == pty.before
        await until(lambda: b"\x1b[?1000l" in pty.shown)
        stream.finish(DONE)
        assert await task == DONE


async def test_answers_that_come_late_are_no_keys() -> None:
    async with opened_pty() as pty:
        stream = FakeStream()
        task = running(stream, pty)
        await until(lambda: bool(stream.sizes))
        stream.write(b"\x1b[c\x1b]11;?\x07")
        stream.finish(DONE)
        await until(lambda: b"\x1b]11;?\x07" in pty.shown)
        pty.press(b"\x1b[?62;22c\x1b]11;rgb:0000/0000/0000\x1b\\")
        assert await task == DONE
        os.set_blocking(pty.line, False)
        termios.tcsetattr(pty.line, termios.TCSANOW, [*pty.before[:3], 0, *pty.before[4:]])
        with pytest.raises(BlockingIOError):
            os.read(pty.line, 100)


async def test_a_terminal_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("k9py.remote.terminal._ANSWER_SECONDS", 0.01)
    async with opened_pty() as pty:
        pty.answers_positions = False
        stream = FakeStream()
        stream.finish(DONE)
        assert await run(stream, pty, is_screen_lost=True) == DONE
        assert pty.attributes == pty.before


async def test_a_slow_terminal_does_not_delay_keys() -> None:
    async with opened_pty() as pty:
        pty.stop_reading()
        stream = FakeStream()
        task = running(stream, pty)
        for _ in range(100):
            stream.write(b"y\r\n" * 10_000)
        await until(lambda: bool(stream.sizes))
        pty.press(b"\x03")
        await until(lambda: bytes(stream.sent) == b"\x03")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert pty.attributes == pty.before


async def test_a_paste_of_100_kb_arrives_whole_although_the_server_is_slow() -> None:
    async with opened_pty() as pty:
        stream = FakeStream()
        task = running(stream, pty)
        await until(lambda: bool(stream.sizes))
        stream.takes.clear()
        pasted = bytes(range(32, 127)) * 1100
        left = memoryview(pasted)
        while left:
            try:
                left = left[os.write(pty.keyboard, left) :]
            except BlockingIOError:
                stream.takes.set()
                await asyncio.sleep(0)
        stream.takes.set()
        await until(lambda: len(stream.sent) == len(pasted))
        assert bytes(stream.sent) == pasted
        stream.finish(DONE)
        await task


async def test_leaving_works_while_the_server_takes_nothing() -> None:
    async with opened_pty() as pty:
        stream = FakeStream()
        stream.takes.clear()
        task = running(stream, pty)
        await until(lambda: bool(stream.sizes))
        for _ in range(3):
            pty.press(b"\x1d")
            await asyncio.sleep(0)
        assert await task == LEFT
        assert pty.attributes == pty.before


async def test_a_closed_terminal_ends_it() -> None:
    pty = Pty()
    stream = FakeStream()
    task = running(stream, pty)
    await until(lambda: bool(stream.sizes))
    pty.stop_reading()
    await asyncio.sleep(0)
    os.close(pty.keyboard)
    with pytest.raises(TerminalClosedError):
        await task
    os.close(pty.line)


async def test_a_terminal_that_is_closed_at_the_end_is_no_error() -> None:
    pty = Pty()
    async with LocalTerminal(pty.line) as local:
        await local.write(b"\x1b[1mbold")
        await until(lambda: b"bold" in pty.shown)
        pty.stop_reading()
        await asyncio.sleep(0)
        os.close(pty.keyboard)
    os.close(pty.line)


async def test_a_handover_that_is_cancelled_while_the_terminal_takes_no_output_restores_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with opened_pty() as pty:
        before = len(os.listdir("/proc/self/fd"))
        waits = asyncio.Event()

        def write(*_: object) -> int:
            raise BlockingIOError

        async def never(_descriptor: int) -> None:
            waits.set()
            await asyncio.Event().wait()

        monkeypatch.setattr("k9py.remote.terminal.os.write", write)
        monkeypatch.setattr("k9py.remote.terminal.wait_writable", never)
        task = running(FakeStream(), pty, is_screen_lost=True)
        await waits.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert pty.attributes == pty.before
        assert len(os.listdir("/proc/self/fd")) == before


async def test_no_descriptor_is_left_open() -> None:
    async with opened_pty() as pty:
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(3):
            stream = FakeStream()
            stream.finish(DONE)
            await run(stream, pty)
        assert len(os.listdir("/proc/self/fd")) == before


def test_what_is_no_terminal_is_refused() -> None:
    reader, writer = os.pipe()
    with pytest.raises(RefusedError, match="not a terminal"):
        LocalTerminal(reader)
    os.close(reader)
    os.close(writer)
