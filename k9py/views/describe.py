"""An object's details and events as titled sections of lines, for the describe screen.

To describe another kind: a function that returns its sections, and a case in `describe`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from k9py.api.events import Event
from k9py.api.kinds import HORIZONTAL_POD_AUTOSCALER, POD_DISRUPTION_BUDGET, Kind
from k9py.api.meta import Condition, KubeObject, ObjectRef
from k9py.api.plural import count_noun
from k9py.api.pods import Container, ContainerState, Pod
from k9py.api.services import Endpoint, Service
from k9py.api.text import printable
from k9py.api.times import age
from k9py.api.workloads import Deployment, StatefulSet, Workload
from k9py.cluster.queries import Queries
from k9py.cluster.views import ServiceMode, ServiceView
from k9py.diagnosis.finding import Finding
from k9py.rollouts.cohorts import Cohort
from k9py.views.pod_status import pod_status, pod_tone
from k9py.views.rollouts import KIND_SHORT_NAMES, state_text
from k9py.views.services import endpoints_cell, target_text
from k9py.views.tones import finding_tone, rollout_tone, service_tone
from k9py.views.values import Tone


@dataclass(frozen=True, slots=True)
class DescribeLine:
    """A line: a dim label (may be empty) and a printable text."""

    label: str
    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Section:
    """A titled group of lines."""

    title: str
    lines: tuple[DescribeLine, ...]


def describe(
    queries: Queries, key: ObjectRef, now: datetime, *, events: Iterable[Event] | None = None
) -> tuple[Section, ...]:
    """Return what is known about a service, workload or pod; () if the object does not exist.

    Args:
        events: about it, newest first; None: those that are watched.
    """
    sections: list[Section]
    match key.kind:
        case "Service":
            service = queries.service(key)
            sections = _service(queries, service, now) if service else []
        case "Pod":
            pod = queries.pod(key)
            sections = _pod(queries, pod, now) if pod else []
        case _:
            workload = queries.workload(key)
            sections = _workload(queries, workload, now) if workload else []
    if not sections:
        return ()
    about = queries.events_about(key) if events is None else tuple(events)
    return (*(section for section in sections if section.lines), _events(about, now))


def _service(queries: Queries, service: Service, now: datetime) -> list[Section]:
    view = queries.service_view(service.key, now)
    assert view is not None
    tone = service_tone(view)
    details = [
        _line("type", service.spec.type if view.mode is not ServiceMode.HEADLESS else "ClusterIP (headless)"),
        _line("address", service.spec.cluster_ip),
        _line("alias of", service.spec.external_name),
        _line("ports", view.ports_text),
        _line("selector", _pairs(service.spec.selector)),
        _line("serving", endpoints_cell(view, tone).text if view.desired or view.total != 0 else "", tone),
        _line("endpoints", _endpoint_count_text(view), Tone.PLAIN if view.total != 0 else tone),
        _line("target", target_text(view) or _likely_target_text(queries, service)),
    ]
    endpoints = [
        _line(
            printable(endpoint.target_ref.name if endpoint.target_ref else ""),
            f"{', '.join(endpoint.addresses or ())} {_endpoint_text(endpoint)}",
            Tone.PLAIN if endpoint.conditions.ready is not False else Tone.WARN,
        )
        for endpoint_slice in queries.endpoint_slices_of(service.key)
        for endpoint in endpoint_slice.endpoints or ()
    ]
    return [
        _heading(service, details, now),
        _findings(view.findings, now),
        Section("Endpoints", tuple(endpoints)),
    ]


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


def _endpoint_text(endpoint: Endpoint) -> str:
    if endpoint.conditions.terminating:
        return "terminating, still serving" if endpoint.is_serving else "terminating"
    return "ready" if endpoint.conditions.ready is not False else "not ready"


def _workload(queries: Queries, workload: Workload, now: datetime) -> list[Section]:
    view = queries.rollout_view(workload.key, now)
    assert view is not None
    status = view.status
    desired = "?" if status.desired is None else str(status.desired)
    strategy = workload.spec.strategy if isinstance(workload, Deployment) else workload.spec.update_strategy
    counts = f"{desired} desired, {status.updated} updated, {status.ready} ready, {status.available} available"
    details = [
        _line("state", state_text(view), rollout_tone(view)),
        _line("pods", counts),
        _line("revision", "" if status.revision is None else str(status.revision)),
        _line("images", ", ".join(status.images)),
        _line("strategy", strategy.type + _rolling_update_text(workload)),
        _line("selector", str(workload.spec.selector or "")),
        _line("HPA", _autoscaler_text(queries, workload)),
        *(
            _line("PDB", f"{budget.name}: {count_noun(budget.status.disruptions_allowed, 'disruption')} allowed")
            for budget in queries.budgets_of(workload.key)
        ),
        _line("PDB", _unread_text(queries, POD_DISRUPTION_BUDGET)),
        _line("services", ", ".join(service.name for service in queries.services_of(workload.key))),
    ]
    return [
        _heading(workload, details, now),
        _findings(view.findings, now),
        Section("Pods", tuple(_cohort(cohort) for cohort in queries.cohorts_of(workload.key))),
        _conditions(workload.status.conditions, now),
    ]


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
    return _line(label, text + terminating, Tone.ACCENT if cohort.is_current else Tone.MUTED)


def _pod(queries: Queries, pod: Pod, now: datetime) -> list[Section]:
    status = pod_status(pod)
    owner = pod.metadata.controller
    details = [
        _line("status", status.text, pod_tone(pod, status)),
        _line("message", pod.status.message),
        _line("ready", f"{status.ready}/{status.containers} containers"),
        _line("node", pod.spec.node_name),
        _line("address", pod.status.pod_ip),
        _line("owner", f"{KIND_SHORT_NAMES.get(owner.kind, owner.kind)}/{owner.name}" if owner else ""),
    ]
    containers = (
        *(pod.spec.init_containers or ()),
        *(pod.spec.containers or ()),
        *(pod.spec.ephemeral_containers or ()),
    )
    return [
        _heading(pod, details, now),
        _findings(queries.pod_findings(pod.key, now), now),
        *(_container(pod, container, now) for container in containers),
        _conditions(pod.status.conditions, now),
    ]


def _container(pod: Pod, container: Container, now: datetime) -> Section:
    status = next((status for status in pod.statuses() if status.name == container.name), None)
    lines = [_line("image", container.image)]
    if status is None:
        lines.append(_line("state", "not reported", Tone.UNKNOWN))
    else:
        text, tone = _state(status.state, now)
        lines += [
            _line("state", text, tone),
            _line("ready", "yes" if status.ready else "no", Tone.PLAIN if status.ready else Tone.WARN),
            _line("restarts", str(status.restart_count), Tone.WARN if status.restart_count else Tone.PLAIN),
        ]
        if status.last_state is not None and status.last_state.terminated is not None:
            lines.append(_line("last state", *_state(status.last_state, now)))
    resources = container.resources
    if resources is not None:
        lines += [_line("requests", _pairs(resources.requests)), _line("limits", _pairs(resources.limits))]
    return Section(f"Container {printable(container.name)}", _non_empty(lines))


def _state(state: ContainerState | None, now: datetime) -> tuple[str, Tone]:
    if state is not None and state.running is not None:
        return f"running for {age(state.running.started_at, now)}", Tone.PLAIN
    if state is not None and state.terminated is not None:
        ended = state.terminated
        text = f"{ended.reason or 'terminated'} (exit code {ended.exit_code}) {age(ended.finished_at, now)} ago"
        return f"{text}{_after_colon(ended.message)}", Tone.MUTED if ended.exit_code == 0 else Tone.FAIL
    waiting = state.waiting if state is not None else None
    if waiting is None:
        return "waiting", Tone.BUSY
    is_normal = waiting.reason in ("", "ContainerCreating", "PodInitializing")
    return f"waiting: {waiting.reason}{_after_colon(waiting.message)}", Tone.BUSY if is_normal else Tone.FAIL


def _heading(obj: KubeObject, details: Iterable[DescribeLine], now: datetime) -> Section:
    metadata = obj.metadata
    lines = [
        *details,
        _line("labels", _pairs(metadata.labels)),
        _line("created", f"{age(metadata.creation_timestamp, now)} ago"),
    ]
    if metadata.deletion_timestamp:
        lines.append(_line("deleted", f"{age(metadata.deletion_timestamp, now)} ago, terminating", Tone.BUSY))
    return Section(f"{obj.KIND} {printable(obj.namespace)}/{printable(obj.name)}", _non_empty(lines))


def _findings(findings: Iterable[Finding], now: datetime) -> Section:
    return Section(
        "Findings",
        tuple(
            _line(
                finding.reason,
                finding.message + (f", for {age(finding.since, now)}" if finding.since else ""),
                finding_tone(finding),
            )
            for finding in findings
        ),
    )


def _conditions(conditions: Iterable[Condition] | None, now: datetime) -> Section:
    return Section(
        "Conditions",
        tuple(
            _line(
                condition.type,
                "  ".join(filter(None, _condition_texts(condition, now))),
            )
            for condition in conditions or ()
        ),
    )


def _condition_texts(condition: Condition, now: datetime) -> tuple[str, ...]:
    since = f"{age(condition.last_transition_time, now)} ago" if condition.last_transition_time else ""
    return condition.status, condition.reason, since, condition.message.strip().removesuffix(".")


def _events(events: Iterable[Event], now: datetime) -> Section:
    lines = [
        _line(
            f"{age(event.last_seen, now)} ago",
            f"{event.reason}{f' ×{event.occurrences}' if event.occurrences > 1 else ''}: {event.message}"
            f" ({KIND_SHORT_NAMES.get(event.involved_object.kind, event.involved_object.kind.lower())}"
            f"/{event.involved_object.name})",
            Tone.WARN if event.type == "Warning" else Tone.PLAIN,
        )
        for event in events
    ]
    return Section("Events", tuple(lines) or (DescribeLine("", "none in the last hour", Tone.MUTED),))


def _rolling_update_text(workload: Workload) -> str:
    strategy = workload.spec.strategy if isinstance(workload, Deployment) else workload.spec.update_strategy
    rolling = strategy.rolling_update
    if rolling is None:
        return ""
    if isinstance(workload, StatefulSet):
        return f", partition {rolling.partition}" if rolling.partition else ""
    return f", maxSurge {rolling.max_surge or 0}, maxUnavailable {rolling.max_unavailable or 0}"


def _line(label: str, text: str, tone: Tone = Tone.PLAIN) -> DescribeLine:
    return DescribeLine(printable(label), printable(text), tone)


def _non_empty(lines: Iterable[DescribeLine]) -> tuple[DescribeLine, ...]:
    return tuple(line for line in lines if line.text)


def _pairs(values: Mapping[str, str | int | float] | None) -> str:
    return ", ".join(f"{name}={value}" for name, value in (values or {}).items())


def _after_colon(text: str) -> str:
    return f": {text}" if text else ""
