"""Registry strategies: what each kind's PrepareForCreate and PrepareForUpdate set: allocations and owned fields.

Invariant: runs after defaulting and before validation, on a copy.
"""

import copy
from typing import Any

from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.resources import DAEMONSETS, JOBS, SERVICES, Resource
from k9py.simulator.state import SimulatorState

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
ALLOCATED = frozenset(("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"))
"""Fields of a Service's spec that the registry fills in, after its defaults."""
_SERVICE_NETWORK = "10.96"
_FIRST_NODE_PORT, _NODE_PORTS = 30000, 2768


def prepare_for_create(state: SimulatorState, resource: Resource, obj: Object) -> Object:
    """Return a new object with the fields its strategy sets."""
    match resource:
        case _ if resource is SERVICES:
            obj = copy.deepcopy(obj)
            _allocate_addresses(state, obj["spec"])
        case _ if resource is JOBS:
            obj = copy.deepcopy(obj)
            _set_job_selector(state, obj)
        case _ if resource is DAEMONSETS:
            obj = _with_annotation(obj, TEMPLATE_GENERATION, "1")
    return obj


def prepare_for_update(resource: Resource, obj: Object, old: Object) -> Object:
    """Return a changed object with the fields its strategy preserves or counts."""
    if resource is DAEMONSETS:
        count = int((old["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, "1"))
        if obj["spec"].get("template") != old["spec"].get("template"):
            count += 1
        return _with_annotation(obj, TEMPLATE_GENERATION, str(count))
    if resource is SERVICES and not obj["spec"].get("clusterIP"):
        kept = {key: old["spec"][key] for key in ("clusterIP", "clusterIPs") if key in old["spec"]}
        return {**obj, "spec": {**obj["spec"], **kept}}
    return obj


def _with_annotation(obj: Object, key: str, value: str) -> Object:
    metadata = obj["metadata"]
    return {**obj, "metadata": {**metadata, "annotations": {**(metadata.get("annotations") or {}), key: value}}}


def _allocate_addresses(state: SimulatorState, spec: dict[str, Any]) -> None:
    if spec.get("type") == "ExternalName":
        return
    taken = {(service.get("spec") or {}).get("clusterIP") for service in state.storage.list(SERVICES)}
    while not spec.get("clusterIP"):
        address = f"{_SERVICE_NETWORK}.{state.rng.randrange(256)}.{state.rng.randrange(1, 255)}"
        if address not in taken:
            spec["clusterIP"] = address
    spec.setdefault("clusterIPs", [spec["clusterIP"]])
    if spec.get("type") in ("NodePort", "LoadBalancer"):
        for port in spec.get("ports") or ():
            if not port.get("nodePort"):
                port["nodePort"] = _FIRST_NODE_PORT + state.rng.randrange(_NODE_PORTS)


def _set_job_selector(state: SimulatorState, job: Object) -> None:
    """Label a Job's pod template with its uid and set the selector."""
    spec, metadata = job["spec"], job["metadata"]
    if spec.get("manualSelector"):
        return
    uid = metadata.setdefault("uid", state.storage.new_uid())
    name = metadata.get("name", "")
    labels = spec["template"].setdefault("metadata", {}).setdefault("labels", {})
    labels |= {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
    }
    metadata["labels"] = {**(metadata.get("labels") or {}), **labels}
    spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
