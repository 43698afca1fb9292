"""Columns and rows of the objects of one type: those of its descriptor, or those that the server prints.

Invariants: a row costs its cells. The namespace is a column where several namespaces are listed; its cell is the last
one, because columns with live values know the index of their own cell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from msgspec import structs

from k9py.api.kinds import Kind, TableKind
from k9py.api.meta import ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.api.table import TableColumn
from k9py.cluster.lease import WatchLease
from k9py.resources.cells import shared_cell
from k9py.resources.generic import generic_columns, generic_row
from k9py.resources.resource import Resource
from k9py.tui.browse.row_context import ClusterRowContext
from k9py.tui.panes.table_pane import RowSource
from k9py.tui.widgets.live_table.keys import with_sort_keys
from k9py.views.values import Column, Row

NAMESPACE: Final = Column("namespace", "NAMESPACE", min_width=6, max_width=30, sort_key="M", leads=True)


def kind_of(resource_type: ResourceType, resource: Resource | None) -> Kind[Any]:
    """Return how the objects of a type are requested for a table."""
    return TableKind(resource_type) if resource is None else resource.kind


class ResourceRows:
    """Columns and rows of what a lease holds.

    Args:
        resource: The descriptor, None where the server prints the rows.
        context: What rows depend on besides their object.
        taken: Keys that the screen uses: no column is sorted by them.
        owner_uid: Only what this object controls, "" for everything.
    """

    def __init__(
        self,
        lease: WatchLease[Any],
        resource: Resource | None,
        context: ClusterRowContext,
        *,
        shows_namespace: bool,
        taken: Collection[str],
        owner_uid: str = "",
    ) -> None:
        self._lease = lease
        self._resource = resource
        self._context = context
        self._shows_namespace = shows_namespace
        self._owner_uid = owner_uid
        self._printed: tuple[TableColumn, ...] = () if resource is not None else lease.kind.columns
        columns = generic_columns(self._printed) if resource is None else resource.columns
        if shows_namespace:
            columns = (*columns, NAMESPACE)
        self.columns: tuple[Column, ...] = with_sort_keys(columns, taken)

    @property
    def source(self) -> RowSource:
        """The rows, for a table."""
        return RowSource(self.keys, self.row, lambda: self._lease.has_synced, self.labels)

    def keys(self) -> Iterable[ObjectRef]:
        """Return all objects of the table."""
        if self._resource is None and not self._printed:
            return ()  # the columns come with the first rows
        store = self._lease.store
        if self._owner_uid:
            return [value.key for value in store.by_owner(self._owner_uid)]
        return store.keys()

    def row(self, key: ObjectRef, now: datetime) -> Row | None:
        """Return the row of an object, None when it is gone."""
        value = self._lease.store.get(key)
        if value is None or (self._owner_uid and value.owner_uid != self._owner_uid):
            return None
        self._context.now = now
        row = generic_row(value, self._printed) if self._resource is None else self._resource.row(value, self._context)
        cells = (*row.cells, shared_cell(value.namespace)) if self._shows_namespace else row.cells
        return structs.replace(row, key=key, cells=cells)  # the key that the store has already

    def labels(self, key: ObjectRef) -> Mapping[str, str] | None:
        """Return the labels of an object, None when it has none."""
        value = self._lease.store.get(key)
        return None if value is None else value.metadata.labels
