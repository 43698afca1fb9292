"""What has to be put back before the process may end, such as a privileged pod that is to be removed.

Owns: how long a process that was asked to end waits for it, and what a person must know when it could not be done.
Invariant: the wait is bounded; a process without holds ends as fast as before. Read by any thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

HOLD_SECONDS: Final = 8.0
"""Seconds that a process which was asked to end waits for what has to be put back."""


class _Hold:
    """One thing that has to be put back, and what is left when it was not."""

    def __init__(self, left_over: str) -> None:
        self.left_over = left_over


_holds: list[_Hold] = []


@contextmanager
def hold_exit(left_over: str) -> Iterator[None]:
    """Let an ending process wait while entered.

    Args:
        left_over: what is left and what to do about it; shown if the process has to end all the same. Printable.
    """
    hold = _Hold(left_over)
    _holds.append(hold)
    try:
        yield
    finally:
        _holds.remove(hold)


def seconds_held() -> float:
    """Return how long an ending process waits, 0 when nothing has to be put back."""
    return HOLD_SECONDS if _holds else 0.0


def left_over_texts() -> tuple[str, ...]:
    """Return what is left when the process ends now."""
    return tuple(hold.left_over for hold in tuple(_holds))
