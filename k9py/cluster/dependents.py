"""Which services, rollouts and pods an object's change touches.

One function a kind. Invariant: the work is in the size of the answer; a batch asks once for pods that are alike. To
watch another kind that a view depends on, add its function to `_BY_KIND`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from k9py.api.events import Event
from k9py.api.kinds import WORKLOAD_KINDS
from k9py.api.meta import KubeObject, ObjectKey
from k9py.api.pods import Pod
from k9py.api.policy import HorizontalPodAutoscaler
from k9py.api.selectors import selects
from k9py.api.services import EndpointSlice, Service
from k9py.api.workloads import DaemonSet, Deployment, ReplicaSet, StatefulSet, Workload
from k9py.cluster.change_feed import AffectedObjects
from k9py.cluster.indexes import BY_HAND, LABEL, SELECTOR, chosen_pair, every_pair
from k9py.cluster.stores import Stores
from k9py.informer.store import ChangeBatch, ObjectChange

TOO_MANY = 2_000
"""Changes in one batch above which all is marked instead of each traced: tracing would hold the loop too long."""


class Dependents:
    """Traces changes to what depends on them, and answers the same questions for the queries."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def of_batch(self, kind: str, batch: ChangeBatch[Any]) -> AffectedObjects:
        """Return what a batch of changes of one kind touches."""
        if len(batch.changes) > TOO_MANY:
            return AffectedObjects(kind=kind, everything=True)
        services: set[ObjectKey] = set()
        rollouts: set[ObjectKey] = set()
        pods: set[ObjectKey] = set()
        seen: set[object] = set()
        for change in batch.changes:
            for one in _versions(change):
                if isinstance(one, Pod):
                    pods.add(one.key)
                    alike = (one.namespace, one.owner_uid, frozenset((one.metadata.labels or {}).items()))
                    if alike in seen:
                        continue
                    seen.add(alike)
                found_services, found_rollouts, found_pods = self._of(one)
                services.update(found_services)
                rollouts.update(found_rollouts)
                pods.update(found_pods)
        return AffectedObjects(services, rollouts, pods, kind)

    def _of(self, one: KubeObject) -> tuple[Iterable[ObjectKey], Iterable[ObjectKey], Iterable[ObjectKey]]:
        match one:
            case Pod():
                return self._services_of_pod(one), self.workload_of(one), ()
            case Service():
                return self._with_at_zero(one.key, one)
            case EndpointSlice():
                key = ObjectKey(Service.KIND, one.namespace, one.service_name)
                return self._with_at_zero(key, self._stores.services.get(key)) if one.service_name else ((), (), ())
            case Deployment() | StatefulSet() | DaemonSet():
                return self.services_of(one), (one.key,), ()
            case HorizontalPodAutoscaler():
                target = one.spec.scale_target_ref
                return (), (ObjectKey(target.kind, one.namespace, target.name),), ()
            case Event():
                return self._of_event(one)
        # ReplicaSets and ControllerRevisions matter to the workload that owns them; the rest to nothing.
        return self._through(self.workload_of(one))

    def _with_at_zero(
        self, key: ObjectKey, service: Service | None
    ) -> tuple[Iterable[ObjectKey], Iterable[ObjectKey], Iterable[ObjectKey]]:
        """Return a service and the workloads at zero behind it: how bad that is depends on whether others serve."""
        rollouts = tuple(
            workload.key
            for workload in (self.workloads_behind(service) if service is not None else ())
            if not isinstance(workload, DaemonSet) and workload.spec.replicas == 0
        )
        services, _, _ = self._through(rollouts)
        return (key, *services), rollouts, ()

    def _of_event(self, event: Event) -> tuple[Iterable[ObjectKey], Iterable[ObjectKey], Iterable[ObjectKey]]:
        about = event.regarding
        match about.kind:
            case "Pod":
                pod = self._stores.pods.get(about)
                services = self._services_of_pod(pod) if pod else ()
                return services, (self.workload_of(pod) if pod else ()), (about,)
            case "ReplicaSet":
                replica_set = self._stores.replica_sets.get(about)
                return self._through(self.workload_of(replica_set) if replica_set else ())
            case "Service":
                return (about,), (), ()
            case kind if kind in WORKLOAD_KINDS:
                return self._through((about,))
        return (), (), ()

    def _through(
        self, rollouts: tuple[ObjectKey, ...]
    ) -> tuple[Iterable[ObjectKey], Iterable[ObjectKey], Iterable[ObjectKey]]:
        """Rollouts, and the services in front of them."""
        services: list[ObjectKey] = []
        for key in rollouts:
            workload = self._stores.workload(key)
            if workload is not None:
                services.extend(self.services_of(workload))
        return services, rollouts, ()

    def workload_of(self, one: KubeObject) -> tuple[ObjectKey, ...]:
        """Return the key of the workload that owns a pod, ReplicaSet or ControllerRevision: one or none."""
        owner = one.metadata.controller
        if owner is None:
            return ()
        if owner.kind in WORKLOAD_KINDS:
            return (ObjectKey(owner.kind, one.namespace, owner.name),)
        if owner.kind == ReplicaSet.KIND:
            replica_set = self._stores.replica_sets.get(ObjectKey(ReplicaSet.KIND, one.namespace, owner.name))
            return self.workload_of(replica_set) if replica_set is not None else ()
        return ()

    def services_selecting(self, namespace: str, labels: dict[str, str] | None) -> Iterator[ObjectKey]:
        """Yield the keys of the services whose selector selects these labels."""
        for pair in every_pair(namespace, labels):
            for service in self._stores.services.by_index(SELECTOR, pair, namespace):
                if selects(service.spec.selector, labels):
                    yield service.key

    def _services_of_pod(self, pod: Pod) -> Iterator[ObjectKey]:
        """Yield the keys of the services that select a pod, or whose endpoints name it."""
        yield from self.services_selecting(pod.namespace, pod.metadata.labels)
        for service, pods in self._by_hand(pod.namespace):
            if pod.key in pods:
                yield service

    def _by_hand(self, namespace: str) -> Iterator[tuple[ObjectKey, tuple[ObjectKey, ...]]]:
        """Yield the services of a namespace without a selector, each with the pods a slice of it names."""
        for one in self._stores.endpoint_slices.by_index(BY_HAND, namespace, namespace):
            service = self._stores.services.get(ObjectKey(Service.KIND, namespace, one.service_name))
            if service is not None and not service.spec.selector:
                yield service.key, one.pods

    def services_of(self, workload: Workload) -> Iterator[ObjectKey]:
        """Yield the keys of the services in front of a workload."""
        yield from self.services_selecting(workload.namespace, workload.spec.template.labels)
        for service, pods in self._by_hand(workload.namespace):
            if any(workload.key in self._workload_of_key(pod) for pod in pods):
                yield service

    def pods_named(self, service: Service) -> Iterator[Pod]:
        """Yield the pods the endpoints of a service without a selector name."""
        if service.spec.selector or service.spec.type == "ExternalName":
            return
        for key, pods in self._by_hand(service.namespace):
            for pod_key in pods if key == service.key else ():
                pod = self._stores.pods.get(pod_key)
                if pod is not None:
                    yield pod

    def _workload_of_key(self, key: ObjectKey) -> tuple[ObjectKey, ...]:
        pod = self._stores.pods.get(key)
        return self.workload_of(pod) if pod is not None else ()

    def workloads_behind(self, service: Service) -> Iterator[Workload]:
        """Yield the workloads whose template labels the selector selects; without one, those of the pods named."""
        selector = service.spec.selector
        if not selector:
            keys = {key for pod in self.pods_named(service) for key in self.workload_of(pod)}
            yield from (found for key in keys if (found := self._stores.workload(key)) is not None)
            return
        pair = chosen_pair(service.namespace, service.name, selector)
        for workload in self._stores.workloads_labelled(pair, LABEL):
            if selects(selector, workload.spec.template.labels):
                yield workload


def _versions(change: ObjectChange[Any]) -> Iterator[Any]:
    """Yield what there is of the object now and, where its place may have changed, before."""
    if change.new is not None:
        yield change.new
    if change.old is not None and (change.new is None or _place(change.old) != _place(change.new)):
        yield change.old


def _place(one: KubeObject) -> object:
    """What ties an object to others: when it stays the same, the old version touches nothing the new one does not."""
    template = one.spec.template.labels if isinstance(one, Deployment | StatefulSet | DaemonSet) else None
    return (one.uid, one.metadata.labels, one.metadata.owner_references, template)
