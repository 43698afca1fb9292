"""Writes what the kubelet knows of its pods: statuses, and events.

Invariant: a status is written whole, so that phase and conditions always follow from its containers' states.
"""

import itertools
from typing import Any, Literal

from k9py.simulator.clock import timestamp
from k9py.simulator.controllers.events import EventRecorder
from k9py.simulator.nodes.containers import is_ephemeral, is_init
from k9py.simulator.nodes.pod_status import conditions_from, phase_from
from k9py.simulator.resources import PODS
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]

INIT, MAIN, EPHEMERAL = "initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"


class PodStatusWriter:
    """The kubelet's pen."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state
        self._events = EventRecorder(state, "kubelet", reporting="kubelet")
        self._addresses = itertools.count(state.storage.count(PODS) + 10)

    def write(self, pod: Object, name: str, change: Object) -> Object:
        """Change one container's status, and what follows from it; returns the pod as stored."""
        status = dict(pod["status"])
        for field in (INIT, MAIN, EPHEMERAL):
            if status.get(field):
                status[field] = [{**entry, **change} if entry["name"] == name else entry for entry in status[field]]
        return self.write_whole({**pod, "status": status})

    def write_whole(self, pod: Object) -> Object:
        """Write a pod's status; returns the pod as stored."""
        status = dict(pod["status"])
        init, main = status.get(INIT) or [], status[MAIN]
        status["observedGeneration"] = pod["metadata"].get("generation", 1)
        status["phase"] = phase_from(pod, init, main)
        status["conditions"] = conditions_from(pod, init, main, timestamp(self._state.clock.now()))
        started = any("waiting" not in entry["state"] or entry["lastState"] for entry in (*init, *main))
        pulled = any(e["state"].get("waiting", {}).get("reason", "").startswith(("Err", "Image")) for e in main)
        if "podIP" not in status and (started or pulled):
            number = next(self._addresses)
            status["podIP"] = f"10.{244 + number // 65536}.{number // 256 % 256}.{number % 256}"
            status["podIPs"] = [{"ip": status["podIP"]}]
        return self._state.storage.update(PODS, {**pod, "status": status}, status_only=True)

    def end_runs(self, pod: Object) -> None:
        """Note that all containers of a pod end now."""
        for field in (INIT, MAIN, EPHEMERAL):
            for entry in (pod.get("status") or {}).get(field) or ():
                self._state.runs.note_end(entry.get("containerID", ""), self._state.clock.now())

    def say(self, pod: Object, kind: Literal["Normal", "Warning"], reason: str, message: str, name: str) -> None:
        """Record an event about a pod's container (or, with an empty name, about the pod)."""
        host = pod["spec"]["nodeName"]
        field = "containers"
        if is_init(pod, name):
            field = "initContainers"
        elif is_ephemeral(pod, name):
            field = "ephemeralContainers"
        path = f"spec.{field}{{{name}}}" if name else ""
        self._events.record(pod, kind, reason, message, host=host, field_path=path)
