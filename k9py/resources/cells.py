"""Columns and cells that the modules in `catalog/` share: name, age, times, counts, texts, percentages.

Invariants: cells that kubectl prints too have kubectl's text (`<none>`, `<unset>`, `<unknown>`). An amount that is not
known is "–" and sorts last: never zero. Live columns compute their text from `Row.since` or from the sort value of
their own cell, so that a table of ages costs nothing while nobody looks at it; the text of such a cell is only
measured, and left out where it is short. Cells that repeat from row to row (counts, percentages, states, nodes) are
shared: for them a row costs a reference.

To add a column of times: `time_column(...)` among the columns given to `numbered`, and `time_cell(...)` in the row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from k9py.api.meta import KubeObject
from k9py.api.text import printable
from k9py.api.times import human_duration, rfc3339
from k9py.views.tones import rank_of
from k9py.views.values import Cell, Column, Row, Tone

NONE: Final = "<none>"
UNSET: Final = "<unset>"
UNKNOWN: Final = "<unknown>"
MISSING: Final = Cell("–", Tone.MUTED)
"""An amount that is not known, or that does not apply."""
AGE_CELL: Final = Cell("")
"""The cell of `AGE`, whose text and order come from `Row.since`."""
WARN_PERCENT: Final = 90
FULL_PERCENT: Final = 100
_SHARED_CELLS: Final = 4096
"""Cells of each form that are shared, those used last."""
_SHARED_LENGTH: Final = 40
"""Longer texts hardly repeat."""


def live_age(row: Row, now: datetime) -> str:
    """Return the age of the object, as kubectl prints it."""
    return UNKNOWN if row.since is None else human_duration((now - row.since).total_seconds())


NAME: Final = Column("name", "NAME", min_width=16, max_width=63, grow=True, sort_key="N")
CREATED_AT: Final = Column("created", "CREATED AT", min_width=10, max_width=20, priority=9, wide=True)
"""What kubectl prints of kinds without columns of their own."""
AGE: Final = Column("age", "AGE", align_right=True, min_width=6, max_width=6, priority=1, live=live_age, sort_key="A")

_CALM: Final = frozenset({Tone.OK, Tone.PLAIN, Tone.MUTED})


def object_row(value: KubeObject, cells: tuple[Cell, ...], tone: Tone = Tone.PLAIN, *, rank: int | None = None) -> Row:
    """Return the row of an object: failing ones first. One that is being deleted is busy, unless it is worse.

    Args:
        rank: Where the row sorts, instead of by its tone.
    """
    metadata = value.metadata
    if metadata.deletion_timestamp is not None and tone in _CALM:
        tone = Tone.BUSY
    return Row(
        key=value.key,
        cells=cells,
        tone=tone,
        rank=rank_of(tone) if rank is None else rank,
        since=metadata.creation_timestamp,
    )


def name_cell(value: KubeObject) -> Cell:
    """Return the cell of `NAME`."""
    return Cell(printable(value.metadata.name))


def created_cell(value: KubeObject) -> Cell:
    """Return the cell of `CREATED_AT`."""
    return Cell(rfc3339(value.metadata.creation_timestamp) or UNKNOWN, Tone.MUTED)


def shared_cell(text: str, tone: Tone = Tone.PLAIN) -> Cell:
    """Return a text from the cluster; rows with the same text share the cell, unless it is long."""
    return _short_cell(text, tone) if len(text) <= _SHARED_LENGTH else Cell(printable(text), tone)


@lru_cache(maxsize=_SHARED_CELLS)
def _short_cell(text: str, tone: Tone) -> Cell:
    return Cell(printable(text), tone)


@lru_cache(maxsize=_SHARED_CELLS)
def _count_cell(number: int, tone: Tone) -> Cell:
    return Cell(str(number), tone, number)


@lru_cache(maxsize=_SHARED_CELLS)
def _share_cell(part: int, whole: int, tone: Tone) -> Cell:
    return Cell(f"{part}/{whole}", tone, (part / whole if whole else 1.0, whole))


@lru_cache(maxsize=_SHARED_CELLS)
def _percent_cell(percent: int, tone: Tone) -> Cell:
    return Cell(f"{percent}%", tone, percent)


def text_cell(text: str, tone: Tone = Tone.PLAIN, *, none: str = "") -> Cell:
    """Return a text from the cluster, `none` if there is none."""
    return shared_cell(text, tone) if text else shared_cell(none, Tone.MUTED)


def muted_cell(text: str, *, none: str = NONE) -> Cell:
    """Return a text that is rarely looked at."""
    return shared_cell(text or none, Tone.MUTED)


def count_cell(number: int, tone: Tone = Tone.PLAIN) -> Cell:
    """Return a number."""
    return _count_cell(number, tone)


def share_cell(part: int, whole: int, tone: Tone = Tone.PLAIN) -> Cell:
    """Return `2/3`; sorts by the share, the emptiest first. The tone is used while something is missing."""
    return _share_cell(part, whole, tone if part < whole else Tone.PLAIN)


def percent_cell(
    used: float | None, available: float | None, *, warn: int = WARN_PERCENT, full: Tone = Tone.FAIL
) -> Cell:
    """Return how much is used, in percent: `87%`.

    Args:
        used: None if it is not known.
        available: None if there is no such bound.
        warn: Percent from which the tone is WARN.
        full: The tone from 100 % on.
    """
    if used is None or not available or available < 0:
        return MISSING
    percent = int(used / available * 100 + 1e-6)
    tone = full if percent >= FULL_PERCENT else Tone.WARN if percent >= warn else Tone.PLAIN
    return _percent_cell(percent, tone)


def list_text(items: Iterable[str], shown: int = 3, *, none: str = UNSET) -> str:
    """Return a list as kubectl shortens it: `a,b,c + 2 more...`."""
    items = list(items)
    text = ",".join(items[:shown])
    return f"{text} + {len(items) - shown} more..." if len(items) > shown else text or none


class Elapsed(NamedTuple):
    """The sort value of a duration: seconds when the row was made; `since` (a timestamp) while it lasts, else 0."""

    seconds: float
    since: float = 0.0


def time_cell(at: datetime | None, tone: Tone = Tone.MUTED, *, none: str = NONE) -> Cell:
    """Return the cell of a time; the column shows how long ago it was, and sorts the latest first."""
    return Cell(none, Tone.MUTED) if at is None else Cell("", tone, -at.timestamp())


def duration_cell(started: datetime | None, ended: datetime | None, now: datetime) -> Cell:
    """Return how long something took, or takes so far; "" if it has not started."""
    if started is None:
        return Cell("")
    seconds = ((ended or now) - started).total_seconds()
    return Cell("", sort=Elapsed(seconds, 0.0 if ended is not None else started.timestamp()))


IndexedColumn = Callable[[int], Column]
"""A column that must know its index, because its text is computed from its own cell."""


def numbered(*columns: Column | IndexedColumn) -> tuple[Column, ...]:
    """Return the columns of a table; gives those that need it their index."""
    return tuple(column if isinstance(column, Column) else column(index) for index, column in enumerate(columns))


def usage_column(id_: str, title: str, **options: Any) -> Column:
    """Return a column of an amount in use or of its share: the largest comes first when it is sorted."""
    return Column(id_, title, align_right=True, min_width=4, descending_first=True, **options)


def live_column(text: Callable[[Any, datetime], str], id_: str, title: str, **options: Any) -> IndexedColumn:
    """Return a column whose text is computed from the sort value of its cell, while that is not None.

    Args:
        text: Is given the sort value and the time.
        options: Of `Column`.
    """

    def column(index: int) -> Column:
        def live(row: Row, now: datetime) -> str:
            cell = row.cells[index]
            return cell.text if cell.sort is None else text(cell.sort, now)

        return Column(id_, title, live=live, **options)

    return column


def time_column(id_: str, title: str, **options: Any) -> IndexedColumn:
    """Return a column of `time_cell`s: how long ago, as kubectl prints it."""
    return live_column(_time_ago, id_, title, **{"align_right": True, "min_width": 4, "max_width": 10} | options)


def duration_column(id_: str, title: str, **options: Any) -> IndexedColumn:
    """Return a column of `duration_cell`s."""
    return live_column(_elapsed, id_, title, **{"align_right": True, "min_width": 4, "max_width": 8} | options)


def _time_ago(sort: float, now: datetime) -> str:
    return human_duration(now.timestamp() + sort)


def _elapsed(sort: Elapsed, now: datetime) -> str:
    return human_duration(now.timestamp() - sort.since if sort.since else sort.seconds)
