"""A small app like the dashboard, run and guarded as the dashboard is, whose event loop gets stuck by a key.

Run as a program: `python -m tests.pty.stuck HOW`.
"""

from __future__ import annotations

import asyncio
import ctypes
import sys
import time
from collections.abc import Awaitable, Callable

from textual import events
from textual.app import ComposeResult
from textual.widgets import Static

from k9py.cli.dashboard import run_app
from k9py.cli.exit_guard import ExitGuard
from k9py.tui.terminal.diffing_app import DiffingApp


async def spin() -> None:
    while True:
        pass


async def busy_coroutine() -> None:
    while True:  # noqa: ASYNC110 (that is the defect)
        await asyncio.sleep(0)


async def blocked() -> None:
    while True:
        time.sleep(3600)  # noqa: ASYNC251 (that is the defect)


async def blocked_in_c() -> None:
    """Lock a mutex twice: no signal ends that, and no Python code runs in this thread any more."""
    library = ctypes.CDLL(None)
    mutex = ctypes.create_string_buffer(256)
    library.pthread_mutex_lock(mutex)
    library.pthread_mutex_lock(mutex)


async def uncancellable() -> None:
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass


WAYS: dict[str, Callable[[], Awaitable[None]]] = {
    function.__name__: function for function in (spin, busy_coroutine, blocked, blocked_in_c, uncancellable)
}


class Stuck(DiffingApp[int]):
    """Prints `ready`; any key makes it print that again and blocks it."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self._how = how

    def compose(self) -> ComposeResult:
        yield Static("ready")

    async def on_key(self, event: events.Key) -> None:
        assert self._driver is not None
        self._driver.write("\x1b[3;1Hstuck")
        await WAYS[self._how]()


def main() -> None:
    guard = ExitGuard(terminal=sys.stdin.fileno())
    app = Stuck(sys.argv[1])
    guard.set_terminal_restorer(app.restore_terminal)
    with asyncio.Runner() as runner:
        runner.run(run_app(app, guard))
    sys.exit(128 + guard.signal_number)


if __name__ == "__main__":
    main()
