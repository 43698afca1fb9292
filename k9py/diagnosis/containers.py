"""Check each container of a pod that is not ready: why it waits, how it terminated, which probe fails.

To add a check of a waiting container: a branch in `_waiting_cause`. Images have a module of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from k9py.api.causes import Cause, CauseKind
from k9py.api.events import Event
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.meta import find_condition
from k9py.api.pods import Container, ContainerStatus, Pod, StateRunning, StateTerminated, StateWaiting
from k9py.api.severity import Severity
from k9py.api.text import printable, shorten
from k9py.api.times import age
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.images import image_cause
from k9py.diagnosis.pod_events import is_about_container
from k9py.diagnosis.probes import PROBES, probe_failures
from k9py.diagnosis.remedies import missing_object_remedy

_CREATE_REASONS: Final = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
_STARTING_REASONS: Final = frozenset({"", "ContainerCreating", "PodInitializing"})
"""Reasons of a container that is starting normally."""
_FAILURE_REASON: Final = lazy_pattern(r"Err|Fail|BackOff|Cannot|Invalid|Denied|Exceed|Refuse|Missing")
"""Part of a reason that indicates a failure, whichever it is."""
_START_FAILURES: Final = frozenset({"StartError", "ContainerCannotRun"})
_SIGNALS: Final = {129: "SIGHUP", 130: "SIGINT", 134: "SIGABRT", 135: "SIGBUS", 137: "SIGKILL", 139: "SIGSEGV"}
_SIGNALS[143] = "SIGTERM"
_MISSING: Final = lazy_pattern(r'^(?P<kind>configmap|secret) "(?P<name>[^"]+)" not found$')

_JUST_RESTARTED: Final = timedelta(minutes=2)
"""A container that crashed and has run for less time than this has not yet proved stable."""
_WAS_READY_MARGIN: Final = timedelta(seconds=5)
"""Ready=False written this long after the container started means that it was ready in between."""
_RECENT_RESTART: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Case:
    """One container and what explains its state; `label` names it in messages: `init container setup`."""

    pod: Pod
    status: ContainerStatus
    container: Container
    label: str
    now: datetime
    events: Sequence[Event]


def container_causes(pod: Pod, now: datetime, events: Sequence[Event]) -> Iterator[Cause]:
    """Yield what keeps each container from being ready, init containers first.

    Args:
        events: recent ones about the pod.
    """
    containers = {spec.name: spec for spec in (*(pod.spec.init_containers or ()), *(pod.spec.containers or ()))}
    init = pod.status.init_container_statuses or ()
    for status in (*init, *(pod.status.container_statuses or ())):
        container = containers.get(status.name, Container(name=status.name, image=status.image))
        is_init = status in init and not container.is_sidecar
        label = f"{'init container' if is_init else 'container'} {printable(status.name)}"
        case = _Case(pod, status, container, label, now, events)
        state = status.state
        if state is None:
            continue
        if state.waiting is not None:
            cause = image_cause(pod, status, container, label, events) or _waiting_cause(case, state.waiting)
            if cause is not None:
                yield cause
        elif state.terminated is not None:
            if state.terminated.exit_code != 0:
                yield _termination_cause(case, state.terminated)
        elif state.running is not None and not status.ready and not is_init:
            yield _unready_cause(case, state.running)


def recent_restarts(pod: Pod, now: datetime) -> Iterator[Finding]:
    """Yield a warning for each container of a ready pod that failed within the last hour: it may fail again."""
    if not pod.is_ready or pod.is_terminating:
        return
    sidecars = {container.name for container in pod.spec.init_containers or () if container.is_sidecar}
    init = (status for status in pod.status.init_container_statuses or () if status.name in sidecars)
    for status in (*init, *(pod.status.container_statuses or ())):
        ended = status.last_state.terminated if status.last_state else None
        if ended is None or ended.finished_at is None or now - ended.finished_at > _RECENT_RESTART:
            continue
        if ended.reason == "OOMKilled":
            how = "OOMKilled"
        elif ended.exit_code == 0:
            continue
        else:
            how = exit_text(ended)
        times = "once" if status.restart_count <= 1 else f"{status.restart_count} times"
        ago = age(ended.finished_at, now)
        message = f"container {printable(status.name)} was restarted {times}, last {ago} ago ({how})"
        yield Finding(Severity.WARNING, ended.reason or "Restarted", message, pod.key)


def exit_text(ended: StateTerminated) -> str:
    """Return how a container terminated: `exit 1`, `exit 137, SIGKILL`."""
    signal = _SIGNALS.get(ended.exit_code, f"signal {ended.signal}" if ended.signal else "")
    return f"exit {ended.exit_code}" + (f", {signal}" if signal else "")


def _waiting_cause(case: _Case, waiting: StateWaiting) -> Cause | None:
    reason, status, label = waiting.reason, case.status, case.label
    if reason in _CREATE_REASONS:
        message = _creation_message(label, waiting.message)
        remedy = missing_object_remedy(waiting.message)
        return Cause(CauseKind.CONFIG, reason, message, status.name, remedy=remedy)
    if reason == "CrashLoopBackOff":
        ended = status.last_state.terminated if status.last_state else None
        if ended is not None:
            return _termination_cause(case, ended)
        return Cause(CauseKind.CRASH, reason, f"{label} is crash-looping", status.name)
    if reason in _STARTING_REASONS:
        return None
    # Newer kubelets may report new reasons: pass them on unchanged.
    detail = f": {shorten(waiting.message)}" if waiting.message.strip() else ""
    message = f"{label} does not start: {printable(reason)}{detail}"
    is_blocking = _FAILURE_REASON.search(reason) is not None
    since = case.pod.status.start_time
    return Cause(CauseKind.CONFIG, printable(reason), message, status.name, since, is_blocking=is_blocking)


def _creation_message(label: str, text: str) -> str:
    missing = _MISSING.match(text.strip())
    if missing:
        kind = {"configmap": "ConfigMap", "secret": "Secret"}[missing["kind"]]
        return f"{kind} {printable(missing['name'])} not found (needed by {label})"
    detail = shorten(text)
    return f"{label} cannot be created: {detail}" if detail else f"{label} cannot be created"


def _termination_cause(case: _Case, ended: StateTerminated) -> Cause:
    """Return why a container terminated: out of memory, failed to start, killed by a probe, or crashed."""
    status, label = case.status, case.label
    waiting = status.state.waiting.reason if status.state and status.state.waiting else ""
    since = _crashing_since(case, ended)
    if ended.reason == "OOMKilled":
        resources = case.container.resources
        limit = (resources.limits or {}).get("memory") if resources else None
        detail = (
            f"limit {printable(str(limit))}"
            if limit is not None
            else "no memory limit: probably the node ran out of memory"
        )
        return Cause(CauseKind.OOM, "OOMKilled", f"{label} was OOMKilled ({detail})", status.name, since)
    if ended.reason in _START_FAILURES:
        detail = shorten(ended.message) or exit_text(ended)
        return Cause(CauseKind.CRASH, ended.reason, f"{label} cannot start: {detail}", status.name, since)
    for probe, output in probe_failures(case.events, status.name):
        if probe in ("liveness", "startup"):
            message = f"{label} is killed by its {probe} probe: {output}"
            return Cause(CauseKind.PROBE, "Unhealthy", message, status.name, since)
    reason = waiting or ended.reason or "Error"
    if ended.exit_code == 0:
        return Cause(CauseKind.CRASH, reason, f"{label} keeps exiting with 0", status.name, since)
    is_repeated = case.pod.spec.restart_policy != "Never" and (waiting or status.restart_count > 0)
    verb = "is crash-looping" if is_repeated else "failed"
    return Cause(CauseKind.CRASH, reason, f"{label} {verb} ({exit_text(ended)})", status.name, since)


def _crashing_since(case: _Case, ended: StateTerminated) -> datetime | None:
    """Return when a container began to crash; its status only has the latest of perhaps many crashes."""
    status = case.status
    is_running = status.state is not None and status.state.running is not None
    if status.restart_count + (not is_running) <= 1:
        return ended.finished_at
    back_off_times = (
        event.first_seen
        for event in case.events
        if event.reason == "BackOff" and "restarting" in event.message and is_about_container(event, status.name)
    )
    return min((at for at in back_off_times if at is not None), default=None)


def _unready_cause(case: _Case, running: StateRunning) -> Cause:
    """Return why a running container is not ready: it has just crashed, a probe fails, or it is still starting."""
    status, label, started = case.status, case.label, running.started_at
    last = status.last_state.terminated if status.last_state else None
    if last is not None and last.exit_code != 0 and (started is None or case.now - started < _JUST_RESTARTED):
        return _termination_cause(case, last)
    ready = find_condition(case.pod.status.conditions, "Ready")
    changed = ready.last_transition_time if ready else None
    was_ready = started is not None and changed is not None and changed - started > _WAS_READY_MARGIN
    since = changed if was_ready else started
    failures = list(probe_failures(case.events, status.name))
    if failures:
        probe, output = min(failures, key=lambda failure: PROBES.index(failure[0]))
        message = f"{probe} probe of {label} fails" + (f": {output}" if output else "")
        return Cause(CauseKind.PROBE, "Unhealthy", message, status.name, since, is_blocking=was_ready)
    message = f"{label} is no longer ready" if was_ready else f"{label} is not ready yet"
    return Cause(CauseKind.PROBE, "ContainersNotReady", message, status.name, since, is_blocking=was_ready)
