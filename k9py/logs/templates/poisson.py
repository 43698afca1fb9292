"""Whether two counts differ by more than chance: the exact comparison of two Poisson rates.

If `total` events fall into two observations, the first of which has `share` of the time, those in the first follow a
binomial distribution if the rates are equal (Przyborowski and Wilenski, 1940). Log lines come in bursts, which makes
this test more confident than it should be: callers also require a ratio, and a small probability.
"""

from __future__ import annotations

import math
from typing import Final

_MAX_EXACT: Final = 400
"""Events up to which the tail is summed; above, the normal distribution is accurate enough."""


def chance_of_at_least(count: int, total: int, share: float) -> float:
    """Return how likely at least `count` of `total` events fall into a part with `share` (0..1) of the time."""
    if count <= 0:
        return 1.0
    if count > total or share <= 0.0:
        return 0.0
    if share >= 1.0:
        return 1.0
    if total > _MAX_EXACT:
        spread = math.sqrt(total * share * (1 - share))
        return 0.5 * math.erfc((count - 0.5 - total * share) / (spread * math.sqrt(2)))
    if count <= total * share:  # use the other tail: terms are summed from the likely to the unlikely
        return 1.0 - chance_of_at_least(total - count + 1, total, 1 - share)
    # The first term is computed with logarithms to avoid overflow, the others by their ratio.
    term = math.exp(
        math.lgamma(total + 1)
        - math.lgamma(count + 1)
        - math.lgamma(total - count + 1)
        + count * math.log(share)
        + (total - count) * math.log1p(-share)
    )
    tail, odds = 0.0, share / (1 - share)
    for at in range(count, total + 1):
        tail += term
        term *= (total - at) / (at + 1) * odds
    return min(1.0, tail)


def chance_of_at_most(count: int, total: int, share: float) -> float:
    """Return how likely at most `count` of `total` events fall into a part with `share` (0..1) of the time."""
    return chance_of_at_least(total - count, total, 1 - share)
