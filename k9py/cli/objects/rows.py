"""The rows of one type: which columns are printed, and the cells of an object in them.

Invariant: the columns of a source never change once `columns` was read, so that rows printed later line up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from k9py.api.errors import ConfigError
from k9py.api.events import Event
from k9py.api.kinds import Kind, TableKind
from k9py.api.meta import Meta
from k9py.api.resource_type import ResourceType
from k9py.api.text import printable
from k9py.cli.objects.text_table import NAMESPACE_COLUMN, PlainContext, TextTable, printed_cells
from k9py.resources.generic import generic_columns, generic_row
from k9py.resources.resource import MetricsOf, Resource
from k9py.views.values import Cell, Column

JSON_PATHS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "metadata.name": lambda value: value.name,
    "metadata.namespace": lambda value: value.namespace,
    "metadata.creationTimestamp": lambda value: value.metadata.creation_timestamp,
    "lastTimestamp": lambda event: event.last_seen,
    "firstTimestamp": lambda event: event.first_seen,
}
"""kubectl's JSONPaths that people sort by."""
_OF_EVENTS: Final = ("lastTimestamp", "firstTimestamp")
_USAGE: Final = ("cpu", "memory")
"""What the ids of columns with metrics begin with."""


def type_name(resource_type: ResourceType) -> str:
    """Return the name that stands before `/NAME`, such as `pod` and `deployment.apps`."""
    kind = resource_type.kind.lower()
    return f"{kind}.{resource_type.group}" if resource_type.group else kind


class RowSource:
    """Turns the objects of a type into cells.

    Args:
        resource: its descriptor; None: the server's own columns.
        wide: with the columns for wide output.
        namespaced: with the namespace, because objects of several are printed.
        prefixed: the name is `TYPE/NAME`, because several types are printed.
        label_columns: labels with a column of their own, after the others.
        shows_labels: with a last column of all labels.
    """

    def __init__(
        self,
        resource: Resource | None,
        resource_type: ResourceType,
        *,
        wide: bool,
        namespaced: bool,
        prefixed: bool,
        label_columns: Sequence[str] = (),
        shows_labels: bool = False,
    ) -> None:
        self.resource_type = resource_type
        self.kind: Kind[Any] = TableKind(resource_type) if resource is None else resource.kind
        self._resource = resource
        self._wide = wide
        self._namespaced = namespaced and resource_type.namespaced
        self._label_columns = tuple(label_columns)
        self._shows_labels = shows_labels
        self._prefix = f"{type_name(resource_type)}/" if prefixed else ""

    def new_kind(self) -> Kind[Any]:
        """Return the kind for another watch: a Table's columns belong to one watch."""
        return TableKind(self.resource_type) if self._resource is None else self.kind

    @cached_property
    def _all_columns(self) -> tuple[Column, ...]:
        return generic_columns(self.kind.columns) if self._resource is None else self._resource.columns

    @cached_property
    def _shown(self) -> tuple[int, ...]:
        return tuple(
            index
            for index, column in enumerate(self._all_columns)
            if (self._wide or not column.wide) and not self._is_of_other_objects(column)
        )

    def _is_of_other_objects(self, column: Column) -> bool:
        """Return whether a column needs more than the object: usage is what `kdash top` prints."""
        resource = self._resource
        if resource is None:
            return False
        is_usage = resource.metrics is not MetricsOf.NOTHING and column.id.split("_")[0] in _USAGE
        return is_usage or (resource.needs_pods and column.id == "pods")

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The printed columns; of a type that the server prints, known after its first list."""
        shown = tuple(self._all_columns[index] for index in self._shown)
        labels = [Column(f"label:{key}", printable(key.rpartition("/")[2]).upper()) for key in self._label_columns]
        every = Column("labels", "LABELS")
        return (
            *((NAMESPACE_COLUMN,) if self._namespaced else ()),
            *shown,
            *labels,
            *((every,) if self._shows_labels else ()),
        )

    def cells(self, value: Any, now: datetime) -> tuple[Cell, ...]:
        """Return the cells of an object, one for each column."""
        if self._resource is None:
            row = generic_row(value, self.kind.columns)
        else:
            row = self._resource.row(value, PlainContext(now))
        every = printed_cells(row, self._all_columns, now)
        cells = [every[index] for index in self._shown]
        if self._prefix and cells:
            cells[0] = Cell(f"{self._prefix}{cells[0].text}", cells[0].tone, cells[0].sort)
        if self._namespaced:
            cells.insert(0, Cell(printable(value.namespace)))
        metadata: Meta = value.metadata
        cells += [Cell(printable(metadata.label(key))) for key in self._label_columns]
        if self._shows_labels:
            pairs = sorted((metadata.labels or {}).items())
            cells.append(Cell(printable(",".join(f"{key}={text}" for key, text in pairs))))
        return tuple(cells)

    def table(
        self,
        objects: Iterable[Any],
        now: datetime,
        *,
        sort_by: str = "",
        reverse: bool = False,
        room: int | None = None,
    ) -> TextTable:
        """Return the table of objects, on a terminal of `room` cells. Raises ConfigError: no column to sort by."""
        if sort_by and (path := _json_path(sort_by)) is not None:
            objects = _sorted_by_path(objects, path, is_descending=sort_by.startswith("-"))
            sort_by = ""
        rows = [self.cells(value, now) for value in objects]
        if sort_by:
            rows = _sorted(rows, self.columns, sort_by)
        if reverse:
            rows.reverse()
        return TextTable(self.columns, rows, None if self._wide else room)


def _json_path(sort_by: str) -> str | None:
    """Return the JSONPath of a --sort-by, without its dot and braces; None for a column."""
    path = sort_by.removeprefix("-")
    if path.startswith("{") and path.endswith("}"):
        path = path[1:-1]
    return path.removeprefix(".") if path.startswith(".") or path in JSON_PATHS else None


def _sorted_by_path(objects: Iterable[Any], path: str, *, is_descending: bool) -> list[Any]:
    """Return the objects in the order of one of `JSON_PATHS`; those without a value come first, as with kubectl."""
    value = JSON_PATHS.get(path)
    listed = list(objects)
    are_events = all(isinstance(item, Event) for item in listed)
    if value is None or (path in _OF_EVENTS and not are_events):
        known = [f".{name}" for name in JSON_PATHS if are_events or name not in _OF_EVENTS]
        hint = f"of an object's JSON: {', '.join(known)}; otherwise name a column, such as name or age"
        raise ConfigError(f"cannot sort by {printable('.' + path)}", hint)
    return sorted(listed, key=lambda item: _last_without(value(item)), reverse=is_descending)


def _last_without(value: Any) -> tuple[bool, Any]:
    return (value is not None, value)


def _sorted(rows: Sequence[tuple[Cell, ...]], columns: Sequence[Column], sort_by: str) -> list[tuple[Cell, ...]]:
    name = sort_by.removeprefix("-").lower()
    names = [column.title.lower() for column in columns]
    ids = [column.id.lower() for column in columns]
    index = next((place.index(name) for place in (names, ids) if name in place), None)
    if index is None:
        hint = f"columns: {', '.join(names)}; -COLUMN reverses the order"
        raise ConfigError(f"no column {printable(sort_by)!r} to sort by", hint)

    def value(row: tuple[Cell, ...]) -> tuple[bool, Any]:
        cell = row[index]
        return (cell.sort is None, cell.text if cell.sort is None else cell.sort)

    try:
        return sorted(rows, key=value, reverse=sort_by.startswith("-"))
    except TypeError:  # a server's column with values of several types
        return sorted(rows, key=lambda row: row[index].text, reverse=sort_by.startswith("-"))
