"""The views of Services and rollouts, computed on demand and cached until something they have read changes.

Invariant: a cached view is stale before its readers are notified that it may differ (`Cluster` does both), so a reader
that pulls what its feed names never gets an old one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.cluster.reads import TrackedReads
from k9py.cluster.stores import Stores
from k9py.cluster.view_builder import ViewBuilder
from k9py.cluster.views import RolloutView, ServiceView
from k9py.rollouts.status import RolloutState

_SETTLED: Final = frozenset({RolloutState.COMPLETE, RolloutState.SCALED_TO_ZERO, RolloutState.PAUSED})

ViewT = TypeVar("ViewT")


@dataclass(slots=True)
class _CachedView(Generic[ViewT]):
    reads: TrackedReads
    view: ViewT | None = None


class ViewCache:
    """Computes and keeps views.

    Attributes:
        computed: views computed so far, for tests of what a change costs.
    """

    def __init__(self, stores: Stores, builder: ViewBuilder) -> None:
        self.computed = 0
        self._stores = stores
        self._builder = builder
        self._services: dict[ObjectRef, _CachedView[ServiceView]] = {}
        self._rollouts: dict[ObjectRef, _CachedView[RolloutView]] = {}
        self._unsettled: dict[ObjectRef, None] = {}
        """In the order in which they were computed."""

    def service(self, key: ObjectRef, now: datetime) -> ServiceView | None:
        """Return the view of a Service, None when there is none with that key."""
        service = self._stores.services.get(key)
        if service is None:
            self._drop(self._services, key)
            return None
        cached = self._cached(self._services, key)
        if cached.reads.is_stale:
            with cached.reads.recording():
                self._stores.reads.record(key)
                cached.view = self._builder.service(service, now, self.rollout)
            self.computed += 1
            self._set_unsettled(key, cached.view.severity is Severity.ROLLING_OUT)
        self._stores.reads.record(cached.reads)
        return cached.view

    def rollout(self, key: ObjectRef, now: datetime) -> RolloutView | None:
        """Return the view of a workload, None when there is none with that key."""
        workload = self._stores.workload(key)
        if workload is None:
            self._drop(self._rollouts, key)
            return None
        cached = self._cached(self._rollouts, key)
        if cached.reads.is_stale:
            with cached.reads.recording():
                self._stores.reads.record(key)
                cached.view = view = self._builder.rollout(workload, now)
            self.computed += 1
            is_settled = view.status.state in _SETTLED and view.severity is not Severity.ROLLING_OUT
            self._set_unsettled(key, not is_settled)
        self._stores.reads.record(cached.reads)
        return cached.view

    def _cached(self, cache: dict[ObjectRef, _CachedView[ViewT]], key: ObjectRef) -> _CachedView[ViewT]:
        cached = cache.get(key)
        if cached is None:
            cached = cache[key] = _CachedView(self._stores.reads.track(key))
        return cached

    def _drop(self, cache: dict[ObjectRef, _CachedView[ViewT]], key: ObjectRef) -> None:
        cached = cache.pop(key, None)
        if cached is not None:
            cached.reads.close()
            self._unsettled.pop(key, None)

    def _set_unsettled(self, key: ObjectRef, is_unsettled: bool) -> None:
        self._unsettled.pop(key, None)  # the view computed longest ago comes first
        if is_unsettled:
            self._unsettled[key] = None

    def invalidate(self, keys: Iterable[ObjectRef]) -> set[ObjectRef]:
        """Make views stale; return the objects whose views are stale now: these, and those that read them."""
        stale: set[ObjectRef] = set()
        for key in keys:
            cached = self._services.get(key) or self._rollouts.get(key)
            if cached is not None:
                stale |= self._stores.reads.make_stale(cached.reads)
        return stale

    def invalidate_all(self) -> None:
        """Drop every cached view."""
        self._stores.reads.mark_all()
        self._services = {}
        self._rollouts = {}
        self._unsettled = {}

    def unsettled(self, limit: int = 200) -> tuple[ObjectRef, ...]:
        """Return Services and rollouts that time alone may change, those computed longest ago first."""
        return tuple(key for key, _ in zip(self._unsettled, range(limit), strict=False))
