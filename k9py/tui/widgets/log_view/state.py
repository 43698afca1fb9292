"""The state of a log view, and the text of its status line."""

from __future__ import annotations

from dataclasses import dataclass

from k9py.actions.keys import KeyOf
from k9py.api.plural import count_noun


@dataclass(frozen=True, slots=True)
class LogState:
    """The state of a log view.

    Args:
        following: The newest line is kept visible.
        new_below: Lines that came since the view was paused and are not on the screen yet.
        lines: Buffered lines.
        bytes: Size of the buffer.
        dropped: Lines dropped because the buffer was full, in all.
        filter_text: The filter, "": none.
        filter_problem: What part of it is invalid or took too long, "": none.
        context: Lines shown around each match of the filter.
        shown: Lines that can be shown: all, or those that match the filter, with context and markers.
        hidden: Hidden containers and levels.
        search_text: The search, "": none.
        search_problem: What part of it is invalid or took too long.
        search_hits: Matching lines; None: no search.
        search_at: Number of the match the cursor is on, from 1; 0: on none.
        scanning: Lines are still being searched.
        marked: Marked lines.
        cleared: Buffered lines that are not shown since the view was cleared.
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


def has_status(state: LogState) -> bool:
    """Return True while the view has a status line."""
    return bool(
        not state.following or state.search_hits is not None or state.filter_problem or state.marked or state.cleared
    )


def status_text(state: LogState, key_of: KeyOf) -> str:
    """Return the text of the status line, "" when there is none."""
    parts: list[str] = []
    if not state.following:
        parts.append(
            f"holding, {count_noun(state.new_below, 'new line')} below" if state.new_below else "holding, nothing new"
        )
    if state.search_hits is not None:
        more = "+" if state.scanning else ""
        hits = f"{state.search_hits:,}{more}"
        matches = f"match {state.search_at:,}/{hits}" if state.search_at else f"{hits} matches"
        parts.append(f"/{state.search_text}: {'1 match' if hits == '1' and not state.search_at else matches}")
        parts += [state.search_problem] if state.search_problem else []
    if state.filter_text and state.context and not state.following:
        parts.append(f"{count_noun(state.context, 'line')} of context")
    parts += [state.filter_problem] if state.filter_problem else []
    if state.marked:
        parts.append(f"{count_noun(state.marked, 'line')} marked")
    if state.cleared:
        parts.append(
            f"{count_noun(state.cleared, 'line')} hidden by {key_of('log.clear')}, {key_of('log.clear')} shows them"
        )
    if not state.following:
        parts.append(f"{key_of('log.follow')} follows")
    return "  ·  ".join(parts)
