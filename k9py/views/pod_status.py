"""A pod's status in the words kubectl prints: `Running`, `Init:1/2`, `CrashLoopBackOff`, `Terminating` ...

Source of the rules: kubernetes/pkg/printers/internalversion/printers.go, printPod. People know these words, so ours
must be the same for the same pod.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from k9py.api.meta import find_condition
from k9py.api.pods import Container, ContainerStatus, Pod
from k9py.views.values import Tone

_WELL = frozenset({"Running"})
_ENDED = frozenset({"Completed", "Succeeded"})
_ON_ITS_WAY = frozenset({"Pending", "ContainerCreating", "PodInitializing", "Terminating", "SchedulingGated"})


class PrintedPodStatus(NamedTuple):
    """The READY and STATUS columns: ready and all containers (sidecars count), and the word."""

    ready: int
    containers: int
    text: str


def pod_status(pod: Pod) -> PrintedPodStatus:
    """Return what kubectl prints of the pod."""
    status = pod.status
    words = status.reason or status.phase or "Unknown"
    scheduled = find_condition(status.conditions, "PodScheduled")
    if scheduled is not None and scheduled.reason == "SchedulingGated":
        words = "SchedulingGated"
    init = {one.name: one for one in pod.spec.init_containers or ()}
    containers = len(pod.spec.containers or ()) + sum(one.is_sidecar for one in init.values())
    ready = sum(one.ready for one in status.init_container_statuses or () if _started_sidecar(one, init.get(one.name)))
    init_words = _init_words(pod, init)
    initialized = find_condition(status.conditions, "Initialized")
    if init_words:
        words = init_words
    if not init_words or (initialized is not None and initialized.status == "True"):
        words, main_ready = _main_words(pod, words)
        ready += main_ready
    if pod.is_terminating:
        if status.reason == "NodeLost":
            words = "Unknown"
        elif status.phase not in ("Succeeded", "Failed"):
            words = "Terminating"
    return PrintedPodStatus(ready, containers, words)


def pod_tone(pod: Pod, status: PrintedPodStatus) -> Tone:
    """Return the tone of a pod's row: FAIL for words that mean trouble, BUSY while it comes or goes."""
    words = status.text
    if words in _WELL:
        return Tone.OK if pod.is_ready else Tone.BUSY
    if words in _ENDED:
        return Tone.MUTED
    if words in _ON_ITS_WAY or (words.startswith("Init:") and words[5:6].isdigit()):
        return Tone.BUSY
    return Tone.UNKNOWN if words == "Unknown" else Tone.FAIL


def _init_words(pod: Pod, init: Mapping[str, Container]) -> str:
    """Return what the first unfinished init container says, "" when all are done."""
    for index, one in enumerate(pod.status.init_container_statuses or ()):
        state = one.state
        ended = state.terminated if state else None
        if (ended is not None and ended.exit_code == 0) or _started_sidecar(one, init.get(one.name)):
            continue
        if ended is not None:
            return f"Init:{ended.reason or _how_it_ended(ended.signal, ended.exit_code)}"
        if state and state.waiting and state.waiting.reason not in ("", "PodInitializing"):
            return f"Init:{state.waiting.reason}"
        return f"Init:{index}/{len(init)}"
    return ""


def _main_words(pod: Pod, words: str) -> tuple[str, int]:
    """Return the words of the first main container that has any, and how many main ones are ready."""
    ready = 0
    running = False
    for one in reversed(pod.status.container_statuses or ()):
        state = one.state
        if state and state.waiting and state.waiting.reason:
            words = state.waiting.reason
        elif state and state.terminated:
            words = state.terminated.reason or _how_it_ended(state.terminated.signal, state.terminated.exit_code)
        elif one.ready and state and state.running:
            running = True
            ready += 1
    if words == "Completed" and running:
        words = "Running" if pod.is_ready else "NotReady"
    return words, ready


def _started_sidecar(status: ContainerStatus, spec: Container | None) -> bool:
    return spec is not None and spec.is_sidecar and bool(status.started)


def _how_it_ended(signal: int | None, exit_code: int) -> str:
    return f"Signal:{signal}" if signal else f"ExitCode:{exit_code}"
