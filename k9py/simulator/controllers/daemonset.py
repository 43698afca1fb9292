"""The DaemonSet controller: one pod per eligible node.

Invariant: a node gets its new pod only when the old one is gone (maxSurge is not simulated).
Order of steps and counting of unavailable nodes: Kubernetes' `daemon_controller.go` and `update.go`; revisions are
ControllerRevisions.
"""

from typing import Any

from k9py.simulator.controllers import controller_revisions
from k9py.simulator.controllers.events import EventRecorder
from k9py.simulator.controllers.owner_references import controller_of, key_of
from k9py.simulator.controllers.pod_factory import pod_from_template
from k9py.simulator.controllers.pod_state import is_finished, is_ready, is_terminating, seconds_until_available
from k9py.simulator.controllers.rolling_update import scaled_value
from k9py.simulator.controllers.work_queue import Key
from k9py.simulator.registry.resources import DAEMONSETS, NODES, PODS
from k9py.simulator.registry.storage import StorageEvent
from k9py.simulator.scheduler.filters import may_stay_on_node, tolerates_node
from k9py.simulator.state import SimulatorState
from k9py.simulator.status_errors import StatusError

Object = dict[str, Any]

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
GENERATION_LABEL = "pod-template-generation"
REVISION_LABEL = "controller-revision-hash"
_TOLERATED = (
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
)
TOLERATIONS: tuple[Object, ...] = tuple(
    {"key": f"node.kubernetes.io/{what}", "operator": "Exists", "effect": effect} for what, effect in _TOLERATED
)


class DaemonSetController:
    """Reconciles DaemonSets."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state
        self._storage = state.storage
        self._events = EventRecorder(state, "daemonset-controller")

    def keys(self, change: StorageEvent) -> list[Key]:
        """Return the DaemonSets a change affects."""
        if change.resource is DAEMONSETS:
            return [key_of(change.obj)]
        if change.resource is PODS:
            owner = controller_of(change.obj)
            if owner is not None and owner["kind"] == "DaemonSet":
                return [(change.obj["metadata"]["namespace"], owner["name"])]
        if change.resource is NODES:
            return [key_of(daemon_set) for daemon_set in self._storage.list(DAEMONSETS)]
        return []

    def reconcile(self, key: Key) -> float | None:
        """Create and replace pods; return seconds until a pod may become available."""
        daemon_set = self._storage.get(DAEMONSETS, *key)
        if daemon_set is None or daemon_set["metadata"].get("deletionTimestamp"):
            return None
        update = controller_revisions.update_revision(self._storage, DAEMONSETS, daemon_set)
        suffix = controller_revisions.hash_of(DAEMONSETS, update)
        nodes = self._wanted_nodes(daemon_set)
        try:
            self._manage(daemon_set, suffix, nodes)
            strategy = daemon_set["spec"].get("updateStrategy") or {}
            if strategy.get("type", "RollingUpdate") == "RollingUpdate":
                self._roll(daemon_set, suffix, nodes)
        finally:
            self._write_status(daemon_set, suffix, nodes)
        in_use = {suffix, *(_hash(pod) for pod in self._pods(daemon_set))}
        controller_revisions.clean_up_history(self._storage, daemon_set, in_use)
        return self._seconds_until_next_available(daemon_set)

    def _pods(self, daemon_set: Object) -> list[Object]:
        owned = self._storage.owned_by(daemon_set["metadata"]["uid"])
        pods = [obj for resource, obj in owned if resource is PODS]
        return sorted(pods, key=lambda pod: (pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]))

    def _wanted_nodes(self, daemon_set: Object) -> list[str]:
        spec = _daemon_spec(daemon_set)
        return [node["metadata"]["name"] for node in self._storage.list(NODES) if tolerates_node(spec, node)]

    def _kept_nodes(self, daemon_set: Object) -> set[str]:
        """Return the nodes whose pods stay; on an unreachable node they do, though none would be created there."""
        spec = _daemon_spec(daemon_set)
        return {node["metadata"]["name"] for node in self._storage.list(NODES) if may_stay_on_node(spec, node)}

    def _by_node(self, daemon_set: Object) -> dict[str, list[Object]]:
        by_node: dict[str, list[Object]] = {}
        for pod in self._pods(daemon_set):
            by_node.setdefault(_node_of(pod), []).append(pod)
        return by_node

    def _manage(self, daemon_set: Object, suffix: str, nodes: list[str]) -> None:
        by_node = self._by_node(daemon_set)
        for node in nodes:
            pods = by_node.get(node, [])
            for pod in pods:
                if is_finished(pod) and not is_terminating(pod):
                    name = pod["metadata"]["name"]
                    where = f"{pod['metadata']['namespace']}/{name}"
                    message = f"Found failed daemon pod {where} on node {node}, will try to kill it"
                    self._events.record(daemon_set, "Warning", "FailedDaemonPod", message)
                    self._delete(daemon_set, pod)
            if not pods:
                self._create(daemon_set, suffix, node)
        kept = self._kept_nodes(daemon_set)
        for node, pods in by_node.items():
            if node not in kept:
                for pod in pods:
                    if not is_terminating(pod):
                        self._delete(daemon_set, pod)

    def _roll(self, daemon_set: Object, suffix: str, nodes: list[str]) -> None:
        rolling = (daemon_set["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
        limit = scaled_value(rolling.get("maxUnavailable", 1), len(nodes), round_up=True)
        by_node = self._by_node(daemon_set)
        unavailable, broken, candidates = 0, [], []
        for node in [*nodes, *(node for node in by_node if node not in nodes)]:
            staying = [pod for pod in by_node.get(node, ()) if not is_terminating(pod)]
            new = next((pod for pod in staying if _hash(pod) == suffix), None)
            old = next((pod for pod in staying if _hash(pod) != suffix), None)
            if new is not None and old is None:
                unavailable += not self._is_available(daemon_set, new)
            elif new is None and old is not None:
                if not self._is_available(daemon_set, old):
                    broken.append(old)
                    unavailable += 1
                elif unavailable < limit:
                    candidates.append(old)
            else:
                unavailable += 1
        for pod in [*broken, *candidates[: max(0, limit - unavailable)]]:
            self._delete(daemon_set, pod)

    def _create(self, daemon_set: Object, suffix: str, node: str) -> None:
        generation = (daemon_set["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, "1")
        field = {"key": "metadata.name", "operator": "In", "values": [node]}
        terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
        pod = pod_from_template(
            daemon_set["spec"]["template"],
            owner_resource=DAEMONSETS,
            owner=daemon_set,
            rng=self._state.rng,
            labels={REVISION_LABEL: suffix, GENERATION_LABEL: generation},
            tolerations=TOLERATIONS,
            spec={"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}},
        )
        try:
            created = self._storage.create(PODS, pod)
        except StatusError as failure:
            self._events.record(daemon_set, "Warning", "FailedCreate", f"Error creating: {failure.message}")
            raise
        message = f"Created pod: {created['metadata']['name']}"
        self._events.record(daemon_set, "Normal", "SuccessfulCreate", message)

    def _delete(self, daemon_set: Object, pod: Object) -> None:
        name = pod["metadata"]["name"]
        self._storage.delete(PODS, pod["metadata"]["namespace"], name)
        self._events.record(daemon_set, "Normal", "SuccessfulDelete", f"Deleted pod: {name}")

    def _is_available(self, daemon_set: Object, pod: Object) -> bool:
        min_ready = daemon_set["spec"].get("minReadySeconds", 0)
        return seconds_until_available(pod, min_ready, self._state.clock.now()) == 0.0

    def _write_status(self, daemon_set: Object, suffix: str, nodes: list[str]) -> None:
        by_node = self._by_node(daemon_set)
        first = [by_node[node][0] for node in nodes if by_node.get(node)]
        available = sum(self._is_available(daemon_set, pod) for pod in first)
        status: Object = {
            "currentNumberScheduled": len(first),
            "numberMisscheduled": sum(node not in nodes for node in by_node),
            "desiredNumberScheduled": len(nodes),
            "numberReady": sum(is_ready(pod) for pod in first),
            "observedGeneration": daemon_set["metadata"].get("generation", 0),
        }
        counts = {
            "updatedNumberScheduled": sum(_hash(pod) == suffix for pod in first),
            "numberAvailable": available,
            "numberUnavailable": len(nodes) - available,
        }
        status.update((name, count) for name, count in counts.items() if count)
        self._storage.update(DAEMONSETS, {**daemon_set, "status": status}, status_only=True)

    def _seconds_until_next_available(self, daemon_set: Object) -> float | None:
        min_ready = daemon_set["spec"].get("minReadySeconds", 0)
        if not min_ready:
            return None
        now = self._state.clock.now()
        waits = [seconds_until_available(pod, min_ready, now) for pod in self._pods(daemon_set)]
        return min((seconds for seconds in waits if seconds), default=None)


def _daemon_spec(daemon_set: Object) -> Object:
    spec: Object = daemon_set["spec"]["template"]["spec"]
    return {**spec, "tolerations": [*(spec.get("tolerations") or ()), *TOLERATIONS]}


def _hash(pod: Object) -> str:
    return str((pod["metadata"].get("labels") or {}).get(REVISION_LABEL, ""))


def _node_of(pod: Object) -> str:
    """Return the pod's node, or the one it was created for while it is unscheduled."""
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or ()
    fields = [field for term in terms for field in term.get("matchFields") or ()]
    return str(fields[0]["values"][0]) if fields else ""
