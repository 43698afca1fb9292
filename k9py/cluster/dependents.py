"""Which Services, rollouts and pods the change of an object affects.

One branch per kind. Invariant: the cost is the size of the result; a batch looks up only one of several similar pods.
To watch another kind that a view depends on, add its branch to `_affected_by`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from k9py.api.events import Event
from k9py.api.kinds import WORKLOAD_KINDS
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.pods import Pod
from k9py.api.policy import HorizontalPodAutoscaler
from k9py.api.services import EndpointSlice, Service
from k9py.api.workloads import DaemonSet, Deployment, StatefulSet
from k9py.cluster.change_feed import AffectedObjects
from k9py.cluster.relations import Relations
from k9py.cluster.stores import Stores
from k9py.informer.store import ChangeBatch, ObjectChange

MAX_TRACED: Final = 2_000
"""Changes in one batch above which everything is marked instead: tracing each would hold the event loop too long."""

Affected = tuple[Iterable[ObjectRef], Iterable[ObjectRef], Iterable[ObjectRef]]
"""Keys of Services, of rollouts and of pods."""


class Dependents:
    """Traces changes to the objects that depend on them."""

    def __init__(self, stores: Stores, relations: Relations) -> None:
        self._stores = stores
        self._relations = relations

    def of_batch(self, kind: str, batch: ChangeBatch[Any]) -> AffectedObjects:
        """Return what a batch of changes of one kind affects."""
        if len(batch.changes) > MAX_TRACED:
            return AffectedObjects(kind=kind, everything=True)
        services: set[ObjectRef] = set()
        rollouts: set[ObjectRef] = set()
        pods: set[ObjectRef] = set()
        traced: set[object] = set()
        for change in batch.changes:
            for state in _states(change):
                if isinstance(state, Pod):
                    pods.add(state.key)
                    likeness = (state.namespace, state.owner_uid, frozenset((state.metadata.labels or {}).items()))
                    if likeness in traced:
                        continue
                    traced.add(likeness)
                more_services, more_rollouts, more_pods = self._affected_by(state)
                services.update(more_services)
                rollouts.update(more_rollouts)
                pods.update(more_pods)
        return AffectedObjects(services, rollouts, pods, kind)

    def _affected_by(self, state: KubeObject) -> Affected:
        match state:
            case Pod():
                return self._relations.services_of_pod(state), _optional(self._relations.workload_of(state)), ()
            case Service():
                return self._with_scaled_to_zero(state.key, state)
            case EndpointSlice():
                if not state.service_name:
                    return (), (), ()
                key = ObjectRef(Service.KIND, state.namespace, state.service_name)
                return self._with_scaled_to_zero(key, self._stores.services.get(key))
            case Deployment() | StatefulSet() | DaemonSet():
                return self._relations.services_of(state), (state.key,), ()
            case HorizontalPodAutoscaler():
                target = state.spec.scale_target_ref
                return (), (ObjectRef(target.kind, state.namespace, target.name),), ()
            case Event():
                return self._affected_by_event(state)
        # ReplicaSets and ControllerRevisions affect the workload that owns them; other kinds affect nothing.
        return self._with_services(_optional(self._relations.workload_of(state)))

    def _affected_by_event(self, event: Event) -> Affected:
        regarding = event.regarding
        match regarding.kind:
            case "Pod":
                pod = self._stores.pods.get(regarding)
                if pod is None:
                    return (), (), (regarding,)
                rollouts = _optional(self._relations.workload_of(pod))
                return self._relations.services_of_pod(pod), rollouts, (regarding,)
            case "ReplicaSet":
                replica_set = self._stores.replica_sets.get(regarding)
                workload = self._relations.workload_of(replica_set) if replica_set else None
                return self._with_services(_optional(workload))
            case "Service":
                return (regarding,), (), ()
            case kind if kind in WORKLOAD_KINDS:
                return self._with_services((regarding,))
        return (), (), ()

    def _with_scaled_to_zero(self, key: ObjectRef, service: Service | None) -> Affected:
        """Return a Service and its backends scaled to 0: their severity depends on whether others serve."""
        rollouts = tuple(
            workload.key
            for workload in (self._relations.backends(service) if service is not None else ())
            if not isinstance(workload, DaemonSet) and workload.spec.replicas == 0
        )
        services, _, _ = self._with_services(rollouts)
        return (key, *services), rollouts, ()

    def _with_services(self, rollouts: tuple[ObjectRef, ...]) -> Affected:
        """Return rollouts, and the Services in front of them."""
        services: list[ObjectRef] = []
        for key in rollouts:
            workload = self._stores.workload(key)
            if workload is not None:
                services.extend(self._relations.services_of(workload))
        return services, rollouts, ()


def _optional(key: ObjectRef | None) -> tuple[ObjectRef, ...]:
    return () if key is None else (key,)


def _states(change: ObjectChange[Any]) -> Iterator[Any]:
    """Yield the new state of an object and, where its relations may have changed, the old one."""
    if change.new is not None:
        yield change.new
    if change.old is not None and (change.new is None or _ties(change.old) != _ties(change.new)):
        yield change.old


def _ties(state: KubeObject) -> object:
    """Return the fields that relate an object to others: if they are equal, only the new state affects anything."""
    template = state.spec.template.labels if isinstance(state, Deployment | StatefulSet | DaemonSet) else None
    return (state.uid, state.metadata.labels, state.metadata.owner_references, template)
