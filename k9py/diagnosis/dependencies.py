"""What an object depends on: the objects whose changes may explain what happens to it.

Owns the rule for the timeline and for suspects: owners and owned, Services in front and Ingresses before them, the
autoscaler and the disruption budgets, what the pod template uses, the nodes of the pods, and the quotas, limits and
network policies of the namespace. Invariant: what is not read is left out; nothing is guessed but the owner of a pod,
Job or ReplicaSet that is gone, whose name Kubernetes derives from it.
To add a dependency of a kind: a line in `_Collector`, or a relation in `api/relations.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from k9py.api.kinds import (
    CONTROLLER_REVISION,
    CRON_JOB,
    HORIZONTAL_POD_AUTOSCALER,
    INGRESS,
    JOB,
    NETWORK_POLICY,
    POD,
    REPLICA_SET,
    SERVICE,
    Kind,
    is_workload,
)
from k9py.api.meta import KubeObject, ObjectRef, OwnerReference
from k9py.api.pods import Pod
from k9py.api.relations import KindKey, referred, relations_of
from k9py.api.standard_types import ref_group_of
from k9py.api.workloads import Workload
from k9py.diagnosis.graph import Graph, NotReadError, Unread

OF_NAMESPACE: Final = ("ResourceQuota", "LimitRange")
"""Kinds whose objects concern every pod of their namespace."""
_NAMED_AFTER: Final[Mapping[str, frozenset[str]]] = {
    "Pod": frozenset({"ReplicaSet", "StatefulSet", "DaemonSet", "Job"}),
    "Job": frozenset({"CronJob"}),
    "ReplicaSet": frozenset({"Deployment"}),
}
"""Kinds whose objects are named after their owner: `NAME-SUFFIX`."""
HELM_RELEASE: Final = "meta.helm.sh/release-name"
"""Annotation that Helm sets on what it installs."""
HELM_PREFIX: Final = "sh.helm.release.v1."
"""Begins the names of the Secrets that store the revisions of releases: `sh.helm.release.v1.NAME.vN`."""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What an object depends on.

    Args:
        subject: the object.
        refs: the objects, the subject too.
        releases: Helm releases they belong to: (namespace, name).
    """

    subject: ObjectRef
    refs: frozenset[ObjectRef]
    releases: frozenset[tuple[str, str]] = frozenset()
    _namespaces: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        namespaces = frozenset(ref.namespace for ref in self.refs if ref.kind == "Pod" or is_workload(ref))
        object.__setattr__(self, "_namespaces", namespaces)

    def may_cover(self, kind: str) -> bool:
        """Return whether an object of a standard kind can be one of them."""
        owners = _NAMED_AFTER.get(kind, frozenset())
        is_release = kind == "Secret" and bool(self.releases)
        return is_release or kind in OF_NAMESPACE or any(ref.kind == kind or ref.kind in owners for ref in self.refs)

    def covers(self, ref: ObjectRef) -> bool:
        """Return whether an object is one of them, or was: an owned one that is gone."""
        if ref in self.refs:
            return True
        if ref.group:
            return False
        if ref.kind in OF_NAMESPACE:
            return ref.namespace in self._namespaces
        if ref.kind == "Secret" and ref.name.startswith(HELM_PREFIX):
            return (ref.namespace, ref.name.removeprefix(HELM_PREFIX).rpartition(".v")[0]) in self.releases
        owner_name = ref.name.rpartition("-")[0]
        owners = _NAMED_AFTER.get(ref.kind, ())
        return any(ObjectRef(kind, ref.namespace, owner_name) in self.refs for kind in owners)


def dependencies(ref: ObjectRef, graph: Graph) -> Dependencies:
    """Return what an object depends on, as far as it is read."""
    collector = _Collector(graph)
    collector.add_subject(ref)
    return Dependencies(ref, frozenset(collector.refs), frozenset(collector.releases))


def used_by(obj: KubeObject) -> Iterator[ObjectRef]:
    """Yield what an object names: what its pod template uses, without what every pod has."""
    body = msgspec.json.decode(msgspec.json.encode(obj))  # lists are lists, as relations read them
    for relation in relations_of(KindKey.of(obj.key)):
        yield from (other for other in referred(relation, body) if other.name not in relation.besides)


class _Collector:
    """Collects objects, each once."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.refs: dict[ObjectRef, None] = {}
        self.releases: set[tuple[str, str]] = set()

    def add_subject(self, ref: ObjectRef) -> None:
        """Add an object with all that it depends on."""
        self._add(ref)
        if ref.group:
            return
        match ref.kind:
            case "Deployment" | "StatefulSet" | "DaemonSet":
                self._add_workload(ref)
            case "Service":
                self._add_service(ref)
            case "Pod":
                self._add_pod(ref)
            case "ReplicaSet" | "ControllerRevision":
                self._add_revision(ref)
            case "Job":
                self._add_job(ref)
            case "CronJob":
                self._add_cron_job(ref)
            case "Ingress":
                self._add_ingress(ref)
            case "HorizontalPodAutoscaler":
                self._add_target(ref)
            case "Node":
                pods = self._graph.pods_on(ref.name)
                self._add_all(pod.key for pod in (() if isinstance(pods, Unread) else pods))

    def _add(self, ref: ObjectRef) -> bool:
        is_new = ref not in self.refs
        self.refs[ref] = None
        return is_new

    def _add_all(self, refs: Iterable[ObjectRef]) -> None:
        self.refs.update(dict.fromkeys(refs))

    # -- kinds --------------------------------------------------------------------------------------------------------

    def _add_workload(self, ref: ObjectRef, *, with_pods: bool = True) -> None:
        self._add(ref)
        graph, workload = self._graph, self._workload(ref)
        if workload is None:
            return
        self._note_release(workload)
        self._add_owner(workload.metadata.controller, ref.namespace)
        self._add_all(revision.key for revision in graph.revisions_of(ref))
        owned_kind: Kind[Any] = REPLICA_SET if ref.kind == "Deployment" else CONTROLLER_REVISION
        owned = graph.owned(workload, owned_kind)
        self._add_all(each.key for each in (() if isinstance(owned, Unread) else owned))
        self._add_uses(workload)
        if with_pods:
            self._add_selected(ref)
        with suppress(NotReadError):
            for service in graph.services_of(ref):
                self._add(service)
                self._add_ingresses(service)
        autoscaler = graph.autoscaler_of(ref)
        if autoscaler is not None:
            self._add(autoscaler.key)
        self._add_all(budget.key for budget in graph.budgets_of(ref))
        policies = graph.list(NETWORK_POLICY, ref.namespace)
        labels = workload.spec.template.labels
        self._add_all(
            policy.key
            for policy in (() if isinstance(policies, Unread) else policies)
            if policy.spec.pod_selector.matches(labels)
        )

    def _add_service(self, ref: ObjectRef) -> None:
        self._add(ref)
        service = self._graph.get(SERVICE, ref.name, ref.namespace)
        if isinstance(service, KubeObject):
            self._note_release(service)
        self._add_ingresses(ref)
        with suppress(NotReadError):
            for backend in self._graph.backends_of(ref):
                self._add_workload(backend)
        self._add_selected(ref)

    def _add_pod(self, ref: ObjectRef) -> None:
        pod = self._graph.get(POD, ref.name, ref.namespace)
        if not isinstance(pod, Pod):
            return
        self._add_node(pod)
        self._add_uses(pod)
        self._add_owner(pod.metadata.controller, ref.namespace)
        workload = self._graph.workload_of(pod)
        if workload is not None:
            self._add_workload(workload, with_pods=False)

    def _add_owner(self, owner: OwnerReference | None, namespace: str) -> None:
        if owner is None:
            return
        ref = ObjectRef(owner.kind, namespace, owner.name, ref_group_of(owner.api_version, owner.kind))
        if self._add(ref) and ref.kind == "Job" and not ref.group:
            job = self._graph.get(JOB, ref.name, namespace)
            self._add_owner(job.metadata.controller if isinstance(job, KubeObject) else None, namespace)

    def _add_revision(self, ref: ObjectRef) -> None:
        kind: Kind[Any] = REPLICA_SET if ref.kind == "ReplicaSet" else CONTROLLER_REVISION
        obj = self._graph.get(kind, ref.name, ref.namespace)
        if not isinstance(obj, KubeObject):
            return
        workload = self._graph.workload_of(obj)
        if workload is not None:
            self._add_workload(workload)
            return
        self._add_uses(obj)
        self._add_pods(obj)

    def _add_job(self, ref: ObjectRef) -> None:
        job = self._graph.get(JOB, ref.name, ref.namespace)
        if not isinstance(job, KubeObject):
            return
        self._note_release(job)
        self._add_uses(job)
        self._add_pods(job)
        self._add_owner(job.metadata.controller, ref.namespace)

    def _add_cron_job(self, ref: ObjectRef) -> None:
        cron_job = self._graph.get(CRON_JOB, ref.name, ref.namespace)
        if not isinstance(cron_job, KubeObject):
            return
        self._note_release(cron_job)
        self._add_uses(cron_job)
        jobs = self._graph.owned(cron_job, JOB)
        for job in () if isinstance(jobs, Unread) else jobs:
            self._add(job.key)
            self._add_pods(job)

    def _add_ingress(self, ref: ObjectRef) -> None:
        ingress = self._graph.get(INGRESS, ref.name, ref.namespace)
        if not isinstance(ingress, KubeObject):
            return
        self._note_release(ingress)
        for used in used_by(ingress):
            if self._add(used) and used.kind == "Service":
                self._add_service(used)

    def _add_target(self, ref: ObjectRef) -> None:
        autoscaler = self._graph.get(HORIZONTAL_POD_AUTOSCALER, ref.name, ref.namespace)
        if not isinstance(autoscaler, KubeObject):
            return
        target = autoscaler.spec.scale_target_ref
        workload = ObjectRef(target.kind, ref.namespace, target.name)
        if is_workload(workload):
            self._add_workload(workload)

    def _workload(self, ref: ObjectRef) -> Workload | None:
        try:
            return self._graph.workload(ref)
        except NotReadError:
            return None

    # -- parts --------------------------------------------------------------------------------------------------------

    def _add_pods(self, owner: KubeObject) -> None:
        pods = self._graph.owned(owner, POD)
        for pod in () if isinstance(pods, Unread) else pods:
            self._add(pod.key)
            self._add_node(pod)

    def _add_selected(self, ref: ObjectRef) -> None:
        """Add the pods of a Service or workload, with their nodes."""
        with suppress(NotReadError):
            for pod in self._graph.pods_of(ref):
                self._add(pod.key)
                self._add_node(pod)

    def _add_node(self, pod: Pod) -> None:
        if pod.spec.node_name:
            self._add(ObjectRef("Node", "", pod.spec.node_name))

    def _add_uses(self, obj: KubeObject) -> None:
        self._add_all(used_by(obj))

    def _add_ingresses(self, service: ObjectRef) -> None:
        ingresses = self._graph.list(INGRESS, service.namespace)
        for ingress in () if isinstance(ingresses, Unread) else ingresses:
            names = tuple(used_by(ingress))
            if service in names and self._add(ingress.key):
                self._add_all(name for name in names if name.kind == "Secret")

    def _note_release(self, obj: KubeObject) -> None:
        release = obj.metadata.annotation(HELM_RELEASE)
        if release:
            self.releases.add((obj.namespace, release))
