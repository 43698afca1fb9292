"""The disruption controller: how many pods a PodDisruptionBudget allows to be disrupted.

Invariant: it writes only the budget's status; the eviction subresource refuses by that status.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from k9py.simulator.clock import timestamp
from k9py.simulator.controllers.owner_references import controller_of, key_of
from k9py.simulator.controllers.pod_state import is_active, is_ready
from k9py.simulator.controllers.rolling_update import replicas_of, scaled_value
from k9py.simulator.controllers.work_queue import Key
from k9py.simulator.registry.resources import PODDISRUPTIONBUDGETS, PODS
from k9py.simulator.registry.selectors import matches_label_selector
from k9py.simulator.registry.storage import Storage, StorageEvent
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]


def desired_healthy(budget: Mapping[str, Any], expected: int) -> int:
    """Return how many of the expected pods must stay healthy; percentages round up."""
    spec = budget["spec"]
    if spec.get("maxUnavailable") is not None:
        return max(0, expected - scaled_value(spec["maxUnavailable"], expected, round_up=True))
    return scaled_value(spec.get("minAvailable", 0), expected, round_up=True)


def expected_pods(storage: Storage, budget: Mapping[str, Any], pods: Iterable[Object]) -> int:
    """Return the expected number of pods: their owners' replicas, or (for an absolute budget) the pods themselves."""
    pods = list(pods)
    spec = budget["spec"]
    if spec.get("maxUnavailable") is None and isinstance(spec.get("minAvailable"), int):
        return len(pods)
    owners: dict[str, int] = {}
    for pod in pods:
        owner = _top_owner(storage, pod)
        if owner is not None and "replicas" in owner["spec"]:
            owners[owner["metadata"]["uid"]] = replicas_of(owner)
    return sum(owners.values()) if owners else len(pods)


def _top_owner(storage: Storage, obj: Object) -> Object | None:
    reference = controller_of(obj)
    if reference is None:
        return None
    resource = storage.resources.owner_type(reference)
    owner = None if resource is None else storage.get(resource, obj["metadata"]["namespace"], reference["name"])
    if owner is None:
        return None
    return _top_owner(storage, owner) or owner


class DisruptionController:
    """Maintains the status of PodDisruptionBudgets."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state
        self._storage = state.storage

    def keys(self, change: StorageEvent) -> list[Key]:
        """Return the budgets a change affects."""
        if change.resource is PODDISRUPTIONBUDGETS:
            return [key_of(change.obj)]
        if change.resource is PODS:
            labels = change.obj["metadata"].get("labels")
            budgets = self._storage.list(PODDISRUPTIONBUDGETS, change.obj["metadata"]["namespace"])
            return [
                key_of(budget) for budget in budgets if matches_label_selector(budget["spec"].get("selector"), labels)
            ]
        return []

    def reconcile(self, key: Key) -> float | None:
        """Recompute and write the status."""
        budget = self._storage.get(PODDISRUPTIONBUDGETS, *key)
        if budget is None:
            return None
        selector = budget["spec"].get("selector")
        pods = [
            pod
            for pod in self._storage.list(PODS, key[0])
            if is_active(pod) and matches_label_selector(selector, pod["metadata"].get("labels"))
        ]
        healthy = sum(is_ready(pod) for pod in pods)
        expected = expected_pods(self._storage, budget, pods)
        desired = desired_healthy(budget, expected)
        allowed = max(0, healthy - desired) if expected else 0
        generation = budget["metadata"].get("generation", 1)
        before: Object = budget.get("status") or {}
        condition: Object = {
            "type": "DisruptionAllowed",
            "status": "True" if allowed else "False",
            "observedGeneration": generation,
            "lastTransitionTime": timestamp(self._state.clock.now()),
            "reason": "SufficientPods" if allowed else "InsufficientPods",
            "message": "",
        }
        for current in before.get("conditions") or ():
            if current["type"] == condition["type"] and current["status"] == condition["status"]:
                condition["lastTransitionTime"] = current["lastTransitionTime"]
        status = {
            "observedGeneration": generation,
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": expected,
            "conditions": [condition],
        }
        self._storage.update(PODDISRUPTIONBUDGETS, {**budget, "status": status}, status_only=True)
        return None
