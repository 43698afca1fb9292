"""Where the rows of the home screen's tables come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from msgspec import structs

from k9py.api.meta import ObjectKey
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterState
from k9py.tui.panes.table_pane import RowSource
from k9py.views import rollouts as rollout_table
from k9py.views import services as service_table
from k9py.views.values import Column, Row


@dataclass(frozen=True, slots=True)
class ColumnSet:
    """Which columns of a table are shown, and how its rows are cut to them."""

    columns: tuple[Column, ...]
    indexes: tuple[int, ...]

    @classmethod
    def of(cls, columns: tuple[Column, ...], *, without: frozenset[str] = frozenset()) -> ColumnSet:
        """Leave out columns by their ids."""
        kept = tuple(index for index, column in enumerate(columns) if column.id not in without)
        return cls(tuple(columns[index] for index in kept), kept)

    def select(self, row: Row) -> Row:
        """Return the row with the cells of the shown columns."""
        if len(self.indexes) == len(row.cells):
            return row
        return structs.replace(row, cells=tuple(row.cells[index] for index in self.indexes))


def service_columns(*, one_namespace: bool) -> ColumnSet:
    """Return the columns of Services; the namespace is left out where all have the same."""
    return _shape(service_table.COLUMNS, one_namespace, {"why": 4, "name": 10})


def rollout_columns(*, one_namespace: bool) -> ColumnSet:
    """Return the columns of Rollouts; the namespace is left out where all have the same."""
    return _shape(rollout_table.COLUMNS, one_namespace, {"name": 10, "state": 28})


def _shape(columns: tuple[Column, ...], one_namespace: bool, least: Mapping[str, int]) -> ColumnSet:
    """Give the namespace its due: no room where it says nothing, and more than most columns where it does."""
    fitted = tuple(
        replace(
            column,
            min_width=least.get(column.id, column.min_width),
            priority=1 if column.id == "namespace" else column.priority,
        )
        for column in columns
    )
    return ColumnSet.of(fitted, without=frozenset({"namespace"}) if one_namespace else frozenset())


def service_source(cluster: Cluster, shape: ColumnSet) -> RowSource:
    """Return the rows of all services."""
    queries = cluster.queries

    def row(key: ObjectKey, now: datetime) -> Row | None:
        view = queries.service_view(key, now)
        return None if view is None else shape.select(service_table.row(view, now))

    return RowSource(queries.service_keys, row, lambda: _is_whole(cluster))


def _is_whole(cluster: Cluster) -> bool:
    """Say whether every first list is in: before that, what fails is not known, and so not what comes first."""
    return cluster.health.state not in (ClusterState.LOADING, ClusterState.UNREACHABLE)


def rollout_source(cluster: Cluster, shape: ColumnSet) -> RowSource:
    """Return the rows of all workloads."""
    queries = cluster.queries

    def row(key: ObjectKey, now: datetime) -> Row | None:
        view = queries.rollout_view(key, now)
        return None if view is None else shape.select(rollout_table.row(view, now))

    return RowSource(queries.rollout_keys, row, lambda: _is_whole(cluster))
