"""The programs this process has started and that still run, so that none outlives it.

Invariant: a program that was started in a session of its own is registered as long as it runs.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

_running: set[int] = set()


def register(pid: int) -> None:
    """Register a program that leads its own session."""
    _running.add(pid)


def unregister(pid: int) -> None:
    """Forget a program that has ended."""
    _running.discard(pid)


def kill_all() -> None:
    """Kill what still runs, and what it has started; needs no event loop."""
    for pid in _running | _children():
        with suppress(OSError):
            if hasattr(os, "killpg") and os.getpgid(pid) == pid:
                os.killpg(pid, signal.SIGKILL)
            else:
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def _children() -> set[int]:
    """Return the children of this process where the system tells: one may have been started a moment ago."""
    children: set[int] = set()
    for listing in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            children |= {int(pid) for pid in listing.read_text().split()}
    return children
