"""A row of bars for the last values of an amount, the newest at the right.

Invariant: bars stand on zero and end at a bound, so that a flat amount looks flat however small its changes are, and
bars of equal height mean the same share of the bound. Without a bound no bar is full: nothing is at its limit.
ASCII forms of the bars: `config/ascii_text.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

BARS: Final = "▁▂▃▄▅▆▇█"
UNBOUNDED: Final = 0.75
"""Height of the largest value where there is no bound."""


def sparkline(values: Sequence[float], *, bound: float | None = None, width: int) -> str:
    """Return a bar for each of the last values.

    Args:
        values: Oldest first.
        bound: What a full bar stands for; None when there is no limit.
        width: Maximum number of bars.
    """
    shown = values[-width:]
    top = max((bound or 0.0, *shown)) if bound else max(shown, default=0.0) / UNBOUNDED
    if top <= 0:
        return BARS[0] * len(shown)
    last = len(BARS) - 1
    return "".join(BARS[max(0, min(last, int(value / top * len(BARS))))] for value in shown)
