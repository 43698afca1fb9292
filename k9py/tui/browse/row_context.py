"""What rows depend on besides their object: the time, what pods and nodes use, the pods on a node.

Invariant: metrics are polled only while a table that shows them can be seen (`hold`, `release`). What is not known is
None, never zero.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.api.metrics import Usage, UsageHistory
from k9py.api.plural import count_noun
from k9py.cluster.cluster import Cluster
from k9py.cluster.metrics import MetricsLease, MetricsState
from k9py.resources.resource import MetricsOf
from k9py.runtime.clock import Clock
from k9py.tui.browse.state_text import metrics_text

POD_COUNT_SECONDS: Final = 2.0
"""Minimum seconds between two counts of the pods on nodes."""
_ENDED: Final = ("Succeeded", "Failed")


class ClusterRowContext:
    """The `RowContext` of descriptors.

    Args:
        metrics: Which metrics the columns show.
        namespaces: Of the pods that are measured, () for the whole cluster.
        counts_pods: Whether the columns show how many pods there are.

    Attributes:
        now: Aware UTC; set before rows are made.
    """

    def __init__(
        self,
        cluster: Cluster,
        clock: Clock,
        metrics: MetricsOf,
        namespaces: tuple[str, ...],
        *,
        counts_pods: bool = False,
    ) -> None:
        self.now = clock.now()
        self._cluster = cluster
        self._clock = clock
        self._metrics = metrics
        self._namespaces = namespaces
        self._counts_pods = counts_pods
        self._lease: MetricsLease | None = None
        self._version = -1
        self._pods_by_node: Counter[str] | None = None
        self._counted_at = float("-inf")

    def usage(self, ref: ObjectRef) -> Usage | None:
        """Return what a pod or node uses, None when it is unknown."""
        return self._cluster.metrics.usage(ref)

    def history(self, ref: ObjectRef) -> UsageHistory | None:
        """Return what a pod or node used in the last minutes, None when it is unknown."""
        return self._cluster.metrics.history(ref)

    def pod_count(self, node: str) -> int | None:
        """Count the pods on a node; None where only some namespaces are watched."""
        cluster = self._cluster
        if not cluster.scope.is_cluster or not cluster.has_synced(POD.name):
            return None
        now = self._clock.monotonic()
        if self._pods_by_node is None or now - self._counted_at > POD_COUNT_SECONDS:
            self._counted_at = now
            pods = cluster.stores.pods.values()
            self._pods_by_node = Counter(pod.spec.node_name for pod in pods if pod.status.phase not in _ENDED)
        return self._pods_by_node[node]

    # -- metrics ------------------------------------------------------------------------------------------------------

    def hold(self) -> None:
        """Keep the metrics current: a table shows them."""
        if self._lease is None and self._metrics is not MetricsOf.NOTHING:
            metrics = self._cluster.metrics
            is_of_pods = self._metrics is MetricsOf.PODS
            self._lease = metrics.lease_pods(self._namespaces) if is_of_pods else metrics.lease_nodes()

    def release(self) -> None:
        """Stop reading metrics."""
        if self._lease is not None:
            self._lease.close()
        self._lease = None

    def take_changed(self) -> bool:
        """Return whether the usage may have changed since the last call."""
        version = self._cluster.metrics.version
        changed, self._version = version != self._version, version
        return changed and self._metrics is not MetricsOf.NOTHING

    @property
    def lacks_metrics(self) -> bool:
        """Whether the cluster has no metrics for the columns, or they may not be read: then none is ever known."""
        if self._metrics is MetricsOf.NOTHING:
            return False
        state = self._cluster.metrics.health(self._kind).state
        return state in (MetricsState.NOT_INSTALLED, MetricsState.FORBIDDEN)

    @property
    def _kind(self) -> str:
        return "Pod" if self._metrics is MetricsOf.PODS else "Node"

    @property
    def note(self) -> str:
        """How old the usage is, why it or the number of pods is unknown; "" when both are current or not shown."""
        notes: list[str] = []
        if self._metrics is not MetricsOf.NOTHING:
            notes.append(metrics_text(self._cluster.metrics.health(self._kind), self._clock.now()))
        if self._counts_pods and not self._cluster.scope.is_cluster:
            watched = len(self._cluster.scope.namespaces)
            notes.append(f"pods unknown: only {count_noun(watched, 'namespace')} watched")
        return " · ".join(note for note in notes if note)
