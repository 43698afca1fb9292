"""Fuzzy matching of what is typed with a name: its characters in order, the more of them together the better.

Invariants: pure; a match never depends on other names. Scores are comparable within one query: exact, then prefix, then
the start of a part of the name (`a-b`, `a.b`, `aB`), then anywhere, then scattered; shorter names first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

EXACT: Final = 1_000
PREFIX: Final = 800
PART: Final = 600
INSIDE: Final = 400
SCATTERED: Final = 100
_LONGEST_LOSS: Final = 90
_MAX_SPREAD: Final = 4
"""A scattered match may be this many times as long as the query."""


@dataclass(frozen=True, slots=True)
class FuzzyMatch:
    """How a name matches.

    Args:
        score: higher is better.
        positions: of the matched characters, in ascending order.
    """

    score: int
    positions: tuple[int, ...]


def fuzzy_match(query: str, name: str) -> FuzzyMatch | None:
    """Return how a name matches a query, without regard to case; None when it does not."""
    if not query:
        return FuzzyMatch(0, ())
    lowered, wanted = name.lower(), query.lower()
    loss = min(_LONGEST_LOSS, max(0, len(name) - len(query)))
    at = lowered.find(wanted)
    if at >= 0:
        if at and not _is_part_start(name, at):
            at = next(
                (place for place in _places(lowered, wanted) if _is_part_start(name, place)),
                at,
            )
        positions = tuple(range(at, at + len(wanted)))
        if at == 0:
            return FuzzyMatch(EXACT if len(name) == len(query) else PREFIX - loss, positions)
        return FuzzyMatch((PART if _is_part_start(name, at) else INSIDE) - loss, positions)
    scattered = _pattern(wanted).search(lowered)
    if scattered is None:
        return None
    spread = scattered.end() - scattered.start()
    if spread > _MAX_SPREAD * len(wanted):
        return None
    positions = tuple(scattered.start(index) for index in range(1, len(wanted) + 1))
    starts = sum(1 for position in positions if _is_part_start(name, position))
    return FuzzyMatch(SCATTERED + 20 * starts - min(_LONGEST_LOSS, spread - len(wanted) + loss // 4), positions)


def _places(text: str, wanted: str) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(wanted), text)]


def _is_part_start(name: str, at: int) -> bool:
    if at == 0:
        return True
    before, here = name[at - 1], name[at]
    return not before.isalnum() or (here.isupper() and not before.isupper())


@lru_cache(maxsize=64)
def _pattern(wanted: str) -> re.Pattern[str]:
    return re.compile(".*?".join(f"({re.escape(character)})" for character in wanted))
