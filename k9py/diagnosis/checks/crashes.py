"""Containers that end though they should run: crashes, too little memory, programs that cannot be started.

A container counts until it has run for two minutes, and a ready one as long as its crashes repeat within ten; a single
restart is only worth knowing. To name another end of a container: `terminations.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from k9py.api.causes import Cause, CauseKind
from k9py.api.kinds import NODE, POD
from k9py.api.meta import find_condition
from k9py.api.pods import Pod, StateTerminated
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.diagnosis.check import check
from k9py.diagnosis.container_case import ContainerCase, container_cases
from k9py.diagnosis.containers import HOOK_REASON, RUN_ERROR, is_running_well, termination_cause, waiting_cause
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.job_dependencies import jobs_it_waits_for
from k9py.diagnosis.log_errors import log_error
from k9py.diagnosis.pod_cases import (
    RECENT,
    ended_runs,
    is_plainly_healthy,
    pod_severity,
    settles_at,
    unready_containers,
)
from k9py.diagnosis.pod_events import recent_events
from k9py.diagnosis.pod_evidence import (
    FailingRevision,
    failing_revision,
    last_line,
    named_line,
    newest_event,
    termination_evidence,
    waiting_evidence,
)
from k9py.diagnosis.probes import port_problem, probe_events
from k9py.diagnosis.proof import condition_evidence, field
from k9py.diagnosis.service_dependencies import services_it_waits_for
from k9py.diagnosis.terminations import OOM_KILLED, START_FAILURES, exit_text

_LIFECYCLE: Final = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/"


@check(
    "container-crash",
    "a container crashes again and again, or ends though it should run",
    subjects=(POD,),
    reads=("Event", "Job", "ReplicaSet", "ControllerRevision", "Service"),
    source=f"{_LIFECYCLE}#container-restarts",
    remedy="read the last lines of its log",
)
def container_crash(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield each container that ends by its own program."""
    for case, ended, cause in ended_runs(pod, graph):
        if cause.kind not in (CauseKind.CRASH, CauseKind.NODE) or ended.reason in START_FAILURES:
            continue
        severity = _severity(pod)
        if severity is None:
            return
        line = last_line(case, graph)
        revision = failing_revision(pod, graph)
        reason = "Completed" if ended.exit_code == 0 else "CrashLoopBackOff" if _restarts(pod) else "Error"
        logs = NextStep(f"read the log of {case.label}", "object.logs" if case.terminated else "object.previous_logs")
        evidence = (
            termination_evidence(case, ended, explains=True),
            *named_line(case, line),
            *newest_event(case, "BackOff", "restart"),
            *newest_event(case, "InvalidEnvironmentVariableNames"),
        )
        error = log_error(line) or log_error(ended.message)
        if error is not None and not cause.remedy:
            cause = replace(cause, remedy=error.remedy)
        finding = _finding(case, ended, cause, graph, reason, revision, evidence, (*revision.next_steps, logs))
        services = services_it_waits_for(pod, case.container, graph, (line, ended.message)) if ended.exit_code else ()
        jobs = jobs_it_waits_for(case.container, pod.namespace, graph) if case.is_init and ended.exit_code else ()
        yield replace(finding, severity=severity, caused_by=(*services, *jobs))


@check(
    "container-oom",
    "a container needs more memory than it may have (OOMKilled)",
    subjects=(POD,),
    reads=("Event", "Node", "ReplicaSet", "ControllerRevision"),
    source="https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#how-pods-with-resource-limits-are-run",
    remedy="raise the memory limit, or find out why the program needs more",
)
def container_oom(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield each container that was killed for its memory, with its limit and who wrote it."""
    for case, ended, cause in ended_runs(pod, graph):
        if cause.kind is not CauseKind.OOM:
            continue
        revision = failing_revision(pod, graph)
        evidence = (termination_evidence(case, ended), *_memory_evidence(case, graph))
        steps = (*revision.next_steps, NextStep("raise the memory limit", "object.edit", graph.workload_of(pod)))
        yield _finding(case, ended, cause, graph, OOM_KILLED, revision, evidence, steps)


@check(
    "container-start",
    "the command of a container cannot be started",
    subjects=(POD,),
    reads=("Event", "Node", "ReplicaSet", "ControllerRevision"),
    source="https://github.com/opencontainers/runc/blob/main/libcontainer/standard_init_linux.go",
    remedy="correct the container's command, or its image",
)
def container_start(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield each container whose runtime could not start its command.

    It waits for a moment with the reason RunContainerError, and has then ended with StartError.
    """
    for case in unready_containers(pod, graph):
        if case.waiting is not None and case.waiting.reason == RUN_ERROR:
            run_error = waiting_cause(case, case.waiting)
            if run_error is not None:
                revision = failing_revision(pod, graph)
                yield _finding(
                    case, None, run_error, graph, "StartError", revision, (waiting_evidence(case),), revision.next_steps
                )
    for case, ended, cause in ended_runs(pod, graph):
        if ended.reason not in START_FAILURES or cause.kind is not CauseKind.CRASH:
            continue
        revision = failing_revision(pod, graph)
        evidence = (termination_evidence(case, ended), *newest_event(case, "Failed", "Error: "))
        yield _finding(case, ended, cause, graph, "StartError", revision, evidence, revision.next_steps)


@check(
    "container-killed",
    "a container is killed by its liveness or startup probe, or because its postStart hook fails",
    subjects=(POD,),
    reads=("Event", "ReplicaSet", "ControllerRevision"),
    source=f"{_LIFECYCLE}#container-probes",
    remedy="correct the probe or hook, or give the program more time",
)
def container_killed(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield each container that the kubelet kills and restarts."""
    for case, ended, cause in ended_runs(pod, graph):
        is_hook = cause.reason == HOOK_REASON
        if cause.kind is not CauseKind.PROBE and not is_hook:
            continue
        revision = failing_revision(pod, graph)
        events = newest_event(case, "FailedPostStartHook" if is_hook else "Unhealthy")
        if is_hook:
            cause = replace(cause, remedy="correct the hook, or what it calls")
        else:
            cause = replace(cause, message=cause.message + _port_note(case))
        line = last_line(case, graph)
        evidence = (*events, termination_evidence(case, ended), *named_line(case, line))
        finding = _finding(case, ended, cause, graph, cause.reason, revision, evidence, revision.next_steps)
        services = services_it_waits_for(pod, case.container, graph, (line, cause.message))
        yield replace(finding, caused_by=services)


@check(
    "container-restarted",
    "a container that runs again ended not long ago",
    subjects=(POD,),
    source=f"{_LIFECYCLE}#container-restarts",
    remedy="read the last lines of its previous log",
)
def container_restarted(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield, as information, each container of a ready pod that was restarted within the last hour and runs well."""
    if is_plainly_healthy(pod) or not pod.is_ready or pod.is_terminating:
        return
    for case in container_cases(pod, graph.now, recent_events(pod, graph.events(pod), graph.now)):
        ended = case.last_terminated
        if ended is None or ended.finished_at is None or case.is_init or graph.now - ended.finished_at > RECENT:
            continue
        if is_running_well(case.status, ended, graph.now):
            graph.look_again(ended.finished_at + RECENT)
            cause = termination_cause(case, ended)
            how = OOM_KILLED if ended.reason == OOM_KILLED else exit_text(ended)
            why = cause.message.partition(" is ")[2] if cause.kind is CauseKind.PROBE else how
            message = f"{case.label} was restarted ({why}) and runs again"
            yield Finding(
                Severity.INFO,
                "Restarted",
                message,
                pod.key,
                ended.finished_at,
                container=printable(case.status.name),
                evidence=(termination_evidence(case, ended),),
                next_steps=(NextStep(f"read the previous log of {case.label}", "object.previous_logs"),),
            )


def _finding(
    case: ContainerCase,
    ended: StateTerminated | None,
    cause: Cause,
    graph: Graph,
    reason: str,
    revision: FailingRevision,
    evidence: tuple[Evidence, ...],
    steps: tuple[NextStep, ...],
) -> Finding:
    settled = settles_at(case, ended) if ended is not None else None
    if settled is not None:
        graph.look_again(settled)
    return Finding(
        pod_severity(case.pod),
        reason,
        cause.message,
        case.pod.key,
        cause.since or revision.since,
        cause.kind,
        cause.remedy,
        printable(case.status.name),
        evidence=(*evidence, *revision.evidence),
        next_steps=steps,
    )


def _port_note(case: ContainerCase) -> str:
    """Return `: 9999 is no port of the container ...` for the probe that kills a container, "" without such a proof."""
    for _, name, output in probe_events(case.events, case.status.name):
        if name in ("liveness", "startup") and (problem := port_problem(case.container, name, output)):
            return f": {problem}"
    return ""


def _memory_evidence(case: ContainerCase, graph: Graph) -> Iterator[Evidence]:
    resources, pod = case.container.resources, case.pod
    limit = (resources.limits or {}).get("memory") if resources else None
    request = (resources.requests or {}).get("memory") if resources else None
    path = f"{case.spec_field}.resources"
    yield field(pod, path, f"memory limit {limit or 'none'}, request {request or 'none'}")
    ref = graph.workload_of(pod)
    workload = graph.workload(ref) if ref is not None else None
    if limit is not None and workload is not None:
        template = {each.name: each for each in (workload.spec.template.spec or pod.spec).containers or ()}
        written = template.get(case.status.name)
        in_template = (written.resources.limits or {}).get("memory") if written and written.resources else None
        if in_template is None and not case.is_init:
            yield field(pod, f"{path}.limits", "not in the pod template: set at admission (a LimitRange, or a webhook)")
    if workload is not None:
        owners = [entry for entry in workload.metadata.managed_fields or () if entry.owns_template and entry.time]
        newest = max(owners, key=lambda entry: entry.time or graph.now, default=None)
        if newest is not None:
            text = f"pod template written by {newest.manager}"
            yield field(workload, "metadata.managedFields", text, newest.time)
    if limit is None and pod.spec.node_name:
        node = graph.get(NODE, pod.spec.node_name)
        if node is None or isinstance(node, Unread):
            return
        pressure = find_condition(node.status.conditions, "MemoryPressure")
        if pressure is not None:
            yield condition_evidence(node, pressure)


def _restarts(pod: Pod) -> bool:
    return pod.spec.restart_policy != "Never"


def _severity(pod: Pod) -> Severity | None:
    """Return how bad a crash is for a pod; None: it is a failed pod of a Job, which `checks/jobs.py` reports."""
    owner = pod.metadata.controller
    is_of_job = owner is not None and owner.kind == "Job" and pod.status.phase == "Failed"
    return None if is_of_job else pod_severity(pod)
