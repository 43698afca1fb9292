"""Compute a pod's READY, STATUS and RESTARTS columns as kubectl prints them: `2/2`, `Init:1/2`, `5`.

Source of the rules: kubernetes/pkg/printers/internalversion/printers.go, printPod. The same pod must have the same
status here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from k9py.api.meta import find_condition
from k9py.api.pods import Container, ContainerStatus, Pod
from k9py.api.times import human_duration
from k9py.views.values import Tone

_RUNNING: Final = "Running"
_FINISHED: Final = frozenset({"Completed", "Succeeded"})
_TRANSITIONAL: Final = frozenset({"Pending", "ContainerCreating", "PodInitializing", "Terminating", "SchedulingGated"})


class PrintedPodStatus(NamedTuple):
    """The READY, STATUS and RESTARTS columns.

    Args:
        ready: ready containers, running sidecars included.
        containers: main containers and sidecars.
        text: the status.
        restarts: of the containers that count in this state (see `_Restarts`).
        restarted_at: when the last run before the current one ended; None if that is not known.
    """

    ready: int
    containers: int
    text: str
    restarts: int = 0
    restarted_at: datetime | None = None


def pod_status(pod: Pod) -> PrintedPodStatus:
    """Return what kubectl prints for the pod."""
    status = pod.status
    text = status.reason or status.phase or "Unknown"
    scheduled = find_condition(status.conditions, "PodScheduled")
    if scheduled is not None and scheduled.reason == "SchedulingGated":
        text = "SchedulingGated"
    init = {container.name: container for container in pod.spec.init_containers or ()}
    containers = len(pod.spec.containers or ())
    ready = 0
    restarts = _Restarts()
    init_text = ""
    if init or status.init_container_statuses:
        containers += sum(container.is_sidecar for container in init.values())
        init_text, ready = _init_text(pod, init, restarts)
    if init_text:
        text = init_text
    initialized = find_condition(status.conditions, "Initialized") if init_text else None
    if not init_text or (initialized is not None and initialized.status == "True"):
        restarts.only_sidecars()
        text, main_ready = _main_text(pod, text, restarts)
        ready += main_ready
    if pod.is_terminating:
        if status.reason == "NodeLost":
            text = "Unknown"
        elif status.phase not in ("Succeeded", "Failed"):
            text = "Terminating"
    return PrintedPodStatus(ready, containers, text, restarts.count, restarts.last)


def restarts_text(status: PrintedPodStatus, now: datetime) -> str:
    """Return the RESTARTS column: `0`, `5 (3m ago)`."""
    if not status.restarts or status.restarted_at is None:
        return str(status.restarts)
    return f"{status.restarts} ({human_duration((now - status.restarted_at).total_seconds())} ago)"


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


class _Restarts:
    """Counts restarts: of init containers until they are done, then of sidecars and main containers."""

    __slots__ = ("_sidecars", "_sidecars_last", "count", "last")

    def __init__(self) -> None:
        self.count = self._sidecars = 0
        self.last: datetime | None = None
        self._sidecars_last: datetime | None = None

    def add(self, status: ContainerStatus, *, is_sidecar: bool = False) -> None:
        """Count the restarts of a container."""
        ended = status.last_state.terminated if status.last_state else None
        at = ended.finished_at if ended else None
        self.count += status.restart_count
        self.last = _later(self.last, at)
        if is_sidecar:
            self._sidecars += status.restart_count
            self._sidecars_last = _later(self._sidecars_last, at)

    def only_sidecars(self) -> None:
        """Forget the init containers that ran to their end."""
        self.count, self.last = self._sidecars, self._sidecars_last


def _later(first: datetime | None, second: datetime | None) -> datetime | None:
    if first is None or second is None:
        return first or second
    return max(first, second)


def _init_text(pod: Pod, init: Mapping[str, Container], restarts: _Restarts) -> tuple[str, int]:
    """Return the status of the first unfinished init container ("" if all are done), and how many sidecars are ready.

    Only the containers up to it count.
    """
    ready = 0
    for index, container in enumerate(pod.status.init_container_statuses or ()):
        spec = init.get(container.name)
        is_sidecar = spec is not None and spec.is_sidecar
        restarts.add(container, is_sidecar=is_sidecar)
        state = container.state
        ended = state.terminated if state else None
        if ended is not None and ended.exit_code == 0:
            continue
        if is_sidecar and container.started:
            ready += container.ready
            continue
        if ended is not None:
            return f"Init:{ended.reason or _exit_text(ended.signal, ended.exit_code)}", ready
        if state and state.waiting and state.waiting.reason not in ("", "PodInitializing"):
            return f"Init:{state.waiting.reason}", ready
        return f"Init:{index}/{len(init)}", ready
    return "", ready


def _main_text(pod: Pod, text: str, restarts: _Restarts) -> tuple[str, int]:
    """Return the status of the first main container that has a reason, and how many main containers are ready.

    Args:
        text: the status if none has.
    """
    ready = 0
    is_running = False
    for container in reversed(pod.status.container_statuses or ()):
        restarts.add(container)
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


def _exit_text(signal: int | None, exit_code: int) -> str:
    return f"Signal:{signal}" if signal else f"ExitCode:{exit_code}"
