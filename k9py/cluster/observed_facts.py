"""What matters of an object over time: the facts whose change the change history records.

Invariant: facts are short texts taken from an object alone. Counters that only count (resourceVersion, observed
generation, heartbeats, timestamps) are none: they would fill the history.
To record a kind: a function here, and a line in `_FACTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from k9py.api.dynamic import DynamicObject
from k9py.api.kinds import WORKLOAD_KINDS
from k9py.api.meta import Condition, KubeObject
from k9py.api.nodes import Namespace, Node
from k9py.api.pods import ContainerStatus, Pod
from k9py.api.policy import HorizontalPodAutoscaler, PodDisruptionBudget
from k9py.api.selectors import selector_text
from k9py.api.services import EndpointSlice, Service
from k9py.api.table import TableRow
from k9py.api.workloads import DaemonSet, Deployment, StatefulSet
from k9py.cluster.graph import object_metadata
from k9py.diagnosis.timelines.written import LEADER_ANNOTATION, WRITTEN_TYPES, is_of_status

Facts = dict[str, str]

WRITTEN_BY: Final = "written by "
"""Begins the name of a fact about a field manager; its value is the time of its last change."""
_WITH_WRITERS: Final = frozenset(
    resource_type.kind for resource_type in WRITTEN_TYPES if resource_type.kind not in ("Node", *WORKLOAD_KINDS)
)
"""Kinds of which the metadata alone is watched; more is known of the others."""


_OF_STATUS: Final = frozenset({"ready", "ready endpoints", "phase", "node", "restarts", "allowed disruptions"})


def is_fact_of_status(fact: str) -> bool:
    """Return whether a fact shows how an object fares, not what somebody wrote."""
    return fact in _OF_STATUS or fact.startswith(("condition ", "container ", "column "))


def observed_facts(value: KubeObject) -> Facts | None:
    """Return the facts of an object, None for a kind without a history (events, ReplicaSets, revisions)."""
    facts_of = _FACTS.get(type(value))
    if facts_of is None:
        return None
    facts = facts_of(value)
    if facts is None:
        return None
    if value.metadata.deletion_timestamp is not None:
        facts["deletion"] = "terminating"
    return facts


def _deployment(deployment: Deployment) -> Facts:
    status, spec = deployment.status, deployment.spec
    replicas = 1 if spec.replicas is None else spec.replicas
    return {
        "replicas": str(replicas),
        "ready": f"{status.ready_replicas}/{replicas}",
        "paused": "paused" if spec.paused else "",
        **_images(deployment),
        **_failed_conditions(status.conditions),
    }


def _stateful_set(stateful_set: StatefulSet) -> Facts:
    replicas = 1 if stateful_set.spec.replicas is None else stateful_set.spec.replicas
    return {
        "replicas": str(replicas),
        "ready": f"{stateful_set.status.ready_replicas}/{replicas}",
        **_images(stateful_set),
    }


def _daemon_set(daemon_set: DaemonSet) -> Facts:
    status = daemon_set.status
    return {"ready": f"{status.number_ready}/{status.desired_number_scheduled}", **_images(daemon_set)}


def _images(workload: Deployment | StatefulSet | DaemonSet) -> Facts:
    spec = workload.spec.template.spec
    containers = (*((spec.init_containers or ()) if spec else ()), *((spec.containers or ()) if spec else ()))
    return {f"image of {container.name}": container.image for container in containers}


def _failed_conditions(conditions: Iterable[Condition] | None) -> Facts:
    return {
        f"condition {condition.type}": condition.reason or condition.status
        for condition in conditions or ()
        if condition.status == "False" or condition.type == "ReplicaFailure"
    }


def _pod(pod: Pod) -> Facts:
    return {
        "phase": pod.status.reason or pod.status.phase,
        "ready": "ready" if pod.is_ready else "not ready",
        "node": pod.spec.node_name,
        "restarts": str(pod.restarts),
        **{f"container {status.name}": text for status in pod.statuses() if (text := _state(status))},
    }


def _state(status: ContainerStatus) -> str:
    """Return why a container does not run, "" when it does."""
    state = status.state
    if state is None or state.running is not None:
        return ""
    if state.terminated is not None:
        return state.terminated.reason or f"exit code {state.terminated.exit_code}"
    return state.waiting.reason if state.waiting is not None else ""


def _service(service: Service) -> Facts:
    spec = service.spec
    ports = ", ".join(f"{port.port}→{port.target_port}" for port in spec.ports or ())
    return {"type": spec.type, "selector": selector_text(spec.selector or {}), "ports": ports}


def _endpoint_slice(endpoint_slice: EndpointSlice) -> Facts:
    endpoints = endpoint_slice.endpoints or ()
    return {"ready endpoints": f"{sum(endpoint.is_serving for endpoint in endpoints)}/{len(endpoints)}"}


def _autoscaler(autoscaler: HorizontalPodAutoscaler) -> Facts:
    spec, status = autoscaler.spec, autoscaler.status
    return {
        "desired replicas": str(status.desired_replicas),
        "limits": f"{1 if spec.min_replicas is None else spec.min_replicas}–{spec.max_replicas}",
        **_failed_conditions(status.conditions),
    }


def _budget(budget: PodDisruptionBudget) -> Facts:
    return {"allowed disruptions": str(budget.status.disruptions_allowed)}


def _namespace(namespace: Namespace) -> Facts:
    return {"phase": namespace.status.phase}


def _node(node: Node) -> Facts:
    conditions = {condition.type: condition.status for condition in node.status.conditions or ()}
    pressures = (name for name, status in conditions.items() if name != "Ready" and status == "True")
    return {
        "ready": conditions.get("Ready", "Unknown"),
        "scheduling": "disabled" if node.spec.unschedulable else "enabled",
        "pressure": ", ".join(sorted(pressures)),
    }


def _table_row(row: TableRow) -> Facts:
    """Return the cells by their place: the names of the columns are those of the view that leases the rows.

    Cells that are ages differ at every event, and only because time passes.
    """
    return {f"column {place}": str(cell) for place, cell in enumerate(row.cells) if not _is_age(cell)}


def _metadata(obj: DynamicObject) -> Facts | None:
    """Return who wrote an object and when, and that alone: nobody reads what a ConfigMap or Secret contains."""
    if obj.group or obj.kind not in _WITH_WRITERS or LEADER_ANNOTATION in (obj.metadata.annotations or ()):
        return None
    managers = object_metadata(obj).managers
    return {f"{WRITTEN_BY}{manager.manager}": str(manager.at) for manager in managers if not is_of_status(manager)}


def _is_age(cell: object) -> bool:
    return isinstance(cell, str) and len(cell) < 12 and cell[:1].isdigit() and cell[-1:] in "smhdy"


_FACTS: Final[Mapping[type[KubeObject], Callable[[Any], Facts | None]]] = {
    Deployment: _deployment,
    StatefulSet: _stateful_set,
    DaemonSet: _daemon_set,
    Pod: _pod,
    Service: _service,
    EndpointSlice: _endpoint_slice,
    HorizontalPodAutoscaler: _autoscaler,
    PodDisruptionBudget: _budget,
    Namespace: _namespace,
    Node: _node,
    TableRow: _table_row,
    DynamicObject: _metadata,
}
