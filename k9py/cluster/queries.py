"""The queries of screens and commands about a cluster. Each goes through indexes and costs the size of its result.


Kinds that have not been read give None or an empty result, and `has_synced` distinguishes them from missing objects. To
ask about a relation between objects, add it to `relations`; a method here takes and returns keys and plain values.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from k9py.api.events import Event
from k9py.api.kinds import NAMESPACE, WORKLOAD_KINDS
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.policy import HorizontalPodAutoscaler, PodDisruptionBudget
from k9py.api.selectors import label_mismatch
from k9py.api.services import EndpointSlice, Service
from k9py.api.workloads import Deployment, Workload
from k9py.cluster.log_targets import DEFAULT_ROLES, targets_of_pods
from k9py.cluster.reads import Token, TrackedReads
from k9py.cluster.relations import Relations
from k9py.cluster.stores import Stores
from k9py.cluster.view_builder import ViewBuilder
from k9py.cluster.view_cache import ViewCache
from k9py.cluster.views import RolloutView, ServiceView
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.pods import pod_findings
from k9py.logs.source import ContainerRole, LogTarget
from k9py.rollouts.cohorts import Cohort, cohorts
from k9py.rollouts.revisions import Revision, revisions

MAX_EVENTS: Final = 200
"""Maximum number of events in a result, the newest."""

_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


class Queries:
    """Queries over the stores.

    Args:
        has_synced: returns whether the objects of a kind (by name) have been read.

    Attributes:
        relations: how the objects belong together.
        views: the cached views.
    """

    def __init__(self, stores: Stores, has_synced: Callable[[str], bool]) -> None:
        self.relations = Relations(stores, has_synced)
        self.views = ViewCache(stores, ViewBuilder(self.relations, has_synced))
        self._stores = stores
        self._has_synced = has_synced

    def has_synced(self, kind: str) -> bool:
        """Return whether the objects of a kind have been read: where not, an empty result means nothing."""
        return self._has_synced(kind)

    def track_reads(self) -> TrackedReads:
        """Return what records the reads of a computation and becomes stale when one of them changes; close it."""
        return self._stores.reads.track()

    def record(self, token: Token) -> None:
        """Record that something outside the stores was read, if reads are recorded now."""
        self._stores.reads.record(token)

    def missing_namespaces(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the namespaces that do not exist; none while that is unknown.

        A list in a namespace that does not exist is empty and no error: so a typo would look healthy.
        """
        if not self._has_synced(NAMESPACE.name):
            return ()
        namespaces = self._stores.namespaces
        return tuple(name for name in names if namespaces.get(NAMESPACE.key("", name)) is None)

    # -- views --------------------------------------------------------------------------------------------------------

    def service_keys(self) -> Iterator[ObjectRef]:
        """Yield the keys of all Services."""
        return self._stores.services.keys()

    def rollout_keys(self) -> Iterator[ObjectRef]:
        """Yield the keys of all workloads."""
        return (workload.key for workload in self._stores.workloads())

    def service_view(self, key: ObjectRef, now: datetime) -> ServiceView | None:
        """Return the view of a Service, None when there is none with that key."""
        return self.views.service(key, now)

    def rollout_view(self, key: ObjectRef, now: datetime) -> RolloutView | None:
        """Return the view of a workload, None when there is none with that key."""
        return self.views.rollout(key, now)

    # -- objects ------------------------------------------------------------------------------------------------------

    def pod(self, key: ObjectRef) -> Pod | None:
        """Return a pod."""
        return self._stores.pods.get(key)

    def pods(self) -> Iterator[Pod]:
        """Yield all pods, in no order."""
        return self._stores.pods.values()

    def pods_in(self, namespace: str) -> Iterator[Pod]:
        """Yield the pods of a namespace, in no order."""
        return self._stores.pods.in_namespace(namespace)

    def service(self, key: ObjectRef) -> Service | None:
        """Return a Service."""
        return self._stores.services.get(key)

    def workload(self, key: ObjectRef) -> Workload | None:
        """Return a Deployment, StatefulSet or DaemonSet."""
        return self._stores.workload(key)

    def object(self, key: ObjectRef) -> Pod | Service | Workload | None:
        """Return an object of a kind that has a screen."""
        match key.kind:
            case "Pod":
                return self.pod(key)
            case "Service":
                return self.service(key)
        return self.workload(key)

    def labels_of(self, key: ObjectRef) -> Mapping[str, str] | None:
        """Return the labels of an object of a kind that has a screen, None when there are none."""
        known = self.object(key)
        return None if known is None else known.metadata.labels

    # -- Services -----------------------------------------------------------------------------------------------------

    def backends_of(self, service_key: ObjectRef) -> tuple[ObjectRef, ...]:
        """Return the backends of a Service: its workloads, by kind and name."""
        service = self._stores.services.get(service_key)
        return () if service is None else self.relations.backend_keys(service)

    def services_of(self, rollout_key: ObjectRef) -> tuple[ObjectRef, ...]:
        """Return the Services in front of a workload, by name."""
        workload = self._stores.workload(rollout_key)
        return () if workload is None else self.relations.service_keys(workload)

    def endpoint_slices_of(self, service_key: ObjectRef) -> tuple[EndpointSlice, ...]:
        """Return the endpoint slices of a Service."""
        return self.relations.slices_of(service_key)

    def selector_mismatch_of(self, service_key: ObjectRef) -> tuple[ObjectRef, str] | None:
        """Return the workload with the Service's name that it does not select, and how the labels of its pods differ.


        This finds a typo in the selector. None when there is no such workload, or the Service selects another.
        """
        service = self._stores.services.get(service_key)
        if service is None or not service.spec.selector or self.backends_of(service_key):
            return None
        for kind in WORKLOAD_KINDS:
            workload = self._stores.workload(ObjectRef(kind, service_key.namespace, service_key.name))
            if workload is not None:
                return workload.key, label_mismatch(service.spec.selector, workload.spec.template.labels)
        return None

    # -- workloads and their pods -------------------------------------------------------------------------------------

    def workload_of(self, pod_key: ObjectRef) -> ObjectRef | None:
        """Return the workload a pod belongs to, None when it belongs to none of the kinds shown."""
        pod = self._stores.pods.get(pod_key)
        return self.relations.workload_of(pod) if pod else None

    def pods_of(self, key: ObjectRef) -> tuple[Pod, ...]:
        """Return the pods of a Service, workload or ReplicaSet, or the pod itself; by name, also terminating ones.


        Those of a Service are the ones it selects; without a selector, the ones its endpoints name.
        """
        match key.kind:
            case "Service":
                service = self._stores.services.get(key)
                pods: Iterable[Pod] = self.relations.backend_pods(service) if service else ()
            case "Pod":
                pod = self._stores.pods.get(key)
                pods = (pod,) if pod else ()
            case "ReplicaSet":
                replica_set = self._stores.replica_sets.get(key)
                pods = self._stores.pods.by_owner(replica_set.uid, key.namespace) if replica_set else ()
            case _:
                workload = self._stores.workload(key)
                pods = self.relations.pods(workload) if workload else ()
        return tuple(sorted(pods, key=lambda pod: pod.name))

    def pods_owned_by(self, uids: Iterable[str], namespace: str) -> tuple[Pod, ...]:
        """Return the pods that any of these owners controls, by name."""
        pods = (pod for uid in uids for pod in self._stores.pods.by_owner(uid, namespace))
        return tuple(sorted(pods, key=lambda pod: pod.name))

    def pod_findings(self, key: ObjectRef, now: datetime) -> tuple[Finding, ...]:
        """Return the findings of a pod, worst first."""
        pod = self._stores.pods.get(key)
        return pod_findings(pod, now, events=tuple(self.relations.events_of(pod.uid, pod.namespace))) if pod else ()

    def revisions_of(self, key: ObjectRef) -> tuple[Revision, ...]:
        """Return the revisions of a workload, newest first."""
        workload = self._stores.workload(key)
        if workload is None:
            return ()
        return revisions(workload, self.relations.owned(workload), tuple(self.relations.pods(workload)))

    def cohorts_of(self, key: ObjectRef) -> tuple[Cohort, ...]:
        """Return the pods of a workload by revision, the current one first."""
        return cohorts(self.revisions_of(key), self.pods_of(key))

    def autoscaler_of(self, key: ObjectRef) -> HorizontalPodAutoscaler | None:
        """Return the autoscaler that owns the replicas of a workload, None when there is none (or none is readable)."""
        return self.relations.autoscaler_of(key)

    def budgets_of(self, key: ObjectRef) -> tuple[PodDisruptionBudget, ...]:
        """Return the disruption budgets that cover the pods of a workload, by name."""
        workload = self._stores.workload(key)
        return () if workload is None else self.relations.budgets_of(workload)

    def log_targets(self, key: ObjectRef, *, roles: Container[ContainerRole] = DEFAULT_ROLES) -> tuple[LogTarget, ...]:
        """Return the containers whose logs belong to an object, newest pod first.

        Args:
            roles: of the containers; sidecars (init containers that keep running) usually belong.
        """
        return targets_of_pods(self.pods_of(key), roles)

    # -- events -------------------------------------------------------------------------------------------------------

    def events_about(self, key: ObjectRef) -> tuple[Event, ...]:
        """Return the events about an object and, for a workload, its ReplicaSets and pods; newest first."""
        match self.object(key):
            case None:
                return ()
            case Pod() | Service() as single:
                uids = [single.uid]
            case workload:
                uids = self._uids(workload)
        events = (event for uid in uids for event in self.relations.events_of(uid, key.namespace))
        return tuple(sorted(events, key=lambda event: event.last_seen or _EARLIEST, reverse=True)[:MAX_EVENTS])

    def events_in(self, namespace: str) -> tuple[Event, ...]:
        """Return every event held of a namespace, also about objects that no longer exist; in no order."""
        return tuple(self._stores.events.in_namespace(namespace))

    def _uids(self, workload: Workload) -> list[str]:
        owned = self.relations.owned(workload) if isinstance(workload, Deployment) else ()
        return [
            workload.uid,
            *(replica_set.uid for replica_set in owned),
            *(pod.uid for pod in self.relations.pods(workload)),
        ]
