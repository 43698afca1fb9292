"""The height of a pane that is shown only while it has rows.

Invariant: it grows at once and shrinks only after `SETTLE_SECONDS`: a problem that comes and goes moves nothing.
"""

from __future__ import annotations

from typing import Final

from k9py.runtime.clock import Clock

SETTLE_SECONDS: Final = 10.0
FRAME_LINES: Final = 3
"""Lines of a table other than its rows: the frame and the titles."""
SHARE: Final = 5
"""It takes at most one in so many lines of the screen for its rows."""
MIN_ROWS: Final = 2


class PaneHeight:
    """The lines of one pane; `lines` is 0 while it is not shown."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.lines = 0
        self._smaller_since: float | None = None

    def clear(self) -> None:
        """Show nothing, at once."""
        self.lines, self._smaller_since = 0, None

    def update(self, rows: int, height: int) -> None:
        """Bring the lines in step with the number of rows and the height of the screen."""
        wanted = min(rows, max(MIN_ROWS, height // SHARE)) + FRAME_LINES if rows else 0
        most = max(MIN_ROWS, height // SHARE) + FRAME_LINES
        if wanted >= self.lines or self.lines > most:
            self.lines, self._smaller_since = wanted, None
            return
        now = self._clock.monotonic()
        if self._smaller_since is None:
            self._smaller_since = now
        elif now - self._smaller_since >= SETTLE_SECONDS:
            self.lines, self._smaller_since = wanted, None
