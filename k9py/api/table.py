"""Rows that the server prints: meta.k8s.io/v1 Table, as `kubectl get` requests it.

Invariant: a row costs its cells and its metadata, never a whole object. Cells are scalars; anything else is dropped.
Source: apimachinery/pkg/apis/meta/v1/types.go (Table, TableColumnDefinition, TableRow).
"""

from __future__ import annotations

import msgspec

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
    cells: tuple[CellValue, ...]
    object: _RowObject


class _RowOrTable(KubeStruct, frozen=True):
    cells: tuple[CellValue, ...] | None = None
    object: _RowObject | None = None
    rows: tuple[_Row, ...] | None = None


class _Columns(KubeStruct, frozen=True):
    column_definitions: tuple[TableColumn, ...] | None = None


_row_decoder = msgspec.json.Decoder(_RowOrTable)
_columns_decoder = msgspec.json.Decoder(_Columns)


def decode_columns(table: bytes | memoryview | msgspec.Raw) -> tuple[TableColumn, ...]:
    """Return the columns of a Table, () when it has none (later events of a watch). Raises msgspec.DecodeError."""
    return _columns_decoder.decode(table).column_definitions or ()


def decode_row(resource_type: ResourceType, data: bytes | bytearray | memoryview | msgspec.Raw) -> TableRow:
    """Decode a row, or a Table with one row. Raises msgspec.DecodeError."""
    try:
        decoded = _row_decoder.decode(data)
    except (UnicodeDecodeError, RecursionError) as error:  # msgspec does not wrap these two
        raise msgspec.DecodeError(str(error)) from error
    row: _Row | _RowOrTable = decoded.rows[0] if decoded.rows else decoded
    if row.object is None:
        raise msgspec.DecodeError("a row of a Table has no object")
    return TableRow(row.object.metadata, resource_type.kind, resource_type.ref_group, row.cells or ())
