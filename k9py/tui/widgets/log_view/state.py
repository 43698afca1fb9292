"""What there is to say of a log view in a title or status line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogState:
    """The state of a log view.

    Args:
        following: The newest line is kept in sight.
        new_below: Lines that came since the view was held and are not on the screen yet.
        lines: Lines kept.
        bytes: What they take.
        dropped: Lines let go for want of room, in all.
        filter_text: The filter in force, "": none.
        filter_problem: What of it could not be understood or took too long, "": nothing.
        context: Lines shown around each that passes the filter.
        shown: Lines that can be shown: all, or those that pass the filter, with context and markers.
        hidden: Containers and levels left out.
        search_text: The search in force, "": none.
        search_problem: What of it could not be understood or took too long.
        search_hits: Lines found; None: no search.
        search_at: The one of them the cursor is on, from 1; 0: on none.
        scanning: Lines are still being looked at.
        marked: Lines marked.
        cleared: Kept lines that are not shown since the view was cleared.
    """

    following: bool = True
    new_below: int = 0
    lines: int = 0
    bytes: int = 0
    dropped: int = 0
    filter_text: str = ""
    filter_problem: str = ""
    context: int = 0
    shown: int = 0
    hidden: int = 0
    search_text: str = ""
    search_problem: str = ""
    search_hits: int | None = None
    search_at: int = 0
    scanning: bool = False
    marked: int = 0
    cleared: int = 0


def status_text(state: LogState) -> str:
    """Return the words for the last line of a view that is held or searched, "" when there is nothing to say."""
    parts: list[str] = []
    if not state.following:
        parts.append(f"paused, {state.new_below:,} new below" if state.new_below else "paused, nothing new")
    if state.search_hits is not None:
        place = f"{state.search_at:,} of " if state.search_at else ""
        more = "+" if state.scanning else ""
        parts.append(f"/{state.search_text}: {place}{state.search_hits:,}{more} found")
        parts += [state.search_problem] if state.search_problem else []
    if state.filter_text and state.context and not state.following:
        parts.append(f"{state.context} line{'' if state.context == 1 else 's'} of context")
    parts += [state.filter_problem] if state.filter_problem else []
    if state.marked:
        parts.append(f"{state.marked} marked")
    if state.cleared:
        parts.append(f"{state.cleared:,} cleared, L shows them")
    if not state.following:
        parts.append("End follows")
    return "  ·  ".join(parts)
