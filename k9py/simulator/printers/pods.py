"""A pod's row, with its status as `kubectl get pods` shows it.

Invariant: the status follows printPod of kubernetes/pkg/printers/internalversion.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from k9py.simulator.printers.ages import age, since
from k9py.simulator.registry.cache import Object


def pod_cells(pod: Object, now: datetime) -> list[Any]:
    """Return Name, Ready, Status, Restarts, Age, IP, Node, Nominated Node, Readiness Gates."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    reason, ready, restarts, last_restart = _state(pod)
    restart_text = f"{restarts} ({since(last_restart, now)} ago)" if restarts and last_restart else str(restarts)
    total = len(spec.get("containers") or ()) + sum(map(_is_sidecar, spec.get("initContainers") or ()))
    addresses = status.get("podIPs") or ()
    return [
        pod["metadata"]["name"],
        f"{ready}/{total}",
        reason,
        restart_text,
        age(pod, now),
        addresses[0]["ip"] if addresses else status.get("podIP") or "<none>",
        spec.get("nodeName") or "<none>",
        status.get("nominatedNodeName") or "<none>",
        _readiness_gates(pod),
    ]


_COMPLETED = {
    "Succeeded": ("Succeeded", "The pod has completed successfully."),
    "Failed": ("Failed", "The pod failed."),
}


def pod_row_conditions(pod: Object) -> list[Object]:
    """Return the `conditions` of a pod's row: Completed for a finished pod."""
    finished = _COMPLETED.get((pod.get("status") or {}).get("phase", ""))
    if finished is None:
        return []
    reason, message = finished
    return [{"type": "Completed", "status": "True", "reason": reason, "message": message}]


def _readiness_gates(pod: Object) -> str:
    gates = (pod.get("spec") or {}).get("readinessGates") or ()
    conditions = {condition["type"]: condition for condition in (pod.get("status") or {}).get("conditions") or ()}
    passed = sum(conditions.get(gate["conditionType"], {}).get("status") == "True" for gate in gates)
    return f"{passed}/{len(gates)}" if gates else "<none>"


def _is_sidecar(container: Mapping[str, Any]) -> bool:
    return container.get("restartPolicy") == "Always"


def _finished_at(container: Mapping[str, Any]) -> str:
    return ((container.get("lastState") or {}).get("terminated") or {}).get("finishedAt") or ""


def _exit_word(terminated: Mapping[str, Any]) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _state(pod: Object) -> tuple[str, int, int, str]:
    """Return the status, ready containers, restarts and the time of the last restart ("" if unknown)."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    reason = status.get("reason") or status.get("phase") or ""
    conditions = {condition["type"]: condition for condition in status.get("conditions") or ()}
    if conditions.get("PodScheduled", {}).get("reason") == "SchedulingGated":
        reason = "SchedulingGated"
    init_specs = {container["name"]: container for container in spec.get("initContainers") or ()}
    ready = restarts = sidecar_restarts = 0
    last_restart = last_sidecar_restart = ""
    initializing = False
    for at, container in enumerate(status.get("initContainerStatuses") or ()):
        sidecar = _is_sidecar(init_specs.get(container["name"], {}))
        state = container.get("state") or {}
        restarts += container.get("restartCount", 0)
        last_restart = max(last_restart, _finished_at(container))
        if sidecar:
            sidecar_restarts += container.get("restartCount", 0)
            last_sidecar_restart = max(last_sidecar_restart, _finished_at(container))
        terminated, waiting = state.get("terminated"), state.get("waiting")
        if terminated is not None and terminated.get("exitCode") == 0:
            continue
        if sidecar and container.get("started"):
            ready += bool(container.get("ready"))
            continue
        if terminated is not None:
            reason = f"Init:{_exit_word(terminated)}"
        elif waiting and waiting.get("reason") not in (None, "", "PodInitializing"):
            reason = f"Init:{waiting['reason']}"
        else:
            reason = f"Init:{at}/{len(init_specs)}"
        initializing = True
        break
    if not initializing or conditions.get("Initialized", {}).get("status") == "True":
        restarts, last_restart = sidecar_restarts, last_sidecar_restart
        running = False
        for container in reversed(status.get("containerStatuses") or ()):
            state = container.get("state") or {}
            restarts += container.get("restartCount", 0)
            last_restart = max(last_restart, _finished_at(container))
            waiting, terminated = state.get("waiting"), state.get("terminated")
            if waiting and waiting.get("reason"):
                reason = waiting["reason"]
            elif terminated is not None:
                reason = _exit_word(terminated)
            elif container.get("ready") and state.get("running") is not None:
                running = True
                ready += 1
        if reason == "Completed" and running:
            reason = "Running" if conditions.get("Ready", {}).get("status") == "True" else "NotReady"
    if pod["metadata"].get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            reason = "Unknown"
        elif status.get("phase") not in ("Succeeded", "Failed"):
            reason = "Terminating"
    return reason, ready, restarts, last_restart
