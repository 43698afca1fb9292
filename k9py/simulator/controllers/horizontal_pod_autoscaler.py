"""The horizontal pod autoscaler, for a simulated load that rises and falls slowly.

Invariant: it changes a target's `spec.replicas` only, within the autoscaler's bounds; it scales up immediately and down
after five minutes of stabilization. The load is a slow wave around the initial replicas, the same for the same
autoscaler and time, so that an unchanged cluster does not scale.
"""

import math
from collections import deque
from datetime import datetime, timedelta
from typing import Any

from k9py.simulator.apiserver.managed_fields import with_manager
from k9py.simulator.clock import timestamp
from k9py.simulator.controllers.events import EventRecorder
from k9py.simulator.controllers.hashing import fnv32a
from k9py.simulator.controllers.owner_references import key_of
from k9py.simulator.controllers.quantities import parse_quantity
from k9py.simulator.controllers.rolling_update import replicas_of
from k9py.simulator.controllers.work_queue import Key
from k9py.simulator.registry.resources import HORIZONTALPODAUTOSCALERS, Resource
from k9py.simulator.registry.storage import StorageEvent
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]

_MANAGER = "kube-controller-manager"
_PERIOD = 15.0
_TOLERANCE = 0.1
_STABILIZATION = timedelta(minutes=5)
_WAVE_SECONDS = 1800.0
_WAVE_HEIGHT = 0.06
LOAD_ANNOTATION = "sim.k9py.dev/load"
"""Annotation of an autoscaler: the replicas the load needs at the target utilization."""


class HorizontalPodAutoscalerController:
    """Simulates the horizontal pod autoscaler."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state
        self._storage = state.storage
        self._events = EventRecorder(state, "horizontal-pod-autoscaler")
        self._wanted: dict[Key, deque[tuple[datetime, int]]] = {}
        self._load: dict[Key, float] = {}

    def keys(self, change: StorageEvent) -> list[Key]:
        """Return the autoscalers a change affects."""
        if change.resource is HORIZONTALPODAUTOSCALERS and change.type != "MODIFIED":
            return [key_of(change.obj)]
        return []

    def reconcile(self, key: Key) -> float | None:
        """Measure, decide and scale; return seconds until the next reconcile."""
        autoscaler = self._storage.get(HORIZONTALPODAUTOSCALERS, *key)
        if autoscaler is None:
            self._wanted.pop(key, None)
            self._load.pop(key, None)
            return None
        spec = autoscaler["spec"]
        reference = spec["scaleTargetRef"]
        resource = self._storage.resources.owner_type(reference)
        target = None if resource is None else self._storage.get(resource, key[0], reference["name"])
        if resource is None or target is None:
            self._write(autoscaler, {}, [_condition("AbleToScale", "False", "FailedGetScale", "the target is missing")])
            return _PERIOD
        replicas = replicas_of(target)
        utilization = self._utilization(key, autoscaler, target, replicas)
        low, high = spec.get("minReplicas", 1), spec["maxReplicas"]
        if replicas == 0:
            why = "scaling is disabled since the replica count of the target is zero"
            self._write(
                autoscaler, {"desiredReplicas": 0}, [_condition("ScalingActive", "False", "ScalingDisabled", why)]
            )
            return _PERIOD
        recommended = self._recommended(autoscaler, replicas, utilization)
        wanted = self._stabilized(key, replicas, max(low, min(high, recommended)))
        if wanted != replicas:
            self._scale(autoscaler, resource, target, replicas, wanted)
        status: Object = {"currentReplicas": replicas, "desiredReplicas": wanted}
        if utilization is not None:
            status["currentMetrics"] = [self._metric(target, utilization)]
        self._write(autoscaler, status, self._conditions(recommended, low, high, utilization))
        return _PERIOD

    def _target_utilization(self, autoscaler: Object) -> int | None:
        for metric in autoscaler["spec"].get("metrics") or ():
            if metric["type"] == "Resource" and metric["resource"]["name"] == "cpu":
                value = metric["resource"]["target"].get("averageUtilization")
                return None if value is None else int(value)
        return None

    def _utilization(self, key: Key, autoscaler: Object, target: Object, replicas: int) -> int | None:
        goal = self._target_utilization(autoscaler)
        if goal is None or not self._cpu_request(target):
            return None
        annotation = (autoscaler["metadata"].get("annotations") or {}).get(LOAD_ANNOTATION)
        load = float(annotation) if annotation else self._load.setdefault(key, float(max(1, replicas)))
        phase = fnv32a(autoscaler["metadata"]["uid"].encode()) % 1000 / 1000
        turn = self._state.clock.now().timestamp() / _WAVE_SECONDS + phase
        wave = 1 + _WAVE_HEIGHT * math.sin(2 * math.pi * turn)
        return round(goal * load * wave / max(1, replicas))

    @staticmethod
    def _cpu_request(target: Object) -> float:
        containers = target["spec"]["template"]["spec"]["containers"]
        requests = [((c.get("resources") or {}).get("requests") or {}).get("cpu") for c in containers]
        return sum(parse_quantity(request) for request in requests if request)

    def _recommended(self, autoscaler: Object, replicas: int, utilization: int | None) -> int:
        goal = self._target_utilization(autoscaler)
        if utilization is None or goal is None:
            return replicas
        ratio = utilization / goal
        return replicas if abs(ratio - 1) <= _TOLERANCE else math.ceil(replicas * ratio)

    def _stabilized(self, key: Key, replicas: int, wanted: int) -> int:
        """Return the highest recommendation of the stabilization window, so that a dip does not scale down."""
        now = self._state.clock.now()
        recent = self._wanted.setdefault(key, deque([(now, replicas)]))
        recent.append((now, wanted))
        while recent[0][0] < now - _STABILIZATION:
            recent.popleft()
        return wanted if wanted >= replicas else min(replicas, max(replicas for _, replicas in recent))

    def _scale(self, autoscaler: Object, resource: Resource, target: Object, replicas: int, wanted: int) -> None:
        scaled = {**target, "spec": {**target["spec"], "replicas": wanted}}
        version, now = resource.api_version, self._state.clock.now()
        self._storage.update(resource, with_manager(scaled, target, _MANAGER, version, now, "scale"))
        reason = (
            "cpu resource utilization (percentage of request) above target"
            if wanted > replicas
            else "All metrics below target"
        )
        self._events.record(autoscaler, "Normal", "SuccessfulRescale", f"New size: {wanted}; reason: {reason}")

    def _metric(self, target: Object, utilization: int) -> Object:
        milli = round(self._cpu_request(target) * 1000 * utilization / 100)
        current = {"averageUtilization": utilization, "averageValue": f"{milli}m"}
        return {"type": "Resource", "resource": {"name": "cpu", "current": current}}

    @staticmethod
    def _conditions(recommended: int, low: int, high: int, utilization: int | None) -> list[Object]:
        able = _condition("AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size")
        if utilization is None:
            why = "the HPA was unable to compute the replica count: missing request for cpu"
            return [able, _condition("ScalingActive", "False", "FailedGetResourceMetric", why)]
        why = "the HPA was able to successfully calculate a replica count from cpu resource utilization"
        active = _condition("ScalingActive", "True", "ValidMetricFound", f"{why} (percentage of request)")
        if recommended > high:
            limited = ("True", "TooManyReplicas", "the desired replica count is more than the maximum replica count")
        elif recommended < low:
            limited = ("True", "TooFewReplicas", "the desired replica count is less than the minimum replica count")
        else:
            limited = ("False", "DesiredWithinRange", "the desired count is within the acceptable range")
        return [able, active, _condition("ScalingLimited", *limited)]

    def _write(self, autoscaler: Object, status: Object, conditions: list[Object]) -> None:
        before: Object = autoscaler.get("status") or {}
        now = timestamp(self._state.clock.now())
        old = {condition["type"]: condition for condition in before.get("conditions") or ()}
        for condition in conditions:
            previous = old.get(condition["type"])
            same = previous is not None and previous["status"] == condition["status"]
            condition["lastTransitionTime"] = previous["lastTransitionTime"] if previous is not None and same else now
        body: Object = {"desiredReplicas": 0, "currentMetrics": None, **status, "conditions": conditions}
        if status.get("desiredReplicas", 0) != status.get("currentReplicas", 0):
            body["lastScaleTime"] = now
        elif "lastScaleTime" in before:
            body["lastScaleTime"] = before["lastScaleTime"]
        self._storage.update(HORIZONTALPODAUTOSCALERS, {**autoscaler, "status": body}, status_only=True)


def _condition(kind: str, status: str, reason: str, message: str) -> Object:
    return {"type": kind, "status": status, "reason": reason, "message": message}
