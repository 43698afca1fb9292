"""A pod's status as the kubelet writes it: phase and conditions derived from its containers' states, and its events.

Invariant: a status is written as a whole, so that phase and conditions always follow from the containers' states; a
condition keeps its lastTransitionTime while its status is the same. Rules of the phase: the kubelet's `getPhase`.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from k9py.simulator.clock import timestamp
from k9py.simulator.controllers.events import EventRecorder
from k9py.simulator.kubelet.containers import is_ephemeral, is_init
from k9py.simulator.registry.resources import PODS
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]

_INITIAL = "PodInitializing"
_CREATING = "ContainerCreating"


def is_sidecar(container: Mapping[str, Any]) -> bool:
    """Return whether an init container is a sidecar."""
    return container.get("restartPolicy") == "Always"


def waiting_status(container: Mapping[str, Any], *, initializing: bool) -> Object:
    """Return the status of a container that has not been started."""
    return {
        "name": container["name"],
        "state": {"waiting": {"reason": _INITIAL if initializing else _CREATING}},
        "lastState": {},
        "ready": False,
        "restartCount": 0,
        "image": container.get("image", ""),
        "imageID": "",
        "started": False,
    }


def compute_phase(pod: Mapping[str, Any], init: Sequence[Object], main: Sequence[Object]) -> str:
    """Return the pod's phase."""
    policy = pod["spec"].get("restartPolicy", "Always")
    if not is_initialized(pod, init) and not any(map(_has_run, main)):
        if policy == "Never" and any(_exit_code(status) not in (None, 0) for status in init):
            return "Failed"
        return "Pending"
    waiting = [s for s in main if "waiting" in s["state"] and "terminated" not in s["lastState"]]
    if waiting:
        return "Pending"
    running = [s for s in main if "running" in s["state"]]
    codes = [_exit_code(s) for s in main]
    if running or policy == "Always" or any(code is None for code in codes):
        return "Running"
    if all(code == 0 for code in codes):
        return "Succeeded"
    return "Failed" if policy == "Never" else "Running"


def _exit_code(status: Mapping[str, Any]) -> int | None:
    ended = status["state"].get("terminated")
    return None if ended is None else int(ended["exitCode"])


def is_initialized(pod: Mapping[str, Any], init: Sequence[Object]) -> bool:
    """Return whether every init container has succeeded or, for a sidecar, started."""
    specs = pod["spec"].get("initContainers") or ()
    return all(
        (status.get("started") if is_sidecar(spec) else _exit_code(status) == 0)
        for spec, status in zip(specs, init, strict=True)
    )


def _has_run(status: Mapping[str, Any]) -> bool:
    return not {"running", "terminated"}.isdisjoint(status["state"]) or "terminated" in status["lastState"]


def compute_conditions(
    pod: Mapping[str, Any], init: Sequence[Object], main: Sequence[Object], now: str
) -> list[Object]:
    """Return the pod's conditions, in the kubelet's order."""
    # Initialized stays true once a main container has run, whatever happens to the sidecars later.
    initialized = is_initialized(pod, init) or any(map(_has_run, main))
    specs = pod["spec"].get("initContainers") or ()
    unfinished = [
        status["name"]
        for spec, status in zip(specs, init, strict=True)
        if not (status.get("started") if is_sidecar(spec) else _exit_code(status) == 0)
    ]
    sidecars = [status for spec, status in zip(specs, init, strict=True) if is_sidecar(spec)]
    unready = [status["name"] for status in (*sidecars, *main) if not status["ready"]]
    phase = compute_phase(pod, init, main)
    done = phase in ("Succeeded", "Failed")
    sandbox = any("running" in s["state"] or "terminated" in s["state"] for s in (*init, *main)) and not done
    created: tuple[bool, str, str]
    if phase == "Succeeded":
        created = (False, "PodCompleted", "")
    elif phase == "Failed":
        created = (False, "PodFailed", "")
    else:
        created = (not unready, "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]")
    initial = ("ContainersNotInitialized", f"containers with incomplete status: [{' '.join(unfinished)}]")
    before = {c["type"]: c for c in (pod.get("status") or {}).get("conditions") or ()}
    wanted: list[tuple[str, bool, str, str]] = [
        ("PodReadyToStartContainers", sandbox or (initialized and bool(_any_image(main)) and not done), "", ""),
        ("Initialized", initialized, *initial),
        ("Ready", *created),
        ("ContainersReady", *created),
        ("PodScheduled", True, "", ""),
    ]
    return [_condition(kind, holds, why, message, before.get(kind), now) for kind, holds, why, message in wanted]


def _any_image(main: Sequence[Object]) -> bool:
    return any(s["state"].get("waiting", {}).get("reason") not in (_CREATING, _INITIAL) for s in main)


def _condition(kind: str, holds: bool, reason: str, message: str, before: Object | None, now: str) -> Object:
    status = "True" if holds else "False"
    since = before["lastTransitionTime"] if before is not None and before["status"] == status else now
    condition: Object = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": since}
    if not holds and reason:
        condition["reason"] = reason
        if message:
            condition["message"] = message
    return condition


INIT, MAIN, EPHEMERAL = "initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"


class PodStatusWriter:
    """Writes pod statuses and events."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state
        self._events = EventRecorder(state, "kubelet", reporting="kubelet")
        self._addresses = itertools.count(state.storage.count(PODS) + 10)

    def write(self, pod: Object, name: str, changes: Object) -> Object:
        """Change one container's status and everything derived from it; return the stored pod."""
        status = dict(pod["status"])
        for field in (INIT, MAIN, EPHEMERAL):
            if status.get(field):
                status[field] = [{**entry, **changes} if entry["name"] == name else entry for entry in status[field]]
        return self.write_whole({**pod, "status": status})

    def write_whole(self, pod: Object) -> Object:
        """Write a pod's status; return the stored pod."""
        status = dict(pod["status"])
        init, main = status.get(INIT) or [], status[MAIN]
        status["observedGeneration"] = pod["metadata"].get("generation", 1)
        status["phase"] = compute_phase(pod, init, main)
        status["conditions"] = compute_conditions(pod, init, main, timestamp(self._state.clock.now()))
        started = any("waiting" not in entry["state"] or entry["lastState"] for entry in (*init, *main))
        pulled = any(e["state"].get("waiting", {}).get("reason", "").startswith(("Err", "Image")) for e in main)
        if "podIP" not in status and (started or pulled):
            number = next(self._addresses)
            status["podIP"] = f"10.{244 + number // 65536}.{number // 256 % 256}.{number % 256}"
            status["podIPs"] = [{"ip": status["podIP"]}]
        return self._state.storage.update(PODS, {**pod, "status": status}, status_only=True)

    def end_runs(self, pod: Object) -> None:
        """Record that all containers of a pod end now."""
        for field in (INIT, MAIN, EPHEMERAL):
            for entry in (pod.get("status") or {}).get(field) or ():
                self._state.container_runs.record_end(entry.get("containerID", ""), self._state.clock.now())

    def record_event(
        self, pod: Object, kind: Literal["Normal", "Warning"], reason: str, message: str, name: str
    ) -> None:
        """Record an event about a pod's container (or, with an empty name, about the pod)."""
        host = pod["spec"]["nodeName"]
        field = "containers"
        if is_init(pod, name):
            field = "initContainers"
        elif is_ephemeral(pod, name):
            field = "ephemeralContainers"
        path = f"spec.{field}{{{name}}}" if name else ""
        self._events.record(pod, kind, reason, message, host=host, field_path=path)
