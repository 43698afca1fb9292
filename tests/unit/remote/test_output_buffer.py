"""Output waits for its terminal, and Ctrl+C drops what waits where it is behind."""

from __future__ import annotations

import asyncio

import pytest

from k9py.remote.output_buffer import BEHIND, MAX_BUFFERED, OutputBuffer, is_interrupt


class SlowTerminal:
    """Takes output only while it is open."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.drawn = bytearray()

    async def draw(self, data: bytes) -> None:
        await self.open.wait()
        self.drawn += data


async def test_all_output_is_drawn_in_order() -> None:
    terminal = SlowTerminal()
    terminal.open.set()
    buffer = OutputBuffer(terminal.draw)
    drawing = asyncio.create_task(buffer.run())
    data = bytes(range(256)) * 400
    await buffer.put(data[:5])
    await buffer.put(data[5:])
    buffer.end()
    await drawing
    assert bytes(terminal.drawn) == data


async def test_the_server_waits_while_too_much_output_waits() -> None:
    buffer = OutputBuffer(SlowTerminal().draw)
    await buffer.put(b"x" * MAX_BUFFERED)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(buffer.put(b"x"), 0.01)


async def test_ctrl_c_drops_what_waits_but_for_the_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("k9py.remote.output_buffer._PAUSE", 0.001)
    terminal = SlowTerminal()
    buffer = OutputBuffer(terminal.draw)
    await buffer.put(b"y\n" * BEHIND)
    buffer.interrupt()
    for _ in range(100):
        await buffer.put(b"y\n" * MAX_BUFFERED)  # never waits
    await buffer.put(b"^C\n$ ")
    buffer.end()
    terminal.open.set()
    await buffer.run()
    assert len(terminal.drawn) < 2000
    assert terminal.drawn.endswith(b"^C\n$ ")


async def test_ctrl_c_drops_nothing_while_the_terminal_keeps_up() -> None:
    terminal = SlowTerminal()
    terminal.open.set()
    buffer = OutputBuffer(terminal.draw)
    await buffer.put(b"text")
    buffer.interrupt()
    buffer.end()
    await buffer.run()
    assert bytes(terminal.drawn) == b"text"


@pytest.mark.parametrize(
    ("typed", "is_one"), [(b"\x03", True), (b"\x1b[99;5u", True), (b"c", False), (b"\x03" * 99, False)]
)
def test_ctrl_c_is_recognized(typed: bytes, is_one: bool) -> None:
    assert is_interrupt(typed) is is_one
