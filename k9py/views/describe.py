"""An object's facts and events as titled sections of lines, for the describe screen. To describe another kind: a
function, and a case in `describe`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from k9py.api.events import Event
from k9py.api.kinds import HORIZONTAL_POD_AUTOSCALER, POD_DISRUPTION_BUDGET, Kind
from k9py.api.meta import Condition, KubeObject, ObjectKey
from k9py.api.pods import Container, ContainerState, Pod
from k9py.api.services import Endpoint, Service
from k9py.api.text import printable
from k9py.api.times import age
from k9py.api.workloads import Deployment, StatefulSet, Workload
from k9py.cluster.queries import Queries
from k9py.cluster.views import ServiceMode
from k9py.diagnosis.finding import Finding
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
    queries: Queries, key: ObjectKey, now: datetime, *, events: Iterable[Event] | None = None
) -> tuple[Section, ...]:
    """Return what is known of a service, workload or pod; nothing when there is none of that key.

    Args:
        events: about it, newest first; those being watched when None.
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
    found = queries.events_about(key) if events is None else tuple(events)
    return (*(one for one in sections if one.lines), _events(found, now))


def _service(queries: Queries, service: Service, now: datetime) -> list[Section]:
    view = queries.service_view(service.key, now)
    assert view is not None
    tone = service_tone(view)
    facts = [
        _line("type", service.spec.type if view.mode is not ServiceMode.HEADLESS else "ClusterIP (headless)"),
        _line("address", service.spec.cluster_ip),
        _line("alias of", service.spec.external_name),
        _line("ports", view.ports_text),
        _line("selector", _pairs(service.spec.selector)),
        _line("serving", endpoints_cell(view, tone).text, tone),
        _line("endpoints", "?" if view.total is None else f"{view.ready} of {view.total} ready"),
        _line("target", target_text(view)),
    ]
    endpoints = [
        _line(
            printable(one.target_ref.name if one.target_ref else ""),
            f"{', '.join(one.addresses or ())} {_endpoint_words(one)}",
            Tone.PLAIN if one.conditions.ready is not False else Tone.WARN,
        )
        for endpoint_slice in queries.endpoint_slices_of(service.key)
        for one in endpoint_slice.endpoints or ()
    ]
    return [
        _heading(service, facts, now),
        _findings(view.findings, now),
        Section("Endpoints", tuple(endpoints)),
    ]


def _unknown(queries: Queries, kind: Kind[Any]) -> str:
    """Say that objects of a kind have not been read; "" where they have been."""
    return "" if queries.has_synced(kind.name) else f"unknown: no {kind.resource} could be read"


def _endpoint_words(endpoint: Endpoint) -> str:
    if endpoint.conditions.terminating:
        return "terminating, still serving" if endpoint.is_serving else "terminating"
    return "ready" if endpoint.conditions.ready is not False else "not ready"


def _workload(queries: Queries, workload: Workload, now: datetime) -> list[Section]:
    view = queries.rollout_view(workload.key, now)
    assert view is not None
    status = view.status
    desired = "?" if status.desired is None else str(status.desired)
    strategy = workload.spec.strategy if isinstance(workload, Deployment) else workload.spec.update_strategy
    autoscaler = queries.autoscaler_of(workload.key)
    facts = [
        _line("state", state_text(view), rollout_tone(view)),
        _line(
            "pods", f"{desired} wanted, {status.ready} ready, {status.updated} updated, {status.available} available"
        ),
        _line("revision", "" if status.revision is None else str(status.revision)),
        _line("images", ", ".join(status.images)),
        _line("strategy", strategy.type + _rolling(workload)),
        _line("selector", str(workload.spec.selector or "")),
        _line(
            "autoscaler",
            f"{autoscaler.name}: {autoscaler.spec.min_replicas or 1} to {autoscaler.spec.max_replicas} replicas"
            if autoscaler
            else _unknown(queries, HORIZONTAL_POD_AUTOSCALER),
        ),
        *(
            _line("budget", f"{one.name}: {one.status.disruptions_allowed} disruptions allowed now")
            for one in queries.budgets_of(workload.key)
        ),
        _line("budget", _unknown(queries, POD_DISRUPTION_BUDGET)),
        _line("services", ", ".join(one.name for one in queries.services_of(workload.key))),
    ]
    pods = [
        _line(
            f"revision {cohort.revision.number or '?'}" if cohort.revision else "revision ?",
            f"{len(cohort.pods)} pods, {cohort.ready} ready, {cohort.restarts} restarts"
            + (f", {cohort.ending} ending" if cohort.ending else ""),
            Tone.ACCENT if cohort.is_current else Tone.MUTED,
        )
        for cohort in queries.cohorts_of(workload.key)
    ]
    return [
        _heading(workload, facts, now),
        _findings(view.findings, now),
        Section("Pods", tuple(pods)),
        _conditions(workload.status.conditions, now),
    ]


def _pod(queries: Queries, pod: Pod, now: datetime) -> list[Section]:
    status = pod_status(pod)
    owner = pod.metadata.controller
    facts = [
        _line("status", status.text, pod_tone(pod, status)),
        _line("message", pod.status.message),
        _line("ready", f"{status.ready}/{status.containers} containers"),
        _line("node", pod.spec.node_name),
        _line("address", pod.status.pod_ip),
        _line("owner", f"{KIND_SHORT_NAMES.get(owner.kind, owner.kind)}/{owner.name}" if owner else ""),
    ]
    specs = (
        *(pod.spec.init_containers or ()),
        *(pod.spec.containers or ()),
        *(pod.spec.ephemeral_containers or ()),
    )
    return [
        _heading(pod, facts, now),
        _findings(queries.pod_findings(pod.key, now), now),
        *(_container(pod, one, now) for one in specs),
        _conditions(pod.status.conditions, now),
    ]


def _container(pod: Pod, container: Container, now: datetime) -> Section:
    status = next((one for one in pod.statuses() if one.name == container.name), None)
    lines = [_line("image", container.image)]
    if status is None:
        lines.append(_line("state", "not reported", Tone.UNKNOWN))
    else:
        words, tone = _state_words(status.state, now)
        lines += [
            _line("state", words, tone),
            _line("ready", "yes" if status.ready else "no", Tone.PLAIN if status.ready else Tone.WARN),
            _line("restarts", str(status.restart_count), Tone.WARN if status.restart_count else Tone.PLAIN),
        ]
        if status.last_state is not None and status.last_state.terminated is not None:
            lines.append(_line("before", *_state_words(status.last_state, now)))
    resources = container.resources
    if resources is not None:
        lines += [_line("requests", _pairs(resources.requests)), _line("limits", _pairs(resources.limits))]
    return Section(f"Container {printable(container.name)}", _kept(lines))


def _state_words(state: ContainerState | None, now: datetime) -> tuple[str, Tone]:
    if state is not None and state.running is not None:
        return f"running for {age(state.running.started_at, now)}", Tone.PLAIN
    if state is not None and state.terminated is not None:
        ended = state.terminated
        why = f"{ended.reason or 'ended'} (exit code {ended.exit_code}) {age(ended.finished_at, now)} ago"
        return f"{why}{_after(ended.message)}", Tone.MUTED if ended.exit_code == 0 else Tone.FAIL
    waiting = state.waiting if state is not None else None
    if waiting is None:
        return "waiting", Tone.BUSY
    calm = waiting.reason in ("", "ContainerCreating", "PodInitializing")
    return f"waiting: {waiting.reason}{_after(waiting.message)}", Tone.BUSY if calm else Tone.FAIL


def _heading(one: KubeObject, facts: Iterable[DescribeLine], now: datetime) -> Section:
    created = _line("created", f"{age(one.metadata.creation_timestamp, now)} ago")
    ending = (
        _line("deleted", f"{age(one.metadata.deletion_timestamp, now)} ago, ending", Tone.BUSY)
        if one.metadata.deletion_timestamp
        else _line("", "")
    )
    labels = _line("labels", _pairs(one.metadata.labels))
    return Section(
        f"{one.KIND} {printable(one.namespace)}/{printable(one.name)}", _kept([*facts, labels, created, ending])
    )


def _findings(findings: Iterable[Finding], now: datetime) -> Section:
    return Section(
        "What is wrong",
        tuple(
            _line(one.reason, one.message + (f", for {age(one.since, now)}" if one.since else ""), finding_tone(one))
            for one in findings
        ),
    )


def _conditions(conditions: Iterable[Condition] | None, now: datetime) -> Section:
    return Section(
        "Conditions",
        tuple(
            _line(
                one.type,
                f"{one.status}{_after(one.reason)}{_after(one.message)}, for {age(one.last_transition_time, now)}",
            )
            for one in conditions or ()
        ),
    )


def _events(events: Iterable[Event], now: datetime) -> Section:
    lines = [
        _line(
            f"{age(one.last_seen, now)} ago",
            f"{one.reason}{f' ×{one.occurrences}' if one.occurrences > 1 else ''}: {one.message}"
            f" ({KIND_SHORT_NAMES.get(one.involved_object.kind, one.involved_object.kind.lower())}"
            f"/{one.involved_object.name})",
            Tone.WARN if one.type == "Warning" else Tone.PLAIN,
        )
        for one in events
    ]
    return Section("Events", tuple(lines) or (DescribeLine("", "none in the last hour", Tone.MUTED),))


def _rolling(workload: Workload) -> str:
    strategy = workload.spec.strategy if isinstance(workload, Deployment) else workload.spec.update_strategy
    rolling = strategy.rolling_update
    if rolling is None:
        return ""
    if isinstance(workload, StatefulSet):
        return f", partition {rolling.partition}" if rolling.partition else ""
    return f", surge {rolling.max_surge or 0}, unavailable {rolling.max_unavailable or 0}"


def _line(label: str, text: str, tone: Tone = Tone.PLAIN) -> DescribeLine:
    return DescribeLine(printable(label), printable(text), tone)


def _kept(lines: Iterable[DescribeLine]) -> tuple[DescribeLine, ...]:
    return tuple(one for one in lines if one.text)


def _pairs(values: Mapping[str, str | int | float] | None) -> str:
    return ", ".join(f"{name}={value}" for name, value in (values or {}).items())


def _after(text: str) -> str:
    return f": {text}" if text else ""
