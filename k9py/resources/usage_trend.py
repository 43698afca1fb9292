"""How the usage of a pod or node developed: the trend columns of tables, and the lines of one pod.

Invariant: bars end at the limit (of a node: at what is allocatable) where there is one. What
is not measured has no bars. The text of a trend is made for visible rows alone.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final, NamedTuple

from k9py.api.metrics import Usage, UsageHistory
from k9py.api.pods import Pod
from k9py.api.quantities import format_cpu, format_memory
from k9py.resources.cells import MISSING, IndexedColumn, live_column, percent_cell
from k9py.resources.pod_resources import CPU, MEMORY, pod_limit
from k9py.views.sparkline import sparkline
from k9py.views.values import Cell, StyledLine, Tone

TABLE_BARS: Final = 12
"""Bars in a table: at least three minutes."""
LINE_BARS: Final = 20


class Trend(NamedTuple):
    """The sort value of a trend: what grew most, as a share of its bound, comes first."""

    fall: float
    values: array[float]
    bound: float | None


def _trend_text(trend: Trend, _now: datetime) -> str:
    return sparkline(trend.values, bound=trend.bound, width=TABLE_BARS)


def trend_columns() -> tuple[IndexedColumn, IndexedColumn]:
    """Return the columns of `trend_cells`, for `numbered`."""
    size = {"min_width": TABLE_BARS, "max_width": TABLE_BARS}
    options = {"align_right": True, **size, "priority": 8, "wide": True, "measured": True}
    return (
        live_column(_trend_text, "cpu_trend", "CPU TREND", **options),
        live_column(_trend_text, "memory_trend", "MEM TREND", **options),
    )


def trend_cells(
    history: UsageHistory | None, cpu_bound: float | None, memory_bound: float | None, tones: tuple[Tone, Tone]
) -> tuple[Cell, Cell]:
    """Return the trends of CPU and memory.

    Args:
        history: None if it is not known.
        tones: Of the percent of the bounds.
    """
    if history is None:
        return MISSING, MISSING
    return _trend(history.cpu, cpu_bound, tones[0]), _trend(history.memory, memory_bound, tones[1])


def _trend(values: array[float], bound: float | None, tone: Tone) -> Cell:
    if not values:
        return MISSING
    top = max(bound or 0.0, max(values))
    return Cell("", tone, Trend((values[0] - values[-1]) / top if top else 0.0, values, bound))


def pod_trend_cells(pod: Pod, history: UsageHistory | None, tones: tuple[Tone, Tone]) -> tuple[Cell, Cell]:
    """Return the trends of a pod."""
    if history is None:
        return MISSING, MISSING
    return trend_cells(history, pod_limit(pod.spec, CPU), pod_limit(pod.spec, MEMORY), tones)


def usage_line(pod: Pod, usage: Usage | None, history: UsageHistory | None, note: str) -> StyledLine:
    """Return what a pod uses, with the percent of its limits: `CPU ▁▂▃ 48m · 9% of its limit 500m`.

    Args:
        usage: None if it is not known.
        note: How current it is, or why it is not known; "" for nothing to say.
    """
    pieces: list[tuple[str, Tone]] = []
    if usage is not None:
        cpu, memory = (history.cpu, history.memory) if history is not None else ((), ())
        amounts = (
            ("CPU", CPU, cpu, usage.cpu, format_cpu, Tone.WARN),
            ("MEM", MEMORY, memory, float(usage.memory), _format_memory, Tone.FAIL),
        )
        for title, resource, values, used, formatted, full in amounts:
            limit = pod_limit(pod.spec, resource)
            pieces += _amount(title, values, used, limit, formatted, full)
    if note:
        pieces.append((f"{'  · ' if pieces else '  '}{note}", Tone.MUTED))
    return tuple(pieces)


def _format_memory(used: float) -> str:
    return format_memory(int(used))


def _amount(
    title: str,
    values: array[float] | tuple[()],
    used: float,
    limit: float | None,
    formatted: Callable[[float], str],
    full: Tone,
) -> Iterator[tuple[str, Tone]]:
    share = percent_cell(used, limit, full=full)
    yield f"  {title} ", Tone.MUTED
    yield sparkline(values, bound=limit, width=LINE_BARS), share.tone if limit else Tone.PLAIN
    yield f" {formatted(used)}", Tone.PLAIN
    if limit:
        yield f" · {share.text} of its limit {formatted(limit)}", share.tone
    else:
        yield " · no limit", Tone.MUTED
