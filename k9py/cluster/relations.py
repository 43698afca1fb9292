"""What belongs to what in the stores: owners and owned, who selects whom, what is said about whom.

Invariant: each question is answered through an index, in the size of its answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from k9py.api.events import Event
from k9py.api.meta import ObjectKey, OwnerReference
from k9py.api.pods import Pod
from k9py.api.policy import HorizontalPodAutoscaler
from k9py.api.selectors import selects
from k9py.api.services import EndpointSlice, Service, routed_slices
from k9py.api.workloads import ControllerRevision, Deployment, ReplicaSet, Workload
from k9py.cluster.dependents import Dependents
from k9py.cluster.indexes import ABOUT, LABEL, SERVICE, TARGET, chosen_pair, is_indexed
from k9py.cluster.stores import Stores


class Relations:
    """Relations over the stores."""

    def __init__(self, stores: Stores, dependents: Dependents) -> None:
        self._stores = stores
        self._dependents = dependents

    def workload(self, key: ObjectKey) -> Workload | None:
        """Return one Deployment, StatefulSet or DaemonSet."""
        return self._stores.workload(key)

    def is_read(self, owner: OwnerReference, namespace: str) -> bool:
        """Tell whether a ReplicaSet that owns something has been read."""
        return self._stores.replica_sets.get(ObjectKey(owner.kind, namespace, owner.name)) is not None

    def workloads_behind(self, service: Service) -> tuple[ObjectKey, ...]:
        """Return the workloads behind a service, by kind and name."""
        return tuple(sorted({one.key for one in self._dependents.workloads_behind(service)}))

    def services_of(self, workload: Workload) -> tuple[ObjectKey, ...]:
        """Return the services in front of a workload, by name."""
        return tuple(sorted(set(self._dependents.services_of(workload))))

    def slices_of(self, service: ObjectKey) -> tuple[EndpointSlice, ...]:
        """Return a service's endpoint slices."""
        where = (service.namespace, service.name)
        return tuple(self._stores.endpoint_slices.by_index(SERVICE, where, service.namespace))

    def routed_slices_of(self, key: ObjectKey) -> tuple[EndpointSlice, ...]:
        """Return a service's endpoint slices that get traffic; none when the service is not there."""
        service = self._stores.services.get(key)
        return () if service is None else routed_slices(service, self.slices_of(key))

    def autoscaler_of(self, key: ObjectKey) -> HorizontalPodAutoscaler | None:
        """Return the autoscaler that owns a workload's replicas, None when there is none (or none may be read)."""
        return next(self._stores.autoscalers.by_index(TARGET, key, key.namespace), None)

    def owned(self, workload: Workload) -> tuple[ReplicaSet | ControllerRevision, ...]:
        """Return a workload's ReplicaSets or ControllerRevisions."""
        if isinstance(workload, Deployment):
            return tuple(self._stores.replica_sets.by_owner(workload.uid, workload.namespace))
        return tuple(self._stores.controller_revisions.by_owner(workload.uid, workload.namespace))

    def pods(self, workload: Workload) -> Iterator[Pod]:
        """Yield a workload's pods."""
        pods = self._stores.pods
        if not isinstance(workload, Deployment):
            return pods.by_owner(workload.uid, workload.namespace)
        owned = self._stores.replica_sets.by_owner(workload.uid, workload.namespace)
        return (pod for one in owned for pod in pods.by_owner(one.uid, workload.namespace))

    def pods_behind(self, service: Service) -> Iterator[Pod]:
        """Yield the pods a service selects; without a selector, those its endpoints name."""
        selector = service.spec.selector
        if not selector:
            yield from {one.key: one for one in self._dependents.pods_named(service)}.values()
            return
        pair = chosen_pair(service.namespace, service.name, selector)
        pods = self._stores.pods
        found = pods.by_index(LABEL, pair, service.namespace) if is_indexed(pair) else pods.in_namespace(pair[0])
        for pod in found:
            if selects(selector, pod.metadata.labels):
                yield pod

    def events_of(self, uid: str, namespace: str) -> Iterator[Event]:
        """Yield the events about an object."""
        return self._stores.events.by_index(ABOUT, uid, namespace)

    def telling_events(
        self, workload: Workload, owned: Iterable[ReplicaSet | ControllerRevision], pods: Iterable[Pod]
    ) -> tuple[Event, ...]:
        """Return the events that can explain trouble: a ready pod has none, whatever its events say of its past."""
        uids = [workload.uid]
        if isinstance(workload, Deployment):
            uids += [one.uid for one in owned]
        uids += [pod.uid for pod in pods if not pod.is_ready]
        return tuple(event for uid in uids for event in self.events_of(uid, workload.namespace))
