"""What the end of a command means for a person and for a shell: its exit code, or why it did not run.

The API server accepts a command before the node tries to start it, so that a program which is missing is no error of
the request: the container runtime's message is all there is. To recognize another message: a pattern below.
Source: the messages of runc and of containerd and CRI-O around them; POSIX for the codes 126 and 127.
"""

from __future__ import annotations

import re
from typing import Final

from k9py.api.streams import CommandEnd
from k9py.api.text import shorten

NOT_EXECUTABLE: Final = 126
NOT_FOUND: Final = 127

_MISSING: Final = re.compile(r"executable file(?: `[^`]*`)? not found|no such file or directory", re.IGNORECASE)
_DENIED: Final = re.compile(r"permission denied|exec format error|is a directory", re.IGNORECASE)
_RUNTIME: Final = re.compile(rb"(?:OCI runtime exec failed|exec failed: )[^\r\n]*")
"""What a runtime that reports its failure as output of the command writes (cri-dockerd)."""
_PREFIX: Final = re.compile(r"^(?:Internal error occurred: )+")


def exit_code_of(end: CommandEnd) -> int | None:
    """Return the exit code of a command as a shell has it: 127 where it was not found, 126 where it cannot be run.

    None where nobody knows how it ended.
    """
    if end.exit_code is not None:
        return end.exit_code
    if _MISSING.search(end.message):
        return NOT_FOUND
    return NOT_EXECUTABLE if _DENIED.search(end.message) else None


def is_program_missing(end: CommandEnd, output: bytes = b"") -> bool:
    """Return whether the command was not run because there is no such program in the container.

    Args:
        output: all that it wrote.
    """
    if end.exit_code is None:
        return _MISSING.search(end.message) is not None
    reported = _RUNTIME.search(output)
    is_code = end.exit_code in (NOT_EXECUTABLE, NOT_FOUND, 128)
    return is_code and reported is not None and _MISSING.search(reported[0].decode(errors="replace")) is not None


def failure_text(end: CommandEnd) -> str:
    """Return why a command did not run or how it ended without an exit code, printable; "" when it has one."""
    if end.exit_code is not None:
        return ""
    return shorten(_PREFIX.sub("", end.message)) or shorten(end.reason) or "the server did not report how it ended"
