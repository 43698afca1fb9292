"""Where the rows of the home screen's tables come from."""

from __future__ import annotations

from datetime import datetime

from k9py.cluster.cluster import Cluster
from k9py.objects.kinds import WORKLOAD_KINDS
from k9py.objects.meta import ObjectKey
from k9py.tables import rollouts as rollout_table
from k9py.tables import services as service_table
from k9py.tables.values import Row
from k9py.tui.panes.table_pane import RowSource


def service_source(cluster: Cluster) -> RowSource:
    """Return the rows of all services."""
    queries = cluster.queries

    def row(key: ObjectKey, now: datetime) -> Row | None:
        view = queries.service_view(key, now)
        return None if view is None else service_table.row(view, now)

    return RowSource(queries.service_keys, row, lambda: cluster.knows("Service"))


def rollout_source(cluster: Cluster) -> RowSource:
    """Return the rows of all workloads."""
    queries = cluster.queries

    def row(key: ObjectKey, now: datetime) -> Row | None:
        view = queries.rollout_view(key, now)
        return None if view is None else rollout_table.row(view, now)

    return RowSource(queries.rollout_keys, row, lambda: all(cluster.knows(kind) for kind in WORKLOAD_KINDS))
