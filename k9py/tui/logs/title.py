"""The texts of a log pane: its title, its subtitle, and what an empty log means. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from k9py.actions.keys import KeyOf
from k9py.api.plural import count_noun
from k9py.logs.follow.log_range import PREVIOUS, LogRange
from k9py.logs.follow.status import StreamCounts, TargetState, TargetStatus
from k9py.tui.widgets.log_view.state import LogState


def container_count_text(counts: StreamCounts) -> str:
    """Return how many containers there are, and how many can be read at a time; "" when there are none."""
    if not counts.wanted:
        return ""
    if counts.queued:
        return f"{counts.wanted - counts.queued} of {count_noun(counts.wanted, 'container')} at a time, in turn"
    return count_noun(counts.wanted, "container")


def range_text(range: LogRange, *, previous: bool, is_excerpt: bool = False) -> str:  # noqa: A002
    """Return how much of each container's log is shown: of a previous container always the end of its log.

    Args:
        is_excerpt: of a capsule, which has only the lines that were read for the checks.
    """
    if is_excerpt:
        return "excerpts in the capsule"
    return f"last {PREVIOUS.tail_lines:,} lines" if previous else range.label


def empty_text(states: Iterable[TargetStatus]) -> str:
    """Return why there are no lines: the containers' states, each once; "" when they have none."""
    return " · ".join(
        dict.fromkeys(status.message for status in states if status.message and status.state is not TargetState.QUEUED)
    )


def waiting_text(states: Iterable[TargetStatus]) -> str:
    """Return how many containers have no log to read yet, with the reason if all have the same; "" for none."""
    waiting = [status.message for status in states if status.state is TargetState.RETRYING and status.message]
    if not waiting:
        return ""
    reasons = dict.fromkeys(waiting)
    return f"{len(waiting)} {next(iter(reasons)) if len(reasons) == 1 else 'waiting, for different reasons'}"


def subtitle_text(state: LogState) -> str:
    """Return how many of the buffered lines are shown, and how many were dropped."""
    parts = []
    if state.filter_text:
        parts.append(f"{state.shown:,} of {count_noun(state.lines, 'line')}")
    if state.dropped:
        parts.append(f"{count_noun(state.dropped, 'older line')} dropped")
    return " · ".join(parts)


def nothing_shown_text(state: LogState, key_of: KeyOf) -> str:
    """Return why none of the buffered lines is shown."""
    if state.cleared == state.lines:
        return f"no new lines yet · {key_of('log.clear')} shows the {count_noun(state.cleared, 'hidden line')}"
    if not state.filter_text:
        hide, show = key_of("logs.hide"), key_of("logs.show_only")
        return f"all lines are hidden · {hide} chooses what to hide, {show} what to show"
    if state.scanning:
        return "filtering…"
    problem = f" ({state.filter_problem})" if state.filter_problem else ""
    return f"no line matches the filter{problem}"
