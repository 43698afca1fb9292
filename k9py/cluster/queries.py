"""What the screens ask of a cluster. Every answer is found through indexes, in the size of the answer.

Invariant: a cached view is dropped before its readers are told that it may differ (`Cluster` does both), so a reader
that pulls what its feed names never sees an old one. What has not been read is None or empty and `knows` says so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Container, Iterable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

from k9py.api.events import Event
from k9py.api.kinds import NAMESPACE, WORKLOAD_KINDS
from k9py.api.meta import ObjectKey
from k9py.api.pods import Pod
from k9py.api.policy import HorizontalPodAutoscaler, PodDisruptionBudget
from k9py.api.selectors import label_mismatch
from k9py.api.services import EndpointSlice, Service
from k9py.api.severity import Severity
from k9py.api.workloads import Deployment, Workload
from k9py.cluster.dependents import Dependents
from k9py.cluster.indexes import SELECTOR, every_pair
from k9py.cluster.log_targets import DEFAULT_ROLES, log_targets
from k9py.cluster.relations import Relations
from k9py.cluster.stores import Stores
from k9py.cluster.view_builder import ViewBuilder
from k9py.cluster.views import RolloutView, ServiceView
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.pods import pod_findings
from k9py.logs.source import ContainerRole, LogTarget
from k9py.rollouts.cohorts import Cohort, cohorts
from k9py.rollouts.revisions import Revision, revisions
from k9py.rollouts.status import RolloutState

MAX_EVENTS = 200
"""Newest events an answer holds."""

SLICE_SECONDS = 0.004
"""How long a walk over many views may hold the loop."""

_SETTLED = frozenset({RolloutState.COMPLETE, RolloutState.SCALED_TO_ZERO, RolloutState.PAUSED})
_EARLIEST = datetime.min.replace(tzinfo=UTC)

V = TypeVar("V")


class Queries:
    """Answers over the stores.

    Args:
        knows: tells whether objects of a kind (by name) have been read.
    """

    def __init__(self, stores: Stores, dependents: Dependents, knows: Callable[[str], bool]) -> None:
        self._stores = stores
        self._dependents = dependents
        self._knows = knows
        self._relations = Relations(stores, dependents)
        self._builder = ViewBuilder(self._relations, knows)
        self._service_views: dict[ObjectKey, ServiceView] = {}
        self._rollout_views: dict[ObjectKey, RolloutView] = {}
        self._unsettled: dict[ObjectKey, None] = {}
        self.computed_views = 0
        """Views computed so far, for tests of what a change costs."""

    def missing_namespaces(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of the namespaces that do not exist; none while that is not known.

        A list in a namespace that is not there is empty and no error: a slip of the keyboard would look like health.
        """
        if not self._knows(NAMESPACE.name):
            return ()
        held = self._stores.namespaces
        return tuple(name for name in names if held.get(NAMESPACE.key("", name)) is None)

    def has_synced(self, kind: str) -> bool:
        """Tell whether objects of a kind have been read: where not, that there are none is not known."""
        return self._knows(kind)

    # Views

    def service_keys(self) -> Iterator[ObjectKey]:
        """Yield the keys of all services."""
        return self._stores.services.keys()

    def rollout_keys(self) -> Iterator[ObjectKey]:
        """Yield the keys of all workloads."""
        return (one.key for one in self._stores.workloads())

    def service_view(self, key: ObjectKey, now: datetime) -> ServiceView | None:
        """Return what is shown of a service, None when there is none of that key."""
        service = self._stores.services.get(key)
        if service is None:
            return None
        view = self._service_views.get(key)
        if view is None:
            view = self._service_views[key] = self._builder.service(service, now, self.rollout_view)
            self.computed_views += 1
            if view.severity is Severity.ROLLING_OUT:
                self._unsettled[key] = None
        return view

    def rollout_view(self, key: ObjectKey, now: datetime) -> RolloutView | None:
        """Return what is shown of a workload, None when there is none of that key."""
        workload = self._stores.workload(key)
        if workload is None:
            return None
        view = self._rollout_views.get(key)
        if view is None:
            view = self._rollout_views[key] = self._builder.rollout(workload, now)
            self.computed_views += 1
            if view.status.state not in _SETTLED or view.severity is Severity.ROLLING_OUT:
                self._unsettled[key] = None
        return view

    async def each_service(self, now: datetime) -> AsyncIterator[ServiceView]:
        """Yield every service's view, giving way to the loop every few milliseconds."""
        async for view in _in_slices(list(self.service_keys()), lambda key: self.service_view(key, now)):
            yield view

    async def each_rollout(self, now: datetime) -> AsyncIterator[RolloutView]:
        """Yield every workload's view, giving way to the loop every few milliseconds."""
        async for view in _in_slices(list(self.rollout_keys()), lambda key: self.rollout_view(key, now)):
            yield view

    # What belongs to what

    def backends_of(self, service_key: ObjectKey) -> tuple[ObjectKey, ...]:
        """Return the workloads behind a service, by kind and name."""
        service = self._stores.services.get(service_key)
        if service is None:
            return ()
        return self._relations.workloads_behind(service)

    def selector_mismatch_of(self, service_key: ObjectKey) -> tuple[ObjectKey, str] | None:
        """Return the workload of a service's name that it does not select, and how the labels of its pods differ.

        None when there is none, or the service selects some: it is what a slip in the selector missed.
        """
        service = self._stores.services.get(service_key)
        if service is None or not service.spec.selector or self.backends_of(service_key):
            return None
        for kind in WORKLOAD_KINDS:
            workload = self._stores.workload(ObjectKey(kind, service_key.namespace, service_key.name))
            if workload is not None:
                return workload.key, label_mismatch(service.spec.selector, workload.spec.template.labels)
        return None

    def services_of(self, rollout_key: ObjectKey) -> tuple[ObjectKey, ...]:
        """Return the services in front of a workload, by name."""
        workload = self._stores.workload(rollout_key)
        return self._relations.services_of(workload) if workload else ()

    def workload_of(self, pod_key: ObjectKey) -> ObjectKey | None:
        """Return the workload a pod belongs to, None when it has none of those we show."""
        pod = self._stores.pods.get(pod_key)
        return next(iter(self._dependents.workload_of(pod)), None) if pod else None

    def pods_of(self, key: ObjectKey) -> tuple[Pod, ...]:
        """Return the pods of a service, a workload or a ReplicaSet, or the pod itself; by name, ending pods included.

        A service's are those it selects; without a selector, those its endpoints name.
        """
        match key.kind:
            case "Service":
                service = self._stores.services.get(key)
                found: Iterable[Pod] = self._relations.pods_behind(service) if service else ()
            case "Pod":
                pod = self._stores.pods.get(key)
                found = (pod,) if pod else ()
            case "ReplicaSet":
                replica_set = self._stores.replica_sets.get(key)
                found = self._stores.pods.by_owner(replica_set.uid, key.namespace) if replica_set else ()
            case _:
                workload = self._stores.workload(key)
                found = self._relations.pods(workload) if workload else ()
        return tuple(sorted(found, key=lambda one: one.name))

    def pod(self, key: ObjectKey) -> Pod | None:
        """Return one pod."""
        return self._stores.pods.get(key)

    def service(self, key: ObjectKey) -> Service | None:
        """Return one service."""
        return self._stores.services.get(key)

    def workload(self, key: ObjectKey) -> Workload | None:
        """Return one Deployment, StatefulSet or DaemonSet."""
        return self._stores.workload(key)

    def object(self, key: ObjectKey) -> Pod | Service | Workload | None:
        """Return one object of a kind the screens open."""
        match key.kind:
            case "Pod":
                return self.pod(key)
            case "Service":
                return self.service(key)
        return self.workload(key)

    def pod_findings(self, key: ObjectKey, now: datetime) -> tuple[Finding, ...]:
        """Return what is wrong with one pod, worst first."""
        pod = self._stores.pods.get(key)
        return pod_findings(pod, now, events=tuple(self._relations.events_of(pod.uid, pod.namespace))) if pod else ()

    def revisions_of(self, key: ObjectKey) -> tuple[Revision, ...]:
        """Return a workload's revisions, newest first."""
        workload = self._stores.workload(key)
        return (
            revisions(workload, self._relations.owned(workload), tuple(self._relations.pods(workload)))
            if workload
            else ()
        )

    def cohorts_of(self, key: ObjectKey) -> tuple[Cohort, ...]:
        """Return a workload's pods by revision, the current one first."""
        return cohorts(self.revisions_of(key), self.pods_of(key))

    def endpoint_slices_of(self, service_key: ObjectKey) -> tuple[EndpointSlice, ...]:
        """Return a service's endpoint slices."""
        return self._relations.slices_of(service_key)

    def events_about(self, key: ObjectKey) -> tuple[Event, ...]:
        """Return the events about an object and, for a workload, its ReplicaSets and pods; newest first."""
        match self.object(key):
            case None:
                return ()
            case Pod() | Service() as one:
                uids = [one.uid]
            case workload:
                uids = self._uids(workload)
        found = (event for uid in uids for event in self._relations.events_of(uid, key.namespace))
        return tuple(sorted(found, key=lambda one: one.last_seen or _EARLIEST, reverse=True)[:MAX_EVENTS])

    def events_in(self, namespace: str) -> tuple[Event, ...]:
        """Return every event held of a namespace, also those about objects that are gone; in no order."""
        return tuple(self._stores.events.in_namespace(namespace))

    def autoscaler_of(self, key: ObjectKey) -> HorizontalPodAutoscaler | None:
        """Return the autoscaler that owns a workload's replicas, None when there is none (or none may be read)."""
        return self._relations.autoscaler_of(key)

    def budgets_of(self, key: ObjectKey) -> tuple[PodDisruptionBudget, ...]:
        """Return the disruption budgets that cover a workload's pods, by name."""
        workload = self._stores.workload(key)
        if workload is None:
            return ()
        labels = workload.spec.template.labels
        under = (*every_pair(key.namespace, labels), (key.namespace, "", ""))
        candidates = (one for pair in under for one in self._stores.budgets.by_index(SELECTOR, pair, key.namespace))
        covering = {one.key: one for one in candidates if one.spec.selector and one.spec.selector.matches(labels)}
        return tuple(covering[one] for one in sorted(covering))

    def log_targets(self, key: ObjectKey, *, roles: Container[ContainerRole] = DEFAULT_ROLES) -> tuple[LogTarget, ...]:
        """Return the containers whose logs belong to an object, newest pod first.

        Args:
            roles: which of its pods' containers; sidecars (init containers that keep running) usually belong.
        """
        pods = sorted(self.pods_of(key), key=lambda one: one.metadata.creation_timestamp or _EARLIEST, reverse=True)
        return tuple(target for pod in pods for target in log_targets(pod, roles))

    # Kept for the cluster

    def invalidate(self, services: Iterable[ObjectKey], rollouts: Iterable[ObjectKey]) -> None:
        """Drop cached views that may differ now."""
        for key in services:
            self._service_views.pop(key, None)
            self._unsettled.pop(key, None)
        for key in rollouts:
            self._rollout_views.pop(key, None)
            self._unsettled.pop(key, None)

    def invalidate_all(self) -> None:
        """Drop every cached view."""
        self._service_views = {}
        self._rollout_views = {}
        self._unsettled = {}

    def unsettled(self, limit: int = 200) -> tuple[ObjectKey, ...]:
        """Return services and rollouts that time alone may change, those computed longest ago first."""
        return tuple(key for key, _ in zip(self._unsettled, range(limit), strict=False))

    # How it is done

    def _uids(self, workload: Workload) -> list[str]:
        owned = [one.uid for one in self._relations.owned(workload)] if isinstance(workload, Deployment) else []
        return [workload.uid, *owned, *(pod.uid for pod in self._relations.pods(workload))]


async def _in_slices(keys: list[ObjectKey], view: Callable[[ObjectKey], V | None]) -> AsyncIterator[V]:
    until = time.perf_counter() + SLICE_SECONDS
    for key in keys:
        found = view(key)
        if found is not None:
            yield found
        if time.perf_counter() >= until:
            await asyncio.sleep(0)
            until = time.perf_counter() + SLICE_SECONDS
