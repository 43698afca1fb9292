"""One workload per way a release can fail, over the three kinds, and some that other controllers or tools manage.

All started healthy; their bad releases followed, so that old pods run next to new ones, and have been failing for some
minutes. Invariant: a workload's name says what happens to it. To add one, add a row to `_FAILING` or a function to
`_MANAGED`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from k9py.simulator.admission import webhook_admission
from k9py.simulator.apiserver.managed_fields import with_manager
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.controllers.node_lifecycle import lose_node
from k9py.simulator.controllers.pod_state import is_ready
from k9py.simulator.registry.resources import (
    HORIZONTALPODAUTOSCALERS,
    NODES,
    PODDISRUPTIONBUDGETS,
    PODS,
    RESOURCEQUOTAS,
    Resource,
    by_kind,
)
from k9py.simulator.registry.strategies import prepare_for_update
from k9py.simulator.scenarios.catalogue import REGISTRY
from k9py.simulator.scenarios.fast_forward import fast_forward
from k9py.simulator.scenarios.seeder import CHANGE_CAUSE, PIPELINE, Seeder
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]
SpecChange = Callable[[Object], None]

_PAST = 290.0  # seconds; below five minutes the pods of a lost node are not yet evicted
_READY_WITHIN = 60.0
_POLL_SECONDS = 0.5
SHOP, TIGHT = "shop", "tight"
WEBHOOK = "policy.example.com"
_EDGE = "pool"
_WORKERS = 3


@dataclass(frozen=True, slots=True)
class _Failing:
    """A workload and the change its bad release makes to the pod spec."""

    name: str
    kind: str
    change: SpecChange
    namespace: str = SHOP
    prepare: SpecChange | None = None  # applied to the good pod spec


def _image(name: str, tag: str) -> SpecChange:
    def change(pod: Object) -> None:
        pod["containers"][0]["image"] = f"{REGISTRY}/{name}:{tag}"

    return change


def _container(**fields: Any) -> SpecChange:
    def change(pod: Object) -> None:
        pod["containers"][0] |= fields

    return change


def _pod(**fields: Any) -> SpecChange:
    def change(pod: Object) -> None:
        pod |= fields

    return change


def _on_edge_nodes(pod: Object) -> None:
    pod["nodeSelector"] = {_EDGE: "edge"}
    pod["tolerations"] = [{"key": _EDGE, "operator": "Equal", "value": "edge", "effect": "NoSchedule"}]


_FAILING: tuple[_Failing, ...] = (
    _Failing("image-missing", "Deployment", _image("image-missing", "2.0.0-badimage")),
    _Failing("crash-loop", "StatefulSet", _image("crash-loop", "2.0.0-crash")),
    _Failing("out-of-memory", "Deployment", _image("out-of-memory", "2.0.0-oom")),
    _Failing("probe-fails", "Deployment", _image("probe-fails", "2.0.0-unready")),
    _Failing(
        "init-fails", "DaemonSet", _pod(initContainers=[{"name": "migrate", "image": f"{REGISTRY}/migrate:initfail"}])
    ),
    _Failing(
        "config-missing", "StatefulSet", _container(envFrom=[{"configMapRef": {"name": "config-missing-settings"}}])
    ),
    _Failing("secret-missing", "DaemonSet", _container(envFrom=[{"secretRef": {"name": "secret-missing-db"}}])),
    _Failing("account-missing", "Deployment", _pod(serviceAccountName="account-missing")),
    _Failing(
        "quota-refused",
        "Deployment",
        _container(resources={"requests": {"cpu": "100m", "memory": "2Gi"}, "limits": {"memory": "2Gi"}}),
        TIGHT,
    ),
    _Failing("admission-refused", "StatefulSet", _container(image="mirror.example.com/admission-refused:2.0.0")),
    _Failing("unschedulable", "Deployment", _container(resources={"requests": {"cpu": "100m", "memory": "2Ti"}})),
    _Failing("node-lost", "StatefulSet", _image("node-lost", "2.0.0"), prepare=_on_edge_nodes),
)


def seed(state: SimulatorState) -> None:
    """Write the workloads as they are after some minutes of failure."""
    fast_forward(state, _write_good_releases, _release_failures, _PAST)
    state.storage.admission.append(webhook_admission(WEBHOOK, _deny_foreign_images))


def _write_good_releases(state: SimulatorState) -> None:
    """Write all workloads with their good release; controllers and nodes start them."""
    seeder = Seeder(state)
    for namespace in (SHOP, TIGHT, "kube-system", "default"):
        seeder.namespace(namespace)
    seeder.nodes(_WORKERS + 2)
    for name, _ in seeder.all_nodes[_WORKERS:]:
        _reserve_for_edge(state, name)
    state.storage.admission.append(webhook_admission(WEBHOOK, _deny_foreign_images))
    hard = {"pods": "6", "requests.memory": "1Gi", "limits.memory": "1Gi"}
    seeder.put(RESOURCEQUOTAS, {"metadata": {"name": "team-limit", "namespace": TIGHT}, "spec": {"hard": hard}})
    for row in _FAILING:
        _create(state, row.kind, row.name, namespace=row.namespace, change=row.prepare)
        seeder.service(row.namespace, row.name)
    for add in _MANAGED:
        add(state)


async def _release_failures(state: SimulatorState) -> None:
    """Once everything serves, make all bad releases at the same time; lose the node whose pod is updated last."""
    await _wait_until(state, lambda: all(_all_ready(state, row) for row in _FAILING))
    for row in _FAILING:
        _release(state, row)
    await _wait_until(state, lambda: _is_updated_and_ready(state, "node-lost-1"))
    pod = state.storage.get(PODS, SHOP, "node-lost-0")
    if pod is None or not pod["spec"].get("nodeName"):
        raise LookupError("node-lost-0 runs on no node")
    lose_node(state, pod["spec"]["nodeName"])


async def _wait_until(state: SimulatorState, condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, however long nodes take: an earlier release would not be reproducible."""
    for _ in range(int(_READY_WITHIN / _POLL_SECONDS)):
        if condition():
            return
        await state.clock.sleep(_POLL_SECONDS)
    raise TimeoutError(f"condition not met within {_READY_WITHIN:.0f} s")


def _all_ready(state: SimulatorState, row: _Failing) -> bool:
    workload = state.storage.get(by_kind(row.kind), row.namespace, row.name)
    status: Object = (workload or {}).get("status") or {}
    wanted: int
    available: int
    if row.kind == "DaemonSet":
        wanted, available = status.get("desiredNumberScheduled", 0), status.get("numberAvailable", 0)
    else:
        wanted = workload["spec"]["replicas"] if workload else 0
        available = status.get("availableReplicas", 0)
    return 0 < wanted == available


def _is_updated_and_ready(state: SimulatorState, name: str) -> bool:
    pod = state.storage.get(PODS, SHOP, name)
    return pod is not None and is_ready(pod) and pod["spec"]["containers"][0]["image"].endswith(":2.0.0")


def _deny_foreign_images(pod: Object) -> str | None:
    images = [image["image"] for image in pod["spec"]["containers"]]
    mirrored = next((image for image in images if image.startswith("mirror.")), None)
    return f"image {mirrored} does not come from registry.example.com" if mirrored else None


def _reserve_for_edge(state: SimulatorState, name: str) -> None:
    """Reserve a node for the `edge` pool, so that losing it affects that pool only."""
    node = state.storage.get(NODES, None, name)
    if node is None:
        raise LookupError(name)
    metadata = {**node["metadata"], "labels": {**node["metadata"]["labels"], _EDGE: "edge"}}
    taint = {"key": _EDGE, "value": "edge", "effect": "NoSchedule"}
    state.storage.update(NODES, {**node, "metadata": metadata, "spec": {**node["spec"], "taints": [taint]}})


def _create(
    state: SimulatorState,
    kind: str,
    name: str,
    *,
    namespace: str = SHOP,
    change: SpecChange | None = None,
    metadata: Mapping[str, Any] | None = None,
    manager: str = PIPELINE,
    **fields: Any,
) -> None:
    """Create a workload with two or three pods, as a deploy tool does."""
    pod: Object = {
        "containers": [
            {
                "name": "app",
                "image": f"{REGISTRY}/{name}:1.9.4",
                "ports": [{"name": "http", "containerPort": 8080}],
                "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5},
                "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "128Mi"}},
            }
        ]
    }
    if change is not None:
        change(pod)
    spec: Object = {
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}}, "spec": pod},
        "minReadySeconds": 5,
    }
    if kind == "Deployment":
        spec |= {
            "replicas": 3,
            "progressDeadlineSeconds": 90,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        }
    elif kind == "StatefulSet":
        spec |= {"replicas": 2, "serviceName": name}
    given = dict(metadata or {})
    annotations = {CHANGE_CAUSE: "release 1.9.4", **given.get("annotations", {})}
    full_metadata = {**given, "name": name, "namespace": namespace, "annotations": annotations}
    resource = by_kind(kind)
    body = {"metadata": full_metadata, "spec": {**spec, **fields}}
    create_object(state, resource, with_manager(body, None, manager, resource.api_version, state.clock.now()))


def _release(state: SimulatorState, row: _Failing) -> None:
    """SpecChange a workload's template as its pipeline does."""
    resource = by_kind(row.kind)
    current = state.storage.get(resource, row.namespace, row.name)
    if current is None:
        return
    template = current["spec"]["template"]
    pod = {**template["spec"], "containers": [dict(container) for container in template["spec"]["containers"]]}
    row.change(pod)
    metadata = {**current["metadata"], "annotations": {**current["metadata"]["annotations"]}}
    metadata["annotations"][CHANGE_CAUSE] = "release 2.0.0"
    changed = {**current, "metadata": metadata, "spec": {**current["spec"], "template": {**template, "spec": pod}}}
    changed = prepare_for_update(resource, changed, current)
    state.storage.update(resource, with_manager(changed, current, PIPELINE, resource.api_version, state.clock.now()))


# -- workloads under other control --------------------------------------------------------------------------------


def _autoscaled(state: SimulatorState) -> None:
    _create(state, "Deployment", "autoscaled")
    metric = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "autoscaled"},
        "minReplicas": 3,
        "maxReplicas": 8,
        "metrics": [{"type": "Resource", "resource": metric}],
    }
    _put(state, HORIZONTALPODAUTOSCALERS, "autoscaled", spec)


def _argo_managed(state: SimulatorState) -> None:
    tracking = f"storefront:apps/Deployment:{SHOP}/argo-managed"
    metadata = {"annotations": {"argocd.argoproj.io/tracking-id": tracking}}
    _create(state, "Deployment", "argo-managed", metadata=metadata, manager="argocd-controller")


def _helm_managed(state: SimulatorState) -> None:
    notes = {"meta.helm.sh/release-name": "storefront", "meta.helm.sh/release-namespace": SHOP}
    metadata = {"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": notes}
    _create(state, "StatefulSet", "helm-managed", metadata=metadata, manager="helm")


def _budget_full(state: SimulatorState) -> None:
    """The strategy allows one unavailable pod, the budget none."""
    rolling = {"maxSurge": 0, "maxUnavailable": 1}
    _create(state, "Deployment", "budget-full", strategy={"type": "RollingUpdate", "rollingUpdate": rolling})
    spec = {"minAvailable": 3, "selector": {"matchLabels": {"app": "budget-full"}}}
    _put(state, PODDISRUPTIONBUDGETS, "budget-full", spec)


def _single_pod(state: SimulatorState) -> None:
    _create(state, "Deployment", "single", replicas=1, strategy={"type": "Recreate"})


def _quota_full(state: SimulatorState) -> None:
    """Its pods and those of `quota-refused` exhaust the quota: no further pod can be created."""
    _create(state, "Deployment", "quota-full", namespace=TIGHT)


def _put(state: SimulatorState, resource: Resource, name: str, spec: Object) -> None:
    create_object(state, resource, {"metadata": {"name": name, "namespace": SHOP}, "spec": spec})


_MANAGED: tuple[Callable[[SimulatorState], None], ...] = (
    _autoscaled,
    _argo_managed,
    _helm_managed,
    _budget_full,
    _single_pod,
    _quota_full,
)
