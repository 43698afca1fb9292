"""The rows of home's tables: which columns are shown, where the rows come from, and marks for changes under way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from msgspec import structs

from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterState
from k9py.tui.panes.table_pane import RowSource
from k9py.views import rollouts as rollout_table
from k9py.views import services as service_table
from k9py.views.values import Cell, Column, Row, Tone

_QUIET_TONES: Final = (Tone.OK, Tone.PLAIN, Tone.MUTED)


@dataclass(frozen=True, slots=True)
class ColumnSet:
    """The columns of a table that are shown, and their indexes among all."""

    columns: tuple[Column, ...]
    indexes: tuple[int, ...]

    @classmethod
    def of(cls, columns: tuple[Column, ...], *, without: frozenset[str] = frozenset()) -> ColumnSet:
        """Leave out columns by their ids."""
        indexes = tuple(index for index, column in enumerate(columns) if column.id not in without)
        return cls(tuple(columns[index] for index in indexes), indexes)

    def select(self, row: Row) -> Row:
        """Return the row with the cells of the shown columns."""
        if len(self.indexes) == len(row.cells):
            return row
        return structs.replace(row, cells=tuple(row.cells[index] for index in self.indexes))


def service_columns(*, one_namespace: bool) -> ColumnSet:
    """Return the columns of Services; without the namespace where all have the same."""
    return _column_set(service_table.COLUMNS, one_namespace, {"why": 4, "name": 10})


def rollout_columns(*, one_namespace: bool) -> ColumnSet:
    """Return the columns of Rollouts; without the namespace where all have the same."""
    return _column_set(rollout_table.COLUMNS, one_namespace, {"name": 10, "state": 28})


def _column_set(columns: tuple[Column, ...], one_namespace: bool, min_widths: Mapping[str, int]) -> ColumnSet:
    """Drop the namespace column when all rows share it; otherwise keep it longer than most columns."""
    fitted = tuple(
        replace(
            column,
            min_width=min_widths.get(column.id, column.min_width),
            priority=1 if column.id == "namespace" else column.priority,
        )
        for column in columns
    )
    return ColumnSet.of(fitted, without=frozenset({"namespace"}) if one_namespace else frozenset())


RootText = Callable[[ObjectRef, Severity], str]
"""Return the root cause of what is wrong with an object of a severity, "" when none is known."""


def no_root(_key: ObjectRef, _severity: Severity) -> str:
    """Know no root cause."""
    return ""


def service_source(cluster: Cluster, columns: ColumnSet, root_text: RootText = no_root) -> RowSource:
    """Return the rows of all services."""
    queries = cluster.queries

    def row(key: ObjectRef, now: datetime) -> Row | None:
        view = queries.service_view(key, now)
        if view is None:
            return None
        return columns.select(service_table.row(view, now, root=root_text(key, view.severity)))

    return RowSource(queries.service_keys, row, lambda: _has_all_lists(cluster), queries.labels_of)


def rollout_source(cluster: Cluster, columns: ColumnSet, root_text: RootText = no_root) -> RowSource:
    """Return the rows of all workloads."""
    queries = cluster.queries

    def row(key: ObjectRef, now: datetime) -> Row | None:
        view = queries.rollout_view(key, now)
        if view is None:
            return None
        return columns.select(rollout_table.row(view, now, root=root_text(key, view.severity)))

    return RowSource(queries.rollout_keys, row, lambda: _has_all_lists(cluster), queries.labels_of)


def _has_all_lists(cluster: Cluster) -> bool:
    """Return True once every initial list has loaded: before, it is unknown what fails and so what comes first."""
    return cluster.health.state not in (ClusterState.LOADING, ClusterState.UNREACHABLE)


def with_operations(
    source: RowSource, columns: tuple[Column, ...], column: str, operation_on: Callable[[ObjectRef], str]
) -> RowSource:
    """Return the same rows, those of the user's own changes marked until the change has settled.

    A mark only adds text: tone and place of the row stay those of the object.

    Args:
        columns: of the rows.
        column: id of the one that holds the mark.
        operation_on: returns what is being done to an object, "" for nothing.
    """
    index = next(index for index, candidate in enumerate(columns) if candidate.id == column)

    def marked_row(key: ObjectRef, now: datetime) -> Row | None:
        row = source.row(key, now)
        operation = operation_on(key)
        return row if row is None or not operation else _mark(row, index, operation)

    return replace(source, row=marked_row)


def _mark(row: Row, index: int, operation: str) -> Row:
    cell = row.cells[index]
    state = "settling" if row.tone in _QUIET_TONES or not cell.text else cell.text
    text = f"{Tone.BUSY.symbol} {printable(operation)} by you: {state}"
    cells = (*row.cells[:index], Cell(text, Tone.BUSY, sort=cell.sort), *row.cells[index + 1 :])
    return structs.replace(row, cells=cells)
