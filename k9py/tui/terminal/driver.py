"""The terminal driver: Textual's for Linux and macOS, with additions.

- One source of size: the terminal itself, never COLUMNS and LINES; 80x24 while it is unknown.
- Suspending: by Ctrl+Z, SIGTSTP or SIGSTOP; back in the foreground the whole screen is redrawn at the current size.
- Restoring without the event loop and the writer thread (`restore_now`), for crashes.
- Mouse clicks and wheel, never motion.
- A closed terminal ends the input thread and sends SIGHUP; input in another encoding is replaced, not an error.

Invariant: nothing is written to the terminal while the driver is inactive, but the line of `TerminalApp.stop_notice`.
Written against Textual 8.2.
"""

from __future__ import annotations

import os
import selectors
import signal
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from typing import Any, Final, cast

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from k9py.tui.terminal.output import TerminalOutput
from k9py.tui.terminal.restoring import restore_terminal

DEFAULT_SIZE: Final = (80, 24)
_INPUT_POLL: Final = 0.1
"""Maximum seconds the parser waits for the rest of an escape sequence."""
_STOP_TAKES: Final = 0.5
"""Seconds after which a stop counts as failed."""
_WORD_TAKES: Final = 0.2
"""Seconds after which all signals that came together have been handled."""


class TerminalDriver(LinuxDriver):
    """Drives one terminal; methods are called in the event loop unless documented otherwise."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._is_active = False
        self._is_restored = True
        stream = self._file
        assert stream is not None, "the dashboard needs a terminal as standard error"
        self._output = TerminalOutput(stream)
        self._file = cast(TextIOWrapper, self._output)  # what the writer thread writes to
        if self._size is None:
            self._size = self._get_terminal_size()
        self._wake_reader, self._wake_writer = os.pipe()

    @property
    def takes_unicode(self) -> bool:
        """True when the terminal can show every character."""
        return self._output.encoding.lower().replace("-", "").startswith("utf")

    # -- size ---------------------------------------------------------------------------------------------------------

    def _get_terminal_size(self) -> tuple[int, int]:
        for descriptor in (self._output.fileno(), self.fileno):
            with suppress(OSError, ValueError):
                columns, rows = os.get_terminal_size(descriptor)
                if columns and rows:
                    return columns, rows
        return DEFAULT_SIZE

    # -- mouse --------------------------------------------------------------------------------------------------------

    def _enable_mouse_support(self) -> None:
        """Request clicks and the wheel alone: reports of every motion would be traffic upstream."""
        if self._mouse:
            self.write("\x1b[?1000h\x1b[?1006h")
            self.flush()

    # -- start and stop --------------------------------------------------------------------------------------------

    def write(self, data: str) -> None:
        """Write to the terminal while the driver is active."""
        if self._is_active and self._writer_thread is not None:
            super().write(data)

    def start_application_mode(self) -> None:
        """Take over the terminal; in the background the process stops instead, and takes it over when it continues."""
        self._writer_thread = None
        self._is_active = True
        self._is_restored = False
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is None:
            self._is_active = False
            self._is_restored = True

    def stop_application_mode(self) -> None:
        """Restore the terminal, unless that is done."""
        if self._is_active:
            with _background_may_write():
                super().stop_application_mode()
            self._is_active = False

    def disable_input(self) -> None:
        """Read no more keys; typed keys that were not read are dropped."""
        os.write(self._wake_writer, b".")  # or the event loop would wait for the thread's next look
        try:
            with _background_may_write():
                super().disable_input()
        finally:
            os.read(self._wake_reader, 1)

    def close(self) -> None:
        """Wait until everything is written."""
        if self._writer_thread is not None:
            super().close()
            self._writer_thread = None
        self._is_restored = not self._is_active

    def restore_now(self) -> None:
        """Restore the terminal immediately, in any thread; pending output is dropped."""
        if not self._is_restored:
            self._is_active = False
            self._output.is_closed = True
            with _background_may_write():
                restore_terminal(self.fileno, self.attrs_before)

    # -- suspending ---------------------------------------------------------------------------------------------------

    @property
    def can_be_resumed(self) -> bool:
        """True when a shell with job control started the process: only that can continue it."""
        return os.getpgrp() != os.getsid(0)

    def suspend(self, *, group: bool) -> None:
        """Restore the terminal and stop this process, or its whole job."""
        if not self._is_active or self._app._exit:
            return
        self._app._suspend_signal()
        self.suspend_application_mode()
        if notice := getattr(self._app, "stop_notice", ""):
            with _background_may_write(), suppress(OSError):
                os.write(self._output.fileno(), f"kdash: {notice}\n".encode("ascii", "replace"))
        self._stop(signal.SIGTSTP, group=group)
        self._loop.call_later(_STOP_TAKES, self._not_stopped)

    def _stop(self, number: signal.Signals, *, group: bool) -> None:
        signal.signal(number, signal.SIG_DFL)
        os.kill(0 if group else os.getpid(), number)  # may take effect a little later, in another thread

    def _not_stopped(self) -> None:
        if not self._is_active:
            self._continued()

    def _continued(self) -> None:
        """Take over the terminal when in its foreground; stop again when not (`bg`)."""
        signal.signal(signal.SIGTSTP, self._sigtstp_application)
        if self._app._exit or not self._auto_restart:
            return
        if not self._is_in_foreground():
            self._loop.call_later(_WORD_TAKES, self._stop_in_background)
            return
        if self._is_active:  # stopped by SIGSTOP, which left no time to restore the terminal
            self.suspend_application_mode()
        self._must_signal_resume = True
        self.resume_application_mode()

    def _stop_in_background(self) -> None:
        """Stop unless a signal that came with the continuation (`kill %1`) has ended the app meanwhile."""
        if not self._app._exit and not self._is_in_foreground():
            self._stop(signal.SIGTTIN, group=True)

    def _is_in_foreground(self) -> bool:
        try:
            return os.tcgetpgrp(self.fileno) == os.getpgrp()
        except OSError:  # not the terminal of this session
            return True

    # These two run between any two instructions of the main thread: they only schedule work on the event loop.

    def _sigtstp_application(self, *_: object) -> None:
        if self._auto_restart:
            self._loop.call_soon_threadsafe(lambda: self.suspend(group=False))
        else:  # another program has the terminal
            os.kill(os.getpid(), signal.SIGSTOP)

    def _sigcont_application(self, *_: object) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._continued)

    # -- input --------------------------------------------------------------------------------------------------------

    def run_input_thread(self) -> None:
        """Read keys until input is disabled or the terminal is closed."""
        parser = XTermParser(self._debug)
        encoding = "utf-8" if self._output.encoding == "ascii" else self._output.encoding
        decode = getincrementaldecoder(encoding)(errors="replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            selector.register(self._wake_reader, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if any(key.fd == self.fileno for key, _ in selector.select(_INPUT_POLL)):
                    try:
                        data = os.read(self.fileno, 4096)
                    except BlockingIOError:
                        continue
                    except OSError:
                        data = b""
                    if not data:
                        os.kill(os.getpid(), signal.SIGHUP)
                        return
                    for message in parser.feed(decode(data)):
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)
        with suppress(EOFError, ParseError):
            for _ in parser.feed(""):
                pass


@contextmanager
def _background_may_write() -> Iterator[None]:
    """Allow this thread to change the terminal even while another job owns it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
