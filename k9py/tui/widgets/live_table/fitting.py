"""Which columns fit and how wide each is: pure arithmetic in terminal cells.

Rules: a column's natural width is that of its content, within its own bounds. When room is short, the growing columns
shrink first, down to a readable width, then columns with the highest priority number are hidden one by one; priority 0
stays longest. A column for the rest is hidden before another growing one is cut, and shrinks before it. When there is
room, the growing columns get all of their content first, then every column some padding; the rest stays blank on the
right, so that a short text is not followed by a wide gap.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from k9py.views.values import Column

COLUMN_GAP: Final = 2
"""Blank cells between two columns."""
COLUMN_PADDING: Final = 4
"""Maximum cells of padding for a column, once no growing one is cut."""
SORT_MARK: Final = 2
"""Cells of the sort mark beside a title."""
READABLE: Final = ((4, 56), (2, 36), (1, 24))
"""(priority, cells): columns of this priority number and above are hidden before a growing column gets narrower."""


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


def wanted_width(column: Column, content: int, *, is_sorted: bool = False) -> int:
    """Return the natural width of a column for content of that width, title (and sort mark) included."""
    natural = max(content, len(column.title) + (SORT_MARK if is_sorted else 0))
    if is_sorted:
        return max(column.min_width, min(natural, max(column.max_width, len(column.title) + SORT_MARK)))
    return max(column.min_width, min(natural, max(column.max_width, len(column.title))))


def fit_columns(
    columns: Sequence[Column],
    content: Sequence[int],
    room: int,
    *,
    everything: bool = False,
    sorted_by: str | None = None,
    is_ambiguous: bool = False,
    hidden: Collection[int] = (),
) -> Fit:
    """Choose columns and widths.

    Args:
        columns: All columns, in order.
        content: Widest content of each column, in cells.
        room: Cells available.
        everything: Show every column at its wanted width, wider than the room if need be (for scrolling sideways).
        sorted_by: Id of the column that is sorted by: it is kept, and its title has a mark.
        is_ambiguous: Rows share their names: columns that distinguish them are kept.
        hidden: Indexes of the columns that are not wanted; the one that is sorted by is shown all the same.
    """
    wanted = [
        wanted_width(column, cells, is_sorted=column.id == sorted_by)
        for column, cells in zip(columns, content, strict=True)
    ]
    shown = [i for i in range(len(columns)) if i not in hidden or columns[i].id == sorted_by]
    shown = [i for i in shown if content[i] or not columns[i].optional or columns[i].id == sorted_by] or shown
    shown = shown or list(range(len(columns)))[:1]
    shown.sort(key=lambda i: not columns[i].leads)
    if everything:
        return _place(shown, wanted, len(shown))

    def least(index: int, readable: int, *, for_rest: bool) -> int:
        column = columns[index]
        if column.rest:
            return min(wanted[index], column.min_width)
        if column.grow and not for_rest:
            return min(wanted[index], max(column.min_width, readable))
        return wanted[index]

    count = len(shown)
    while len(shown) > 1:
        kept = {i for i in shown if columns[i].id == sorted_by or (is_ambiguous and columns[i].tells_apart)}
        droppable = [i for i in shown if columns[i].priority > 0 and i not in kept]
        if not droppable:
            break
        first = max(droppable, key=lambda i: (columns[i].priority, i))
        readable = next(width for priority, width in READABLE if columns[first].priority >= priority)
        if _total([least(i, readable, for_rest=columns[first].rest) for i in shown]) <= room:
            break
        shown.remove(first)
    widths = {i: wanted[i] for i in shown}
    growing = [i for i in shown if columns[i].grow]
    excess = _total(list(widths.values())) - room
    if excess > 0:
        excess = _shrink(widths, [i for i in growing if columns[i].rest], columns, excess)
        _shrink(widths, growing or shown, columns, excess)
    else:
        _spread(widths, growing, content, shown[:-1], -excess)
    return _place(shown, [widths.get(i, 0) for i in range(len(columns))], count)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + COLUMN_GAP * max(0, len(widths) - 1)


def _shrink(widths: dict[int, int], candidates: Sequence[int], columns: Sequence[Column], excess: int) -> int:
    """Take the excess from the widest candidates; return what is left of it."""
    while excess > 0 and candidates:
        index = max(candidates, key=lambda i: widths[i] - columns[i].min_width)
        spare = widths[index] - columns[index].min_width
        if spare <= 0:
            break
        widths[index] -= 1
        excess -= 1
    return excess


def _spread(
    widths: dict[int, int], growing: Sequence[int], content: Sequence[int], spaced: Sequence[int], spare: int
) -> None:
    """Use spare cells: the growing columns get their whole content, then each column an equal padding."""
    for index in growing:
        more = max(0, min(spare, content[index] - widths[index]))
        widths[index] += more
        spare -= more
    padding = min(COLUMN_PADDING, spare // len(spaced)) if spaced else 0
    for index in spaced:
        widths[index] += padding


def _place(shown: Sequence[int], widths: Sequence[int], count: int) -> Fit:
    slots: list[Slot] = []
    x = 0
    for index in shown:
        slots.append(Slot(index, x, widths[index]))
        x += widths[index] + COLUMN_GAP
    return Fit(tuple(slots), max(0, x - COLUMN_GAP), count - len(shown))
