"""The terminal of a process: size, and the line discipline between the keys of a person and what programs read.

Invariant: in cooked mode it edits and echoes lines and turns ^C into an interrupt; in raw mode bytes pass unchanged.
A newline that a program writes becomes carriage return and newline. Defaults are those of Linux (`stty -a`).
"""

import asyncio
from collections.abc import Awaitable, Callable

from k9py.simulator.streaming.shell.pipes import CAPACITY, Pipe

_ERASE = (0x7F, 0x08)
_INTERRUPT, _END = 0x03, 0x04
_LONGEST_LINE = 4096


class Terminal:
    """A pseudo-terminal; programs read its input with `read` and write with `write`."""

    def __init__(self, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Make a terminal of 80 columns and 24 rows.

        Args:
            send: sends output to the person.
        """
        self.columns, self.rows = 80, 24
        self.is_raw = False
        self.interrupt: Callable[[int], None] = lambda _signal: None
        self._send = send
        self._input = Pipe()
        self._line = bytearray()
        self._ahead = b""
        self._resized: set[Callable[[], None]] = set()

    def resize(self, columns: int, rows: int) -> None:
        """Set the size; programs that watch it are notified, also when it stays the same."""
        if columns <= 0 or rows <= 0:
            return
        self.columns, self.rows = columns, rows
        for notify in tuple(self._resized):
            notify()

    def on_resize(self, notify: Callable[[], None]) -> Callable[[], None]:
        """Call a function after each resize; return the function that unsubscribes."""
        self._resized.add(notify)
        return lambda: self._resized.discard(notify)

    async def feed(self, data: bytes) -> None:
        """Take what a person typed; waits while programs do not read."""
        for at, byte in enumerate(data):
            if self.is_raw:  # a program may have switched the mode meanwhile
                await self._input.write(data[at:])
                return
            await self._take(byte)

    def hang_up(self) -> None:
        """End the input: the person is gone."""
        self._input.close()

    def stop_reading(self) -> None:
        """Discard input from now on: no program reads any more."""
        self._input.stop_reading()

    async def read(self, limit: int = CAPACITY) -> bytes:
        """Return the next input: in cooked mode after a line has been ended; b"" at its end."""
        data, self._ahead = self._ahead or await self._input.read(limit), b""
        if self.is_raw:
            return data
        end = data.find(_END)
        if end >= 0:
            self._ahead = data[end:] if end else data[1:]
            return data[:end]
        return data

    async def write(self, data: bytes) -> None:
        """Write output of a program."""
        await self._send(data.replace(b"\n", b"\r\n"))

    async def _take(self, byte: int) -> None:
        match byte:
            case 0x0D | 0x0A:
                await self._send(b"\r\n")
                await self._end_line(b"\n")
            case _ if byte in _ERASE:
                await self._erase(1)
            case 0x15:
                await self._erase(len(self._line.decode("utf-8", "replace")))
            case 0x17:
                text = self._line.decode("utf-8", "replace")
                kept = text.rstrip().rpartition(" ")
                await self._erase(len(text) - len(kept[0] + kept[1]))
            case 0x03 | 0x1C:
                self._line.clear()
                await self._send(b"^C" if byte == _INTERRUPT else b"^\\")
                self.interrupt(2 if byte == _INTERRUPT else 3)
            case 0x04:
                await self._end_line(b"" if self._line else b"\x04")
            case _ if byte < 0x20 and byte != 0x09:
                await self._echo(b"^" + bytes((byte + 0x40,)), byte)
            case _:
                await self._echo(bytes((byte,)), byte)

    async def _echo(self, shown: bytes, byte: int) -> None:
        if len(self._line) < _LONGEST_LINE:
            self._line.append(byte)
            await self._send(shown)

    async def _end_line(self, ending: bytes) -> None:
        line = bytes(self._line) + ending
        self._line.clear()
        await self._input.write(line)

    async def _erase(self, characters: int) -> None:
        text = self._line.decode("utf-8", "replace")
        characters = min(characters, len(text))
        if characters:
            self._line[:] = text[:-characters].encode()
            await self._send(b"\b \b" * characters)


class RawMode:
    """Puts a terminal into raw mode while a program runs: `with RawMode(terminal)`."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._before = terminal.is_raw

    def __enter__(self) -> None:
        self._terminal.is_raw = True

    def __exit__(self, *_: object) -> None:
        self._terminal.is_raw = self._before


async def next_resize(terminal: Terminal) -> None:
    """Wait until the size has been set."""
    resized = asyncio.Event()
    forget = terminal.on_resize(resized.set)
    try:
        await resized.wait()
    finally:
        forget()
