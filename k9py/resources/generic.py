"""Columns and rows of any type without a descriptor: those that its server prints (meta.k8s.io/v1 Table).

Invariants: the cells are those of `kubectl get`, the name first. Ages are computed from the metadata, so that they do
not stand still. The tone is neutral unless a column that says whether the object is well says that it is not; what is
unknown is unknown, not failing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from k9py.api.table import CellValue, TableColumn, TableRow
from k9py.api.text import printable
from k9py.resources.cells import AGE, AGE_CELL, MISSING, object_row, shared_cell
from k9py.views.tones import rank_of
from k9py.views.values import Cell, Column, Row, Tone

RESERVED_LETTERS: Final = frozenset("DFGJOPSTZ")
"""Capital letters that are bound to actions on screens with tables."""

_NUMBERS: Final = frozenset({"integer", "number"})
_TEXT_WIDTH: Final = 60
_LONG_TEXT: Final = re.compile(r"message|description|reason|hosts|endpoints|url", re.IGNORECASE)
_STATE_COLUMNS: Final = frozenset(
    {"ready", "available", "healthy", "health", "synced", "established", "status", "state", "phase", "condition"}
)
_FAILING: Final = frozenset({"false", "failed", "failure", "error", "errored", "degraded", "unhealthy", "notready"})
_UNKNOWN: Final = frozenset({"unknown", "<unknown>"})
_HEALTHY_IF_TRUE: Final = _STATE_COLUMNS - {"status", "state", "phase", "condition"}


def generic_columns(definitions: Sequence[TableColumn]) -> tuple[Column, ...]:
    """Return the columns of a Table: the name first, ages live, those with a priority above 0 wide."""
    return _layout(tuple(definitions)).columns


def generic_row(row: TableRow, definitions: Sequence[TableColumn]) -> Row:
    """Return the row of a TableRow: a cell for each of `generic_columns`. A cell that was not sent is unknown."""
    layout = _layout(tuple(definitions))
    cells: list[Cell] = []
    tone = Tone.PLAIN
    for index, column in zip(layout.order, layout.columns, strict=True):
        if column.live is not None:
            cells.append(AGE_CELL)
        elif index >= len(row.cells):
            cells.append(MISSING)
        else:
            value = row.cells[index]
            state = _state(definitions[index].name, value)
            tone = min(tone, state, key=rank_of)
            cells.append(_cell(value, state))
    return object_row(row, tuple(cells), tone)


class _Layout(NamedTuple):
    """The columns, and for each the index of its cell in a TableRow."""

    columns: tuple[Column, ...]
    order: tuple[int, ...]


@lru_cache(maxsize=256)
def _layout(definitions: tuple[TableColumn, ...]) -> _Layout:
    order = tuple(sorted(range(len(definitions)), key=lambda index: not _is_name(definitions[index])))
    return _Layout(_columns([definitions[index] for index in order]), order)


def cell_text(value: CellValue) -> str:
    """Return a cell's text as kubectl prints it: nothing for null, `true` and `false` for booleans."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return printable(value)
    return str(value)


def _cell(value: CellValue, tone: Tone) -> Cell:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Cell(str(value), tone, value) if is_number else shared_cell(cell_text(value), tone)


def _is_name(definition: TableColumn) -> bool:
    return definition.name.lower() == "name"


def _columns(definitions: Sequence[TableColumn]) -> tuple[Column, ...]:
    ids = _unique(definition.name for definition in definitions)
    letters = sort_letters([definition.name for definition in definitions])
    columns: list[Column] = []
    for at, (definition, id_, letter) in enumerate(zip(definitions, ids, letters, strict=True)):
        title = printable(definition.name).upper()
        if definition.name.lower() == "age":
            columns.append(AGE)
            continue
        is_number = definition.type in _NUMBERS
        is_name = _is_name(definition)
        columns.append(
            Column(
                id_,
                title,
                align_right=is_number,
                min_width=16 if is_name else 4,
                max_width=12 if is_number else _TEXT_WIDTH,
                priority=0 if is_name else min(8, 1 + at),
                grow=is_name or _LONG_TEXT.search(definition.name) is not None,
                sort_key=letter,
                wide=definition.priority > 0,
            )
        )
    return tuple(columns)


def _unique(names: Iterable[str]) -> list[str]:
    """Return ids for the names of columns: lower case, without repetition."""
    ids: list[str] = []
    for name in names:
        base = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "column"
        id_, number = base, 2
        while id_ in ids:
            id_, number = f"{base}_{number}", number + 1
        ids.append(id_)
    return ids


def sort_letters(titles: Sequence[str]) -> tuple[str, ...]:
    """Return a capital letter of each title that sorts by it, "" where none is free. `N` is the name, `A` the age."""
    fixed = {"name": "N", "age": "A"}
    taken = set(RESERVED_LETTERS) | {letter for title, letter in fixed.items() if title in map(str.lower, titles)}
    letters: list[str] = []
    for title in titles:
        letter = fixed.get(title.lower(), "")
        if not letter or letter in letters:
            free = (char for char in title.upper() if "A" <= char <= "Z" and char not in taken)
            letter = next(free, "")
        letters.append(letter)
        taken.add(letter)
    return tuple(letters)


def _state(title: str, value: CellValue) -> Tone:
    """Return the tone of a cell: WARN or UNKNOWN for a column that says whether the object is well, else PLAIN."""
    name = title.lower()
    if name not in _STATE_COLUMNS:
        return Tone.PLAIN
    text = cell_text(value).lower()
    if text in _UNKNOWN:
        return Tone.UNKNOWN
    if text == "false" and name not in _HEALTHY_IF_TRUE:
        return Tone.PLAIN
    return Tone.WARN if text in _FAILING else Tone.PLAIN
