"""The shop on a bad day for everything but its releases: a failing Job, bare pods, nodes, usage and storage.

Invariant: written five minutes ago and run by controllers and nodes since, so that ages, events and retries are what
they produced. Its workloads are its own; those of the shop are as in `shop`.
"""

from typing import Any

from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.controllers.horizontal_pod_autoscaler import LOAD_ANNOTATION
from k9py.simulator.kubelet.behaviours import ANNOTATION
from k9py.simulator.kubelet.usage import USAGE_ANNOTATION
from k9py.simulator.registry.resources import (
    CRONJOBS,
    DEPLOYMENTS,
    HORIZONTALPODAUTOSCALERS,
    JOBS,
    NODES,
    PERSISTENTVOLUMECLAIMS,
    PODS,
    RESOURCEQUOTAS,
)
from k9py.simulator.scenarios import shop
from k9py.simulator.scenarios.catalogue import REGISTRY
from k9py.simulator.scenarios.fast_forward import fast_forward
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]

_PAST = 300.0  # seconds
_BATCH = "batch"
CORDONED, UNDER_PRESSURE = "node-002", "node-004"


def seed(state: SimulatorState) -> None:
    """Write the shop, and the rest as it is after five minutes."""
    fast_forward(state, _begin, _wait, _PAST)


async def _wait(state: SimulatorState) -> None:
    """Let the controllers work."""


def _begin(state: SimulatorState) -> None:
    seeder = shop.write(state)
    seeder.namespace(_BATCH, hours=300)
    shop.settle(state)
    _nodes(state)
    _jobs(state)
    _bare_pods(state)
    _deployments(state)
    _storage(state)


def _nodes(state: SimulatorState) -> None:
    """Cordon one node, and let the memory of another be short."""
    node = state.storage.get(NODES, None, CORDONED)
    if node is not None:
        taint = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
        state.storage.update(NODES, {**node, "spec": {**node["spec"], "unschedulable": True, "taints": [taint]}})
    node = state.storage.get(NODES, None, UNDER_PRESSURE)
    if node is not None:
        conditions = [
            {
                **condition,
                "status": "True",
                "reason": "KubeletHasInsufficientMemory",
                "message": "kubelet has insufficient memory available",
            }
            if condition["type"] == "MemoryPressure"
            else condition
            for condition in node["status"]["conditions"]
        ]
        taint = {"key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule"}
        changed = {**node, "spec": {**node["spec"], "taints": [taint]}}
        changed = state.storage.update(NODES, changed)
        status = {**changed["status"], "conditions": conditions}
        state.storage.update(NODES, {**changed, "status": status}, status_only=True)


def _template(name: str, tag: str, *, restart: str = "Always", **annotations: str) -> Object:
    container = {
        "name": name,
        "image": f"{REGISTRY}/{name}:{tag}",
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi"},
            "limits": {"cpu": "500m", "memory": "256Mi"},
        },
    }
    metadata: Object = {"labels": {"app": name}}
    if annotations:
        metadata["annotations"] = annotations
    return {"metadata": metadata, "spec": {"containers": [container], "restartPolicy": restart}}


def _jobs(state: SimulatorState) -> None:
    def create(name: str, **spec: Any) -> None:
        create_object(state, JOBS, {"metadata": {"name": name, "namespace": _BATCH}, "spec": spec})

    create("migrate-2-9", template=_template("migrate", "2.9.0-crash", restart="Never"), backoffLimit=4)
    create("import-catalog", template=_template("import-catalog", "1.2.0", restart="Never"), completions=3)
    create("suspended", template=_template("reindex", "5.7.0", restart="Never"), suspend=True)
    for name, schedule, tag, suspend in (
        ("invoice", "*/2 * * * *", "3.1.0-crash", False),
        ("heartbeat", "* * * * *", "1.0.0", False),
        ("backup", "0 2 * * *", "4.4.0", False),
        ("report", "30 6 * * 1", "2.0.0", True),
    ):
        template = {"spec": {"template": _template(name, tag, restart="Never"), "backoffLimit": 1}}
        spec = {"schedule": schedule, "suspend": suspend, "concurrencyPolicy": "Forbid", "jobTemplate": template}
        create_object(state, CRONJOBS, {"metadata": {"name": name, "namespace": _BATCH}, "spec": spec})


def _bare_pods(state: SimulatorState) -> None:
    for name, tag, restart in (("debug-shell", "1.2", "Always"), ("load-test", "0.3.0-crash", "Never")):
        template = _template(name, tag, restart=restart)
        metadata = {**template["metadata"], "name": name, "namespace": _BATCH}
        create_object(state, PODS, {"metadata": metadata, "spec": template["spec"]})


def _deployments(state: SimulatorState) -> None:
    for name, replicas, annotations in (
        ("thumbnails", 2, {USAGE_ANNOTATION: "busy"}),
        ("reports", 1, {ANNOTATION: "oom:210"}),
    ):
        spec = {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": _template(name, "1.0.0", **annotations),
        }
        create_object(state, DEPLOYMENTS, {"metadata": {"name": name, "namespace": _BATCH}, "spec": spec})
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "thumbnails"}
    metric = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
    autoscaler = {
        "scaleTargetRef": target,
        "minReplicas": 1,
        "maxReplicas": 2,
        "metrics": [{"type": "Resource", "resource": metric}],
    }
    metadata = {"name": "thumbnails", "namespace": _BATCH, "annotations": {LOAD_ANNOTATION: "5"}}
    create_object(state, HORIZONTALPODAUTOSCALERS, {"metadata": metadata, "spec": autoscaler})


def _storage(state: SimulatorState) -> None:
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "100Gi"}},
        "storageClassName": "glacial",
        "volumeMode": "Filesystem",
    }
    body = {"metadata": {"name": "exports", "namespace": _BATCH}, "spec": claim}
    create_object(state, PERSISTENTVOLUMECLAIMS, body)
    quota = {"hard": {"pods": "30", "requests.cpu": "3", "requests.memory": "4Gi"}}
    create_object(state, RESOURCEQUOTAS, {"metadata": {"name": "batch", "namespace": _BATCH}, "spec": quota})
