"""Find names that were probably meant: a key, a label value or an object whose name differs by a typing error.

Invariant: a name is never near itself. Names are compared as typed; `_` and `-`, and upper and lower case, count as one
half of a difference, because they are confused most easily.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_SHORT: Final = 4
"""Names of at most this many characters have a near one only if they differ by one character."""
_MAX_DISTANCE: Final = 2
_SEPARATORS: Final = str.maketrans("_.", "--")


def near_names(name: str, candidates: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """Return the candidates that a name may have been typed for, the nearest first."""
    ranked = sorted((distance, each) for each in set(candidates) if (distance := _distance(name, each)) is not None)
    return tuple(each for _, each in ranked[:limit])


def _distance(name: str, other: str) -> float | None:
    """Return how far two different names are apart, None when too far to be confused."""
    if name == other or not name or not other:
        return None
    plain, plain_other = name.lower().translate(_SEPARATORS), other.lower().translate(_SEPARATORS)
    if plain == plain_other or plain.replace("-", "") == plain_other.replace("-", ""):
        return 0.5
    allowed = 1 if min(len(plain), len(plain_other)) <= _SHORT else _MAX_DISTANCE
    distance = edit_distance(plain, plain_other, allowed)
    if distance <= allowed:
        return distance
    # app-config and app-config-v2, db and db-credentials: a whole part more or less.
    longer, shorter = (plain, plain_other) if len(plain) > len(plain_other) else (plain_other, plain)
    is_part = longer.startswith(f"{shorter}-") or longer.endswith(f"-{shorter}")
    return allowed + 1 if is_part and len(shorter) >= _SHORT else None


def edit_distance(one: str, other: str, limit: int) -> int:
    """Return how many characters to insert, delete, replace or swap with their neighbour make one text the other.

    Args:
        limit: a greater distance is returned as limit + 1.
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, right in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)
