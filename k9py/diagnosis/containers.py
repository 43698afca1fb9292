"""Name what keeps each container of a pod that is not ready from running: why it waits, how it terminated, its probes.

To add a reason of a waiting container: a branch in `waiting_cause`. Images, probes, and the texts of terminations and
of runtimes have modules of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from k9py.api.causes import Cause, CauseKind
from k9py.api.events import Event
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.meta import find_condition
from k9py.api.pods import ContainerStatus, Pod, StateRunning, StateTerminated, StateWaiting
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.api.times import age
from k9py.diagnosis.container_case import STARTING_REASONS, ContainerCase, container_cases
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.hooks import hook_error, hook_failed
from k9py.diagnosis.images import image_cause
from k9py.diagnosis.named_hosts import named_hosts
from k9py.diagnosis.pod_events import is_about_container
from k9py.diagnosis.probes import PROBES, port_problem, probe_events, probe_of, probe_text
from k9py.diagnosis.remedies import missing_object_remedy
from k9py.diagnosis.runtime_errors import concise_error, start_remedy
from k9py.diagnosis.terminations import (
    OOM_KILLED,
    START_FAILURES,
    STATUS_UNKNOWN,
    exit_text,
    termination_message,
)

RUN_ERROR: Final = "RunContainerError"
CREATE_REASONS: Final = frozenset({"CreateContainerConfigError", "CreateContainerError", RUN_ERROR})
"""Reasons of a container that cannot be created or started (kubelet/kuberuntime/kuberuntime_container.go)."""
HOOK_REASON: Final = "PostStartHookError"
_FAILURE_REASON: Final = lazy_pattern(r"Err|Fail|BackOff|Cannot|Invalid|Denied|Exceed|Refuse|Missing")
"""Part of a reason that indicates a failure, whichever it is."""
_MISSING: Final = lazy_pattern(r'^(?P<kind>configmap|secret) "(?P<name>[^"]+)" not found$')
_PROBE_ENDS: Final = frozenset({0, 137, 143})
"""Exit codes of a container that the kubelet stops; another code is usually the program's own."""

_UNKNOWN_REASON_TIME: Final = timedelta(seconds=30)
"""A reason that no list has is taken for a failure after this time: a normal start has other reasons."""
JUST_RESTARTED: Final = timedelta(minutes=2)
"""A container that crashed and has run for less time than this has not yet proved stable."""
_WAS_READY_MARGIN: Final = timedelta(seconds=5)
"""Ready=False written this long after the container started means that it was ready in between."""
_INIT_WAITS: Final = timedelta(minutes=1)
_WAIT_LOOP: Final = lazy_pattern(r"\b(?:until|while|wait[-_]for|wait4x|dockerize|k8s-wait-for)\b|^(?:service|svc) ")
"""Commands that only end when what they wait for answers; others (a migration, a download) may take their time."""
_SIDECAR_START: Final = timedelta(minutes=1)
_WRONG_REQUEST: Final = lazy_pattern(r"statuscode: 4(?!08|25|29)\d\d\b|does not implement the grpc health protocol")
"""A probe's request that the program answers, and that asking again does not make right."""
_ANSWERING: Final = timedelta(minutes=1)
_RECENT_RESTART: Final = timedelta(hours=1)
BACK_OFF_RESET: Final = timedelta(minutes=10)
"""A container that ran for this long is started without a back-off when it ends (2 x MaxContainerBackOff)."""
_STARTUP_RETRIES: Final = 3
"""A program that waits for another one by failing usually fails no more often."""
_PROVEN: Final = timedelta(minutes=1)
"""The least time that a container has to run after such failures."""


def container_causes(pod: Pod, now: datetime, events: Sequence[Event]) -> Iterator[Cause]:
    """Yield what keeps each container from being ready, init containers first.

    Args:
        events: recent ones about the pod.
    """
    for case in container_cases(pod, now, events):
        cause = container_cause(case)
        if cause is not None:
            yield cause


def container_cause(case: ContainerCase) -> Cause | None:
    """Return what keeps a container from being ready, None when nothing does."""
    status, state = case.status, case.status.state
    if state is None:
        return None
    if state.waiting is not None:
        return image_cause(case) or waiting_cause(case, state.waiting)
    if state.terminated is not None:
        is_wrong = state.terminated.exit_code != 0 or (not case.is_init and case.pod.spec.restart_policy == "Always")
        return termination_cause(case, state.terminated) if is_wrong else None
    if state.running is None or (status.ready and not case.is_init):
        return None
    if not case.is_init:
        return unready_cause(case, state.running)
    last, started = case.last_terminated, state.running.started_at
    if last is not None and last.exit_code != 0 and (started is None or case.now - started < JUST_RESTARTED):
        return termination_cause(case, last)
    return _init_waits(case, started)


def _init_waits(case: ContainerCase, started: datetime | None) -> Cause | None:
    """Return that an init container waits for a host in a loop, for longer than what is up needs to answer."""
    if started is None or case.now - started < _INIT_WAITS:
        return None
    container = case.container
    text = " ".join((*(container.command or ()), *(container.args or ())))
    if not _WAIT_LOOP.search(text):
        return None
    hosts = [host for host in named_hosts(container, case.pod.namespace) if host.is_waited_for]
    if not hosts:
        return None
    message = f"{case.label} has not finished: it waits for {printable(hosts[0].name.name)}"
    return Cause(CauseKind.CONFIG, "InitContainerRunning", message, case.status.name, started)


def stable_at(status: ContainerStatus, ended: StateTerminated) -> datetime | None:
    """Return from when on a container that runs, and ended before, counts as well; None: it ended once.

    A program that failed a few times while it started is well as soon as it has run clearly longer than it did then.

    Args:
        ended: how its previous run terminated.
    """
    if status.restart_count <= 1 or ended.finished_at is None:
        return None
    stable = ended.finished_at + BACK_OFF_RESET
    running = status.state.running.started_at if status.state and status.state.running else None
    if running is None or ended.started_at is None or status.restart_count > _STARTUP_RETRIES:
        return stable
    return min(stable, running + max(_PROVEN, 3 * (ended.finished_at - ended.started_at)))


def is_running_well(status: ContainerStatus, ended: StateTerminated, now: datetime) -> bool:
    """Return whether a container that runs and ended before is well: see `stable_at`."""
    stable = stable_at(status, ended)
    return status.restart_count <= 1 if stable is None else now > stable


def recent_restarts(pod: Pod, now: datetime) -> Iterator[Finding]:
    """Yield that a container of a ready pod failed within the last hour; a warning when that was not the first time."""
    if not pod.is_ready or pod.is_terminating:
        return
    for case in container_cases(pod, now, ()):
        ended = case.last_terminated
        if case.is_init or ended is None or ended.finished_at is None or now - ended.finished_at > _RECENT_RESTART:
            continue
        if ended.reason == OOM_KILLED:
            how = OOM_KILLED
        elif ended.exit_code == 0:
            continue
        else:
            how = exit_text(ended)
        restarts = case.status.restart_count
        times = "once" if restarts <= 1 else f"{restarts} times"
        message = f"{case.label} was restarted {times}, last {age(ended.finished_at, now)} ago ({how})"
        severity = Severity.INFO if is_running_well(case.status, ended, now) else Severity.WARNING
        yield Finding(severity, ended.reason or "Restarted", message, pod.key)


def waiting_cause(case: ContainerCase, waiting: StateWaiting) -> Cause | None:
    """Return why a container waits, but for its image; None when it starts normally."""
    reason, status, label = waiting.reason, case.status, case.label
    if reason in CREATE_REASONS:
        message = _creation_message(label, waiting.message, reason)
        remedy = missing_object_remedy(waiting.message) or start_remedy(waiting.message)
        return Cause(CauseKind.CONFIG, reason, message, status.name, case.first_seen("Failed"), remedy=remedy)
    if reason == "CrashLoopBackOff":
        ended = case.last_terminated
        if ended is not None:
            return termination_cause(case, ended)
        return Cause(CauseKind.CRASH, reason, f"{label} is crash-looping", status.name, case.first_seen("BackOff"))
    if reason == HOOK_REASON:
        message = f"postStart hook of {label} fails: {hook_error(waiting.message)}"
        since = case.first_seen("FailedPostStartHook")
        return Cause(CauseKind.CONFIG, reason, message.removesuffix(": "), status.name, since)
    if reason in STARTING_REASONS:
        return None
    # Newer kubelets may report new reasons: pass them on unchanged.
    text = concise_error(waiting.message)
    detail = f": {text}" if text else ""
    message = f"{label} does not start: {printable(reason)}{detail}"
    since = case.pod.status.start_time
    is_long = since is not None and case.now - since >= _UNKNOWN_REASON_TIME
    is_blocking = is_long or _FAILURE_REASON.search(reason) is not None
    return Cause(CauseKind.CONFIG, printable(reason), message, status.name, since, is_blocking=is_blocking)


def _creation_message(label: str, text: str, reason: str) -> str:
    missing = _MISSING.match(text.strip())
    if missing:
        kind = {"configmap": "ConfigMap", "secret": "Secret"}[missing["kind"]]
        return f"{kind} {printable(missing['name'])} not found (needed by {label})"
    detail = concise_error(text)
    verb = "cannot start" if reason == RUN_ERROR else "cannot be created"
    return f"{label} {verb}: {detail}" if detail else f"{label} {verb}"


def termination_cause(case: ContainerCase, ended: StateTerminated) -> Cause:
    """Return why a container terminated: out of memory, failed to start, a hook, killed by a probe, or crashed."""
    status, label = case.status, case.label
    waiting = case.waiting.reason if case.waiting else ""
    since = crashing_since(case, ended)
    if ended.reason == OOM_KILLED:
        resources = case.container.resources
        limit = (resources.limits or {}).get("memory") if resources else None
        detail = (
            f"limit {printable(str(limit))}"
            if limit is not None
            else "no memory limit: probably the node ran out of memory"
        )
        remedy = "raise the memory limit, or find out why the program needs more" if limit is not None else ""
        message = f"{label} was OOMKilled ({detail})"
        return Cause(CauseKind.OOM, OOM_KILLED, message, status.name, since, remedy=remedy)
    if ended.reason in START_FAILURES:
        detail = concise_error(ended.message) or exit_text(ended)
        remedy = start_remedy(ended.message)
        message = f"{label} cannot start: {detail}"
        return Cause(CauseKind.CRASH, ended.reason, message, status.name, since, remedy=remedy)
    if ended.reason == STATUS_UNKNOWN:
        message = f"the end of {label} was not observed: its node restarted, or lost it"
        return Cause(CauseKind.NODE, ended.reason, message, status.name, since)
    if ended.exit_code and (hook := hook_failed(case, ended)) is not None:
        return Cause(CauseKind.CONFIG, HOOK_REASON, hook, status.name, case.first_seen("FailedPostStartHook") or since)
    for event, probe, output in probe_events(case.events, status.name):
        if probe in ("liveness", "startup") and _is_stopped_by_probe(event, ended):
            text = probe_text(output, probe_of(case.container, probe))
            message = f"{label} is killed by its {probe} probe: {text}"
            return Cause(CauseKind.PROBE, "Unhealthy", message, status.name, event.first_seen or since)
    return _crash_cause(case, ended, waiting, since)


def _crash_cause(case: ContainerCase, ended: StateTerminated, waiting: str, since: datetime | None) -> Cause:
    status, label = case.status, case.label
    reason = waiting or ended.reason or "Error"
    left = termination_message(ended)
    detail = f": {left}" if left else ""
    if ended.exit_code == 0:
        message = f"{label} keeps exiting with 0{detail}"
        remedy = "let the program run until it is stopped, or make it a Job"
        return Cause(CauseKind.CRASH, reason, message, status.name, since, remedy=remedy)
    is_repeated = case.pod.spec.restart_policy != "Never" and (waiting or status.restart_count > 0)
    verb = "is crash-looping" if is_repeated else "failed"
    message = f"{label} {verb} ({exit_text(ended)}){detail}"
    return Cause(CauseKind.CRASH, reason, message, status.name, since)


def _is_stopped_by_probe(event: Event, ended: StateTerminated) -> bool:
    """Return whether a failed probe can have ended a run: it failed in it, and the exit code is that of a stop."""
    seen = event.last_seen
    if seen is not None and ended.started_at is not None and seen < ended.started_at:
        return False
    return ended.exit_code in _PROBE_ENDS


def crashing_since(case: ContainerCase, ended: StateTerminated) -> datetime | None:
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


def unready_cause(case: ContainerCase, running: StateRunning) -> Cause:
    """Return why a running container is not ready: it has just crashed, a probe fails, or it is still starting."""
    status, label, started = case.status, case.label, running.started_at
    last = case.last_terminated
    if last is not None and last.exit_code != 0 and (started is None or case.now - started < JUST_RESTARTED):
        return termination_cause(case, last)
    ready = find_condition(case.pod.status.conditions, "Ready")
    changed = ready.last_transition_time if ready else None
    was_ready = started is not None and changed is not None and changed - started > _WAS_READY_MARGIN
    since = changed if was_ready else started
    failures = list(probe_events(case.events, status.name))
    if failures:
        _, probe, output = min(failures, key=lambda failure: PROBES.index(failure[1]))
        text = probe_text(output, probe_of(case.container, probe))
        message = f"{probe} probe of {label} fails" + (f": {text}" if text else "")
        is_hopeless = started is not None and _is_hopeless(case, probe, output, case.now - started)
        return Cause(CauseKind.PROBE, "Unhealthy", message, status.name, since, is_blocking=was_ready or is_hopeless)
    message = f"{label} is no longer ready" if was_ready else f"{label} is not ready yet"
    return Cause(CauseKind.PROBE, "ContainersNotReady", message, status.name, since, is_blocking=was_ready)


def _is_hopeless(case: ContainerCase, name: str, output: str, elapsed: timedelta) -> bool:
    """Return whether a probe that has not succeeded yet cannot: it asks a port that its container does not have.

    Neither can one whose request is answered for a minute, and refused as wrong: the program runs, and knows no such
    path or wants credentials.

    A sidecar that does not start keeps every other container from starting, so it has a minute at most.
    """
    settings = probe_of(case.container, name)
    patience = timedelta(seconds=max(settings.patience_seconds if settings else 0, 15))
    if port_problem(case.container, name, output):
        return elapsed >= patience
    if _WRONG_REQUEST.search(output):
        return elapsed >= max(patience, _ANSWERING)
    return name == "startup" and case.container.is_sidecar and elapsed >= _SIDECAR_START
