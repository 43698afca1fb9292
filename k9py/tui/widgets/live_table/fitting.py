"""Which columns fit and how wide each is: pure arithmetic in terminal cells.

Rules: a column wants the width of its content between its own bounds; when room is short, the growing columns give
way first down to a readable width, then columns of the highest priority number vanish one by one, and priority 0
stays to the last; what is left over becomes a little air for every column and room for the growing ones (without a
growing column it stays blank on the right).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from k9py.tables.values import Column

COLUMN_GAP: Final = 2
"""Blank cells between two columns."""
GROWING_AIR: Final = 12
COLUMN_AIR: Final = 6
"""Cells of air a growing, or any, column gets before the growing ones take all that is left."""
READABLE_GROWING_WIDTH: Final = 24
"""A growing column is not squeezed below this before other columns are hidden."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A visible column: its index among all columns, its first cell and its width in cells."""

    index: int
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Fit:
    """The visible columns from left to right; `width` is the cells they take with their gaps."""

    slots: tuple[Slot, ...]
    width: int
    hidden: int


def column_at(fit: Fit, x: int) -> int | None:
    """Return the index of the column at a cell (0: the first cell of the first column), its gap included."""
    for slot in fit.slots:
        if slot.x <= x < slot.x + slot.width + COLUMN_GAP:
            return slot.index
    return None


def wanted_width(column: Column, content: int) -> int:
    """Return the width a column wants for content that wide, header and sort mark included."""
    natural = max(content, len(column.title) + 2)
    return max(column.min_width, min(natural, max(column.max_width, len(column.title))))


def fit_columns(columns: Sequence[Column], content: Sequence[int], room: int, *, everything: bool = False) -> Fit:
    """Choose columns and widths.

    Args:
        columns: All columns, in order.
        content: Widest content of each column, in cells.
        room: Cells available.
        everything: Show every column at its wanted width, wider than the room if need be (for scrolling sideways).
    """
    wanted = [wanted_width(column, cells) for column, cells in zip(columns, content, strict=True)]
    shown = list(range(len(columns)))
    if everything:
        return _place(shown, wanted, len(columns))

    def least(index: int) -> int:
        if columns[index].grow:
            return min(wanted[index], max(columns[index].min_width, READABLE_GROWING_WIDTH))
        return wanted[index]

    while len(shown) > 1 and _total([least(i) for i in shown]) > room:
        droppable = [i for i in shown if columns[i].priority > 0]
        if not droppable:
            break
        shown.remove(max(droppable, key=lambda i: (columns[i].priority, i)))
    widths = {i: wanted[i] for i in shown}
    growing = [i for i in shown if columns[i].grow]
    excess = _total(list(widths.values())) - room
    if excess > 0:
        _shrink(widths, growing or shown, columns, excess)
    elif growing:
        _spread(widths, growing, shown[:-1], -excess)
    return _place(shown, [widths.get(i, 0) for i in range(len(columns))], len(columns))


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + COLUMN_GAP * max(0, len(widths) - 1)


def _shrink(widths: dict[int, int], candidates: Sequence[int], columns: Sequence[Column], excess: int) -> None:
    while excess > 0:
        index = max(candidates, key=lambda i: widths[i] - columns[i].min_width)
        spare = widths[index] - columns[index].min_width
        if spare <= 0:
            return
        widths[index] -= 1
        excess -= 1


def _spread(widths: dict[int, int], growing: Sequence[int], spaced: Sequence[int], spare: int) -> None:
    """Use spare cells: some for growing columns, a little air for each column, the rest for the growing ones."""
    for candidates, most in ((growing, GROWING_AIR), (spaced, COLUMN_AIR), (growing, spare)):
        share = min(most, spare // len(candidates)) if candidates else 0
        for index in candidates:
            widths[index] += share
        spare -= share * len(candidates)
    widths[growing[0]] += spare


def _place(shown: Sequence[int], widths: Sequence[int], count: int) -> Fit:
    slots: list[Slot] = []
    x = 0
    for index in shown:
        slots.append(Slot(index, x, widths[index]))
        x += widths[index] + COLUMN_GAP
    return Fit(tuple(slots), max(0, x - COLUMN_GAP), count - len(shown))
