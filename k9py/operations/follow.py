"""The further writes of an operation that is more than one write, such as the evictions of a drain.

Invariant: they go through the same `Writer` as every write, and `stops` ends them before the next one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from k9py.operations.patcher import Reader
from k9py.operations.track import TrackedEnd
from k9py.operations.write import Writer
from k9py.runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class FollowContext:
    """What follows a write.

    Args:
        timeout: seconds after which it gives up.
        report: shows its progress, one clause.
        stops: whether the user wants no further write to be begun.
    """

    writer: Writer
    reader: Reader
    clock: Clock
    timeout: float
    report: Callable[[str], None]
    stops: Callable[[], bool]


Follow = Callable[[FollowContext], Awaitable[TrackedEnd]]
"""Make the further writes and return where they ended. Raises KdashError: one was refused."""
