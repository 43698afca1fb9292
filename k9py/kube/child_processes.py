"""Registers the programs that this process started and that still run, so that none outlives it.

Invariant: a program that runs in a session of its own is registered for as long as it runs.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

_running: set[int] = set()


def register(pid: int) -> None:
    """Register a program that was started in a session of its own."""
    _running.add(pid)


def unregister(pid: int) -> None:
    """Remove a program that has ended."""
    _running.discard(pid)


def kill_all() -> None:
    """Kill the programs that still run, and what they started. Needs no event loop."""
    for pid in _running | _children():
        with suppress(OSError):
            if hasattr(os, "killpg") and os.getpgid(pid) == pid:
                os.killpg(pid, signal.SIGKILL)
            else:
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def _children() -> set[int]:
    """Return this process's children, where the system lists them: one may not be registered yet."""
    children: set[int] = set()
    for listing in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            children |= {int(pid) for pid in listing.read_text().split()}
    return children
