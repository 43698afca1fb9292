"""Restore a terminal on its own: without event loop, threads, buffers or long waits.

Invariant: `LEAVE` resets every mode of the terminal that the dashboard may have changed.
"""

from __future__ import annotations

import os
import termios
import time
from contextlib import suppress
from typing import Any, Final

LEAVE: Final = (
    "\x18"  # ends a sequence that was cut
    "\x1b[?2026l"  # no frame is being drawn
    "\x1b[0m\x1b[r"  # no colours, all lines scroll
    "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"  # no mouse
    "\x1b[?2004l\x1b[?1004l\x1b[?2048l"  # no bracketed paste, reports of focus and of size
    "\x1b[?7h"  # lines wrap
    "\x1b[<u"  # keys are reported as usual
    "\x1b[?1049l\x1b[?25h"  # the main screen, with a cursor
)
PATIENCE: Final = 0.3
"""Maximum seconds for writing it."""
_FLUSH_AFTER: Final = PATIENCE / 2


def restore_terminal(descriptor: int, attributes: list[Any] | None) -> None:
    """Restore the modes of a terminal.

    Args:
        attributes: as `termios.tcgetattr` gave them; None leaves them alone.
    """
    if attributes is not None:
        with suppress(termios.error):
            termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
    try:
        # A descriptor of our own, because O_NONBLOCK on the inherited one would apply to the shell too.
        own = os.open(os.ttyname(descriptor), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        own = os.open("/dev/tty", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        _write(own, LEAVE.encode("ascii"))
    finally:
        os.close(own)


def _write(descriptor: int, data: bytes) -> None:
    """Write all data; for a terminal that is not read, discard its pending output."""
    began = time.monotonic()
    while data and (waited := time.monotonic() - began) < PATIENCE:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            if waited > _FLUSH_AFTER:
                with suppress(termios.error):
                    termios.tcflush(descriptor, termios.TCOFLUSH)
            time.sleep(0.01)
