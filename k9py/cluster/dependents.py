"""Which services, rollouts and pods an object's change touches.

One function a kind. Invariant: the work is in the size of the answer; a batch asks once for pods that are alike. To
watch another kind that a view depends on, add its function to `_BY_KIND`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from k9py.cluster.feed import Dirty
from k9py.cluster.indexes import LABEL, SELECTOR, chosen_pair, every_pair
from k9py.cluster.stores import Stores
from k9py.informer.store import Batch, Change
from k9py.objects.events import Event
from k9py.objects.kinds import WORKLOAD_KINDS
from k9py.objects.meta import KubeObject, ObjectKey
from k9py.objects.pods import Pod
from k9py.objects.policy import HorizontalPodAutoscaler
from k9py.objects.selectors import selects
from k9py.objects.services import EndpointSlice, Service
from k9py.objects.workloads import DaemonSet, Deployment, ReplicaSet, StatefulSet, Workload

TOO_MANY = 2_000
"""Changes in one batch above which all is marked instead of each traced: tracing would hold the loop too long."""


class Dependents:
    """Traces changes to what depends on them, and answers the same questions for the queries."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def of_batch(self, kind: str, batch: Batch[Any]) -> Dirty:
        """Return what a batch of changes of one kind touches."""
        if len(batch.changes) > TOO_MANY:
            return Dirty(kind=kind, everything=True)
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
        return Dirty(services, rollouts, pods, kind)

    def _of(self, one: KubeObject) -> tuple[Iterable[ObjectKey], Iterable[ObjectKey], Iterable[ObjectKey]]:
        match one:
            case Pod():
                return self.services_selecting(one.namespace, one.metadata.labels), self.workload_of(one), ()
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
        about = event.about
        match about.kind:
            case "Pod":
                pod = self._stores.pods.get(about)
                services = self.services_selecting(pod.namespace, pod.metadata.labels) if pod else ()
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

    def services_of(self, workload: Workload) -> Iterator[ObjectKey]:
        """Yield the keys of the services in front of a workload."""
        return self.services_selecting(workload.namespace, workload.spec.template.labels)

    def workloads_behind(self, service: Service) -> Iterator[Workload]:
        """Yield the workloads whose template labels the service's selector selects."""
        selector = service.spec.selector
        if not selector:
            return
        pair = chosen_pair(service.namespace, service.name, selector)
        for workload in self._stores.workloads_labelled(pair, LABEL):
            if selects(selector, workload.spec.template.labels):
                yield workload


def _versions(change: Change[Any]) -> Iterator[Any]:
    """Yield what there is of the object now and, where its place may have changed, before."""
    if change.new is not None:
        yield change.new
    if change.old is not None and (change.new is None or _place(change.old) != _place(change.new)):
        yield change.old


def _place(one: KubeObject) -> object:
    """What ties an object to others: when it stays the same, the old version touches nothing the new one does not."""
    template = one.spec.template.labels if isinstance(one, Deployment | StatefulSet | DaemonSet) else None
    return (one.uid, one.metadata.labels, one.metadata.owner_references, template)
