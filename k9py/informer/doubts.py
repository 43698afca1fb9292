"""Whether the watches a server opens can be believed, after what became of the last ones.

Invariant: a watch that has said anything clears all doubt. To doubt for another reason: one `case` in `failed`.
"""

from __future__ import annotations

from typing import Final

from k9py.api.errors import KdashError, UnresponsiveError
from k9py.informer import timing
from k9py.runtime.clock import Clock

_TOO_MANY: Final = 2


class Doubts:
    """Doubts about one kind's watches, which are never about its lists."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._count = 0
        self._opened_at = 0.0
        self._spoke = False

    @property
    def must_prove(self) -> bool:
        """Tell whether the next watch counts only when it has said something."""
        return self._count >= _TOO_MANY

    def opened(self) -> None:
        """A watch was opened; it has said nothing yet."""
        self._opened_at = self._clock.monotonic()
        self._spoke = False

    def spoke(self) -> None:
        """The watch has said something, or has ended in order."""
        self._spoke = True
        self._count = 0

    def failed(self, error: KdashError) -> bool:
        """Take note of how the open watch failed; True: it had to prove itself and did not."""
        had_to = self.must_prove
        if self._spoke:
            return False
        if isinstance(error, UnresponsiveError):
            self._count += _TOO_MANY
        elif self._clock.monotonic() - self._opened_at < timing.PROVING_SECONDS:
            self._count += 1  # may be chance; one that was quiet for longer was cut for idling
        return had_to
