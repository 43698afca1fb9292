"""Check why pods of a workload are not created: quota, LimitRange, Pod Security, webhooks, policies, missing objects.

The API server states it (`diagnosis/refusals.py`). What refuses a pod, or what is missing, has a finding of its
own where it can be corrected there (ResourceQuota, ServiceAccount, PriorityClass, RuntimeClass) or is checked elsewhere
(webhook configuration, Namespace); otherwise the pod template is the root.
Invariant: a refusal that a later pod disproves yields nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from k9py.api.admission import Webhook
from k9py.api.batch import CronJob, Job
from k9py.api.events import Event
from k9py.api.kinds import (
    CRON_JOB,
    DAEMON_SET,
    DEPLOYMENT,
    JOB,
    LIMIT_RANGE,
    MUTATING_WEBHOOK_CONFIGURATION,
    NAMESPACE,
    POD,
    REPLICA_SET,
    RESOURCE_QUOTA,
    SERVICE,
    STATEFUL_SET,
    VALIDATING_WEBHOOK_CONFIGURATION,
    Kind,
    MetadataKind,
    is_workload,
)
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.meta import Condition, ObjectRef, find_condition
from k9py.api.policy import Limit, LimitRange
from k9py.api.severity import Severity
from k9py.api.standard_types import standard_type
from k9py.api.text import printable
from k9py.api.workloads import DaemonSet, Deployment, ReplicaSet, StatefulSet
from k9py.diagnosis.check import check
from k9py.diagnosis.creation import MAX_EVENT_AGE, creation_failure, last_creation_failure, refusal_cause
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.proof import absence, condition_evidence, did_you_mean, event_evidence, field
from k9py.diagnosis.refusals import Refusal, RefusalKind, parse_refusal

Subject = Deployment | StatefulSet | DaemonSet | ReplicaSet | Job | CronJob

_ENFORCE: Final = "pod-security.kubernetes.io/enforce"
_DOCS: Final = "https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/"
_DETAIL: Final = lazy_pattern(r" \((?:[^()]|\([^()]*\))*\)")


@dataclass(frozen=True, slots=True)
class _Refused:
    refusal: Refusal
    since: datetime | None
    evidence: tuple[Evidence, ...]


@check(
    "creation-refused",
    "the API server refuses a workload's pods: quota, LimitRange, Pod Security, webhook, policy, a missing object",
    subjects=(DEPLOYMENT, STATEFUL_SET, DAEMON_SET, REPLICA_SET, JOB, CRON_JOB),
    reads=(
        "Event",
        "Pod",
        "ResourceQuota",
        "LimitRange",
        "Namespace",
        "ServiceAccount",
        "PriorityClass",
        "RuntimeClass",
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
    ),
    source=_DOCS,
    remedy="correct the pod template, or what refuses it",
)
def creation_refused(subject: Subject, graph: Graph) -> Iterator[Finding]:
    """Yield why the API server refuses the pods of a workload."""
    if subject.metadata.deletion_timestamp is not None:
        return
    refused = _refused(subject, graph)
    if refused is None:
        return
    refusal = refused.refusal
    cause = refusal_cause(refusal, refused.since)
    finding = Finding(
        _severity(subject, graph),
        cause.reason,
        cause.message,
        subject.key,
        refused.since,
        cause.kind,
        cause.remedy,
        evidence=refused.evidence,
    )
    yield _explained(finding, refusal, graph)


def _refused(subject: Subject, graph: Graph) -> _Refused | None:
    """Return the refusal that stands, None when there is none or a later pod disproves it."""
    match subject:
        case Deployment():
            condition = _replica_failure(subject.status.conditions)
            if condition is not None:
                return _by_condition(subject, condition, (condition_evidence(subject, condition),), graph)
            owned = graph.owned(subject, REPLICA_SET)
            for replica_set in owned if not isinstance(owned, Unread) else ():
                condition = _replica_failure(replica_set.status.conditions)
                if condition is not None and replica_set.spec.replicas:
                    evidence = (condition_evidence(replica_set, condition),)
                    return _by_condition(subject, condition, evidence, graph)
            return None
        case ReplicaSet():
            condition = _replica_failure(subject.status.conditions)
            if condition is None or graph.workload_of(subject) is not None or not subject.spec.replicas:
                return None
            return _by_condition(subject, condition, (condition_evidence(subject, condition),), graph)
        case StatefulSet():
            replicas = 1 if subject.spec.replicas is None else subject.spec.replicas
            return _by_event(subject, graph) if subject.status.replicas < replicas else None
        case DaemonSet():
            status = subject.status
            is_short = status.current_number_scheduled < status.desired_number_scheduled
            return _by_event(subject, graph) if is_short else None
        case Job():
            is_done = any(
                c.type in ("Complete", "Failed") and c.status == "True" for c in subject.status.conditions or ()
            )
            is_waiting = not is_done and not subject.spec.suspend and subject.status.active == 0
            return _by_event(subject, graph) if is_waiting else None
        case CronJob():
            refused = _by_event(subject, graph)
            last = subject.status.last_schedule_time
            is_over = refused is None or (last is not None and last >= (refused.evidence[0].at or last))
            return None if is_over else refused


def _replica_failure(conditions: tuple[Condition, ...] | None) -> Condition | None:
    failure = find_condition(conditions, "ReplicaFailure")
    is_refused = failure is not None and failure.status == "True" and failure.reason == "FailedCreate"
    return failure if is_refused else None


def _by_condition(
    subject: Deployment | ReplicaSet, condition: Condition, evidence: tuple[Evidence, ...], graph: Graph
) -> _Refused:
    """Return the refusal of a condition, with the event of the ReplicaSet that states it."""
    replica_sets: tuple[ReplicaSet, ...] | Unread = (
        (subject,) if isinstance(subject, ReplicaSet) else graph.owned(subject, REPLICA_SET)
    )
    for replica_set in () if isinstance(replica_sets, Unread) else replica_sets:
        event = next((each for each in graph.events(replica_set) if each.reason == "FailedCreate"), None)
        if event is not None:
            evidence = (*evidence, event_evidence(replica_set, event))
            break
    return _Refused(parse_refusal(condition.message), condition.last_transition_time, evidence)


def _by_event(subject: StatefulSet | DaemonSet | Job | CronJob, graph: Graph) -> _Refused | None:
    owned = graph.owned(subject, POD)
    pods = () if isinstance(owned, Unread) else owned
    events = graph.events(subject)
    cause = creation_failure(subject.uid, events, pods, graph.now)
    last: Event | None = last_creation_failure(subject.uid, events, graph.now)
    if cause is None or last is None:
        return None
    if last.last_seen is not None:
        graph.look_again(last.last_seen + MAX_EVENT_AGE)
    return _Refused(parse_refusal(last.message), cause.since, (event_evidence(subject, last),))


def _severity(subject: Subject, graph: Graph) -> Severity:
    """Return what the refusal means for the workload: as bad as the panes show it."""
    if is_workload(subject.key):
        health = graph.workload_health(subject.key)
        return health.severity if health is not None and health.severity.is_problem else Severity.WARNING
    if isinstance(subject, ReplicaSet):
        return Severity.DOWN if subject.status.ready_replicas == 0 else Severity.DEGRADED
    return Severity.DEGRADED


def _explained(finding: Finding, refusal: Refusal, graph: Graph) -> Finding:
    """Return the finding with what causes the refusal."""
    namespace, name = finding.about.namespace, refusal.name
    match refusal.kind:
        case RefusalKind.QUOTA_EXCEEDED:
            quota = _exhausted(finding, refusal, graph)
            return finding if quota is None else replace(finding, caused_by=(quota,))
        case RefusalKind.QUOTA_UNSPECIFIED:
            found = graph.get(RESOURCE_QUOTA, name, namespace)
            hard = None if found is None or isinstance(found, Unread) else found.spec.hard
            evidence = () if not hard else (field(RESOURCE_QUOTA.key(namespace, name), "spec.hard", _pairs(hard)),)
            return replace(finding, evidence=finding.evidence + evidence)
        case RefusalKind.LIMIT_RANGE:
            return _limited(finding, refusal, graph)
        case RefusalKind.POD_SECURITY:
            return _insecure(finding, refusal, graph)
        case RefusalKind.SERVICE_ACCOUNT:
            ref = ObjectRef("ServiceAccount", namespace, name)
            return replace(finding, caused_by=(_missing(ref, finding, graph),))
        case RefusalKind.PRIORITY_CLASS:
            return replace(finding, caused_by=(_missing(ObjectRef("PriorityClass", "", name), finding, graph),))
        case RefusalKind.RUNTIME_CLASS:
            return replace(finding, caused_by=(_missing(ObjectRef("RuntimeClass", "", name), finding, graph),))
        case RefusalKind.WEBHOOK_FAILED | RefusalKind.WEBHOOK_DENIED:
            return _asked(finding, refusal, graph)
        case RefusalKind.NAMESPACE:
            return replace(finding, caused_by=(NAMESPACE.key("", namespace),))
    return finding


def _exhausted(finding: Finding, refusal: Refusal, graph: Graph) -> Finding | None:
    """Return that a quota is exhausted, None when it does not exist any more."""
    quota = graph.get(RESOURCE_QUOTA, refusal.name, finding.about.namespace)
    if quota is None:
        return None
    used, requested = dict(refusal.used), dict(refusal.requested)
    amounts = ", ".join(
        f"{name} {used.get(name, '?')} of {limit} used, {requested.get(name, '?')} more requested"
        for name, limit in refusal.limit
    )
    about = RESOURCE_QUOTA.key(finding.about.namespace, refusal.name)
    evidence, scopes = finding.evidence, ""
    if not isinstance(quota, Unread):
        scopes = quota.spec.scope_text
        evidence += (field(about, "spec.scopes", scopes),) if scopes else ()
        names = [name for name, _ in refusal.limit]
        status = quota.status
        evidence += tuple(
            field(about, f"status.{part}", _pairs({name: values[name] for name in names if name in values}))
            for part, values in (("hard", status.hard or {}), ("used", status.used or {}))
        )
    return Finding(
        Severity.DOWN,
        "QuotaExceeded",
        f"quota{f' for {printable(scopes)} pods' if scopes else ''} is exhausted: {amounts}",
        about,
        finding.since,
        finding.kind,
        f"raise ResourceQuota {refusal.name}, lower the requests, or delete what uses it up",
        evidence=evidence,
        next_steps=(NextStep("raise spec.hard", "object.edit"),),
    )


def _limited(finding: Finding, refusal: Refusal, graph: Graph) -> Finding:
    """Return the finding with the LimitRange, which the server's message does not name."""
    found = graph.list(LIMIT_RANGE, finding.about.namespace)
    ranges = () if isinstance(found, Unread) else found
    matching = [each for each in ranges if _states(each, refusal.text)] or list(ranges if len(ranges) == 1 else ())
    if not matching:
        return finding
    names = ", ".join(printable(each.name) for each in sorted(matching, key=lambda each: each.name))
    evidence = tuple(field(each, "spec.limits", _limits_text(each)) for each in matching)
    return replace(
        finding,
        message=f"LimitRange {names} rejects its pods: {refusal.text}",
        remedy=f"set requests and limits that LimitRange {names} allows, or change it",
        evidence=finding.evidence + evidence,
    )


def _states(limit_range: LimitRange, text: str) -> bool:
    """Return whether a LimitRange has a limit that the server's text names."""
    return any(
        f"{start} {resource} usage per {limit.type} is {value}".lower() in text.lower()
        or f"{resource} max limit to request ratio per {limit.type} is {value}".lower() in text.lower()
        for limit in limit_range.spec.limits or ()
        for start, resource, value in _bounds(limit)
    )


def _bounds(limit: Limit) -> Iterator[tuple[str, str, str]]:
    for start, amounts in (("minimum", limit.min), ("maximum", limit.max), ("ratio", limit.max_limit_request_ratio)):
        for resource, value in (amounts or {}).items():
            yield start, resource, str(value)


def _limits_text(limit_range: LimitRange) -> str:
    return ", ".join(
        f"{limit.type} {start} {resource} {value}"
        for limit in limit_range.spec.limits or ()
        for start, resource, value in _bounds(limit)
    )


def _insecure(finding: Finding, refusal: Refusal, graph: Graph) -> Finding:
    """Return the finding with the label of the namespace that enforces the level."""
    namespace = finding.about.namespace
    found = graph.get(NAMESPACE, namespace)
    level = "" if found is None or isinstance(found, Unread) else found.metadata.label(_ENFORCE)
    if not level:
        return finding
    where = f"metadata.labels[{_ENFORCE}]"
    steps = (
        NextStep("set the securityContext of the pod template", "object.edit"),
        NextStep(f"change the label {_ENFORCE}", "object.label", NAMESPACE.key("", namespace)),
    )
    evidence = (*finding.evidence, field(NAMESPACE.key("", namespace), where, level))
    # The rules alone, in what is shown: `hostPath volumes (volume "log")`; the evidence has the whole text.
    rules = _DETAIL.sub("", refusal.text) or refusal.text
    message = f'namespace enforces PodSecurity "{refusal.name}", which its pods violate: {rules}'
    return replace(finding, message=message, evidence=evidence, next_steps=steps)


def _asked(finding: Finding, refusal: Refusal, graph: Graph) -> Finding:
    """Return the finding with the configuration of the webhook: what is wrong with it is found there."""
    kinds: tuple[Kind[Any], ...] = (VALIDATING_WEBHOOK_CONFIGURATION, MUTATING_WEBHOOK_CONFIGURATION)
    for kind in kinds:
        found = graph.list(kind)
        for configuration in () if isinstance(found, Unread) else found:
            webhook = next((each for each in configuration.webhooks or () if each.name == refusal.name), None)
            if webhook is None:
                continue
            proof = field(configuration, f"webhooks[{refusal.name}].failurePolicy", webhook.failure_policy)
            fails = refusal.kind is RefusalKind.WEBHOOK_FAILED
            return replace(
                finding,
                evidence=(*finding.evidence, proof),
                caused_by=_called(configuration.key, webhook) if fails else (),
            )
    return finding


def _called(configuration: ObjectRef, webhook: Webhook) -> tuple[ObjectRef, ...]:
    """Return what may be wrong with a webhook that does not answer: its configuration, and its Service."""
    service = webhook.client_config.service
    return (configuration,) if service is None else (configuration, SERVICE.key(service.namespace, service.name))


def _missing(ref: ObjectRef, finding: Finding, graph: Graph) -> Finding | ObjectRef:
    """Return that an object does not exist, with similar names; the reference when it exists by now."""
    kind = MetadataKind(_type(ref.kind))
    state = graph.metadata(ref)
    if state is not None and not isinstance(state, Unread):
        return ref
    found = graph.list(kind, ref.namespace or None)
    names = () if isinstance(found, Unread) else (each.name for each in found)
    proof = (absence(ref),) if state is None else ()
    return Finding(
        Severity.DOWN,
        "NotFound",
        f"does not exist{did_you_mean(ref.name, names)}",
        ref,
        finding.since,
        finding.kind,
        f"create {ref.kind} {printable(ref.name)}, or correct its name in the pod template",
        evidence=(*proof, *finding.evidence),
        next_steps=(
            NextStep(
                f"correct the name in {finding.about.kind} {printable(finding.about.name)}",
                "object.edit",
                finding.about,
            ),
        ),
    )


def _type(kind: str) -> Any:
    groups = {"PriorityClass": "scheduling.k8s.io", "RuntimeClass": "node.k8s.io"}
    return standard_type(groups.get(kind, ""), kind)


def _pairs(amounts: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in amounts.items())
