"""Full-screen programs: top, and a viewer that answers to vi, vim, less and more.

Invariant: they use the alternate screen, draw again when the terminal is resized, and restore the terminal when they
are left with `q` or ended by a signal.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from k9py.simulator.streaming.shell.filesystem import error_text
from k9py.simulator.streaming.shell.process import SIGINT, CommandError, Process, command
from k9py.simulator.streaming.shell.terminal import RawMode, Terminal, next_resize

_ENTER = b"\x1b[?1049h\x1b[22;0;0t\x1b[?1h\x1b=\x1b[?25l"
_LEAVE = b"\x1b[?1l\x1b>\x1b[?25h\x1b[?1049l\x1b[23;0;0t"


def _terminal_of(process: Process) -> Terminal:
    terminal = process.terminal
    if terminal is None or process.stdin is not terminal:
        raise CommandError("failed tty get")
    return terminal


async def _show(
    terminal: Terminal,
    draw: Callable[[], str],
    on_key: Callable[[bytes], int | None],
    refresh: Callable[[], "asyncio.Future[None]"],
) -> int:
    """Run a full-screen program until a key ends it.

    Args:
        terminal: handed over completely.
        draw: returns the whole screen for the current size.
        on_key: takes what was typed; returns the exit code at the end.
        refresh: returns what finishes when the screen is to be drawn again by itself.
    """
    with RawMode(terminal):
        await terminal.write(_ENTER)
        waiting: list[asyncio.Future[Any]] = []
        try:
            while True:
                await terminal.write(b"\x1b[H" + draw().encode("utf-8", "surrogateescape") + b"\x1b[J")
                key = asyncio.ensure_future(terminal.read())
                others = (asyncio.ensure_future(next_resize(terminal)), refresh())
                waiting = [key, *others]
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for future in others:
                    future.cancel()
                if not key.done():
                    key.cancel()
                    await asyncio.gather(key, return_exceptions=True)
                    continue
                typed = key.result()
                code = on_key(typed) if typed else 128 + SIGINT
                if code is not None:
                    return code
        finally:
            for future in waiting:
                future.cancel()
            try:
                await terminal.write(_LEAVE)
            except (ConnectionError, asyncio.CancelledError):
                pass


@command("top", "htop", "watch")
async def top(process: Process) -> int:
    terminal, machine = _terminal_of(process), process.machine
    ticks = 0

    def draw() -> str:
        nonlocal ticks
        ticks += 1
        rows = [
            f"top - {machine.hostname} up 4 days,  1 user,  load average: 0.{ticks % 90 + 10}, 0.31, 0.28",
            f"Tasks: {len(machine.processes) + 1} total,   1 running   ({terminal.columns}x{terminal.rows})",
            "%Cpu(s):  3.2 us,  1.1 sy,  0.0 ni, 95.6 id",
            "",
            "\x1b[7m" + f"{'PID':>7} {'USER':<8} {'%CPU':>5} {'%MEM':>5} COMMAND".ljust(terminal.columns) + "\x1b[0m",
            f"{1:>7} {machine.user:<8} {ticks * 7 % 30 / 10:>5} {2.4:>5} {machine.main_command or '/app/server'}",
        ]
        rows += [
            f"{entry.pid:>7} {entry.user:<8} {0.0:>5} {0.1:>5} {entry.command}" for entry in machine.processes.values()
        ]
        return "\n".join(_fitted(row, terminal.columns) + "\x1b[K" for row in rows[: terminal.rows])

    def on_key(typed: bytes) -> int | None:
        return 0 if typed[:1] in (b"q", b"\x03") else None

    return await _show(terminal, draw, on_key, lambda: asyncio.ensure_future(machine.clock.sleep(2.0)))


def _fitted(row: str, columns: int) -> str:
    return row if "\x1b" in row else row[:columns]


class _Viewer:
    """The state of vi: text, first line, and the command that is being typed."""

    def __init__(self, terminal: Terminal, name: str, lines: list[str], *, is_pager: bool) -> None:
        self._terminal = terminal
        self._name = name
        self._lines = lines
        self._is_pager = is_pager
        self._first = 0
        self._command = ""

    def draw(self) -> str:
        height, columns = self._terminal.rows - 1, self._terminal.columns
        shown = self._lines[self._first : self._first + height]
        shown += ["~"] * (height - len(shown))
        status = self._command or (":" if self._is_pager else f'"{self._name}" {len(self._lines)}L')
        rows = ["".join(c if c.isprintable() else "^?" for c in row)[:columns] + "\x1b[K" for row in (*shown, status)]
        return "\n".join(rows) + "\x1b[?25h"

    def on_key(self, typed: bytes) -> int | None:
        text = typed.decode("utf-8", "replace")
        if text.startswith("\x1b"):
            self._scroll(
                {"\x1b[A": -1, "\x1bOA": -1, "\x1b[B": 1, "\x1bOB": 1, "\x1b[6~": 20, "\x1b[5~": -20}.get(text, 0)
            )
            if text == "\x1b":
                self._command = ""
            return None
        for character in text:
            if self._command:
                if character in "\r\n":
                    given, self._command = self._command, ""
                    if given in (":q", ":q!", ":wq", ":x"):
                        return 0
                else:
                    self._command += character
            elif character == ":":
                self._command = ":"
            elif character == "q" or (self._is_pager and character == "\x03"):
                return 0
            else:
                self._scroll(
                    {"j": 1, "k": -1, " ": 20, "\x06": 20, "\x02": -20, "G": len(self._lines)}.get(character, 0)
                )
        return None

    def _scroll(self, lines: int) -> None:
        last = max(0, len(self._lines) - self._terminal.rows + 1)
        self._first = max(0, min(last, self._first + lines))


@command("vi", "vim", "less", "more", "nano")
async def vi(process: Process) -> int:
    terminal = _terminal_of(process)
    name = next((argument for argument in process.arguments[1:] if not argument.startswith("-")), "")
    try:
        content = process.files.read(process.path(name)) if name else b""
    except FileNotFoundError:
        content = b""
    except OSError as error:
        raise CommandError(f"{name}: {error_text(error)}") from None
    is_pager = process.name in ("less", "more")
    viewer = _Viewer(terminal, name, content.decode("utf-8", "replace").splitlines(), is_pager=is_pager)

    def never() -> "asyncio.Future[None]":
        return asyncio.get_running_loop().create_future()

    return await _show(terminal, viewer.draw, viewer.on_key, never)
