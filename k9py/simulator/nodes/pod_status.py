"""A pod's status as the kubelet writes it: phase and conditions, from the states of its containers.

Pure. The rules for the phase are those of the kubelet's `getPhase`; a condition keeps its lastTransitionTime while its
status stays.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Object = dict[str, Any]

_INITIAL = "PodInitializing"
_CREATING = "ContainerCreating"


def is_sidecar(container: Mapping[str, Any]) -> bool:
    """Tell whether an init container keeps running beside the others."""
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


def phase_from(pod: Mapping[str, Any], init: Sequence[Object], main: Sequence[Object]) -> str:
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
    """Tell whether every init container has done its part: ended well, or, for a sidecar, started."""
    specs = pod["spec"].get("initContainers") or ()
    return all(
        (status.get("started") if is_sidecar(spec) else _exit_code(status) == 0)
        for spec, status in zip(specs, init, strict=True)
    )


def _has_run(status: Mapping[str, Any]) -> bool:
    return not {"running", "terminated"}.isdisjoint(status["state"]) or "terminated" in status["lastState"]


def conditions_from(pod: Mapping[str, Any], init: Sequence[Object], main: Sequence[Object], now: str) -> list[Object]:
    """Return the pod's conditions, in the kubelet's order."""
    # Initialized stays true once a main container has run, whatever becomes of the sidecars after that.
    initialized = is_initialized(pod, init) or any(map(_has_run, main))
    specs = pod["spec"].get("initContainers") or ()
    unfinished = [
        status["name"]
        for spec, status in zip(specs, init, strict=True)
        if not (status.get("started") if is_sidecar(spec) else _exit_code(status) == 0)
    ]
    sidecars = [status for spec, status in zip(specs, init, strict=True) if is_sidecar(spec)]
    unready = [status["name"] for status in (*sidecars, *main) if not status["ready"]]
    phase = phase_from(pod, init, main)
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
