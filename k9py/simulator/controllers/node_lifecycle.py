"""The node controller: what becomes of the pods of a node that no longer reports.

Invariant: it acts on what a Node's Ready condition says and on nothing else. A node that does not report is tainted,
its pods are no longer ready, and those that do not tolerate that are deleted when their time is over; with no kubelet
to end them, they stay, ending for ever, until the node is back. The waiting for its first missed heartbeats is left
out: `lose_node` is the moment the controller gives it up.
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
    """Let a node fall silent, as when its machine or its network fails.

    Raises:
        LookupError: there is no such node.
    """
    said = ("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")
    _set_conditions(state, name, lambda _: said)


def restore_node(state: SimulatorState, name: str) -> None:
    """Let a node that fell silent report again.

    Raises:
        LookupError: there is no such node.
    """

    def said(kind: str) -> tuple[str, str, str]:
        if kind == "Ready":
            return "True", "KubeletReady", "kubelet is posting ready status"
        return "False", f"KubeletHas{'Sufficient' if kind in ('MemoryPressure', 'PIDPressure') else 'No'}{kind}", ""

    _set_conditions(state, name, said)


def _set_conditions(state: SimulatorState, name: str, new_condition: Any) -> None:
    node = state.storage.get(NODES, None, name)
    if node is None:
        raise LookupError(name)
    now = timestamp(state.clock.now())
    conditions = []
    for present in node["status"]["conditions"]:
        status, reason, message = new_condition(present["type"])
        moved = present["lastTransitionTime"] if present["status"] == status else now
        conditions.append(
            {**present, "status": status, "reason": reason, "message": message, "lastTransitionTime": moved}
        )
    state.storage.update(NODES, {**node, "status": {**node["status"], "conditions": conditions}}, status_only=True)


class NodeLifecycleController:
    """Taints nodes that do not report, and evicts what runs there."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state
        self._storage = state.storage
        self._events = EventRecorder(state, "node-controller")
        self._evictions = EventRecorder(state, "taint-eviction-controller")

    def keys(self, change: StorageEvent) -> list[Key]:
        """Return the nodes a change is about."""
        return [("", change.obj["metadata"]["name"])] if change.resource is NODES and change.type != "DELETED" else []

    def reconcile(self, key: Key) -> float | None:
        """Bring taints in line with the node's state; returns seconds until the next pod has to go."""
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
        others = [one for one in node["spec"].get("taints") or () if one["key"] != UNREACHABLE]
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
        """Turn a pod's Ready off, and leave the kubelet's last word about its containers as it was."""
        ready = ready_condition(pod)
        if ready is None or ready["status"] != "True":
            return pod
        off = {**ready, "status": "False", "lastTransitionTime": timestamp(self._state.clock.now())}
        status = pod["status"]
        conditions = [off if one["type"] == "Ready" else one for one in status["conditions"]]
        self._events.record(pod, "Warning", "NodeNotReady", "Node is not ready")
        return self._storage.update(PODS, {**pod, "status": {**status, "conditions": conditions}}, status_only=True)

    def _seconds_left(self, pod: Object, since: str) -> float | None:
        """Return how long a pod may stay, None for ever."""
        tolerated = [
            one
            for one in pod["spec"].get("tolerations") or ()
            if one.get("key") in (None, "", UNREACHABLE) and one.get("effect") in (None, "", "NoExecute")
        ]
        if not tolerated:
            return 0.0
        limits = [one["tolerationSeconds"] for one in tolerated if one.get("tolerationSeconds") is not None]
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
    """Return since when a node does not report, None while it does."""
    for condition in (node.get("status") or {}).get("conditions") or ():
        if condition["type"] == "Ready" and condition["status"] == "Unknown":
            return str(condition["lastTransitionTime"])
    return None
