"""Rows that the server prints: meta.k8s.io/v1 Table, as `kubectl get` requests it.

Invariant: a row costs its cells and its metadata without annotations, never a whole object. A server that cannot print
a type answers with the objects themselves: their rows have the columns `PLAIN_COLUMNS`. Lists and maps, which a cell
may be as well, become JSON text.
Source: apimachinery/pkg/apis/meta/v1/types.go (Table, TableColumnDefinition, TableRow).
"""

from __future__ import annotations

from sys import intern
from typing import Any, Final

import msgspec
from msgspec.structs import force_setattr

from k9py.api.meta import KubeObject, KubeStruct, Meta, ObjectRef
from k9py.api.resource_type import ResourceType

CellValue = str | int | float | bool | None


class TableColumn(KubeStruct, frozen=True):
    """A column: `type` is an OpenAPI type ("string", "integer", "date" …); a priority above 0 is for wide output."""

    name: str = ""
    type: str = ""
    format: str = ""
    description: str = ""
    priority: int = 0


PLAIN_COLUMNS: Final = (TableColumn("Name", "string", "name"), TableColumn("Created At", "date"))
"""The columns of objects that the server does not print as a Table."""


class TableRow(KubeObject, frozen=True):
    """One row, with the metadata of its object (`includeObject=Metadata`)."""

    kind: str = ""
    group: str = ""
    cells: tuple[CellValue, ...] = ()

    @property
    def key(self) -> ObjectRef:
        return ObjectRef(self.kind, self.metadata.namespace, self.metadata.name, self.group)


class _RowObject(msgspec.Struct, frozen=True):
    metadata: Meta


class _Row(msgspec.Struct, frozen=True):
    cells: tuple[Any, ...]
    object: _RowObject


class _RowTableOrObject(KubeStruct, frozen=True):
    cells: tuple[Any, ...] | None = None
    object: _RowObject | None = None
    rows: tuple[_Row, ...] | None = None
    metadata: Meta | None = None
    column_definitions: tuple[TableColumn, ...] | None = None


class _Columns(KubeStruct, frozen=True):
    column_definitions: tuple[TableColumn, ...] | None = None
    items: msgspec.Raw = msgspec.Raw()


_INTERNED: Final = 12
"""Length of a cell up to which it is shared between rows: states, counts and ages repeat."""

_row_decoder = msgspec.json.Decoder(_RowTableOrObject)
_columns_decoder = msgspec.json.Decoder(_Columns)


def decode_columns(table: bytes | bytearray | memoryview | msgspec.Raw) -> tuple[TableColumn, ...]:
    """Return the columns of a Table, those of plain objects for an ordinary list, () when it says nothing about them.

    Later events of a watch have no column definitions. Raises msgspec.DecodeError.
    """
    try:
        columns = _columns_decoder.decode(table)
    except (UnicodeDecodeError, RecursionError) as error:  # msgspec does not wrap these two
        raise msgspec.DecodeError(str(error)) from error
    return columns.column_definitions or (PLAIN_COLUMNS if columns.items != msgspec.Raw() else ())


def decode_row(
    resource_type: ResourceType, data: bytes | bytearray | memoryview | msgspec.Raw
) -> tuple[TableRow, tuple[TableColumn, ...]]:
    """Decode a row, a Table with one row, or an object that the server does not print.

    Returns:
        The row, and the columns if the Table defines them.

    Raises:
        msgspec.DecodeError: it is none of the three.
    """
    try:
        decoded = _row_decoder.decode(data)
    except (UnicodeDecodeError, RecursionError) as error:  # msgspec does not wrap these two
        raise msgspec.DecodeError(str(error)) from error
    row: _Row | _RowTableOrObject = decoded.rows[0] if decoded.rows else decoded
    columns = decoded.column_definitions or ()
    if row.object is not None:
        metadata, cells = row.object.metadata, row.cells or ()
    elif decoded.metadata is not None and decoded.metadata.name:
        metadata, columns = decoded.metadata, PLAIN_COLUMNS
        created = metadata.creation_timestamp
        cells = (metadata.name, created.strftime("%Y-%m-%dT%H:%M:%SZ") if created else None)
    else:
        raise msgspec.DecodeError("a row of a Table has no object")
    force_setattr(metadata, "annotations", None)
    force_setattr(metadata, "namespace", intern(metadata.namespace))
    return TableRow(metadata, resource_type.kind, resource_type.ref_group, tuple(map(_cell, cells))), columns


def _cell(value: Any) -> CellValue:
    if type(value) is str:
        return intern(value) if len(value) <= _INTERNED else value
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else value
