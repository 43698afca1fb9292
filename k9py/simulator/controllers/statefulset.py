"""The StatefulSet controller: pods with stable names, in order.

Invariant: with OrderedReady a pod is created or updated only while all before it are running and available; an update
goes from the highest ordinal down to the partition. So a pod that never becomes ready blocks both, and going back to
a good template does not repair it: the stuck pod has to be deleted, as Kubernetes documents ("forced rollback").
Order of steps: Kubernetes' `stateful_set_control.go`.
"""

from typing import Any

from k9py.simulator.controllers import controller_revisions
from k9py.simulator.controllers.events import EventRecorder
from k9py.simulator.controllers.owner_references import controller_of, key_of
from k9py.simulator.controllers.pod_factory import pod_from_template
from k9py.simulator.controllers.pod_state import (
    is_finished,
    is_ready,
    is_terminating,
    phase_of,
    seconds_until_available,
)
from k9py.simulator.controllers.rolling_update import replicas_of
from k9py.simulator.controllers.work_queue import Key
from k9py.simulator.registry.resources import CONTROLLERREVISIONS, PERSISTENTVOLUMECLAIMS, PODS, STATEFULSETS
from k9py.simulator.registry.storage import StorageEvent
from k9py.simulator.state import SimulatorState
from k9py.simulator.status_errors import StatusError

Object = dict[str, Any]

POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name"
POD_INDEX_LABEL = "apps.kubernetes.io/pod-index"
REVISION_LABEL = "controller-revision-hash"


def ordinal_of(pod: Object) -> int:
    """Return the ordinal at the end of a pod's name; -1 if there is none."""
    tail = str(pod["metadata"]["name"]).rpartition("-")[2]
    return int(tail) if tail.isdigit() else -1


class StatefulSetController:
    """Reconciles StatefulSets, one pod at a time."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state
        self._storage = state.storage
        self._events = EventRecorder(state, "statefulset-controller")

    def keys(self, change: StorageEvent) -> list[Key]:
        """Return the StatefulSets a change affects."""
        if change.resource is STATEFULSETS:
            return [key_of(change.obj)]
        if change.resource is PODS:
            owner = controller_of(change.obj)
            if owner is not None and owner["kind"] == "StatefulSet":
                return [(change.obj["metadata"]["namespace"], owner["name"])]
        return []

    def reconcile(self, key: Key) -> float | None:
        """Take the next step; return seconds until a pod may become available."""
        stateful_set = self._storage.get(STATEFULSETS, *key)
        if stateful_set is None or stateful_set["metadata"].get("deletionTimestamp"):
            return None
        update = controller_revisions.update_revision(self._storage, STATEFULSETS, stateful_set)
        current = self._current_revision(stateful_set, update)
        # Pods created in this step are counted in the next one, so that the status shows the gap, as a real one does.
        before = {pod["metadata"]["uid"] for pod in self._pods(stateful_set)}
        try:
            self._step(stateful_set, current, update)
        finally:
            counted = [pod for pod in self._pods(stateful_set) if pod["metadata"]["uid"] in before]
            self._write_status(stateful_set, current, update, counted)
        in_use = {_name(current), _name(update), *(_revision(pod) for pod in self._pods(stateful_set))}
        controller_revisions.clean_up_history(self._storage, stateful_set, in_use)
        return self._seconds_until_next_available(stateful_set)

    def _current_revision(self, stateful_set: Object, update: Object) -> Object:
        name = (stateful_set.get("status") or {}).get("currentRevision")
        current = self._storage.get(CONTROLLERREVISIONS, stateful_set["metadata"]["namespace"], name) if name else None
        return current or update

    def _pods(self, stateful_set: Object) -> list[Object]:
        owned = self._storage.owned_by(stateful_set["metadata"]["uid"])
        pods = [obj for resource, obj in owned if resource is PODS and ordinal_of(obj) >= 0]
        return sorted(pods, key=ordinal_of)

    # -- one step ------------------------------------------------------------------------------------------------

    def _step(self, stateful_set: Object, current: Object, update: Object) -> None:
        ordered = stateful_set["spec"].get("podManagementPolicy", "OrderedReady") == "OrderedReady"
        start = (stateful_set["spec"].get("ordinals") or {}).get("start", 0)
        wanted = range(start, start + replicas_of(stateful_set))
        pods = {ordinal_of(pod): pod for pod in self._pods(stateful_set)}
        condemned = sorted((n for n in pods if n not in wanted), reverse=True)
        for number in wanted:
            if self._reconcile_ordinal(stateful_set, current, update, number, pods.get(number)) and ordered:
                return
        if self._delete_condemned(stateful_set, [pods[number] for number in condemned], pods, ordered=ordered):
            return
        self._update_outdated(stateful_set, update, [pods[n] for n in wanted if n in pods])

    def _reconcile_ordinal(
        self, stateful_set: Object, current: Object, update: Object, number: int, pod: Object | None
    ) -> bool:
        """Reconcile one ordinal; return whether the following ones have to wait."""
        if pod is not None and is_finished(pod) and not is_terminating(pod):
            name = f"{stateful_set['metadata']['namespace']}/{_name(stateful_set)}"
            message = f"StatefulSet {name} is recreating failed Pod {_name(pod)}"
            self._events.record(stateful_set, "Warning", "RecreatingFailedPod", message)
            self._storage.remove(PODS, pod["metadata"]["namespace"], _name(pod))
            pod = None
        if pod is None:
            self._create(stateful_set, self._revision_for(stateful_set, current, update, number), number)
            return True
        return is_terminating(pod) or not self._is_available(stateful_set, pod)

    @staticmethod
    def _revision_for(stateful_set: Object, current: Object, update: Object, number: int) -> Object:
        strategy = stateful_set["spec"].get("updateStrategy") or {}
        if strategy.get("type", "RollingUpdate") != "RollingUpdate":
            return update
        start = (stateful_set["spec"].get("ordinals") or {}).get("start", 0)
        kept = (strategy.get("rollingUpdate") or {}).get("partition", 0)
        return current if number < start + kept else update

    def _delete_condemned(
        self, stateful_set: Object, condemned: list[Object], pods: dict[int, Object], *, ordered: bool
    ) -> bool:
        healthy = [pod for _, pod in sorted(pods.items()) if not self._is_available(stateful_set, pod)]
        first_unhealthy = _name(healthy[0]) if healthy else None
        for pod in condemned:
            if is_terminating(pod):
                if ordered:
                    return True
                continue
            if ordered and not self._is_available(stateful_set, pod) and _name(pod) != first_unhealthy:
                return True
            self._delete(stateful_set, pod)
            if ordered:
                return True
        return False

    def _update_outdated(self, stateful_set: Object, update: Object, pods: list[Object]) -> None:
        strategy = stateful_set["spec"].get("updateStrategy") or {}
        if strategy.get("type", "RollingUpdate") != "RollingUpdate":
            return
        start = (stateful_set["spec"].get("ordinals") or {}).get("start", 0)
        lowest = start + (strategy.get("rollingUpdate") or {}).get("partition", 0)
        for pod in reversed(pods):
            if ordinal_of(pod) < lowest:
                return
            if _revision(pod) != _name(update) and not is_terminating(pod):
                self._delete(stateful_set, pod)
                return
            if is_terminating(pod) or not self._is_available(stateful_set, pod):
                return

    def _create(self, stateful_set: Object, revision: Object, number: int) -> None:
        name = f"{_name(stateful_set)}-{number}"
        claims = self._claims(stateful_set, number)
        template = controller_revisions.template_of(revision)
        volumes = [
            *(template["spec"].get("volumes") or ()),
            *({"name": claim, "persistentVolumeClaim": {"claimName": full}} for claim, full in claims),
        ]
        spec = {"hostname": name, "subdomain": stateful_set["spec"].get("serviceName", "")}
        pod = pod_from_template(
            template,
            owner_resource=STATEFULSETS,
            owner=stateful_set,
            rng=self._state.rng,
            name=name,
            labels={REVISION_LABEL: _name(revision), POD_NAME_LABEL: name, POD_INDEX_LABEL: str(number)},
            spec={**spec, **({"volumes": volumes} if volumes else {})},
        )
        pod["metadata"]["generateName"] = f"{_name(stateful_set)}-"
        try:
            self._storage.create(PODS, pod)
        except StatusError as failure:
            message = f"create Pod {name} in StatefulSet {_name(stateful_set)} failed error: {failure.message}"
            self._events.record(stateful_set, "Warning", "FailedCreate", message)
            raise
        message = f"Create Pod {name} in StatefulSet {_name(stateful_set)} successful"
        self._events.record(stateful_set, "Normal", "SuccessfulCreate", message)

    def _claims(self, stateful_set: Object, number: int) -> list[tuple[str, str]]:
        """Create the pod's missing claims; return (volume, claim) names."""
        claims = []
        namespace = stateful_set["metadata"]["namespace"]
        for template in stateful_set["spec"].get("volumeClaimTemplates") or ():
            name = f"{_name(template)}-{_name(stateful_set)}-{number}"
            if self._storage.get(PERSISTENTVOLUMECLAIMS, namespace, name) is None:
                labels = (stateful_set["spec"]["selector"] or {}).get("matchLabels") or {}
                metadata = {"name": name, "namespace": namespace, "labels": labels}
                capacity = ((template["spec"].get("resources") or {}).get("requests")) or {}
                status = {"phase": "Bound", "capacity": capacity, "accessModes": template["spec"].get("accessModes")}
                claim = {"metadata": metadata, "spec": template["spec"], "status": status}
                self._storage.create(PERSISTENTVOLUMECLAIMS, claim)
            claims.append((_name(template), name))
        return claims

    def _delete(self, stateful_set: Object, pod: Object) -> None:
        self._storage.delete(PODS, pod["metadata"]["namespace"], _name(pod))
        message = f"Delete Pod {_name(pod)} in StatefulSet {_name(stateful_set)} successful"
        self._events.record(stateful_set, "Normal", "SuccessfulDelete", message)

    def _is_available(self, stateful_set: Object, pod: Object) -> bool:
        min_ready = stateful_set["spec"].get("minReadySeconds", 0)
        wait = seconds_until_available(pod, min_ready, self._state.clock.now())
        return phase_of(pod) == "Running" and wait == 0.0

    # -- status --------------------------------------------------------------------------------------------------

    def _write_status(self, stateful_set: Object, current: Object, update: Object, pods: list[Object]) -> None:
        running = [pod for pod in pods if phase_of(pod) == "Running"]
        staying = [pod for pod in pods if not is_terminating(pod)]
        counts = {
            "readyReplicas": sum(is_ready(pod) for pod in running),
            "currentReplicas": sum(_revision(pod) == _name(current) for pod in staying),
            "updatedReplicas": sum(_revision(pod) == _name(update) for pod in staying),
        }
        available = sum(self._is_available(stateful_set, pod) for pod in running)
        if counts["updatedReplicas"] == len(pods) == counts["readyReplicas"] == replicas_of(stateful_set):
            strategy = stateful_set["spec"].get("updateStrategy") or {}
            if strategy.get("type", "RollingUpdate") == "RollingUpdate":
                current = update
                counts["currentReplicas"] = counts["updatedReplicas"]
        status: Object = {
            "observedGeneration": stateful_set["metadata"].get("generation", 0),
            "replicas": len(pods),
            **{name: count for name, count in counts.items() if count},
            "currentRevision": _name(current),
            "updateRevision": _name(update),
            "collisionCount": 0,
            "availableReplicas": available,
        }
        self._storage.update(STATEFULSETS, {**stateful_set, "status": status}, status_only=True)

    def _seconds_until_next_available(self, stateful_set: Object) -> float | None:
        min_ready = stateful_set["spec"].get("minReadySeconds", 0)
        if not min_ready:
            return None
        now = self._state.clock.now()
        waits = [seconds_until_available(pod, min_ready, now) for pod in self._pods(stateful_set)]
        return min((seconds for seconds in waits if seconds), default=None)


def _name(obj: Object) -> str:
    return str(obj["metadata"]["name"])


def _revision(pod: Object) -> str:
    return str((pod["metadata"].get("labels") or {}).get(REVISION_LABEL, ""))
