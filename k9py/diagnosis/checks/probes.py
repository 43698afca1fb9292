"""Probes that fail while their container runs, and whether the port that they ask is one of the container.

A container that has just started may fail its probes: that is information for a minute after its initial delay, then a
warning, and after five minutes a failure; a container that was ready before has failed its failureThreshold already.
Containers that a probe kills: `crashes.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from k9py.api.causes import Cause, CauseKind
from k9py.api.container_spec import Probe
from k9py.api.kinds import POD
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.diagnosis.check import check
from k9py.diagnosis.container_case import ContainerCase
from k9py.diagnosis.containers import unready_cause
from k9py.diagnosis.finding import Finding, NextStep
from k9py.diagnosis.graph import Graph
from k9py.diagnosis.pod_cases import unready_containers
from k9py.diagnosis.pod_evidence import failing_revision
from k9py.diagnosis.probes import PROBES, port_problem, probe_events, probe_of, probe_target
from k9py.diagnosis.proof import event_evidence, field
from k9py.diagnosis.scheduling import SLOW_START
from k9py.diagnosis.service_dependencies import services_it_waits_for

_STARTING: Final = timedelta(minutes=1)
_STATUS: Final = lazy_pattern(r"statuscode: (?P<code>\d{3})")


@check(
    "container-probe",
    "a startup, readiness or liveness probe fails",
    subjects=(POD,),
    reads=("Event", "ReplicaSet", "ControllerRevision", "Service"),
    source="https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/",
    remedy="correct the probe's port or path, or find out why the program does not answer",
)
def probe(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield each running container that is not ready because a probe fails now."""
    for case in unready_containers(pod, graph):
        running = case.status.state.running if case.status.state else None
        if running is None or case.status.ready or case.is_init:
            continue
        cause = unready_cause(case, running)
        if cause.kind is not CauseKind.PROBE:
            continue
        if cause.reason != "Unhealthy":
            yield from _without_event(case, cause, graph)
            continue
        failures = sorted(probe_events(case.events, case.status.name), key=lambda each: PROBES.index(each[1]))
        if not failures or "is killed by" in cause.message:
            continue
        event, name, output = failures[0]
        port = port_problem(case.container, name, output)
        settings = probe_of(case.container, name)
        evidence = [event_evidence(pod, event)]
        if settings is not None and settings.port is not None:
            evidence.append(field(pod, f"{case.spec_field}.{name}Probe", f"port {settings.port}"))
        started = None if cause.is_blocking else running.started_at or pod.status.start_time
        revision = failing_revision(pod, graph)
        yield Finding(
            _severity(settings, started, graph),
            "Unhealthy",
            f"{cause.message}: {port}" if port else cause.message,
            pod.key,
            cause.since or event.first_seen,
            CauseKind.PROBE,
            _remedy(settings, output) if not port else "",
            container=printable(case.status.name),
            evidence=(*evidence, *revision.evidence),
            caused_by=()
            if port
            else services_it_waits_for(pod, case.container, graph, (output,), is_own=_is_command(settings)),
            next_steps=(*revision.next_steps, NextStep(f"read the log of {case.label}", "object.logs")),
        )


def _is_command(settings: Probe | None) -> bool:
    return settings is not None and settings.exec is not None


def _remedy(settings: Probe | None, output: str) -> str:
    """Return what helps where the answer of a probe tells, "" where it may be the port, the path or the program."""
    if _is_command(settings):
        return "run the command of the probe in the container, and repair what it complains of"
    code = _STATUS.search(output)
    if code is None:
        return ""
    if code["code"] in ("404", "405", "410"):
        return "correct the path of the probe, or let the program answer it"
    if code["code"] in ("401", "403"):
        return "let the program answer the probe without credentials"
    return f"find out why the program answers {code['code']}: its log, and what it depends on"


def _without_event(case: ContainerCase, cause: Cause, graph: Graph) -> Iterator[Finding]:
    """Yield that a probe does not succeed where no event says why: events may not be readable, or are gone."""
    name = "startup" if case.container.startup_probe is not None and not case.status.started else "readiness"
    settings = probe_of(case.container, name)
    running = case.status.state.running if case.status.state else None
    if settings is None or running is None:
        return
    severity = _severity(settings, running.started_at or case.pod.status.start_time, graph)
    if severity is Severity.INFO:
        return
    yield Finding(
        severity,
        "Unhealthy",
        f"{name} probe of {case.label} does not succeed ({probe_target(settings)})",
        case.pod.key,
        cause.since,
        CauseKind.PROBE,
        container=printable(case.status.name),
        evidence=(field(case.pod, f"{case.field}.{'started' if name == 'startup' else 'ready'}", "false"),),
        next_steps=(NextStep(f"read the log of {case.label}", "object.logs"),),
    )


def _severity(settings: Probe | None, started: datetime | None, graph: Graph) -> Severity:
    """Return how bad a failing probe is.

    Args:
        started: when a container that has not been ready yet started, None for one that was.
    """
    if started is None:
        return Severity.DOWN
    delay = timedelta(seconds=settings.initial_delay_seconds if settings else 0)
    for limit, severity in ((_STARTING + delay, Severity.INFO), (SLOW_START + delay, Severity.WARNING)):
        if graph.now - started < limit:
            graph.look_again(started + limit)
            return severity
    return Severity.DOWN
