"""Relations between the objects in the stores: owners and owned, Services and their backends, events and their objects.

Invariant: each query goes through an index and costs the size of its result. To add a relation: an index in `watches`,
and a method here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from k9py.api.events import Event
from k9py.api.kinds import WORKLOAD_KINDS
from k9py.api.meta import KubeObject, ObjectRef, OwnerReference
from k9py.api.pods import Pod
from k9py.api.policy import HorizontalPodAutoscaler, PodDisruptionBudget
from k9py.api.selectors import selects
from k9py.api.services import EndpointSlice, Service, routed_slices
from k9py.api.standard_types import ref_group_of
from k9py.api.workloads import ControllerRevision, Deployment, ReplicaSet, Workload
from k9py.cluster.indexes import (
    ABOUT,
    LABEL,
    MANUAL,
    SELECTOR,
    SERVICE,
    TARGET,
    indexed_pairs,
    is_indexed,
    label_pairs,
    selector_pair,
)
from k9py.cluster.stores import Stores


class Relations:
    """Relations over the stores.

    Args:
        has_synced: returns whether the objects of a kind (by name) have been read. While ReplicaSets have not (they may
            be forbidden), the selector of a Deployment decides which pods of ReplicaSets are its own.
    """

    def __init__(self, stores: Stores, has_synced: Callable[[str], bool]) -> None:
        self._stores = stores
        self._has_synced = has_synced

    # -- owners and owned ---------------------------------------------------------------------------------------------

    def workload(self, key: ObjectRef) -> Workload | None:
        """Return a Deployment, StatefulSet or DaemonSet."""
        return self._stores.workload(key)

    def workload_of(self, owned: KubeObject) -> ObjectRef | None:
        """Return the key of the workload that owns a pod, ReplicaSet or ControllerRevision, None when none does."""
        owner = owned.metadata.controller
        if owner is None:
            return None
        if owner.kind in WORKLOAD_KINDS and not ref_group_of(owner.api_version, owner.kind):
            return ObjectRef(owner.kind, owned.namespace, owner.name)
        if owner.kind == ReplicaSet.KIND:
            replica_set = self._stores.replica_sets.get(ObjectRef(ReplicaSet.KIND, owned.namespace, owner.name))
            if replica_set is not None:
                return self.workload_of(replica_set)
            return None if self._has_synced(ReplicaSet.KIND) else self._deployment_selecting(owned)
        return None

    def _deployment_selecting(self, owned: KubeObject) -> ObjectRef | None:
        """Return the Deployment whose selector a pod's labels match."""
        labels, namespace = owned.metadata.labels, owned.namespace
        for pair in indexed_pairs(namespace, labels):
            for deployment in self._stores.deployments.by_index(LABEL, pair, namespace):
                selector = deployment.spec.selector
                if selector is not None and not selector.is_empty and selector.matches(labels):
                    return deployment.key
        return None

    def is_read(self, owner: OwnerReference, namespace: str) -> bool:
        """Return whether a ReplicaSet that owns something has been read."""
        return self._stores.replica_sets.get(ObjectRef(owner.kind, namespace, owner.name)) is not None

    def owned(self, workload: Workload) -> tuple[ReplicaSet | ControllerRevision, ...]:
        """Return the ReplicaSets or ControllerRevisions of a workload."""
        if isinstance(workload, Deployment):
            return tuple(self._stores.replica_sets.by_owner(workload.uid, workload.namespace))
        return tuple(self._stores.controller_revisions.by_owner(workload.uid, workload.namespace))

    def pods(self, workload: Workload) -> Iterator[Pod]:
        """Yield the pods of a workload."""
        pods = self._stores.pods
        if not isinstance(workload, Deployment):
            return pods.by_owner(workload.uid, workload.namespace)
        if not self._has_synced(ReplicaSet.KIND):
            return self._selected_pods(workload)
        replica_sets = self._stores.replica_sets.by_owner(workload.uid, workload.namespace)
        return (pod for replica_set in replica_sets for pod in pods.by_owner(replica_set.uid, workload.namespace))

    def _selected_pods(self, deployment: Deployment) -> Iterator[Pod]:
        """Yield the pods of ReplicaSets that the selector of a Deployment matches."""
        selector, namespace = deployment.spec.selector, deployment.namespace
        if selector is None or selector.is_empty:
            return
        pods = self._stores.pods
        if selector.match_labels:
            pair = selector_pair(namespace, deployment.name, selector.match_labels)
            candidates = pods.by_index(LABEL, pair, namespace) if is_indexed(pair) else pods.in_namespace(namespace)
        else:
            candidates = pods.in_namespace(namespace)
        for pod in candidates:
            owner = pod.metadata.controller
            if owner is not None and owner.kind == ReplicaSet.KIND and selector.matches(pod.metadata.labels):
                yield pod

    # -- Services and their backends ----------------------------------------------------------------------------------

    def backends(self, service: Service) -> Iterator[Workload]:
        """Yield the workloads whose template labels the selector matches; without one, those of the pods named."""
        selector = service.spec.selector
        if not selector:
            keys = {key for pod in self._manual_pods(service) if (key := self.workload_of(pod)) is not None}
            yield from (workload for key in keys if (workload := self._stores.workload(key)) is not None)
            return
        pair = selector_pair(service.namespace, service.name, selector)
        for workload in self._stores.workloads_labelled(pair, LABEL):
            if selects(selector, workload.spec.template.labels):
                yield workload

    def backend_keys(self, service: Service) -> tuple[ObjectRef, ...]:
        """Return the keys of the backends of a Service, by kind and name."""
        return tuple(sorted({workload.key for workload in self.backends(service)}))

    def backend_pods(self, service: Service) -> Iterator[Pod]:
        """Yield the pods a Service selects; without a selector, those its endpoints name."""
        selector = service.spec.selector
        if not selector:
            yield from {pod.key: pod for pod in self._manual_pods(service)}.values()
            return
        pair = selector_pair(service.namespace, service.name, selector)
        pods = self._stores.pods
        candidates = pods.by_index(LABEL, pair, service.namespace) if is_indexed(pair) else pods.in_namespace(pair[0])
        for pod in candidates:
            if selects(selector, pod.metadata.labels):
                yield pod

    def in_namespace(self, namespace: str) -> tuple[Iterator[Workload], Iterator[Service]]:
        """Return the workloads and Services of a namespace: what a selector that matches nothing may mean."""
        stores = self._stores
        workloads: Iterator[Workload] = chain(
            stores.deployments.in_namespace(namespace),
            stores.stateful_sets.in_namespace(namespace),
            stores.daemon_sets.in_namespace(namespace),
        )
        return workloads, stores.services.in_namespace(namespace)

    def services_of(self, workload: Workload) -> Iterator[ObjectRef]:
        """Yield the keys of the Services in front of a workload."""
        yield from self._services_selecting(workload.namespace, workload.spec.template.labels)
        for service, pods in self._manual_services(workload.namespace):
            if any(workload.key == self._workload_of_pod(pod) for pod in pods):
                yield service

    def service_keys(self, workload: Workload) -> tuple[ObjectRef, ...]:
        """Return the keys of the Services in front of a workload, by name."""
        return tuple(sorted(set(self.services_of(workload))))

    def services_of_pod(self, pod: Pod) -> Iterator[ObjectRef]:
        """Yield the keys of the Services that select a pod, or whose endpoints name it."""
        yield from self._services_selecting(pod.namespace, pod.metadata.labels)
        for service, pods in self._manual_services(pod.namespace):
            if pod.key in pods:
                yield service

    def slices_of(self, service: ObjectRef) -> tuple[EndpointSlice, ...]:
        """Return the endpoint slices of a Service."""
        value = (service.namespace, service.name)
        return tuple(self._stores.endpoint_slices.by_index(SERVICE, value, service.namespace))

    def routed_slices_of(self, key: ObjectRef) -> tuple[EndpointSlice, ...]:
        """Return the endpoint slices of a Service that receive traffic; none when there is no such Service."""
        service = self._stores.services.get(key)
        return () if service is None else routed_slices(service, self.slices_of(key))

    def _services_selecting(self, namespace: str, labels: dict[str, str] | None) -> Iterator[ObjectRef]:
        for pair in label_pairs(namespace, labels):
            for service in self._stores.services.by_index(SELECTOR, pair, namespace):
                if selects(service.spec.selector, labels):
                    yield service.key

    def _manual_services(self, namespace: str) -> Iterator[tuple[ObjectRef, tuple[ObjectRef, ...]]]:
        """Yield the Services of a namespace without a selector, each with the pods that one of its slices names."""
        for endpoint_slice in self._stores.endpoint_slices.by_index(MANUAL, namespace, namespace):
            service = self._stores.services.get(ObjectRef(Service.KIND, namespace, endpoint_slice.service_name))
            if service is not None and not service.spec.selector:
                yield service.key, endpoint_slice.pods

    def _manual_pods(self, service: Service) -> Iterator[Pod]:
        """Yield the pods that the endpoints of a Service without a selector name."""
        if service.spec.selector or service.spec.type == "ExternalName":
            return
        for key, pods in self._manual_services(service.namespace):
            for pod_key in pods if key == service.key else ():
                pod = self._stores.pods.get(pod_key)
                if pod is not None:
                    yield pod

    def _workload_of_pod(self, key: ObjectRef) -> ObjectRef | None:
        pod = self._stores.pods.get(key)
        return self.workload_of(pod) if pod is not None else None

    # -- autoscalers, budgets, events ---------------------------------------------------------------------------------

    def autoscaler_of(self, key: ObjectRef) -> HorizontalPodAutoscaler | None:
        """Return the autoscaler that owns the replicas of a workload, None when there is none (or none is readable)."""
        return next(self._stores.autoscalers.by_index(TARGET, key, key.namespace), None)

    def budgets_of(self, workload: Workload) -> tuple[PodDisruptionBudget, ...]:
        """Return the disruption budgets that cover the pods of a workload, by name."""
        labels, namespace = workload.spec.template.labels, workload.namespace
        pairs = (*label_pairs(namespace, labels), (namespace, "", ""))
        candidates = (budget for pair in pairs for budget in self._stores.budgets.by_index(SELECTOR, pair, namespace))
        covering = {
            budget.key: budget for budget in candidates if budget.spec.selector and budget.spec.selector.matches(labels)
        }
        return tuple(covering[key] for key in sorted(covering))

    def events_of(self, uid: str, namespace: str) -> Iterator[Event]:
        """Yield the events about an object."""
        return self._stores.events.by_index(ABOUT, uid, namespace)

    def failure_events(
        self, workload: Workload, owned: Iterable[ReplicaSet | ControllerRevision], pods: Iterable[Pod]
    ) -> tuple[Event, ...]:
        """Return the events that can explain a failure: those of ready pods are about their past."""
        uids = [workload.uid]
        if isinstance(workload, Deployment):
            uids += [replica_set.uid for replica_set in owned]
        uids += [pod.uid for pod in pods if not pod.is_ready]
        return tuple(event for uid in uids for event in self.events_of(uid, workload.namespace))
