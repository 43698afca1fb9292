"""What there is to say of a log view in a title or status line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogState:
    """The state of a log view.

    Args:
        following: The newest line is kept in sight.
        new_below: Lines that came since the view was held.
        lines: Lines kept.
        dropped: Lines dropped for want of room, in all.
        filter_text: The filter in force, "": none.
        shown: Lines that pass the filter.
        search_text: The search in force, "": none.
        search_hits: Lines found; None: no search.
        search_at: The present one of them, from 1; 0: none yet.
        scanning: Lines are still being looked at.
    """

    following: bool = True
    new_below: int = 0
    lines: int = 0
    dropped: int = 0
    filter_text: str = ""
    shown: int = 0
    search_text: str = ""
    search_hits: int | None = None
    search_at: int = 0
    scanning: bool = False


def status_text(state: LogState) -> str:
    """Return the words for the last line of a view that is held or searched, "" when there is nothing to say."""
    parts: list[str] = []
    if not state.following:
        parts.append(f"paused, {state.new_below:,} new below" if state.new_below else "paused, nothing new")
    if state.search_hits is not None:
        place = f"{state.search_at:,} of " if state.search_at else ""
        more = "+" if state.scanning else ""
        parts.append(f"/{state.search_text}: {place}{state.search_hits:,}{more} found")
    if not state.following:
        parts.append("End follows")
    return "  ·  ".join(parts)
