"""Compute a pod's READY and STATUS columns as kubectl prints them: `Running`, `Init:1/2`, `CrashLoopBackOff` ...

Source of the rules: kubernetes/pkg/printers/internalversion/printers.go, printPod. The same pod must have the same
status here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from k9py.api.meta import find_condition
from k9py.api.pods import Container, ContainerStatus, Pod
from k9py.views.values import Tone

_RUNNING: Final = "Running"
_FINISHED: Final = frozenset({"Completed", "Succeeded"})
_TRANSITIONAL: Final = frozenset({"Pending", "ContainerCreating", "PodInitializing", "Terminating", "SchedulingGated"})


class PrintedPodStatus(NamedTuple):
    """The READY and STATUS columns: ready and all containers (sidecars count), and the status."""

    ready: int
    containers: int
    text: str


def pod_status(pod: Pod) -> PrintedPodStatus:
    """Return what kubectl prints for the pod."""
    status = pod.status
    text = status.reason or status.phase or "Unknown"
    scheduled = find_condition(status.conditions, "PodScheduled")
    if scheduled is not None and scheduled.reason == "SchedulingGated":
        text = "SchedulingGated"
    init = {container.name: container for container in pod.spec.init_containers or ()}
    containers = len(pod.spec.containers or ()) + sum(container.is_sidecar for container in init.values())
    init_statuses = status.init_container_statuses or ()
    ready = sum(container.ready for container in init_statuses if _is_started_sidecar(container, init))
    init_text = _init_text(pod, init)
    initialized = find_condition(status.conditions, "Initialized")
    if init_text:
        text = init_text
    if not init_text or (initialized is not None and initialized.status == "True"):
        text, main_ready = _main_text(pod, text)
        ready += main_ready
    if pod.is_terminating:
        if status.reason == "NodeLost":
            text = "Unknown"
        elif status.phase not in ("Succeeded", "Failed"):
            text = "Terminating"
    return PrintedPodStatus(ready, containers, text)


def pod_tone(pod: Pod, status: PrintedPodStatus) -> Tone:
    """Return the tone of a pod's row: FAIL for a status that means a failure, BUSY while it starts or terminates."""
    text = status.text
    if text == _RUNNING:
        return Tone.OK if pod.is_ready else Tone.BUSY
    if text in _FINISHED:
        return Tone.MUTED
    if text in _TRANSITIONAL or (text.startswith("Init:") and text[5:6].isdigit()):
        return Tone.BUSY
    return Tone.UNKNOWN if text == "Unknown" else Tone.FAIL


def _init_text(pod: Pod, init: Mapping[str, Container]) -> str:
    """Return the status of the first unfinished init container, "" if all are done."""
    for index, container in enumerate(pod.status.init_container_statuses or ()):
        state = container.state
        ended = state.terminated if state else None
        if (ended is not None and ended.exit_code == 0) or _is_started_sidecar(container, init):
            continue
        if ended is not None:
            return f"Init:{ended.reason or _exit_text(ended.signal, ended.exit_code)}"
        if state and state.waiting and state.waiting.reason not in ("", "PodInitializing"):
            return f"Init:{state.waiting.reason}"
        return f"Init:{index}/{len(init)}"
    return ""


def _main_text(pod: Pod, text: str) -> tuple[str, int]:
    """Return the status of the first main container that has a reason, and how many main containers are ready.

    Args:
        text: the status if none has.
    """
    ready = 0
    is_running = False
    for container in reversed(pod.status.container_statuses or ()):
        state = container.state
        if state and state.waiting and state.waiting.reason:
            text = state.waiting.reason
        elif state and state.terminated:
            text = state.terminated.reason or _exit_text(state.terminated.signal, state.terminated.exit_code)
        elif container.ready and state and state.running:
            is_running = True
            ready += 1
    if text == "Completed" and is_running:
        text = "Running" if pod.is_ready else "NotReady"
    return text, ready


def _is_started_sidecar(status: ContainerStatus, init: Mapping[str, Container]) -> bool:
    container = init.get(status.name)
    return container is not None and container.is_sidecar and bool(status.started)


def _exit_text(signal: int | None, exit_code: int) -> str:
    return f"Signal:{signal}" if signal else f"ExitCode:{exit_code}"
