"""The cluster-scoped objects that every real cluster has: a StorageClass, the system PriorityClasses, ClusterRoles,
and an APIService for each served version.

Invariant: their uids derive from their names, so that they take nothing from the cluster's random generator.
"""

import uuid
from datetime import timedelta

from k9py.simulator.clock import timestamp
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.defaults import defaulted
from k9py.simulator.registry.resources import (
    APISERVICES,
    CLUSTERROLEBINDINGS,
    CLUSTERROLES,
    PRIORITYCLASSES,
    STORAGECLASSES,
    Resource,
)
from k9py.simulator.state import SimulatorState

CLUSTER_AGE = timedelta(days=92)
_UIDS = uuid.UUID("0a7d1f42-54a2-4a4a-9a43-7c0f5f2b7a10")
_RBAC = "rbac.authorization.k8s.io"
_READ = ["get", "list", "watch"]
_WRITE = ["create", "delete", "deletecollection", "patch", "update"]


def add_cluster_objects(state: SimulatorState) -> None:
    """Create the objects; those of a scenario stay (of StorageClasses only its own, if it has any)."""
    if not state.storage.count(STORAGECLASSES):
        default = {"storageclass.kubernetes.io/is-default-class": "true"}
        _add(state, STORAGECLASSES, "standard", {"provisioner": "rancher.io/local-path"}, annotations=default)
    for name, value in (("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)):
        _add(state, PRIORITYCLASSES, name, {"value": value})
    everything = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    _add(state, CLUSTERROLES, "cluster-admin", {"rules": [everything, {"nonResourceURLs": ["*"], "verbs": ["*"]}]})
    namespaced = {"apiGroups": ["", "apps", "batch", "networking.k8s.io"], "resources": ["*"]}
    _add(state, CLUSTERROLES, "edit", {"rules": [{**namespaced, "verbs": [*_READ, *_WRITE]}]})
    _add(state, CLUSTERROLES, "view", {"rules": [{**namespaced, "verbs": _READ}]})
    masters = {"kind": "Group", "name": "system:masters", "apiGroup": _RBAC}
    role = {"kind": "ClusterRole", "name": "cluster-admin", "apiGroup": _RBAC}
    _add(state, CLUSTERROLEBINDINGS, "cluster-admin", {"subjects": [masters], "roleRef": role})
    for group, version in dict.fromkeys((r.group, r.version) for r in state.storage.resources if r.custom is None):
        _add_api_service(state, group, version)


def _add_api_service(state: SimulatorState, group: str, version: str) -> None:
    available = {
        "type": "Available",
        "status": "True",
        "lastTransitionTime": timestamp(state.clock.now() - CLUSTER_AGE),
        "reason": "Local",
        "message": "Local APIServices are always available",
    }
    spec = {"group": group, "version": version, "groupPriorityMinimum": 17000, "versionPriority": 15}
    _add(state, APISERVICES, f"{version}.{group}", {"spec": spec, "status": {"conditions": [available]}})


def _add(
    state: SimulatorState, resource: Resource, name: str, content: Object, annotations: dict[str, str] | None = None
) -> None:
    if state.storage.get(resource, None, name) is not None:
        return
    metadata: Object = {
        "name": name,
        "uid": str(uuid.uuid5(_UIDS, f"{resource.plural}/{name}")),
        "creationTimestamp": timestamp(state.clock.now() - CLUSTER_AGE),
    }
    if annotations:
        metadata["annotations"] = annotations
    state.storage.create(resource, defaulted(resource, {"metadata": metadata, **content}))
