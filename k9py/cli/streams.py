"""This process's own standard streams: what becomes of closed ones, poor encodings, full disks and readers that leave.

Invariant: a stream that cannot be written to ends in an exit code of ours, never in a traceback.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable
from typing import Final

from k9py.objects.errors import ConfigError

EXIT_UNREAD: Final = 2
"""The reader of the answer went away."""

_OUTPUT_ERRORS: Final = frozenset({errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF})


def open_streams() -> None:
    """Make standard output and error fit to be written to: closed ones swallow, poor encodings lose what they lack."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def printing(work: Callable[[], int]) -> int:
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
