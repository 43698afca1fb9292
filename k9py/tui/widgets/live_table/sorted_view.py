"""The rows a table shows, in order: a sorted list of (sort key, row) kept by bisect, and how it is built in slices.

Invariant: `_entries` is always exactly the sorted accepted rows of the changes applied so far, and every key in it
has its sort key in `_places`; so a row is found, moved or taken out by bisect, never by search. A view holds its own
rows, so it stays whole and drawable while the model has moved on and a new view is being built.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from heapq import merge
from operator import itemgetter
from typing import Final

from k9py.objects.meta import ObjectKey
from k9py.tables.values import Row
from k9py.tui.widgets.live_table.order import SortKey

SLICE_ROWS: Final = 512
"""Rows handled between two looks at the clock: about 1 to 3 ms of work."""

_Entry = tuple[SortKey, Row]
_sort_key_of_entry = itemgetter(0)


class SortedView:
    """Sorted, filtered rows.

    Args:
        sort_key: A row's place; must be unique (end in the object's key).
        accepts: Whether a row is shown.
        reverse: Show last rows first.
    """

    def __init__(
        self, sort_key: Callable[[Row], SortKey], accepts: Callable[[Row], bool], *, reverse: bool = False
    ) -> None:
        self.sort_key = sort_key
        self.accepts = accepts
        self.reverse = reverse
        self._entries: list[_Entry] = []
        self._places: dict[ObjectKey, SortKey] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: ObjectKey) -> bool:
        return key in self._places

    def row_at(self, index: int) -> Row:
        """Return the row shown at an index, 0 on top."""
        return self._entries[-1 - index if self.reverse else index][1]

    def index_of(self, key: ObjectKey) -> int | None:
        """Return where an object is shown, None when it is not."""
        place = self._places.get(key)
        return None if place is None else self._shown_index(self._find(place))

    def place_of(self, key: ObjectKey) -> SortKey | None:
        """Return an object's sort key, for finding its neighbours after it is gone."""
        return self._places.get(key)

    def index_near(self, place: SortKey) -> int:
        """Return the index of the row now shown where a row with that sort key was (or the last row)."""
        found = self._find(place)
        if self.reverse:
            found -= 1
        return max(0, min(self._shown_index(found), len(self._entries) - 1))

    def rows(self) -> list[Row]:
        """Return the rows in the order shown."""
        rows = [row for _, row in self._entries]
        return rows[::-1] if self.reverse else rows

    def apply(self, changed: Iterable[ObjectKey], model: Mapping[ObjectKey, Row]) -> None:
        """Bring these objects up to date with the model: inserted, moved, replaced or taken out."""
        out: list[SortKey] = []
        incoming: list[_Entry] = []
        entries, places = self._entries, self._places
        for key in changed:
            row = model.get(key)
            old = places.get(key)
            new = self.sort_key(row) if row is not None and self.accepts(row) else None
            if new is not None and row is not None:
                if new == old:
                    entries[self._find(new)] = (new, row)
                    continue
                incoming.append((new, row))
                places[key] = new
            elif old is not None:
                del places[key]
            if old is not None:
                out.append(old)
        if len(out) + len(incoming) > 64:
            self._splice(sorted(out), sorted(incoming, key=_sort_key_of_entry))
            return
        for place in out:
            del entries[self._find(place)]
        for entry in incoming:
            entries.insert(self._find(entry[0]), entry)

    def build(self, rows: Sequence[Row]) -> Generator[None, None, None]:
        """Fill an empty view from many rows in slices; yields where the caller may pause."""
        runs: list[list[_Entry]] = []
        for start in range(0, len(rows), SLICE_ROWS):
            run = [(self.sort_key(row), row) for row in rows[start : start + SLICE_ROWS] if self.accepts(row)]
            run.sort(key=_sort_key_of_entry)
            if run:
                runs.append(run)
            yield
        if len(runs) == 1:
            self._entries = runs[0]
        else:
            for count, entry in enumerate(merge(*runs, key=_sort_key_of_entry), start=1):
                self._entries.append(entry)
                if count % SLICE_ROWS == 0:
                    yield
        yield from self._index_places()

    def build_narrowed(self, wider: SortedView) -> Generator[None, None, None]:
        """Fill an empty view of the same order from a wider one, in slices: no sorting."""
        source = list(wider._entries)
        for start in range(0, len(source), SLICE_ROWS):
            self._entries += [entry for entry in source[start : start + SLICE_ROWS] if self.accepts(entry[1])]
            yield
        yield from self._index_places()

    def _index_places(self) -> Generator[None, None, None]:
        entries = self._entries
        for start in range(0, len(entries), SLICE_ROWS * 4):
            self._places.update({row.key: place for place, row in entries[start : start + SLICE_ROWS * 4]})
            yield

    def _find(self, place: SortKey) -> int:
        return bisect_left(self._entries, place, key=_sort_key_of_entry)

    def _shown_index(self, index: int) -> int:
        return len(self._entries) - 1 - index if self.reverse else index

    def _splice(self, out: list[SortKey], incoming: list[_Entry]) -> None:
        """Take out and put in many entries in one pass of slices (each single insert would move half the list)."""
        old = self._entries
        kept: list[_Entry] = []
        start = 0
        for place in out:
            at = bisect_left(old, place, start, key=_sort_key_of_entry)
            kept += old[start:at]
            start = at + 1
        kept += old[start:]
        merged: list[_Entry] = []
        start = 0
        for entry in incoming:
            at = bisect_left(kept, entry[0], start, key=_sort_key_of_entry)
            merged += kept[start:at]
            merged.append(entry)
            start = at
        merged += kept[start:]
        self._entries = merged
