"""One container's way into the merge, and what the merge knows of it.

Invariant: `kept` and `chars` are what waits of this container; only the merge changes its fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from k9py.logs.line import LogLine

if TYPE_CHECKING:
    from k9py.logs.follow.merge import Merge

EPOCH: Final = datetime.min.replace(tzinfo=UTC)

STALLED: Final = 1.0
"""Seconds without a batch after which a container has caught up, or holds the others no longer."""


class Intake:
    """One container's way into the merge.

    `key` is the time its newest line counts as: never less than that of the line before. `is_past`: what comes was
    written before the log was opened, so it can wait. What counts as `past_key` or earlier is never dropped.
    """

    __slots__ = (
        "_merge",
        "chars",
        "followed",
        "heard",
        "is_past",
        "is_waiting",
        "kept",
        "key",
        "number",
        "opened_at",
        "past_key",
        "settle",
    )

    def __init__(self, merge: Merge, number: int) -> None:
        self._merge = merge
        self.number = number
        self.key = EPOCH
        self.kept = 0
        self.chars = 0
        self.heard = 0.0
        self.settle = STALLED
        self.opened_at = self.past_key = EPOCH
        self.followed = True
        self.is_past = False
        self.is_waiting = False

    def open(self, *, holds: bool, followed: bool = True, settle: float = STALLED) -> None:
        """The log was opened.

        Args:
            holds: others wait until this one has caught up.
            followed: lines will come for ever; otherwise all that comes is of the past.
            settle: seconds of silence, once something has come, that mean it has caught up.
        """
        self.settle, self.followed = settle, followed
        self._merge.open(self, holds=holds)

    def add(self, lines: Sequence[LogLine]) -> None:
        """Take lines, in the container's order; the oldest that are written now are dropped when there is no room."""
        self._merge.add(self, lines)

    async def room(self) -> None:
        """Wait, while lines of the past come, until there is room for one at least."""
        await self._merge.room(self)

    def fits(self, lines: Sequence[bytes]) -> int:
        """Return for how many of the next lines there is room; for all of them where nobody waits."""
        return self._merge.fits(self, lines)

    def close(self) -> None:
        """Nothing comes for now: nobody waits for this one."""
        self._merge.close(self)
