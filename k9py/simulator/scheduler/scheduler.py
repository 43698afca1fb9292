"""The scheduler: spreads pods evenly over nodes, or reports why it cannot.

Invariant: it sets `spec.nodeName` and the PodScheduled condition, nothing else; each node's load is updated as pods
come and go, never by listing them. An unschedulable pod is retried when a node or a claim changes, when a pod is
deleted, and every minute.
"""

import asyncio
from collections import Counter
from typing import Any

from k9py.simulator.clock import timestamp
from k9py.simulator.controllers.events import EventRecorder
from k9py.simulator.controllers.owner_references import controller_of, key_of
from k9py.simulator.controllers.pod_state import is_finished
from k9py.simulator.controllers.work_queue import Key, WorkQueue
from k9py.simulator.registry.resources import NODES, PERSISTENTVOLUMECLAIMS, PODS
from k9py.simulator.registry.storage import StorageEvent
from k9py.simulator.scheduler.filters import ResourceRequests, filter_reasons, resource_requests
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]

_RETRY = 60.0
_ZONE = "topology.kubernetes.io/zone"


class Scheduler:
    """Binds pods to nodes."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state
        self._storage = state.storage
        self._events = EventRecorder(state, "default-scheduler")
        self._queue = WorkQueue(state.clock, self._schedule)
        self._used: dict[str, ResourceRequests] = {}
        self._bound: dict[str, tuple[str, ResourceRequests, str]] = {}
        self._siblings: dict[str, Counter[str]] = {}
        self._unschedulable: set[Key] = set()

    async def run(self) -> None:
        """Count the existing pods, then run until cancelled."""
        self._storage.on_change(self._on_change)
        for number, pod in enumerate(self._storage.list(PODS)):
            self._count(pod)
            self._enqueue(pod)
            if number % 2000 == 1999:
                await asyncio.sleep(0)
        await self._queue.run()

    def _on_change(self, change: StorageEvent) -> None:
        if change.resource is PODS:
            if change.type == "DELETED":
                self._uncount(change.obj)
                self._retry_unschedulable()
            else:
                self._count(change.obj)
                self._enqueue(change.obj)
        elif change.resource in (NODES, PERSISTENTVOLUMECLAIMS):
            self._retry_unschedulable()

    def _retry_unschedulable(self) -> None:
        for key in sorted(self._unschedulable):
            self._queue.add(key)

    def _enqueue(self, pod: Object) -> None:
        spec = pod["spec"]
        if spec.get("nodeName") or spec.get("schedulerName", "default-scheduler") != "default-scheduler":
            return
        if key_of(pod) not in self._unschedulable:
            self._queue.add(key_of(pod))

    def _count(self, pod: Object) -> None:
        uid, node = pod["metadata"]["uid"], pod["spec"].get("nodeName")
        if not node:
            return
        if is_finished(pod):
            self._uncount(pod)
        elif uid not in self._bound:
            load = resource_requests(pod["spec"])
            owner = (controller_of(pod) or {}).get("uid", "")
            self._bound[uid] = (node, load, owner)
            self._used[node] = self._used.get(node, ResourceRequests()).plus(load)
            self._siblings.setdefault(owner, Counter())[node] += 1

    def _uncount(self, pod: Object) -> None:
        self._unschedulable.discard(key_of(pod))
        placed = self._bound.pop(pod["metadata"]["uid"], None)
        if placed is None:
            return
        node, load, owner = placed
        self._used[node] = self._used[node].minus(load)
        siblings = self._siblings[owner]
        siblings[node] -= 1
        if not siblings.total():
            del self._siblings[owner]

    def _schedule(self, key: Key) -> float | None:
        pod = self._storage.get(PODS, *key)
        if pod is None or pod["spec"].get("nodeName") or pod["metadata"].get("deletionTimestamp"):
            self._unschedulable.discard(key)
            return None
        if pod["spec"].get("schedulingGates"):
            self._mark_gated(pod)
            return None
        nodes = self._storage.list(NODES)
        missing = self._missing_claim(pod)
        if missing is not None:
            why = f'persistentvolumeclaim "{missing}" not found. not found'
            return self._mark_unschedulable(pod, f"0/{len(nodes)} nodes are available: {why}")
        wanted = resource_requests(pod["spec"])
        reasons: Counter[str] = Counter()
        fitting = []
        for node in nodes:
            why_not = filter_reasons(
                pod["spec"], node, self._used.get(node["metadata"]["name"], ResourceRequests()), wanted
            )
            reasons.update(why_not)
            if not why_not:
                fitting.append(node)
        if not fitting:
            return self._mark_unschedulable(pod, _unschedulable_message(len(nodes), reasons))
        self._bind(pod, self._best(pod, fitting))
        return None

    def _best(self, pod: Object, nodes: list[Object]) -> Object:
        siblings = self._siblings.get((controller_of(pod) or {}).get("uid", ""), Counter())

        def crowding(node: Object) -> tuple[int, int, float, str]:
            name = node["metadata"]["name"]
            used = self._used.get(name, ResourceRequests())
            return siblings[name], used.pods, used.cpu, name

        return min(nodes, key=crowding)

    def _missing_claim(self, pod: Object) -> str | None:
        for volume in pod["spec"].get("volumes") or ():
            claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            if claim and self._storage.get(PERSISTENTVOLUMECLAIMS, pod["metadata"]["namespace"], claim) is None:
                return str(claim)
        return None

    def _bind(self, pod: Object, node: Object) -> None:
        self._unschedulable.discard(key_of(pod))
        name = node["metadata"]["name"]
        metadata = dict(pod["metadata"])
        zone = (node["metadata"].get("labels") or {}).get(_ZONE)
        if zone:
            metadata["labels"] = {**(metadata.get("labels") or {}), _ZONE: zone}
        condition = {
            "type": "PodScheduled",
            "observedGeneration": metadata.get("generation", 1),
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": timestamp(self._state.clock.now()),
        }
        status = {**pod["status"], "conditions": [*_other_conditions(pod), condition]}
        self._storage.update(
            PODS,
            {**pod, "metadata": metadata, "spec": {**pod["spec"], "nodeName": name}, "status": status},
            bump_generation=False,
        )
        where = f"{metadata['namespace']}/{metadata['name']}"
        message = f"Successfully assigned {where} to {name}"
        self._events.record_v1(pod, "Normal", "Scheduled", "Binding", message)

    def _mark_gated(self, pod: Object) -> None:
        """Mark a pod with scheduling gates; it is scheduled when they are removed."""
        self._unschedulable.discard(key_of(pod))
        for current in (pod.get("status") or {}).get("conditions") or ():
            if current.get("reason") == "SchedulingGated":
                return
        self._write_unscheduled(pod, "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates")

    def _mark_unschedulable(self, pod: Object, message: str) -> float:
        self._unschedulable.add(key_of(pod))
        self._write_unscheduled(pod, "Unschedulable", message)
        self._events.record_v1(pod, "Warning", "FailedScheduling", "Scheduling", message)
        return _RETRY

    def _write_unscheduled(self, pod: Object, reason: str, message: str) -> None:
        condition = {
            "type": "PodScheduled",
            "observedGeneration": pod["metadata"].get("generation", 1),
            "status": "False",
            "lastProbeTime": None,
            "lastTransitionTime": timestamp(self._state.clock.now()),
            "reason": reason,
            "message": message,
        }
        for current in (pod.get("status") or {}).get("conditions") or ():
            if current["type"] == "PodScheduled" and current["status"] == "False":
                condition["lastTransitionTime"] = current["lastTransitionTime"]
        status = {**(pod.get("status") or {}), "conditions": [*_other_conditions(pod), condition]}
        self._storage.update(PODS, {**pod, "status": status}, status_only=True)


def _other_conditions(pod: Object) -> list[Object]:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return [condition for condition in conditions if condition["type"] != "PodScheduled"]


def _unschedulable_message(total: int, reasons: Counter[str]) -> str:
    """Return the FailedScheduling message, including the preemption part."""
    listed = ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items()))
    if not total:
        return "no nodes available to schedule pods"
    if any(reason.startswith(("Insufficient", "Too many")) for reason in reasons):
        helped = f"{total} No preemption victims found for incoming pod."
    else:
        helped = f"{total} Preemption is not helpful for scheduling."
    return f"0/{total} nodes are available: {listed}. preemption: 0/{total} nodes are available: {helped}"
