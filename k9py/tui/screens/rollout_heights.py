"""How many lines each part of a rollout's screen gets. Pure: numbers in, numbers out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FRAME: Final = 3
"""Lines of a table other than its rows: the frame and the titles."""
BARS: Final = 2
"""Lines of the footer and of a tracked operation."""
MIN_TABLE: Final = 5
"""Lines a table keeps however few its rows."""
MIN_EVENTS: Final = 2
MIN_LOGS: Final = 6
"""Fewer lines of logs are not worth their frame: a key shows them alone."""
SMALL_MIN_SUMMARY: Final = 3
"""Lines of the head on a small screen where the list of pods needs the others."""
SMALL_FRAME: Final = 8
"""Lines of a small screen other than the head, the cohorts, and the rows of pods."""
SMALL_MIN_ROWS: Final = 3
ROOMY: Final = 50
"""Lines of a screen below which the head leaves out blank lines."""
TIGHT: Final = 36
"""Lines of a screen below which the head also leaves out what is shown elsewhere."""


@dataclass(frozen=True, slots=True)
class RolloutHeights:
    """The heights of one screen, in lines.

    Args:
        screen: Lines of the screen.
        new_pods, old_pods, revisions, events: Rows of the tables.
        conditions: Lines above the events.
        is_wide: Whether history and events are side by side.
    """

    screen: int
    new_pods: int
    old_pods: int
    revisions: int
    events: int
    conditions: int
    is_wide: bool

    @property
    def pods(self) -> int:
        """Lines of the pod panes."""
        return max(MIN_TABLE, FRAME + max(self.new_pods, self.old_pods))

    @property
    def history(self) -> int:
        """Lines of the revisions where the events stand below them."""
        return max(MIN_TABLE, FRAME + self.revisions)

    @property
    def below(self) -> int:
        """Lines that history and events need."""
        history, events = FRAME + self.revisions, FRAME + self.conditions + max(MIN_EVENTS, self.events)
        return max(history, events) if self.is_wide else history + events

    def leaves_room_for_logs(self, top: int) -> bool:
        """Return whether logs fit below history and events, which begin at line `top`."""
        return self.screen - top - self.below - BARS >= MIN_LOGS

    def small_summary(self, cohorts: int) -> int:
        """Return the lines of the head on a small screen.

        Args:
            cohorts: Lines of the cohorts and of why they fail.
        """
        rows = max(self.new_pods, self.old_pods, SMALL_MIN_ROWS)
        return max(SMALL_MIN_SUMMARY, self.screen - SMALL_FRAME - cohorts - rows)
