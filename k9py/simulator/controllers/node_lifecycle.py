"""The node lifecycle controller: taints unreachable nodes and evicts their pods.

Invariant: it acts only on a Node's Ready condition. A node that does not report is tainted, its pods are set to not
ready, and those whose toleration expires are deleted; without a kubelet they stay Terminating until the node is back.
The grace period for missed heartbeats is not simulated: `lose_node` is the moment it ends.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from k9py.simulator.clock import parse_timestamp, timestamp
from k9py.simulator.controllers.events import EventRecorder
from k9py.simulator.controllers.pod_state import is_finished, is_terminating, ready_condition
from k9py.simulator.controllers.work_queue import Key
from k9py.simulator.registry.resources import NODES, PODS
from k9py.simulator.registry.storage import StorageEvent
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]

UNREACHABLE = "node.kubernetes.io/unreachable"


def lose_node(state: SimulatorState, name: str) -> None:
    """Make a node unreachable, as when its machine or network fails.

    Raises:
        LookupError: there is no such node.
    """
    new_condition = ("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")
    _set_conditions(state, name, lambda _: new_condition)


def restore_node(state: SimulatorState, name: str) -> None:
    """Let an unreachable node report again.

    Raises:
        LookupError: there is no such node.
    """

    def new_condition(kind: str) -> tuple[str, str, str]:
        if kind == "Ready":
            return "True", "KubeletReady", "kubelet is posting ready status"
        return "False", f"KubeletHas{'Sufficient' if kind in ('MemoryPressure', 'PIDPressure') else 'No'}{kind}", ""

    _set_conditions(state, name, new_condition)


def _set_conditions(state: SimulatorState, name: str, new_condition: Any) -> None:
    node = state.storage.get(NODES, None, name)
    if node is None:
        raise LookupError(name)
    now = timestamp(state.clock.now())
    conditions = []
    for current in node["status"]["conditions"]:
        status, reason, message = new_condition(current["type"])
        moved = current["lastTransitionTime"] if current["status"] == status else now
        conditions.append(
            {**current, "status": status, "reason": reason, "message": message, "lastTransitionTime": moved}
        )
    state.storage.update(NODES, {**node, "status": {**node["status"], "conditions": conditions}}, status_only=True)


class NodeLifecycleController:
    """Taints nodes that do not report and evicts their pods."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state
        self._storage = state.storage
        self._events = EventRecorder(state, "node-controller")
        self._evictions = EventRecorder(state, "taint-eviction-controller")

    def keys(self, change: StorageEvent) -> list[Key]:
        """Return the nodes a change affects."""
        return [("", change.obj["metadata"]["name"])] if change.resource is NODES and change.type != "DELETED" else []

    def reconcile(self, key: Key) -> float | None:
        """Set the taints that match the node's state; return seconds until the next eviction."""
        node = self._storage.get(NODES, None, key[1])
        if node is None:
            return None
        since = _unreachable_since(node)
        self._taint(node, since)
        if since is None:
            return None
        waits = []
        for pod in self._storage.list(PODS):
            if pod["spec"].get("nodeName") != key[1] or is_finished(pod):
                continue
            pod = self._mark_unready(pod)
            wait = None if is_terminating(pod) else self._seconds_left(pod, since)
            if wait is not None and wait <= 0:
                self._evict(pod)
            elif wait is not None:
                waits.append(wait)
        return min(waits, default=None)

    def _taint(self, node: Object, since: str | None) -> None:
        others = [taint for taint in node["spec"].get("taints") or () if taint["key"] != UNREACHABLE]
        taints = list(others)
        if since is not None:
            taints.append({"key": UNREACHABLE, "effect": "NoSchedule", "timeAdded": since})
            taints.append({"key": UNREACHABLE, "effect": "NoExecute", "timeAdded": since})
        if taints == (node["spec"].get("taints") or []):
            return
        spec = {field: value for field, value in node["spec"].items() if field != "taints"}
        self._storage.update(NODES, {**node, "spec": {**spec, **({"taints": taints} if taints else {})}})
        if since is not None:
            message = f"Node {node['metadata']['name']} status is now: NodeNotReady"
            self._events.record(node, "Normal", "NodeNotReady", message)

    def _mark_unready(self, pod: Object) -> Object:
        """Set a pod's Ready condition to False and leave its container statuses unchanged."""
        ready = ready_condition(pod)
        if ready is None or ready["status"] != "True":
            return pod
        unready = {**ready, "status": "False", "lastTransitionTime": timestamp(self._state.clock.now())}
        status = pod["status"]
        conditions = [unready if condition["type"] == "Ready" else condition for condition in status["conditions"]]
        self._events.record(pod, "Warning", "NodeNotReady", "Node is not ready")
        return self._storage.update(PODS, {**pod, "status": {**status, "conditions": conditions}}, status_only=True)

    def _seconds_left(self, pod: Object, since: str) -> float | None:
        """Return how many seconds a pod may stay; None: forever."""
        tolerated = [
            toleration
            for toleration in pod["spec"].get("tolerations") or ()
            if toleration.get("key") in (None, "", UNREACHABLE) and toleration.get("effect") in (None, "", "NoExecute")
        ]
        if not tolerated:
            return 0.0
        limits = [
            toleration["tolerationSeconds"]
            for toleration in tolerated
            if toleration.get("tolerationSeconds") is not None
        ]
        if not limits:
            return None
        due = parse_timestamp(since) + timedelta(seconds=min(limits))
        return (due - self._state.clock.now()).total_seconds()

    def _evict(self, pod: Object) -> None:
        metadata = pod["metadata"]
        where = f"{metadata['namespace']}/{metadata['name']}"
        self._evictions.record(pod, "Normal", "TaintManagerEviction", f"Marking for deletion Pod {where}")
        target = {
            "type": "DisruptionTarget",
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": timestamp(self._state.clock.now()),
            "reason": "DeletionByTaintManager",
            "message": "Taint manager: deleting due to NoExecute taint",
        }
        status = pod["status"]
        marked = {**status, "conditions": [*(status.get("conditions") or ()), target]}
        self._storage.update(PODS, {**pod, "status": marked}, status_only=True)
        self._storage.delete(PODS, metadata["namespace"], metadata["name"])


def _unreachable_since(node: Mapping[str, Any]) -> str | None:
    """Return since when a node has not reported, None if it reports."""
    for condition in (node.get("status") or {}).get("conditions") or ():
        if condition["type"] == "Ready" and condition["status"] == "Unknown":
            return str(condition["lastTransitionTime"])
    return None
