"""Ends this process when it is asked to, whatever its event loop does.

SIGTERM, SIGHUP, SIGINT and a closed terminal first ask the work to end in order. A separate thread counts the
seconds: when they are over, it restores the terminal, cleans up and leaves by `os._exit`. It learns of a signal at
the C level (`signal.set_wakeup_fd`), so a loop that is blocked, busy or waiting for the terminal cannot prevent it.
Invariant: the process ends `GRACE` seconds after the first such signal, or a little later; while something has to be
put back (`runtime/exit_holds.py`; also when that begins after the signal), after `HOLD_SECONDS` at the latest, and then
it says what is left.

SIGQUIT restores the terminal and then ends the process by the signal, as without a handler: nothing is put back, but
it says what is left.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import select
import signal
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from types import FrameType
from typing import Any, Final

from k9py.runtime import exit_holds

GRACE: Final = 1.2
"""Seconds for the work to end in order."""
LAST_RESORT: Final = 3.0
"""Seconds after which the process ends even if C code never releases the GIL."""

_STOP: Final = 0
_END_SIGNALS: Final = ("SIGTERM", "SIGHUP", "SIGINT")


class ExitGuard:
    """Guards one process; created in the main thread, before there is anything to clean up.

    Args:
        terminal: file descriptor whose hang-up ends the process, None for none.
        signals: names of the signals that end it, if the platform has them. A signal that was ignored when the process
            started stays ignored (nohup), unless there is a terminal.
    """

    def __init__(self, *, terminal: int | None = None, signals: Iterable[str] = _END_SIGNALS) -> None:
        self._terminal = terminal
        self._restore: Callable[[], None] = lambda: None
        self._clean_ups: list[Callable[[], object]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end_work: Callable[[int], object] = lambda _code: None
        self._has_ended = False
        self._number = 0
        self._signalled_at = 0.0
        self._deadline: float | None = None
        self._lock = threading.Lock()
        self._loops_wakeup = -1
        self._reader, self._writer = os.pipe()
        self._handlers_before: dict[int, Any] = {}
        for name in signals:
            self._handle(name, self._on_signal)
        self._handle("SIGQUIT", self._on_quit)
        self._thread: threading.Thread | None = None
        if hasattr(select, "poll"):  # not on Windows
            os.set_blocking(self._reader, False)
            os.set_blocking(self._writer, False)
            self._thread = threading.Thread(target=self._watch, name="exit-guard", daemon=True)
            self._thread.start()

    def _handle(self, name: str, handler: Callable[[int, FrameType | None], None]) -> None:
        number = getattr(signal, name, None)
        if number is None or (self._terminal is None and signal.getsignal(number) is signal.SIG_IGN):
            return
        self._handlers_before[number] = signal.signal(number, handler)

    @property
    def signal_number(self) -> int:
        """The signal that ended the work, 0 if none has."""
        return self._number

    def set_terminal_restorer(self, restore: Callable[[], None]) -> None:
        """Set the function that restores the terminal if the loop cannot; it is called from any thread."""
        self._restore = restore

    def add_cleanup(self, clean_up: Callable[[], object]) -> None:
        """Add a function to call before the process exits by force."""
        self._clean_ups.append(clean_up)

    @contextmanager
    def guard_loop(self, leave: Callable[[int], object]) -> Iterator[None]:
        """End the running loop's work by `leave(exit code)` on a signal; call it in the loop, in the main thread."""
        self._end_work = leave
        self._loop = asyncio.get_running_loop()
        if self._thread is None:
            yield
            return
        before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        with self._lock:
            self._loops_wakeup = before
        try:
            yield
        finally:
            with self._lock:
                self._loops_wakeup = -1
            signal.set_wakeup_fd(before, warn_on_full_buffer=False)
            self._has_ended = True

    def close(self) -> None:
        """Stop watching, unless a signal is ending the process already."""
        if self._number:
            return
        for number, handler in self._handlers_before.items():
            signal.signal(number, handler)
        if self._thread is not None:
            self._notify(_STOP)
            self._thread.join()
        os.close(self._reader)
        os.close(self._writer)

    # -- in the main thread -------------------------------------------------------------------------------------------

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._number = self._number or number
        self._notify(number)
        _end_at_the_latest_in(LAST_RESORT + exit_holds.seconds_held())
        if self._loop is None:
            raise SystemExit(128 + number)
        if not self._has_ended:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._end_work, 128 + number)

    def _on_quit(self, number: int, _frame: FrameType | None) -> None:
        self._clean_up()
        _print_left_over()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    # -- in the thread ------------------------------------------------------------------------------------------------

    def _notify(self, number: int) -> None:
        with suppress(BlockingIOError):
            os.write(self._writer, bytes([number]))

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(self._reader, select.POLLIN)
        if self._terminal is not None:
            poll.register(self._terminal, 0)
        while True:
            left = None if self._deadline is None else max(0.0, self._deadline - monotonic()) * 1000
            for descriptor, event in poll.poll(left):
                if descriptor == self._reader:
                    if not self._read_signals():
                        return
                else:
                    poll.unregister(descriptor)
                    if event & select.POLLHUP:  # POLLNVAL: this system cannot poll a terminal
                        os.kill(os.getpid(), signal.SIGHUP)
            if self._deadline is not None and monotonic() >= self._deadline:
                if self._is_prolonged():
                    continue
                self._clean_up()
                _print_left_over()
                os._exit(128 + self._number)

    def _read_signals(self) -> bool:
        """Read the signals from the pipe; return False if the guard is closed."""
        try:
            numbers = os.read(self._reader, 4096)
        except BlockingIOError:
            return True
        with self._lock:
            if self._loops_wakeup >= 0:
                with suppress(OSError):
                    os.write(self._loops_wakeup, numbers)
        for number in numbers:
            if number in _NUMBERS and self._deadline is None:
                self._number = self._number or number
                self._signalled_at = monotonic()
                self._deadline = self._signalled_at + max(GRACE, exit_holds.seconds_held())
        return _STOP not in numbers

    def _is_prolonged(self) -> bool:
        """Wait longer, once, for what the work has begun to put back after the signal; return whether it does."""
        last = self._signalled_at + exit_holds.seconds_held()
        if self._deadline is None or self._deadline >= last:
            return False
        self._deadline = last
        _end_at_the_latest_in(last - monotonic() + LAST_RESORT)
        return True

    def _clean_up(self) -> None:
        for step in (self._restore, *self._clean_ups):
            with suppress(Exception):
                step()


def _end_at_the_latest_in(seconds: float) -> None:
    """End the process then, even if C code never releases the GIL; replaces what was set before."""
    with suppress(OSError, ValueError, RuntimeError):
        faulthandler.dump_traceback_later(seconds, exit=True, file=open(os.devnull, "w"))  # noqa: SIM115


def _print_left_over() -> None:
    """Print what could not be put back, to the descriptor itself: the stream may be held by another thread."""
    for text in exit_holds.left_over_texts():
        with suppress(OSError):
            os.write(2, f"kdash: {text}\r\n".encode())


def run_guarded(work: Coroutine[Any, Any, int], *clean_ups: Callable[[], object]) -> int:
    """Run a command; return its exit code, or 128 + the number of the signal that ended it.

    `asyncio.run` handles Ctrl+C: it raises KeyboardInterrupt.
    """
    guard = ExitGuard(signals=("SIGTERM", "SIGHUP"))
    for clean_up in clean_ups:
        guard.add_cleanup(clean_up)

    async def guarded() -> int:
        task = asyncio.current_task()
        assert task is not None
        with guard.guard_loop(lambda _code: task.cancel()):
            return await work

    try:
        status = asyncio.run(guarded())
    except (asyncio.CancelledError, OSError):  # OSError: nothing can be printed on a terminal that is gone
        if not guard.signal_number:
            raise
        status = 0
    finally:
        guard.close()
    return 128 + guard.signal_number if guard.signal_number else status


_NUMBERS: Final = frozenset(
    int(getattr(signal, name)) for name in (*_END_SIGNALS, "SIGQUIT") if getattr(signal, name, None) is not None
)
