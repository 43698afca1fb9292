"""What diagnosis adds to the description of a Service or workload: state, findings, pods by revision.

Everything comes from the watched cluster; what an object's own JSON says is described in `resources/describe/`. To add
to another kind: a function that returns its `DiagnosedStatus`, and a case in `diagnosed_status`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol

from k9py.api.causes import CauseKind
from k9py.api.kinds import HORIZONTAL_POD_AUTOSCALER, POD_DISRUPTION_BUDGET, Kind
from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.pods import ContainerStatus, Pod
from k9py.api.services import Service
from k9py.api.times import age
from k9py.api.workloads import Workload
from k9py.cluster.queries import Queries
from k9py.cluster.views import ServiceMode, ServiceView
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.problem import Problem
from k9py.rollouts.cohorts import Cohort
from k9py.views.describe import DescribeLine, Section, line, section
from k9py.views.problems import cause_text
from k9py.views.problems.chain import evidence_pieces
from k9py.views.rollouts import KIND_SHORT_NAMES, state_text
from k9py.views.services import endpoints_cell, target_text
from k9py.views.tones import finding_tone, rollout_tone, service_tone, severity_tone
from k9py.views.values import Tone


@dataclass(frozen=True, slots=True)
class DiagnosedStatus:
    """What is known of an object beyond its JSON. Every part may be empty.

    Args:
        lines: For the head of the description.
        findings: What is wrong, worst first.
        sections: Sections of their own.
    """

    lines: tuple[DescribeLine, ...] = ()
    findings: tuple[DescribeLine, ...] = ()
    sections: tuple[Section, ...] = ()


_RESTARTING = (CauseKind.CRASH, CauseKind.OOM, CauseKind.PROBE, CauseKind.CONFIG)
"""Causes after which a container is restarted."""
NOTHING = DiagnosedStatus()
MAX_EVIDENCE: Final = 4
"""Pieces of evidence of one finding that are shown; its chain has all of them."""


class ObjectTriage(Protocol):
    """What triage knows about one object. `cluster.triage` implements it."""

    def findings_of(self, ref: ObjectRef) -> tuple[Finding, ...]:
        """Return what was found about it."""

    def problems_of(self, ref: ObjectRef) -> tuple[Problem, ...]:
        """Return the problems that are about it or explain it, worst first."""


def diagnosed_status(
    queries: Queries, key: ObjectRef, now: datetime, triage: ObjectTriage | None = None
) -> DiagnosedStatus:
    """Return what is known about a Service, workload or pod, and what triage has found about an object of any kind.

    Args:
        triage: None while it does not run.
    """
    status = _watched_status(queries, key, now)
    if triage is None:
        return status
    more = tuple(_triage_lines(triage, key, [shown.text for shown in status.findings], now))
    return replace(status, findings=(*status.findings, *more)) if more else status


def _triage_lines(triage: ObjectTriage, key: ObjectRef, known: list[str], now: datetime) -> Iterator[DescribeLine]:
    """Yield the roots that explain an object and what was found about it, with the evidence, as far as it is new."""
    for problem in triage.problems_of(key):
        root = problem.root
        text = cause_text(problem, key)
        if root.about != key and not root.is_effect and not any(root.message in shown for shown in known):
            known.append(text)
            since = f", for {age(root.since, now)}" if root.since else ""
            yield line("root cause", text + since, severity_tone(problem.severity))
    for finding in triage.findings_of(key):
        is_known = any(finding.message in shown for shown in known)
        if not finding.is_effect and not is_known:
            yield from finding_lines((finding,), now)
        if not finding.is_effect:
            for evidence in finding.evidence[:MAX_EVIDENCE]:
                yield line("", "".join(text for text, _ in evidence_pieces(evidence, key, now)), Tone.MUTED)


def _watched_status(queries: Queries, key: ObjectRef, now: datetime) -> DiagnosedStatus:
    """Return what is known about a Service, workload or pod; NOTHING of other kinds, or when it is not watched."""
    if key.group:
        return NOTHING
    match key.kind:
        case "Service":
            service = queries.service(key)
            return _service(queries, service, now) if service else NOTHING
        case "Pod":
            pod = queries.pod(key)
            return (
                DiagnosedStatus(findings=pod_finding_lines(pod, queries.pod_findings(key, now), now))
                if pod
                else NOTHING
            )
        case "Deployment" | "StatefulSet" | "DaemonSet":
            workload = queries.workload(key)
            return _workload(queries, workload, now) if workload else NOTHING
    return NOTHING


def finding_lines(findings: Iterable[Finding], now: datetime) -> tuple[DescribeLine, ...]:
    """Return a line for each finding."""
    return tuple(
        line(
            finding.reason,
            finding.message + (f", for {age(finding.since, now)}" if finding.since else ""),
            finding_tone(finding),
        )
        for finding in findings
    )


def pod_finding_lines(pod: Pod, findings: Iterable[Finding], now: datetime) -> tuple[DescribeLine, ...]:
    """Return a line for each finding about a pod, with how often its container was restarted, and when last."""
    statuses = (*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ()))
    restarts = {status.name: _restarts_text(status, now) for status in statuses}
    listed = tuple(findings)
    lines = finding_lines(listed, now)
    texts = (restarts.get(finding.container, "") if finding.kind in _RESTARTING else "" for finding in listed)
    return tuple(
        line(shown.label, f"{shown.text}, {text}" if text else shown.text, shown.tone)
        for shown, text in zip(lines, texts, strict=True)
    )


def _restarts_text(status: ContainerStatus, now: datetime) -> str:
    """Return `5 restarts, last 14s ago`, "" when the container was never restarted."""
    if not status.restart_count:
        return ""
    last = status.last_state.terminated if status.last_state else None
    ended_at = last.finished_at if last is not None else None
    count = count_noun(status.restart_count, "restart")
    return f"{count}, last {age(ended_at, now)} ago" if ended_at is not None else count


def _with_text(lines: Iterable[DescribeLine]) -> tuple[DescribeLine, ...]:
    return tuple(shown for shown in lines if shown.text)


def _service(queries: Queries, service: Service, now: datetime) -> DiagnosedStatus:
    view = queries.service_view(service.key, now)
    if view is None:
        return NOTHING
    tone = service_tone(view)
    lines = (
        line("serving", endpoints_cell(view, tone).text if view.desired or view.total != 0 else "", tone),
        line("endpoints", _endpoint_count_text(view), Tone.PLAIN if view.total != 0 else tone),
        line("target", target_text(view) or _likely_target_text(queries, service)),
    )
    return DiagnosedStatus(_with_text(lines), finding_lines(view.findings, now))


def _endpoint_count_text(view: ServiceView) -> str:
    if view.mode is ServiceMode.EXTERNAL_NAME:
        return ""
    if view.total is None:
        return "?"
    return f"{view.ready} of {view.total} ready" if view.total else "none"


def _likely_target_text(queries: Queries, service: Service) -> str:
    """Return the workload that the selector was probably meant to match, and how its pods' labels differ."""
    mismatch = queries.selector_mismatch_of(service.key)
    if mismatch is None:
        return ""
    key, difference = mismatch
    return f"none: pods of {KIND_SHORT_NAMES.get(key.kind, key.kind)}/{key.name} are {difference}"


def _workload(queries: Queries, workload: Workload, now: datetime) -> DiagnosedStatus:
    view = queries.rollout_view(workload.key, now)
    if view is None:
        return NOTHING
    status = view.status
    lines = (
        line("state", state_text(view), rollout_tone(view)),
        line("revision", "" if status.revision is None else str(status.revision)),
        line("images", ", ".join(status.images)),
        line("HPA", _autoscaler_text(queries, workload)),
        *(
            line("PDB", f"{budget.name}: {count_noun(budget.status.disruptions_allowed, 'disruption')} allowed")
            for budget in queries.budgets_of(workload.key)
        ),
        line("PDB", _unread_text(queries, POD_DISRUPTION_BUDGET)),
        line("services", ", ".join(service.name for service in queries.services_of(workload.key))),
    )
    pods = section("Pods by revision", (_cohort(cohort) for cohort in queries.cohorts_of(workload.key)))
    return DiagnosedStatus(_with_text(lines), finding_lines(view.findings, now), (pods,))


def _autoscaler_text(queries: Queries, workload: Workload) -> str:
    autoscaler = queries.autoscaler_of(workload.key)
    if autoscaler is None:
        return _unread_text(queries, HORIZONTAL_POD_AUTOSCALER)
    return f"{autoscaler.name}: {autoscaler.spec.min_replicas or 1} to {autoscaler.spec.max_replicas} replicas"


def _unread_text(queries: Queries, kind: Kind[Any]) -> str:
    """Return that objects of a kind have not been read; "" if they have."""
    return "" if queries.has_synced(kind.name) else f"unknown: cannot read {kind.resource}"


def _cohort(cohort: Cohort) -> DescribeLine:
    label = f"revision {cohort.revision.number or '?'}" if cohort.revision else "revision ?"
    text = f"{count_noun(len(cohort.pods), 'pod')}, {cohort.ready} ready, {count_noun(cohort.restarts, 'restart')}"
    terminating = f", {cohort.ending} terminating" if cohort.ending else ""
    return line(label, text + terminating, Tone.ACCENT if cohort.is_current else Tone.MUTED)
