"""Pods in JSON as a kubelet reports them, with their events: each test names what matters, the rest is well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from k9py.api.kinds import POD
from k9py.diagnosis.check import Check
from k9py.diagnosis.finding import Finding
from tests import factories as make
from tests.factories.graph import GraphOfObjects, findings_of

Json = dict[str, Any]


def at(seconds: float) -> str:
    """Return the time that many seconds before NOW, as in JSON."""
    return make.before(seconds).isoformat().replace("+00:00", "Z")


def waiting(reason: str, message: str = "") -> Json:
    return {"waiting": {"reason": reason, "message": message}}


def running(since: float = 600) -> Json:
    return {"running": {"startedAt": at(since)}}


def ended(code: int, reason: str = "Error", ago: float = 30, message: str = "", lasted: float = 5) -> Json:
    times = {"startedAt": at(ago + lasted), "finishedAt": at(ago)}
    return {"terminated": {"exitCode": code, "reason": reason, "message": message, **times}}


def status(
    state: Json, *, last: Json | None = None, restarts: int = 0, ready: bool = False, name: str = "app", **more: Any
) -> Json:
    return {
        "name": name,
        "image": make.IMAGE,
        "state": state,
        "lastState": last or {},
        "restartCount": restarts,
        "ready": ready,
        **more,
    }


def pod(
    *statuses: Json,
    name: str = "web-1",
    spec: Mapping[str, Any] | None = None,
    container: Mapping[str, Any] | None = None,
    inits: Sequence[tuple[Json, Mapping[str, Any]]] = (),
    phase: str = "Running",
    ready: bool | None = None,
    changed: float = 590,
    age: float = 600,
    owner: Mapping[str, Any] | None = None,
    labels: Mapping[str, str] | None = None,
    deleted: float | None = None,
    reason: str = "",
    message: str = "",
) -> Json:
    """Return a pod.

    Args:
        container: further fields of the spec of each main container.
        inits: statuses of init containers with further fields of their spec.
        changed: when its Ready condition changed, seconds before NOW.
    """
    is_ready = all(each["ready"] for each in statuses) if ready is None else ready
    metadata: Json = {"name": name, "namespace": "shop", "uid": f"pod-{name}", "labels": dict(labels or {"app": "web"})}
    metadata["creationTimestamp"] = at(age)
    if owner is not None:
        metadata["ownerReferences"] = [{"controller": True, **owner}]
    if deleted is not None:
        metadata["deletionTimestamp"] = at(deleted)
    ready_condition = {"type": "Ready", "status": str(is_ready), "lastTransitionTime": at(changed)}
    if not is_ready:
        ready_condition["reason"] = "ContainersNotReady"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {
            "nodeName": "node-1",
            "restartPolicy": "Always",
            "containers": [{"name": each["name"], "image": each["image"], **(container or {})} for each in statuses],
            "initContainers": [{"name": each["name"], "image": each["image"], **more} for each, more in inits],
            **(spec or {}),
        },
        "status": {
            "phase": phase,
            "reason": reason,
            "message": message,
            "startTime": at(age),
            "conditions": [ready_condition],
            "containerStatuses": list(statuses),
            "initContainerStatuses": [each for each, _ in inits],
        },
    }


def event(
    about: Json,
    reason: str,
    message: str,
    *,
    container: str = "app",
    seen: float = 10,
    first: float = 300,
    type_: str = "Warning",
) -> Json:
    """Return an event about a container of a pod; container "": about the pod."""
    meta = about["metadata"]
    path = f"spec.containers{{{container}}}" if container else ""
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{meta['name']}.{abs(hash((reason, message, container)))}",
            "namespace": meta["namespace"],
        },
        "involvedObject": {
            "kind": about["kind"],
            "name": meta["name"],
            "namespace": meta["namespace"],
            "uid": meta["uid"],
            "fieldPath": path,
        },
        "reason": reason,
        "message": message,
        "type": type_,
        "count": 3,
        "firstTimestamp": at(first),
        "lastTimestamp": at(seen),
    }


def object_json(kind: str, name: str, *, api: str = "v1", namespace: str = "shop", **body: Any) -> Json:
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"{kind.lower()}-{name}",
            "creationTimestamp": at(9000),
        },
        **body,
    }


def found(check: Check, subject: Json, *others: Any, **options: Any) -> tuple[Finding, ...]:
    """Return what a check finds about a pod, with other objects in the cluster."""
    graph = GraphOfObjects(subject, *others, **options)
    meta = subject["metadata"]
    return findings_of(check, graph.subject(POD, meta["name"], meta["namespace"]), graph)
