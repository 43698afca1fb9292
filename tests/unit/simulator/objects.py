"""Small, valid objects for the simulator's tests."""

from typing import Any

from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.registry.resources import DEPLOYMENTS, NAMESPACES, PODS
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]


def add_namespace(state: SimulatorState, name: str = "shop") -> Object:
    return create_object(state, NAMESPACES, {"metadata": {"name": name}})


def container(name: str = "app", image: str = "registry.example.com/checkout:1.0.0") -> Object:
    return {"name": name, "image": image}


def deployment(name: str = "checkout", *, namespace: str = "shop", replicas: int = 4) -> Object:
    labels = {"app": name, "version": "v1"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container(), container("proxy", "proxy:2.3")]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"metadata": {"name": name, "namespace": namespace, "labels": {"app": name}}, "spec": spec}


def add_deployment(state: SimulatorState, name: str = "checkout", **given: Any) -> Object:
    return create_object(state, DEPLOYMENTS, deployment(name, **given))


def pod(
    name: str,
    *,
    namespace: str = "shop",
    labels: dict[str, str] | None = None,
    node: str = "node-1",
    containers: tuple[str, ...] = ("app",),
) -> Object:
    spec: Object = {"containers": [container(name) for name in containers]}
    if node:
        spec["nodeName"] = node
    return {"metadata": {"name": name, "namespace": namespace, "labels": labels or {"app": "checkout"}}, "spec": spec}


def running_status(*containers: str, ip: str = "10.0.0.7") -> Object:
    """Return the status of a pod with all containers running and ready."""
    started = "2026-01-15T11:00:00Z"
    statuses = [
        {
            "name": name,
            "ready": True,
            "started": True,
            "restartCount": 0,
            "image": container(name)["image"],
            "imageID": "",
            "state": {"running": {"startedAt": started}},
            "lastState": {},
        }
        for name in containers or ("app",)
    ]
    conditions = [
        {"type": kind, "status": "True"} for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")
    ]
    return {
        "phase": "Running",
        "podIP": ip,
        "podIPs": [{"ip": ip}],
        "startTime": started,
        "conditions": conditions,
        "containerStatuses": statuses,
    }


def add_pod(state: SimulatorState, name: str, *, running: bool = True, **given: Any) -> Object:
    """Add a pod; a running one by default."""
    created = create_object(state, PODS, pod(name, **given))
    if not running:
        return created
    names = [container["name"] for container in created["spec"]["containers"]]
    return state.storage.update(PODS, {**created, "status": running_status(*names)}, status_only=True)
