"""The height of a pane that is shown only while it has rows.

Invariant: it grows at once and shrinks only after `SETTLE_SECONDS`: a problem that comes and goes moves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

SETTLE_SECONDS: Final = 10.0
FRAME_LINES: Final = 3
"""Lines of a table other than its rows: the frame and the titles."""
LEAST_HEIGHT: Final = 22
"""Lines of the screen that others have first."""
SHARE: Final = 4
"""Of the others, one in so many lines is for its rows."""
URGENT_SHARE: Final = 2
"""The same while something is down or degraded."""
MIN_ROWS: Final = 2


class PaneHeight:
    """The lines of one pane; `lines` is 0 while it is not shown.

    Args:
        monotonic: returns seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self.lines = 0
        self._smaller_since: float | None = None

    def clear(self) -> None:
        """Show nothing, at once."""
        self.lines, self._smaller_since = 0, None

    def update(self, rows: int, height: int, *, is_urgent: bool = False) -> None:
        """Bring the lines in step with the number of rows and the height of the screen.

        Args:
            is_urgent: something is down or degraded.
        """
        most = max(MIN_ROWS, (height - LEAST_HEIGHT) // (URGENT_SHARE if is_urgent else SHARE))
        wanted = min(rows, most) + FRAME_LINES if rows else 0
        if wanted >= self.lines or self.lines > most + FRAME_LINES:
            self.lines, self._smaller_since = wanted, None
            return
        now = self._monotonic()
        if self._smaller_since is None:
            self._smaller_since = now
        elif now - self._smaller_since >= SETTLE_SECONDS:
            self.lines, self._smaller_since = wanted, None
