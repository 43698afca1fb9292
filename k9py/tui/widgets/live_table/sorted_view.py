"""The rows a table shows, in order: a sorted list of places kept by bisect, and how it is built in slices.

A place is a row's sort key and ends in the object's own key, so a place leads to its row and a row to its place without
a search. Places hold only atoms: Python's garbage collector soon stops tracking such tuples, and a hundred thousand of
them cost no pauses. Invariant: `_places` is always exactly the sorted places of `_rows`. A view holds its own rows, so
it stays complete and drawable while the model changes and a new view is built.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from heapq import merge
from typing import Final

from k9py.api.meta import ObjectRef
from k9py.tui.widgets.live_table.order import SortKey, key_of
from k9py.views.values import Row

SLICE_ROWS: Final = 512
"""Rows processed between two checks of the clock: about 1 to 3 ms of work."""
_SPLICE_FROM: Final = 200
"""From this many changes on, one pass over the whole list is cheaper than moving half of it for each change."""


class SortedView:
    """Sorted, filtered rows.

    Args:
        sort_key: A row's place (see `order`).
        accepts: Whether a row is shown.
        reverse: Show last rows first.
    """

    def __init__(
        self, sort_key: Callable[[Row], SortKey], accepts: Callable[[Row], bool], *, reverse: bool = False
    ) -> None:
        self.sort_key = sort_key
        self.accepts = accepts
        self.reverse = reverse
        self._places: list[SortKey] = []
        self._rows: dict[ObjectRef, Row] = {}

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: ObjectRef) -> bool:
        return key in self._rows

    def row_at(self, index: int) -> Row:
        """Return the row shown at an index, 0 on top."""
        return self._rows[key_of(self._places[-1 - index if self.reverse else index])]

    def keys_at(self, start: int, end: int) -> list[ObjectRef]:
        """Return the objects shown at these indexes, as many as there are."""
        return [self.row_at(index).key for index in range(max(0, start), min(end, len(self._places)))]

    def index_of(self, key: ObjectRef) -> int | None:
        """Return where an object is shown, None when it is not."""
        place = self.place_of(key)
        return None if place is None else self._shown_index(bisect_left(self._places, place))

    def place_of(self, key: ObjectRef) -> SortKey | None:
        """Return an object's place, to find its neighbours after it is gone."""
        row = self._rows.get(key)
        return None if row is None else self.sort_key(row)

    def index_near(self, place: SortKey) -> int:
        """Return the index of the row now shown where a row with that place was (or of the last row)."""
        index = bisect_left(self._places, place)
        if self.reverse:
            index -= 1
        return max(0, min(self._shown_index(index), len(self._places) - 1))

    def rows(self) -> list[Row]:
        """Return the rows in the order shown."""
        rows = [self._rows[key_of(place)] for place in self._places]
        return rows[::-1] if self.reverse else rows

    def apply(self, changed: Iterable[ObjectRef], model: Mapping[ObjectRef, Row]) -> None:
        """Insert, move, replace or remove these objects as in the model."""
        out: list[SortKey] = []
        incoming: list[SortKey] = []
        rows, sort_key = self._rows, self.sort_key
        for key in changed:
            shown = rows.get(key)
            old = None if shown is None else sort_key(shown)
            row = model.get(key)
            new = None
            if row is not None and self.accepts(row):
                new = sort_key(row)
                rows[key] = row
            elif shown is not None:
                del rows[key]
            if new != old:
                if old is not None:
                    out.append(old)
                if new is not None:
                    incoming.append(new)
        places = self._places
        if len(out) + len(incoming) >= _SPLICE_FROM:
            self._places = _with(_without(places, sorted(out)), sorted(incoming))
            return
        for place in out:
            del places[bisect_left(places, place)]
        for place in incoming:
            places.insert(bisect_left(places, place), place)

    def build(self, rows: Sequence[Row]) -> Generator[None, None, None]:
        """Fill an empty view from many rows in slices; yields where the caller may pause."""
        runs: list[list[SortKey]] = []
        for start in range(0, len(rows), SLICE_ROWS):
            accepted = [row for row in rows[start : start + SLICE_ROWS] if self.accepts(row)]
            self._rows.update({row.key: row for row in accepted})
            runs.append(sorted([self.sort_key(row) for row in accepted]))
            yield
        for count, place in enumerate(merge(*runs), start=1):
            self._places.append(place)
            if count % SLICE_ROWS == 0:
                yield

    def build_narrowed(self, wider: SortedView) -> Generator[None, None, None]:
        """Fill an empty view of the same order from a wider one, in slices: no sorting."""
        source, rows = list(wider._places), dict(wider._rows)
        for start in range(0, len(source), SLICE_ROWS):
            for place in source[start : start + SLICE_ROWS]:
                row = rows[key_of(place)]
                if self.accepts(row):
                    self._places.append(place)
                    self._rows[row.key] = row
            yield

    def discard(self) -> Generator[None, None, None]:
        """Free everything in slices: freeing a hundred thousand places in one go would block the event loop."""
        self._rows = {}
        while self._places:
            del self._places[-SLICE_ROWS * 8 :]
            yield

    def _shown_index(self, index: int) -> int:
        return len(self._places) - 1 - index if self.reverse else index


def _without(places: list[SortKey], out: Sequence[SortKey]) -> list[SortKey]:
    """Return sorted places without some of them, in one pass of slices."""
    kept: list[SortKey] = []
    start = 0
    for place in out:
        at = bisect_left(places, place, start)
        kept += places[start:at]
        start = at + 1
    return kept + places[start:] if out else places


def _with(places: list[SortKey], incoming: Sequence[SortKey]) -> list[SortKey]:
    """Return sorted places with sorted others put in, in one pass of slices."""
    merged: list[SortKey] = []
    start = 0
    for place in incoming:
        at = bisect_left(places, place, start)
        merged += places[start:at]
        merged.append(place)
        start = at
    return merged + places[start:] if incoming else places
