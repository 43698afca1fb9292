"""The words of a log's title: whose, how much of it, how many containers, and what is not there."""

from __future__ import annotations

from collections.abc import Iterable

from k9py.logs.follow.log_range import PREVIOUS, LogRange
from k9py.logs.follow.status import StreamCounts, TargetState, TargetStatus
from k9py.tui.widgets.log_view.state import LogState


def container_count_text(counts: StreamCounts) -> str:
    """Return how many containers there are, and how many of them are read at a time; "" when there are none."""
    if not counts.wanted:
        return ""
    if counts.queued:
        return f"{counts.wanted - counts.queued} of {counts.wanted} containers at a time, in turn"
    return f"{counts.wanted} container{'' if counts.wanted == 1 else 's'}"


def range_text(range: LogRange, *, previous: bool) -> str:  # noqa: A002
    """Return how much of each container's log is shown: of a former run always its end, whatever is chosen."""
    return f"last {PREVIOUS.tail_lines:,} lines" if previous else range.label


def empty_text(states: Iterable[TargetStatus]) -> str:
    """Return why there is no line: what the containers' states say, each once; "" when they say nothing."""
    return " · ".join(
        dict.fromkeys(one.message for one in states if one.message and one.state is not TargetState.QUEUED)
    )


def waiting_text(states: Iterable[TargetStatus]) -> str:
    """Return how many containers have nothing to be read yet, and why if it is the same for all; "" for none."""
    waiting = [one.message for one in states if one.state is TargetState.RETRYING and one.message]
    if not waiting:
        return ""
    why = dict.fromkeys(waiting)
    return f"{len(waiting)} {next(iter(why)) if len(why) == 1 else 'waiting, each for something else'}"


def subtitle_text(state: LogState) -> str:
    """Return how much of what is kept is shown, and what is no longer kept."""
    parts = []
    if state.filter_text:
        parts.append(f"{state.shown:,} of {state.lines:,} lines")
    if state.dropped:
        parts.append(f"{state.dropped:,} older lines let go")
    return " · ".join(parts)


def nothing_shown_text(state: LogState) -> str:
    """Return why none of the lines that are kept is shown."""
    if state.cleared == state.lines:
        return f"cleared: nothing new yet, L shows the {state.cleared:,} lines before"
    if not state.filter_text:
        return "every line is left out: x chooses what to leave out, X what to show"
    if state.scanning:
        return "looking for lines that pass the filter…"
    why = f" ({state.filter_problem})" if state.filter_problem else ""
    return f"no line passes the filter{why}"
