"""The ReplicaSet controller: maintains the number of pods.

Invariant: it creates and deletes pods and writes the ReplicaSet's status, nothing else. New pods are created in
batches of 1, 2, 4 … until one is refused (so that a full quota gets few requests); a refusal becomes the
ReplicaFailure condition and is retried with back-off. Rules: Kubernetes' `pkg/controller/replicaset`.
"""

from typing import Any

from k9py.simulator.clock import timestamp
from k9py.simulator.controllers.events import EventRecorder
from k9py.simulator.controllers.owner_references import controller_of, key_of
from k9py.simulator.controllers.pod_factory import pod_from_template
from k9py.simulator.controllers.pod_state import (
    is_active,
    is_finished,
    is_ready,
    is_terminating,
    seconds_until_available,
    sort_for_deletion,
)
from k9py.simulator.controllers.rolling_update import replicas_of
from k9py.simulator.controllers.work_queue import Key
from k9py.simulator.registry.resources import PODS, REPLICASETS
from k9py.simulator.registry.storage import StorageEvent
from k9py.simulator.state import SimulatorState
from k9py.simulator.status_errors import StatusError

Object = dict[str, Any]

_BURST = 500
_FIRST_RETRY = 0.5
_LONGEST_RETRY = 64.0


class ReplicaSetController:
    """Reconciles ReplicaSets."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state
        self._storage = state.storage
        self._events = EventRecorder(state, "replicaset-controller")
        self._refusals: dict[Key, int] = {}

    def keys(self, change: StorageEvent) -> list[Key]:
        """Return the ReplicaSets a change affects."""
        if change.resource is REPLICASETS:
            return [key_of(change.obj)]
        if change.resource is PODS:
            owner = controller_of(change.obj)
            if owner is not None and owner["kind"] == "ReplicaSet":
                return [(change.obj["metadata"]["namespace"], owner["name"])]
        return []

    def reconcile(self, key: Key) -> float | None:
        """Create or delete pods and write the status; return seconds until the next reconcile."""
        replica_set = self._storage.get(REPLICASETS, *key)
        if replica_set is None:
            self._refusals.pop(key, None)
            return None
        refused: StatusError | None = None
        pods = [pod for pod in self._pods(replica_set) if is_active(pod)]
        missing = replicas_of(replica_set) - len(pods)
        if not replica_set["metadata"].get("deletionTimestamp"):
            if missing > 0:
                refused = self._create(replica_set, min(missing, _BURST))
            elif missing < 0:
                self._delete(replica_set, pods, min(-missing, _BURST))
        self._write_status(replica_set, refused)
        if refused is not None:
            refusals = self._refusals.get(key, 0)
            self._refusals[key] = refusals + 1
            return float(min(_LONGEST_RETRY, _FIRST_RETRY * 2 ** min(refusals, 10)))
        self._refusals.pop(key, None)
        return self._seconds_until_next_available(replica_set)

    def _pods(self, replica_set: Object) -> list[Object]:
        owned = self._storage.owned_by(replica_set["metadata"]["uid"])
        return [obj for resource, obj in owned if resource is PODS]

    def _create(self, replica_set: Object, count: int) -> StatusError | None:
        batch = 1
        while count > 0:
            refused: StatusError | None = None
            for _ in range(min(batch, count)):
                refused = self._create_one(replica_set) or refused
            if refused is not None:
                return refused
            count -= min(batch, count)
            batch *= 2
        return None

    def _create_one(self, replica_set: Object) -> StatusError | None:
        pod = pod_from_template(
            replica_set["spec"]["template"], owner_resource=REPLICASETS, owner=replica_set, rng=self._state.rng
        )
        try:
            created = self._storage.create(PODS, pod)
        except StatusError as failure:
            self._events.record(replica_set, "Warning", "FailedCreate", f"Error creating: {failure.message}")
            return failure
        name = created["metadata"]["name"]
        self._events.record(replica_set, "Normal", "SuccessfulCreate", f"Created pod: {name}")
        return None

    def _delete(self, replica_set: Object, pods: list[Object], count: int) -> None:
        for pod in sort_for_deletion(pods, self._related(replica_set, pods))[:count]:
            name = pod["metadata"]["name"]
            self._storage.delete(PODS, pod["metadata"]["namespace"], name)
            self._events.record(replica_set, "Normal", "SuccessfulDelete", f"Deleted pod: {name}")

    def _related(self, replica_set: Object, pods: list[Object]) -> list[Object]:
        """Return the active pods of all ReplicaSets of the same owner."""
        owner = controller_of(replica_set)
        if owner is None:
            return pods
        siblings = [obj for resource, obj in self._storage.owned_by(owner["uid"]) if resource is REPLICASETS]
        return [pod for sibling in siblings for pod in self._pods(sibling) if is_active(pod)]

    def _write_status(self, replica_set: Object, refused: StatusError | None) -> None:
        now = self._state.clock.now()
        pods = self._pods(replica_set)
        active = [pod for pod in pods if is_active(pod)]
        min_ready = replica_set["spec"].get("minReadySeconds", 0)
        template_labels = (replica_set["spec"]["template"].get("metadata") or {}).get("labels") or {}
        status: Object = {"replicas": len(active)}
        counts = {
            "fullyLabeledReplicas": sum(
                template_labels.items() <= (pod["metadata"].get("labels") or {}).items() for pod in active
            ),
            "readyReplicas": sum(is_ready(pod) for pod in active),
            "availableReplicas": sum(seconds_until_available(pod, min_ready, now) == 0.0 for pod in active),
        }
        status.update((name, count) for name, count in counts.items() if count)
        status["terminatingReplicas"] = sum(is_terminating(pod) and not is_finished(pod) for pod in pods)
        status["observedGeneration"] = replica_set["metadata"].get("generation", 0)
        conditions = (replica_set.get("status") or {}).get("conditions") or []
        others = [condition for condition in conditions if condition["type"] != "ReplicaFailure"]
        if refused is not None:
            current = next((c for c in conditions if c["type"] == "ReplicaFailure"), None)
            others.append(current or _replica_failure(refused, timestamp(now)))
        if others:
            status["conditions"] = others
        self._storage.update(REPLICASETS, {**replica_set, "status": status}, status_only=True)

    def _seconds_until_next_available(self, replica_set: Object) -> float | None:
        min_ready = replica_set["spec"].get("minReadySeconds", 0)
        if not min_ready:
            return None
        now = self._state.clock.now()
        waits = [seconds_until_available(pod, min_ready, now) for pod in self._pods(replica_set) if is_active(pod)]
        return min((seconds for seconds in waits if seconds), default=None)


def _replica_failure(refused: StatusError, moment: str) -> Object:
    return {
        "type": "ReplicaFailure",
        "status": "True",
        "lastTransitionTime": moment,
        "reason": "FailedCreate",
        "message": refused.message,
    }
