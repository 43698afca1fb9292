"""Containers that wait for something else than an image or configuration, and init containers that do not end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from k9py.api.causes import CauseKind
from k9py.api.kinds import POD
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.diagnosis.check import check
from k9py.diagnosis.container_case import STARTING_REASONS
from k9py.diagnosis.containers import CREATE_REASONS, HOOK_REASON, waiting_cause
from k9py.diagnosis.finding import Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.hooks import hook_error, hook_text
from k9py.diagnosis.images import IMAGE_REASONS
from k9py.diagnosis.job_dependencies import jobs_it_waits_for
from k9py.diagnosis.pod_cases import unready_containers
from k9py.diagnosis.pod_evidence import failing_revision, named_line, newest_event, waiting_evidence
from k9py.diagnosis.proof import event_evidence, field
from k9py.diagnosis.service_dependencies import services_it_waits_for
from k9py.logs.failing_line import failing_line

_OTHER_CHECKS: Final = STARTING_REASONS | CREATE_REASONS | IMAGE_REASONS
_INIT_EXPECTED: Final = timedelta(seconds=30)
_INIT_SLOW: Final = timedelta(minutes=1)
"""A migration may take longer; what waits for something that is missing never ends."""
_INIT_STUCK: Final = timedelta(minutes=10)


@check(
    "container-waiting",
    "a container waits with a reason that names a failure, such as a failed postStart hook",
    subjects=(POD,),
    reads=("Event", "ReplicaSet", "ControllerRevision"),
    source="https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/",
    remedy="read its message; correct the hook, or what the message names",
)
def container_waiting(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield each container with a waiting reason that no other check explains, whichever it is."""
    for case in unready_containers(pod, graph):
        waiting = case.waiting
        if waiting is None or waiting.reason in _OTHER_CHECKS:
            continue
        if waiting.reason == "CrashLoopBackOff" and case.last_terminated is not None:
            continue
        cause = waiting_cause(case, waiting)
        if cause is None:
            continue
        revision = failing_revision(pod, graph)
        evidence = [waiting_evidence(case), *revision.evidence]
        if waiting.reason == HOOK_REASON:
            evidence += newest_event(case, "FailedPostStartHook")
        yield Finding(
            Severity.DOWN if cause.is_blocking else Severity.WARNING,
            cause.reason,
            cause.message,
            pod.key,
            cause.since or pod.status.start_time,
            cause.kind,
            cause.remedy,
            printable(case.status.name),
            evidence=tuple(evidence),
            next_steps=revision.next_steps,
        )


@check(
    "init-container-slow",
    "an init container has not finished, so the others do not start",
    subjects=(POD,),
    reads=("Event", "Service", "EndpointSlice", "Job"),
    source="https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#detailed-behavior",
    remedy="read its log: it says what it waits for",
)
def init_container_slow(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield the init container that runs for longer than a minute, as information from half a minute on."""
    if pod.status.phase != "Pending" or not pod.status.init_container_statuses:
        return
    for case in unready_containers(pod, graph):
        running = case.status.state.running if case.status.state else None
        if running is None or not case.is_init or running.started_at is None:
            continue
        for limit in (_INIT_EXPECTED, _INIT_SLOW, _INIT_STUCK):
            graph.look_again(running.started_at + limit)
        age = graph.now - running.started_at
        if age < _INIT_EXPECTED:
            return
        lines = graph.last_lines(pod, case.status.name)
        known = () if lines is None or isinstance(lines, Unread) else lines
        line = failing_line([text.encode(errors="replace") for text in known[-20:]]) or ""
        services = services_it_waits_for(pod, case.container, graph, known[-20:])
        jobs = jobs_it_waits_for(case.container, pod.namespace, graph)
        severity = Severity.INFO if age < _INIT_SLOW else Severity.WARNING if age < _INIT_STUCK else Severity.DOWN
        if jobs:
            severity = Severity.DOWN  # it never ends
        if services and severity is not Severity.INFO:
            severity = Severity.DOWN  # it cannot end before they serve
        yield Finding(
            severity,
            "InitContainerRunning",
            f"{case.label} waits for Job {printable(jobs[0].name)}, which failed"
            if jobs
            else f"{case.label} has not finished",
            pod.key,
            running.started_at,
            CauseKind.CONFIG,
            container=printable(case.status.name),
            evidence=(
                field(pod, f"{case.field}.state.running", "running", running.started_at),
                *named_line(case, line),
            ),
            caused_by=(*jobs, *services),
            next_steps=(NextStep(f"read the log of {case.label}", "object.logs"),),
        )
        return


@check(
    "pre-stop-hook",
    "the preStop hook of a container failed",
    subjects=(POD,),
    reads=("Event",),
    source="https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/#hook-handler-execution",
    remedy="correct the hook: the container is stopped without it",
)
def pre_stop_hook(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield that a terminating pod is stopped without what its preStop hook should have done."""
    if not pod.is_terminating:
        return
    hooks = {
        each.name: each.lifecycle.pre_stop
        for each in pod.spec.containers or ()
        if each.lifecycle is not None and each.lifecycle.pre_stop is not None
    }
    if not hooks:
        return
    for event in graph.events(pod):
        name = event.involved_object.field_path.partition("{")[2].rstrip("}") or next(iter(hooks))
        if event.reason == "FailedPreStopHook" and name in hooks:
            detail = hook_error(event.message) or hook_text(hooks[name])
            message = f"preStop hook of container {printable(name)} failed" + (f": {detail}" if detail else "")
            yield Finding(
                Severity.WARNING,
                "FailedPreStopHook",
                message,
                pod.key,
                event.first_seen,
                container=printable(name),
                evidence=(event_evidence(pod, event),),
            )
            return
