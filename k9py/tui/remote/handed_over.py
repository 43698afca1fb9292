"""Run a command in a container with the terminal of the dashboard, handed over completely.

Invariants: the stream is open before the terminal is handed over, so that a refusal is read in the dashboard; the
screen is empty at the beginning; whatever ends the command, the dashboard has its terminal again and draws the whole
screen. The watches of the dashboard go on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from k9py.api.errors import RefusedError
from k9py.api.streams import CommandEnd, ContainerStream
from k9py.api.text import printable
from k9py.remote.leave_keys import LEAVE_KEYS
from k9py.remote.terminal import LocalTerminal, restore_raw_terminals, run_interactively
from k9py.tui.terminal.terminal_app import TerminalApp


async def run_in_terminal(
    app: TerminalApp[Any],
    open_stream: Callable[[], AbstractAsyncContextManager[ContainerStream]],
    title: str,
    *,
    leave: str = f"{LEAVE_KEYS} leaves it",
    run: Callable[[ContainerStream, LocalTerminal], Awaitable[CommandEnd]] = run_interactively,
) -> CommandEnd:
    """Open a stream, and give it the terminal until it ends or is left.

    Args:
        title: what is opened, such as "shell in web-1 (app)".
        leave: how to leave it; the line with both is drawn before.
        run: connects the stream with the raw terminal; the stream has a terminal and standard input by default.

    Returns:
        How the command ended; `k9py.remote.terminal.LEFT` when the person has left it.

    Raises:
        RefusedError: this terminal cannot be handed over.
        KdashError: the stream cannot be opened, or was lost.
    """
    if app.is_handed_over:
        raise RefusedError("another program has the terminal")
    async with open_stream() as stream:
        with app.handed_over(restore_raw_terminals) as descriptor:
            async with LocalTerminal(descriptor, is_screen_lost=True) as terminal:
                _, rows = terminal.size
                scrolled = "\r\n" * rows + "\x1b[H"  # what earlier sessions left goes into the scrollback
                await terminal.write(f"{scrolled}{printable(title)} · {leave}\r\n".encode())
                return await run(stream, terminal)
