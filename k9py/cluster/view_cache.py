"""The views of Services and rollouts, computed on demand and cached until something they depend on changes.

Invariant: a cached view is invalidated before its readers are notified that it may differ (`Cluster` does both), so a
reader that pulls what its feed names never gets an old one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.cluster.stores import Stores
from k9py.cluster.view_builder import ViewBuilder
from k9py.cluster.views import RolloutView, ServiceView
from k9py.rollouts.status import RolloutState

_SETTLED: Final = frozenset({RolloutState.COMPLETE, RolloutState.SCALED_TO_ZERO, RolloutState.PAUSED})


class ViewCache:
    """Computes and keeps views.

    Attributes:
        computed: views computed so far, for tests of what a change costs.
    """

    def __init__(self, stores: Stores, builder: ViewBuilder) -> None:
        self.computed = 0
        self._stores = stores
        self._builder = builder
        self._services: dict[ObjectRef, ServiceView] = {}
        self._rollouts: dict[ObjectRef, RolloutView] = {}
        self._unsettled: dict[ObjectRef, None] = {}

    def service(self, key: ObjectRef, now: datetime) -> ServiceView | None:
        """Return the view of a Service, None when there is none with that key."""
        service = self._stores.services.get(key)
        if service is None:
            return None
        view = self._services.get(key)
        if view is None:
            view = self._services[key] = self._builder.service(service, now, self.rollout)
            self.computed += 1
            if view.severity is Severity.ROLLING_OUT:
                self._unsettled[key] = None
        return view

    def rollout(self, key: ObjectRef, now: datetime) -> RolloutView | None:
        """Return the view of a workload, None when there is none with that key."""
        workload = self._stores.workload(key)
        if workload is None:
            return None
        view = self._rollouts.get(key)
        if view is None:
            view = self._rollouts[key] = self._builder.rollout(workload, now)
            self.computed += 1
            if view.status.state not in _SETTLED or view.severity is Severity.ROLLING_OUT:
                self._unsettled[key] = None
        return view

    def invalidate(self, services: Iterable[ObjectRef], rollouts: Iterable[ObjectRef]) -> None:
        """Drop cached views that may differ now."""
        for key in services:
            self._services.pop(key, None)
            self._unsettled.pop(key, None)
        for key in rollouts:
            self._rollouts.pop(key, None)
            self._unsettled.pop(key, None)

    def invalidate_all(self) -> None:
        """Drop every cached view."""
        self._services = {}
        self._rollouts = {}
        self._unsettled = {}

    def unsettled(self, limit: int = 200) -> tuple[ObjectRef, ...]:
        """Return Services and rollouts that time alone may change, those computed longest ago first."""
        return tuple(key for key, _ in zip(self._unsettled, range(limit), strict=False))
