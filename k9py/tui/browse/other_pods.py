"""Failing pods that no table of the first screen shows: bare pods, pods of Jobs, of operators' own types.

Nothing that runs in the cluster may fail unseen: the header counts them, by the rule of `views.other_pods`. Invariants:
a pod is examined when it changes, for the length of a slice on each tick; those that fail are examined again every few
seconds, because what they belong to changes too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from k9py.api.meta import ObjectRef
from k9py.cluster.change_feed import Changes
from k9py.cluster.cluster import Cluster
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlice
from k9py.views.other_pods import is_failing, is_other

SLICE_SECONDS: Final = 0.003
"""Time for pods on each tick."""
AGAIN_SECONDS: Final = 5.0
"""After which failing pods are examined again."""


class OtherPods:
    """The failing pods of a cluster that belong to no Service or workload."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._cluster: Cluster | None = None
        self._waiting: dict[ObjectRef, None] = {}
        self._failing: dict[ObjectRef, None] = {}
        self._again_at = 0.0

    @property
    def failing(self) -> frozenset[ObjectRef]:
        """The pods."""
        return frozenset(self._failing)

    def update(self, cluster: Cluster | None, changes: Changes) -> None:
        """Examine what changed."""
        if cluster is not self._cluster:
            self._cluster = cluster
            self._waiting, self._failing = {}, {}
        if cluster is None:
            return
        if changes.everything:
            self._wait_for(cluster.stores.pods.keys())
            self._wait_for(self._failing)
        self._wait_for(changes.pods)
        now = self._clock.monotonic()
        if now >= self._again_at:
            self._again_at = now + AGAIN_SECONDS
            self._wait_for(self._failing)
        self._examine(cluster)

    def _wait_for(self, pods: Iterable[ObjectRef]) -> None:
        self._waiting.update(dict.fromkeys(pods))

    def _examine(self, cluster: Cluster) -> None:
        now, time_slice = self._clock.now(), TimeSlice(SLICE_SECONDS, self._clock.monotonic)
        while self._waiting:
            key = next(iter(self._waiting))
            del self._waiting[key]
            pod = cluster.stores.pods.get(key)
            if pod is not None and is_failing(pod, now, cluster.queries) and is_other(pod, cluster.queries):
                self._failing[key] = None
            else:
                self._failing.pop(key, None)
            if time_slice.is_over():
                return
