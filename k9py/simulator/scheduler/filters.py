"""The scheduler's filters: whether a pod fits a node, and the reasons if not.

Pure. Simulated: node conditions and cordons, taints, node selectors and required node affinity, cpu, memory and pod
capacity. The order is that of the scheduler's default filters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from k9py.simulator.controllers.quantities import parse_quantity

Object = dict[str, Any]

_UNSCHEDULABLE_TAINT = "node.kubernetes.io/unschedulable"


@dataclass(frozen=True, slots=True)
class ResourceRequests:
    """The resource requests of a pod, or of all pods of a node: cores, bytes, pods."""

    cpu: float = 0.0
    memory: float = 0.0
    pods: int = 0

    def plus(self, other: "ResourceRequests") -> "ResourceRequests":
        return ResourceRequests(self.cpu + other.cpu, self.memory + other.memory, self.pods + other.pods)

    def minus(self, other: "ResourceRequests") -> "ResourceRequests":
        return ResourceRequests(self.cpu - other.cpu, self.memory - other.memory, self.pods - other.pods)


def resource_requests(spec: Mapping[str, Any]) -> ResourceRequests:
    """Return a pod's requests: the sum of its containers, or its largest init container."""
    cpu = memory = 0.0
    for container in spec["containers"]:
        one_cpu, one_memory = _requests(container)
        cpu, memory = cpu + one_cpu, memory + one_memory
    for container in spec.get("initContainers") or ():
        one_cpu, one_memory = _requests(container)
        cpu, memory = max(cpu, one_cpu), max(memory, one_memory)
    return ResourceRequests(cpu, memory, 1)


def _requests(container: Mapping[str, Any]) -> tuple[float, float]:
    resources = container.get("resources") or {}
    requests = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return parse_quantity(requests.get("cpu", 0)), parse_quantity(requests.get("memory", 0))


def filter_reasons(
    spec: Mapping[str, Any], node: Mapping[str, Any], used: ResourceRequests, wanted: ResourceRequests
) -> tuple[str, ...]:
    """Return the scheduler's reasons against a node; empty if the pod fits."""
    if node["spec"].get("unschedulable") and not _is_tolerated(
        spec, {"key": _UNSCHEDULABLE_TAINT, "effect": "NoSchedule"}
    ):
        return ("node(s) were unschedulable",)
    taint = _untolerated_taint(spec, node)
    if taint is not None:
        return ("node(s) had untolerated taint(s)",)
    if not _matches_affinity(spec, node):
        return ("node(s) didn't match Pod's node affinity/selector",)
    if not is_node_ready(node):
        return ("node(s) were not ready",)
    allocatable = (node.get("status") or {}).get("allocatable") or {}
    lacking = []
    if used.pods + wanted.pods > parse_quantity(allocatable.get("pods", 110)):
        lacking.append("Too many pods")
    if wanted.cpu and used.cpu + wanted.cpu > parse_quantity(allocatable.get("cpu", 0)) + 1e-9:
        lacking.append("Insufficient cpu")
    if wanted.memory and used.memory + wanted.memory > parse_quantity(allocatable.get("memory", 0)):
        lacking.append("Insufficient memory")
    return tuple(lacking)


def tolerates_node(spec: Mapping[str, Any], node: Mapping[str, Any]) -> bool:
    """Return whether a DaemonSet pod belongs on a node: selector, affinity and taints, not capacity."""
    return _matches_affinity(spec, node) and _untolerated_taint(spec, node) is None


def may_stay_on_node(spec: Mapping[str, Any], node: Mapping[str, Any]) -> bool:
    """Return whether a running DaemonSet pod may stay on a node, even if a new one would not be scheduled there."""
    return _matches_affinity(spec, node) and _untolerated_taint(spec, node, ("NoExecute",)) is None


def is_node_ready(node: Mapping[str, Any]) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or ()
    return all(condition["status"] == "True" for condition in conditions if condition["type"] == "Ready")


def _untolerated_taint(
    spec: Mapping[str, Any], node: Mapping[str, Any], effects: tuple[str, ...] = ("NoSchedule", "NoExecute")
) -> Object | None:
    for taint in node["spec"].get("taints") or ():
        if taint["effect"] in effects and not _is_tolerated(spec, taint):
            match: Object = taint
            return match
    return None


def _is_tolerated(spec: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    for toleration in spec.get("tolerations") or ():
        if toleration.get("effect") not in (None, "", taint["effect"]):
            continue
        if toleration.get("operator", "Equal") == "Exists":
            if toleration.get("key") in (None, "", taint["key"]):
                return True
        elif toleration.get("key") == taint["key"] and toleration.get("value", "") == taint.get("value", ""):
            return True
    return False


def _matches_affinity(spec: Mapping[str, Any], node: Mapping[str, Any]) -> bool:
    labels = node["metadata"].get("labels") or {}
    if not (spec.get("nodeSelector") or {}).items() <= labels.items():
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    fields = {"metadata.name": node["metadata"]["name"]}
    return any(
        all(_requirement_matches(requirement, labels) for requirement in term.get("matchExpressions") or ())
        and all(_requirement_matches(requirement, fields) for requirement in term.get("matchFields") or ())
        for term in required["nodeSelectorTerms"]
    )


def _requirement_matches(requirement: Mapping[str, Any], present: Mapping[str, str]) -> bool:
    key: str = requirement["key"]
    values: Sequence[str] = requirement.get("values") or ()
    match requirement["operator"]:
        case "In":
            return present.get(key) in values
        case "NotIn":
            return present.get(key) not in values
        case "Exists":
            return key in present
        case "DoesNotExist":
            return key not in present
        case "Gt":
            return key in present and int(present[key]) > int(values[0])
        case "Lt":
            return key in present and int(present[key]) < int(values[0])
        case _:
            return False
