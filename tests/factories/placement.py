"""JSON of nodes, pods that wait for one, claims and volumes: what checks of placement read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.factories.meta import before

Json = dict[str, Any]


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def metadata(
    name: str, namespace: str = "", *, created: float = 3600, deleted: float | None = None, **more: Any
) -> Json:
    value: Json = {"name": name, "uid": f"uid-{name}", "creationTimestamp": stamp(before(created)), **more}
    if namespace:
        value["namespace"] = namespace
    if deleted is not None:
        value["deletionTimestamp"] = stamp(before(deleted))
    return value


def condition_json(type_: str, status: str, reason: str = "", message: str = "", since: float = 600) -> Json:
    at = stamp(before(since))
    return {"type": type_, "status": status, "reason": reason, "message": message, "lastTransitionTime": at}


def node_json(
    name: str,
    *,
    labels: Mapping[str, str] | None = None,
    taints: Sequence[str] = (),
    cordoned: bool = False,
    cpu: str = "4",
    conditions: Sequence[Json] | None = None,
    created: float = 86400,
    **meta: Any,
) -> Json:
    """Return a node, ready by default. Taints are written as kubectl takes them: `dedicated=gpu:NoSchedule`."""
    spec: Json = {"unschedulable": True} if cordoned else {}
    for taint in taints:
        pair, _, effect = taint.partition(":")
        key, _, value = pair.partition("=")
        spec.setdefault("taints", []).append({"key": key, "value": value, "effect": effect})
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": metadata(name, created=created, labels=dict(labels or {}), **meta),
        "spec": spec,
        "status": {
            "allocatable": {"cpu": cpu, "memory": "8Gi", "pods": "110"},
            "conditions": [condition_json("Ready", "True", "KubeletReady")] if conditions is None else list(conditions),
            "nodeInfo": {"kubeletVersion": "v1.36.2"},
        },
    }


def pod_json(
    name: str,
    *,
    node: str = "",
    message: str | None = None,
    reason: str = "Unschedulable",
    since: float = 120,
    cpu: str = "",
    phase: str = "Pending",
    status: Mapping[str, Any] | None = None,
    deleted: float | None = None,
    created: float = 3600,
    meta: Mapping[str, Any] | None = None,
    container: Mapping[str, Any] | None = None,
    **spec: Any,
) -> Json:
    """Return a pod that waits for a node for `message`, or one on a node."""
    conditions = [] if message is None else [condition_json("PodScheduled", "False", reason, message, since)]
    if node:
        conditions.append(condition_json("PodScheduled", "True", since=since))
    body: Json = {"name": "app", "image": "app:1", **(container or {})}
    if cpu:
        body["resources"] = {"requests": {"cpu": cpu}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata(name, "shop", created=created, deleted=deleted, **(meta or {})),
        "spec": {"containers": [body], **({"nodeName": node} if node else {}), **spec},
        "status": {"phase": phase, "conditions": conditions, **(status or {})},
    }


def claim_json(
    name: str, *, storage_class: str | None = None, size: str = "1Gi", phase: str = "Pending", **spec: Any
) -> Json:
    chosen = {} if storage_class is None else {"storageClassName": storage_class}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata(name, "shop"),
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **chosen, **spec},
        "status": {"phase": phase},
    }


def volume_json(
    name: str, *, storage_class: str = "", size: str = "5Gi", phase: str = "Available", **spec: Any
) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": metadata(name),
        "spec": {
            "capacity": {"storage": size},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": storage_class,
            **spec,
        },
        "status": {"phase": phase},
    }


def storage_class_json(
    name: str, *, mode: str = "Immediate", provisioner: str = "csi.example.com", **meta: Any
) -> Json:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": metadata(name, **meta),
        "provisioner": provisioner,
        "volumeBindingMode": mode,
    }


def event_json(
    kind: str, name: str, reason: str, message: str, *, since: float = 60, last: float = 10, type_: str = "Warning"
) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": metadata(f"{name}.{reason}.{since:.0f}.{last:.0f}.{abs(hash(message)) % 1000}", "shop"),
        "involvedObject": {"kind": kind, "namespace": "shop", "name": name, "uid": f"uid-{name}"},
        "reason": reason,
        "message": message,
        "type": type_,
        "firstTimestamp": stamp(before(since)),
        "lastTimestamp": stamp(before(last)),
    }
