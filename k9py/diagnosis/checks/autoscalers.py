"""Check HorizontalPodAutoscalers: at their limit, blind, without target, flapping, in conflict with another writer.

Rules: pkg/controller/podautoscaler (horizontal.go, replica_calculator.go, metrics client). Invariant: what the
controller says in the first minutes, while pods start and metrics are collected, is no finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from k9py.api.events import Event
from k9py.api.kinds import API_SERVICE, DEPLOYMENT, HORIZONTAL_POD_AUTOSCALER, SERVICE, STATEFUL_SET
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.meta import Condition, ObjectRef, find_condition
from k9py.api.policy import HorizontalPodAutoscaler, Metric, MetricSource
from k9py.api.severity import Severity
from k9py.api.text import printable, shorten
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.near_misses import nearest_name
from k9py.diagnosis.proof import absence, condition_evidence, event_evidence, field
from k9py.diagnosis.settling import is_recent

_DOCS: Final = "https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/"
_STARTING: Final = timedelta(minutes=3)
"""Metrics of new pods are collected within this time."""
_CREATED: Final = timedelta(seconds=30)
"""An autoscaler may be created before its target."""
_WINDOW: Final = timedelta(minutes=30)
_RESCALES: Final = 6
"""So many scalings within the window, both up and down, are flapping."""
_MISSING_REQUEST: Final = lazy_pattern(
    r"missing request for (?P<resource>\S+)(?: in container (?P<container>\S+))?(?: of Pod (?P<pod>\S+))?"
)
_APIS: Final = (
    ("metrics.k8s.io", "v1beta1", ("resource metrics API", "pods.metrics.k8s.io")),
    ("custom.metrics.k8s.io", "v1beta2", ("custom metrics API", "custom.metrics.k8s.io")),
    ("external.metrics.k8s.io", "v1beta1", ("external metrics API", "external.metrics.k8s.io")),
)
"""Aggregated APIs by the words with which the metrics client names them; the more specific words come last."""
_NOT_SERVED: Final = (
    "could not find the requested resource",
    "currently unable to handle the request",
    "no custom metrics API",
    "no external metrics API",
    "no matches for",
    "service unavailable",
    "Service Unavailable",
)


@check(
    "hpa-limit",
    "an autoscaler wants more pods than its maximum allows",
    subjects=(HORIZONTAL_POD_AUTOSCALER,),
    source=_DOCS,
    remedy="raise maxReplicas, or find out what the load is",
)
def at_limit(autoscaler: HorizontalPodAutoscaler, graph: Graph) -> Iterator[Finding]:
    """Yield that more pods are wanted than allowed; a fixed number of pods is on purpose."""
    spec, status = autoscaler.spec, autoscaler.status
    limited = find_condition(status.conditions, "ScalingLimited")
    if limited is None or limited.status != "True" or limited.reason != "TooManyReplicas":
        return
    if status.current_replicas < spec.max_replicas:
        return
    is_fixed = spec.min_replicas == spec.max_replicas
    load = ", ".join(_loads(autoscaler))
    yield Finding(
        Severity.INFO if is_fixed else Severity.WARNING,
        limited.reason,
        f"wants more pods than maxReplicas {spec.max_replicas} allows",
        autoscaler.key,
        limited.last_transition_time,
        evidence=(
            condition_evidence(autoscaler, limited),
            field(autoscaler, "spec.maxReplicas", spec.max_replicas),
            *((field(autoscaler, "status.currentMetrics", load),) if load else ()),
        ),
        next_steps=(NextStep("raise maxReplicas", "object.edit"),),
    )


@check(
    "hpa-blind",
    "an autoscaler cannot compute how many pods are needed",
    subjects=(HORIZONTAL_POD_AUTOSCALER,),
    reads=("APIService", "Pod"),
    source=_DOCS + "#support-for-metrics-apis",
    remedy="set the requests of the containers, or repair the metrics API",
)
def blind(autoscaler: HorizontalPodAutoscaler, graph: Graph) -> Iterator[Finding]:
    """Yield why an autoscaler does not get its metrics."""
    active = find_condition(autoscaler.status.conditions, "ScalingActive")
    if active is None or active.status != "False" or active.reason in ("ScalingDisabled", "AmbiguousSelector"):
        return
    message = active.message.removeprefix("the HPA was unable to compute the replica count: ")
    request = _MISSING_REQUEST.search(message)
    evidence = (condition_evidence(autoscaler, active),)
    target = autoscaler.spec.scale_target_ref
    target_ref = ObjectRef(target.kind, autoscaler.namespace, target.name)
    if request is not None:
        resource = printable(request["resource"])
        where = f"container {printable(request['container'])}" if request["container"] else "a container"
        yield Finding(
            Severity.WARNING,
            active.reason,
            f"cannot scale: {where} of {target.kind} {printable(target.name)} has no request for {resource}",
            autoscaler.key,
            active.last_transition_time,
            remedy=f"set resources.requests.{resource} of {where}",
            container=printable(request["container"] or ""),
            evidence=evidence,
            next_steps=(NextStep(f"set the request for {resource}", "object.edit", target_ref),),
        )
        return
    api = _unserved_api(message)
    if api is None and is_recent(active.last_transition_time, graph, _STARTING):
        return
    causes: tuple[Finding | ObjectRef, ...] = ()
    if api is not None:
        causes = _unserved(*api, active, evidence, graph)
    elif "pods might be unready" in message or "any ready pods" in message or "no pods returned" in message:
        causes = (target_ref,)
    yield Finding(
        Severity.WARNING,
        active.reason,
        f"cannot scale: {_end_of(message)}",
        autoscaler.key,
        active.last_transition_time,
        evidence=evidence,
        caused_by=causes,
    )


def _unserved_api(message: str) -> tuple[str, str] | None:
    """Return the group and version of the aggregated API that does not answer, None when another reason is given."""
    if not any(text in message for text in _NOT_SERVED):
        return None
    found = [(group, version) for group, version, words in _APIS if any(word in message for word in words)]
    return found[-1] if found else None


def _unserved(
    group: str, version: str, active: Condition, evidence: tuple[Evidence, ...], graph: Graph
) -> tuple[Finding | ObjectRef, ...]:
    """Return the APIService that does not answer with the Service that it names, or that it does not exist."""
    key = API_SERVICE.key("", f"{version}.{group}")
    services = graph.list(API_SERVICE)
    if isinstance(services, Unread):
        return (key,)
    of_group = sorted((each for each in services if each.spec.group == group), key=lambda each: each.name)
    if of_group:
        service = of_group[0].spec.service
        backend = () if service is None else (SERVICE.key(service.namespace, service.name),)
        return (of_group[0].key, *backend)
    finding = Finding(
        Severity.WARNING,
        "NotFound",
        f"does not exist: no metrics API {group} is served",
        key,
        active.last_transition_time,
        remedy="install metrics-server" if group == "metrics.k8s.io" else "install an adapter that serves the metrics",
        evidence=(absence(key), *evidence),
    )
    return (finding,)


@check(
    "hpa-target",
    "an autoscaler has no target, or cannot scale it",
    subjects=(HORIZONTAL_POD_AUTOSCALER,),
    reads=("Deployment", "StatefulSet"),
    source=_DOCS,
    remedy="correct scaleTargetRef, or delete the autoscaler",
)
def without_target(autoscaler: HorizontalPodAutoscaler, graph: Graph) -> Iterator[Finding]:
    """Yield that the target of an autoscaler cannot be read or written."""
    able = find_condition(autoscaler.status.conditions, "AbleToScale")
    if able is None or able.status != "False" or able.reason not in ("FailedGetScale", "FailedUpdateScale"):
        return
    if is_recent(autoscaler.metadata.creation_timestamp, graph, _CREATED):
        return
    target = autoscaler.spec.scale_target_ref
    ref = ObjectRef(target.kind, autoscaler.namespace, target.name)
    name = f"{printable(target.kind)} {printable(target.name)}"
    message, evidence = f"cannot scale {name}: {_end_of(able.message)}", [condition_evidence(autoscaler, able)]
    if able.reason == "FailedGetScale" and "not found" in able.message:
        names = _names(target.kind, autoscaler.namespace, graph)
        if names is not None and target.name in names:
            return  # it exists by now; the controller looks every 15 seconds
        similar = nearest_name(target.name, names or ())
        message = f"its target {name} does not exist" + (f"; similar: {printable(similar)}" if similar else "")
        evidence += [absence(ref)] if names is not None else []
    yield Finding(
        Severity.WARNING,
        able.reason,
        message,
        autoscaler.key,
        able.last_transition_time,
        evidence=tuple(evidence),
        next_steps=(NextStep("correct spec.scaleTargetRef", "object.edit"),),
    )


def _names(kind: str, namespace: str, graph: Graph) -> list[str] | None:
    """Return the names of the objects of a kind that autoscalers scale, None when they cannot be read."""
    match kind:
        case "Deployment":
            deployments = graph.list(DEPLOYMENT, namespace)
            return None if isinstance(deployments, Unread) else [each.name for each in deployments]
        case "StatefulSet":
            stateful_sets = graph.list(STATEFUL_SET, namespace)
            return None if isinstance(stateful_sets, Unread) else [each.name for each in stateful_sets]
    return None


@check(
    "hpa-flapping",
    "an autoscaler scales up and down again and again",
    subjects=(HORIZONTAL_POD_AUTOSCALER,),
    reads=("Event",),
    source=_DOCS + "#flapping",
    remedy="set behavior.scaleDown.stabilizationWindowSeconds, or a target that fits",
)
def flapping(autoscaler: HorizontalPodAutoscaler, graph: Graph) -> Iterator[Finding]:
    """Yield that an autoscaler was changing its mind often in the last 30 minutes."""
    last = autoscaler.status.last_scale_time
    if last is not None and graph.now - last > _WINDOW:
        return
    rescales = [event for event in graph.events(autoscaler) if event.reason == "SuccessfulRescale"]
    ups = sum(_recent_count(event, graph.now) for event in rescales if "above target" in event.message)
    downs = sum(_recent_count(event, graph.now) for event in rescales if "below target" in event.message)
    if min(ups, downs) < 2 or ups + downs < _RESCALES:
        return
    if last is not None:
        graph.look_again(last + _WINDOW)
    newest = sorted(rescales, key=lambda event: event.last_seen or graph.now)[-4:]
    yield Finding(
        Severity.WARNING,
        "Flapping",
        "flaps: scaled up and down several times within 30 minutes",
        autoscaler.key,
        min((at for event in rescales if (at := event.first_seen) is not None), default=None),
        evidence=(
            field(autoscaler, "status.lastScaleTime", f"{ups} times up, {downs} times down", last),
            *(event_evidence(autoscaler, event) for event in newest),
        ),
        next_steps=(NextStep("set behavior.scaleDown.stabilizationWindowSeconds", "object.edit"),),
    )


def _recent_count(event: Event, now: datetime) -> int:
    """Return how often an event happened within the window, at its rate since it was first seen."""
    first, last = event.first_seen, event.last_seen
    if first is None or last is None or now - last > _WINDOW:
        return 0
    if now - first <= _WINDOW or last <= first:
        return event.occurrences
    share = (last - (now - _WINDOW)) / (last - first)
    return max(1, round(event.occurrences * share))


@check(
    "hpa-conflict",
    "two autoscalers, or an autoscaler and a manifest, set the replicas of one workload",
    subjects=(HORIZONTAL_POD_AUTOSCALER,),
    reads=("Deployment", "StatefulSet"),
    source=_DOCS + "#migrating-deployments-and-statefulsets-to-horizontal-autoscaling",
    remedy="keep one autoscaler, and leave spec.replicas out of the manifest",
)
def conflict(autoscaler: HorizontalPodAutoscaler, graph: Graph) -> Iterator[Finding]:
    """Yield who else sets the replicas of the target: other autoscalers (reported once), or whoever applies it."""
    target = autoscaler.spec.scale_target_ref
    found = graph.list(HORIZONTAL_POD_AUTOSCALER, autoscaler.namespace)
    others = [
        other
        for other in (() if isinstance(found, Unread) else found)
        if other.uid != autoscaler.uid
        and (other.spec.scale_target_ref.kind, other.spec.scale_target_ref.name) == (target.kind, target.name)
    ]
    name = f"{printable(target.kind)} {printable(target.name)}"
    if others:
        if any(other.name < autoscaler.name for other in others):
            return
        names = ", ".join(sorted(printable(other.name) for other in others))
        ambiguous = (
            (each, condition)
            for each in (autoscaler, *others)
            if (condition := find_condition(each.status.conditions, "ScalingActive")) is not None
            and condition.reason == "AmbiguousSelector"
        )
        yield Finding(
            Severity.WARNING,
            "AmbiguousSelector",
            f"{name} is also scaled by HorizontalPodAutoscaler {names}",
            autoscaler.key,
            max((at for each in others if (at := each.metadata.creation_timestamp) is not None), default=None),
            evidence=(
                *(field(each, "spec.scaleTargetRef", name) for each in (autoscaler, *others)),
                *(condition_evidence(each, condition) for each, condition in ambiguous),
            ),
            next_steps=(NextStep("delete one of them", "object.delete"),),
        )
        return
    active = find_condition(autoscaler.status.conditions, "ScalingActive")
    names_here = set() if isinstance(found, Unread) else {each.name for each in found if each.uid != autoscaler.uid}
    if active is not None and active.reason == "AmbiguousSelector" and _named_in(active.message, names_here):
        yield Finding(
            Severity.WARNING,
            active.reason,
            f"cannot scale: {shorten(active.message)}",
            autoscaler.key,
            active.last_transition_time,
            evidence=(condition_evidence(autoscaler, active),),
        )
    workload = graph.workload(ObjectRef(target.kind, autoscaler.namespace, target.name))
    writers = sorted(
        printable(entry.manager)
        for entry in (workload.metadata.managed_fields or () if workload is not None else ())
        if entry.owns_replicas and entry.operation == "Apply" and not entry.subresource
    )
    if workload is not None and writers:
        yield Finding(
            Severity.INFO,
            "ReplicasInManifest",
            f"the manifest that {', '.join(writers)} applies to {name} sets spec.replicas too",
            autoscaler.key,
            evidence=(field(workload, "metadata.managedFields", f"{', '.join(writers)} owns spec.replicas"),),
        )


def _named_in(message: str, names: set[str]) -> bool:
    """Return whether the controller's text names another autoscaler that still exists: `[shop/web shop/zeb]`."""
    listed = {part.rpartition("/")[2] for part in message.partition("[")[2].rstrip("]").split()}
    return not names.isdisjoint(listed)


def _end_of(message: str) -> str:
    """Return the end of a nested error, which names the cause, with what it is about."""
    text = shorten(message.removeprefix("the HPA controller was unable to get the target's current scale: "))
    parts = text.split(": ")
    return ": ".join(parts[-2:])


def _loads(autoscaler: HorizontalPodAutoscaler) -> Iterator[str]:
    """Yield the utilization of each resource with its target: `cpu 95% of 70%`."""
    wanted = {_key(metric): source for metric in autoscaler.spec.metrics or () if (source := _source(metric))}
    for metric in autoscaler.status.current_metrics or ():
        source, target = _source(metric), wanted.get(_key(metric))
        if source is None or target is None:
            continue
        current, limit = source.current, target.target
        if current.average_utilization is not None and limit.average_utilization is not None:
            yield f"{printable(source.name)} {current.average_utilization}% of {limit.average_utilization}%"
        elif current.average_value is not None and limit.average_value is not None:
            yield f"{printable(source.name or metric.type)} {current.average_value} of {limit.average_value} on average"
        elif current.value is not None and limit.value is not None:
            yield f"{printable(source.name or metric.type)} {current.value} of {limit.value}"


def _source(metric: Metric) -> MetricSource | None:
    return metric.resource or metric.container_resource or metric.pods or metric.object or metric.external


def _key(metric: Metric) -> tuple[str, str]:
    source = _source(metric)
    return metric.type, source.name if source is not None else ""
