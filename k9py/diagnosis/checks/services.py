"""Check what a Service selects, and where the endpoints of a Service without a selector point.

What users feel of a Service is in `health`; the checks here say why. Each is silent while a Service is so young that
its endpoints may still be on their way. Ports are in `service_ports`, addresses from outside in `load_balancers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, TypeVar

from k9py.api.kinds import (
    DAEMON_SET,
    DEPLOYMENT,
    ENDPOINT_SLICE,
    NAMESPACE,
    POD,
    SERVICE,
    STATEFUL_SET,
    Kind,
    is_workload,
)
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.plural import count_noun, pluralize
from k9py.api.pods import Pod
from k9py.api.selectors import LabelSelector, selector_text, selects
from k9py.api.services import MANAGED_BY_LABEL, SERVICE_NAME_LABEL, EndpointSlice, Service
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.api.workloads import Workload
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.mixed_backends import mixed_backends
from k9py.diagnosis.near_misses import NearMiss, name_distance
from k9py.diagnosis.proof import field
from k9py.diagnosis.service_targets import selector_near_miss
from k9py.diagnosis.services import no_pods_text
from k9py.diagnosis.settling import is_being_deleted, is_young, latest
from k9py.diagnosis.timelines.revisions import revision_objects, template_labels

_MAX_NAMESPACES: Final = 200
"""Namespaces in which a selector is tried when nothing in its own is like it."""

T = TypeVar("T", bound=KubeObject)


@check(
    "service-selector",
    "the selector of a Service matches no pod",
    subjects=(SERVICE,),
    reads=(
        *("Pod", "Deployment", "StatefulSet", "DaemonSet", "Service", "Namespace"),
        *("ReplicaSet", "ControllerRevision"),
    ),
    source="https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#does-the-service-have-any-endpoints",
    remedy="correct the selector of the Service, or the labels of the pod template",
)
def service_selector(service: Service, graph: Graph) -> Iterator[Finding]:
    """Yield that nothing matches a selector, with the labels that come closest."""
    selector = service.spec.selector
    if not selector or service.spec.type == "ExternalName":
        return
    if graph.pods_of(service.key) or graph.backends_of(service.key) or is_young(service, graph):
        return
    if is_being_deleted(service, graph):
        return
    near = selector_near_miss(
        service,
        _workloads(graph, service.namespace),
        _read(graph, SERVICE, service.namespace),
        _read(graph, POD, service.namespace),
    )
    text = no_pods_text(service, near)
    evidence = [field(service, "spec.selector", selector_text(selector))]
    steps = [NextStep("edit the selector", "object.edit")]
    if near is not None:
        nearest = near.objects[0]
        where = "metadata.labels" if nearest.kind == Pod.KIND else "spec.template.metadata.labels"
        evidence.append(field(nearest, where, ", ".join(near.differences)))
        if nearest.kind != Pod.KIND:
            steps.append(NextStep("or edit the labels of the pod template", "object.edit", nearest))
    else:
        elsewhere = _elsewhere(service, graph)
        if elsewhere:
            namespace, pods = elsewhere
            verb = pluralize(len(pods), "matches", "match")
            text += f"; {count_noun(len(pods), 'pod')} in namespace {printable(namespace)} {verb}"
            evidence.append(field(pods[0], "metadata.labels", selector_text(selector)))
    yield Finding(
        Severity.DOWN,
        "NoPods",
        text,
        service.key,
        _began(service, near, graph),
        evidence=tuple(evidence),
        next_steps=tuple(steps),
    )


def _began(service: Service, near: NearMiss | None, graph: Graph) -> datetime | None:
    """Return since when nothing matches: a selector that never matched, since it was written or its Service created.

    One that an earlier revision of the nearest workload matched, since that was replaced.
    """
    replaced = [_replaced_at(service, ref, graph) for ref in (near.objects if near else ()) if is_workload(ref)]
    return latest(service.metadata.creation_timestamp, service.metadata.selector_changed_at, *replaced)


def _replaced_at(service: Service, ref: ObjectRef, graph: Graph) -> datetime | None:
    """Return when the last revision of a workload that a Service selects was replaced, None when none is known."""
    workload = graph.workload(ref)
    dated = [
        (each.metadata.creation_timestamp, template_labels(each))
        for each in (revision_objects(workload, graph) if workload is not None else ())
    ]
    last = latest(*(at for at, labels in dated if selects(service.spec.selector, labels)))
    return min((at for at, _ in dated if last is not None and at is not None and at > last), default=None)


@check(
    "service-terminating",
    "all pods of a Service are terminating",
    subjects=(SERVICE,),
    reads=("Pod", "EndpointSlice", "Deployment", "StatefulSet", "DaemonSet"),
    source="https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#terminating",
    remedy="create the workload again that made its pods",
)
def service_terminating(service: Service, graph: Graph) -> Iterator[Finding]:
    """Yield that the last pods of a Service terminate: for good, or while their workload makes others."""
    selector = service.spec.selector
    if not selector or service.spec.type == "ExternalName":
        return
    pods = [pod for pod in graph.pods_of(service.key) if pod.status.phase not in ("Succeeded", "Failed")]
    if not pods or not all(pod.is_terminating for pod in pods) or is_being_deleted(service, graph):
        return
    backends = [workload for ref in graph.backends_of(service.key) if (workload := graph.workload(ref)) is not None]
    since = min(pod.metadata.deletion_timestamp for pod in pods if pod.metadata.deletion_timestamp)
    evidence = tuple(field(pod, "metadata.deletionTimestamp", pod.metadata.deletion_timestamp) for pod in pods[:3])
    serving = sum(endpoint.is_serving for each in graph.slices_of(service) for endpoint in each.endpoints or ())
    if backends:
        if serving and any(_wants_pods(workload) for workload in backends):
            text = f"only terminating endpoints serve: {count_noun(serving, 'endpoint')}"
            yield Finding(Severity.INFO, "Terminating", text, service.key, evidence=evidence)
        return
    verb = pluralize(len(pods), "is", "are")
    text = f"no workload makes pods for it: the last {count_noun(len(pods), 'pod')} {verb} terminating"
    yield Finding(Severity.DOWN, "NoPods", text, service.key, min(since, graph.now), evidence=evidence)


@check(
    "service-mixed-pods",
    "the selector of a Service also takes the pods of other applications",
    subjects=(SERVICE,),
    reads=("Deployment", "StatefulSet", "DaemonSet", "Pod"),
    source="https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#service-and-replicationcontroller",
    remedy="add a label to the selector that only the pods of one application have",
)
def service_mixed_pods(service: Service, graph: Graph) -> Iterator[Finding]:
    """Yield that traffic is spread over different applications; several versions of one are meant to share it."""
    selector = service.spec.selector
    if not selector or service.spec.cluster_ip == "None" or service.spec.type == "ExternalName":
        return
    backends = [
        workload
        for ref in graph.backends_of(service.key)
        if (workload := graph.workload(ref)) is not None and _wants_pods(workload)
    ]
    mixed = mixed_backends(service, backends)
    if mixed is None:
        return
    names = ", ".join(printable(f"{ref.kind} {ref.name}") for ref in mixed.workloads[:4])
    if len(mixed.workloads) > 4:
        names += f" and {len(mixed.workloads) - 4} more"
    label = f"; add {printable(mixed.label)} to it" if mixed.label else ""
    yield Finding(
        Severity.WARNING,
        "MixedPods",
        f"its selector {printable(selector_text(selector))} takes pods of different applications: {names}{label}",
        service.key,
        latest(*(each.metadata.creation_timestamp for each in backends)),
        evidence=(
            field(service, "spec.selector", selector_text(selector)),
            *(
                field(each, "spec.template.metadata.labels", selector_text(each.spec.template.labels))
                for each in backends
                if each.key in mixed.workloads[:4]
            ),
        ),
        next_steps=(NextStep("edit the selector", "object.edit"),),
    )


@check(
    "service-without-endpoints",
    "a Service without a selector has no endpoints",
    subjects=(SERVICE,),
    reads=("EndpointSlice", "Service"),
    source="https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors",
    remedy="create an EndpointSlice with the label kubernetes.io/service-name",
)
def service_without_endpoints(service: Service, graph: Graph) -> Iterator[Finding]:
    """Yield that no slice belongs to a Service without a selector, with the slice that probably should."""
    spec = service.spec
    if spec.selector or spec.type == "ExternalName":
        return
    own = graph.slices_of(service)
    if any(each.endpoints for each in own) or is_young(service, graph) or is_being_deleted(service, graph):
        return
    slices = graph.list(ENDPOINT_SLICE, service.namespace)
    if isinstance(slices, Unread):
        return
    near = _stray_slice(service, slices, graph)
    evidence = [field(service, "spec.selector", "none")]
    if near is not None:
        label = near.service_name
        has = f"{SERVICE_NAME_LABEL}={printable(label)}" if label else f"no label {SERVICE_NAME_LABEL}"
        text = f"has no endpoints: EndpointSlice {printable(near.name)} has {has}, not {printable(service.name)}"
        evidence.append(field(near, f"metadata.labels[{SERVICE_NAME_LABEL}]", label or "none"))
        step = NextStep(f"set the label {SERVICE_NAME_LABEL}={service.name}", "object.edit", near.key)
        severity = Severity.DOWN
    else:
        is_headless = spec.cluster_ip == "None"
        what = "its EndpointSlice has no endpoints" if own else "no EndpointSlice belongs to it"
        text, severity = f"has no selector, and {what}", Severity.INFO if is_headless else Severity.DOWN
        step = NextStep("add a selector, or an EndpointSlice", "object.edit")
    yield Finding(severity, "NoEndpoints", text, service.key, evidence=tuple(evidence), next_steps=(step,))


@check(
    "service-slice-ports",
    "the EndpointSlices of a Service without a selector lack one of its ports",
    subjects=(SERVICE,),
    reads=("EndpointSlice",),
    source="https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors",
    remedy="name the port of the EndpointSlice as that of the Service",
)
def service_slice_ports(service: Service, graph: Graph) -> Iterator[Finding]:
    """Yield ports that no slice has by name: kube-proxy finds the endpoints of a port by its name."""
    spec = service.spec
    if spec.selector or spec.type == "ExternalName" or spec.cluster_ip == "None":
        return
    slices = [each for each in graph.slices_of(service) if each.endpoints]
    if not slices or is_young(service, graph):
        return
    names = {(port.name or "", port.protocol or "TCP") for each in slices for port in each.ports or () if port.port}
    lacking = [port for port in spec.ports or () if (port.name, port.protocol) not in names]
    for port in lacking:
        wanted = f"port {port.port}" + (f" named {printable(port.name)}" if port.name else " without a name")
        has = ", ".join(sorted(printable(name or "one without a name") for name, _ in names)) or "none"
        text = f"no EndpointSlice has its {wanted}; they have {has}"
        severity = Severity.DOWN if len(lacking) == len(spec.ports or ()) else Severity.DEGRADED
        evidence = (
            field(service, "spec.ports[].name", port.name or "none"),
            *(field(each, "ports[].name", has) for each in slices[:1]),
        )
        step = NextStep("edit the ports of the EndpointSlice", "object.edit", slices[0].key)
        yield Finding(severity, "NoSuchPort", text, service.key, evidence=evidence, next_steps=(step,))


def _stray_slice(service: Service, slices: Iterable[EndpointSlice], graph: Graph) -> EndpointSlice | None:
    """Return a slice that belongs to no Service and looks like one of this, None when there is none."""
    services = graph.list(SERVICE, service.namespace)
    if isinstance(services, Unread):
        return None
    names = {each.name for each in services}
    ranked = []
    for each in slices:
        if each.service_name in names or "controller" in each.metadata.label(MANAGED_BY_LABEL) or not each.endpoints:
            continue
        by_name = 0.0 if each.name.startswith(f"{service.name}-") else name_distance(service.name, each.name)
        distance = min(by_name, name_distance(service.name, each.service_name) if each.service_name else 1.0)
        if distance < 1.0:
            ranked.append((distance, each.name, each))
    return min(ranked, key=lambda rank: rank[:2])[2] if ranked else None


def _elsewhere(service: Service, graph: Graph) -> tuple[str, tuple[Pod, ...]] | None:
    """Return another namespace with pods that the selector would match, None when none is read."""
    namespaces = graph.list(NAMESPACE)
    if isinstance(namespaces, Unread):
        return None
    selector = LabelSelector(match_labels=service.spec.selector)
    for namespace in sorted(each.name for each in namespaces)[:_MAX_NAMESPACES]:
        if namespace != service.namespace and graph.covers(namespace):
            pods = graph.pods_matching(namespace, selector)
            if pods:
                return namespace, pods
    return None


def _workloads(graph: Graph, namespace: str) -> Iterator[Workload]:
    yield from _read(graph, DEPLOYMENT, namespace)
    yield from _read(graph, STATEFUL_SET, namespace)
    yield from _read(graph, DAEMON_SET, namespace)


def _read(graph: Graph, kind: Kind[T], namespace: str) -> tuple[T, ...]:
    """Return the objects of a kind as far as they have been read."""
    objects = graph.list(kind, namespace)
    return () if isinstance(objects, Unread) else objects


def _wants_pods(workload: Workload) -> bool:
    return getattr(workload.spec, "replicas", 1) != 0
