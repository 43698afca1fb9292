"""This process's own standard streams: what becomes of closed ones, poor encodings, full disks and readers that leave.

Invariant: a stream that cannot be written to ends in an exit code of ours, never in a traceback.

Ctrl+C while nothing has begun yet.

Invariant: only what need not be undone runs within `ending_at_once`; a SIGINT that is ignored, or handled by somebody
else, stays so.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from k9py.api.errors import ConfigError
from k9py.config import ascii_text
from k9py.config.encoding import output_encoding

EXIT_UNREAD: Final = 2
"""The reader of the answer went away."""

_OUTPUT_ERRORS: Final = frozenset({errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF})


def configure_streams() -> None:
    """Make standard output and error fit to be written to.

    Closed ones swallow what they are given; characters that a stream or the terminal cannot take get an ASCII form.

    Raises:
        ConfigError: a setting of the environment is none; the streams can be written to all the same.
    """
    ascii_text.register()
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115
    streams = [one for one in (sys.stdout, sys.stderr) if isinstance(one, io.TextIOWrapper)]
    for stream in streams:
        stream.reconfigure(errors=ascii_text.ERRORS)
    for stream in streams:
        encoding = output_encoding(os.environ, stream.encoding, coerced=sys.flags.utf8_mode == 1)
        stream.reconfigure(encoding=encoding, errors=ascii_text.ERRORS)


def drop_stale_terminal_size() -> None:
    """Drop COLUMNS and LINES where the terminal itself knows its size: rich, click and shutil would believe them.

    A shell exports them as they were when it started, or as a script set them; the terminal has been resized since.
    """
    if terminal_columns(sys.stdout) is not None or terminal_columns(sys.stderr) is not None:
        for name in ("COLUMNS", "LINES"):
            os.environ.pop(name, None)


def terminal_columns(stream: TextIO) -> int | None:
    """Return the cells of a line of the terminal behind a stream; None when there is none, or it does not know."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None


def run_printing(work: Callable[[], int]) -> int:
    """Do what prints; return its exit code, or 2 when nobody reads the answer any more.

    Raises:
        ConfigError: the answer could not be written (a full disk, a closed stream).
    """
    try:
        status = work()
        sys.stdout.flush()
    except OSError as error:
        if error.errno not in _OUTPUT_ERRORS:
            raise
        # What is left in the buffer would fail once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno == errno.EPIPE:
            return EXIT_UNREAD
        raise ConfigError(f"the answer could not be written: {error.strerror}", "see where its output goes") from error
    return status


@contextmanager
def default_sigint() -> Iterator[None]:
    """Let SIGINT end the process as it does a program without a handler: at once, without a word."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
