"""This process's standard streams (closed ones, encodings, full disks, closed pipes) and SIGINT during imports.

Invariant: a stream that cannot be written to ends in one of our exit codes, never in a traceback. Only code without
side effects runs within `default_sigint`; a SIGINT that is ignored or handled elsewhere stays so.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, TextIO

from k9py.api.errors import ConfigError
from k9py.config import ascii_text
from k9py.config.terminal import output_encoding
from k9py.views.exit_code_texts import ExitCode

_OUTPUT_ERRORS: Final = frozenset({errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF})


def configure_streams() -> None:
    """Prepare standard output and error for writing.

    A closed stream is replaced by the null device; characters that the encoding or terminal lacks get an ASCII form.

    Raises:
        ConfigError: an invalid environment variable; the streams are usable nevertheless.
    """
    ascii_text.register()
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115
    streams = [stream for stream in (sys.stdout, sys.stderr) if isinstance(stream, io.TextIOWrapper)]
    for stream in streams:
        stream.reconfigure(errors=ascii_text.ERRORS)
    for stream in streams:
        encoding = output_encoding(os.environ, stream.encoding, coerced=sys.flags.utf8_mode == 1)
        stream.reconfigure(encoding=encoding, errors=ascii_text.ERRORS)


def drop_stale_terminal_size() -> None:
    """Remove COLUMNS and LINES if the terminal knows its size: rich, click and shutil would prefer them.

    They may be from the start of the shell or from a script; the terminal may have been resized since.
    """
    if terminal_columns(sys.stdout) is not None or terminal_columns(sys.stderr) is not None:
        for name in ("COLUMNS", "LINES"):
            os.environ.pop(name, None)


def terminal_columns(stream: TextIO) -> int | None:
    """Return the width in cells of a stream's terminal; None if it has none or the size is unknown."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None


def run_printing(work: Callable[[], int]) -> int:
    """Run a function that prints; return its exit code, or 2 if the reader has closed standard output.

    The reader of a stream (`streaming_output`) may leave: DONE.

    Raises:
        ConfigError: the output could not be written (a full disk, a closed stream).
    """
    try:
        status = work()
        sys.stdout.flush()
    except OSError as error:
        if error.errno not in _OUTPUT_ERRORS:
            raise
        discard_unwritable_output()
        if error.errno == errno.EPIPE:
            return ExitCode.DONE if isinstance(error, ReaderLeftError) else ExitCode.UNKNOWN
        raise ConfigError(f"could not write the output: {error.strerror}", "check where the output goes") from error
    return status


def discard_unwritable_output() -> None:
    """Discard what can no longer be written: flushing it at exit would fail again, and end Python with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, stream.fileno())
                os.close(null)


class ReaderLeftError(BrokenPipeError):
    """The reader of a stream without an end has left, as `head` does: it has what it wanted."""


@contextmanager
def streaming_output() -> Iterator[None]:
    """Write a stream to standard output. Raises ReaderLeftError: nobody reads it any more."""
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderLeftError(errno.EPIPE, os.strerror(errno.EPIPE)) from error


@contextmanager
def default_sigint() -> Iterator[None]:
    """Let SIGINT end the process by default: immediately and silently."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
