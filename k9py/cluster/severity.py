"""The severity of a Service or a rollout for its users: one rule for every pane, text, JSON and exit code.


Pure. Invariants: anything that cannot be determined is UNKNOWN; a problem always comes with a finding of its severity,
so that each symbol on screen has a reason; no finding of a row is worse than the row. Another rule goes into
`rollout_severity` or `service_severity`, with a finding in `rollout_reason` or `service_reason`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from k9py.api.meta import ObjectRef, find_condition
from k9py.api.plural import count_noun
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.workloads import DaemonSet, Deployment, StatefulSet, Workload
from k9py.diagnosis.finding import Finding, worst_first
from k9py.diagnosis.workloads import FRESH
from k9py.rollouts.progress import rollout_progress
from k9py.rollouts.scaled_to_zero import SCALED_TO_ZERO, ScaledToZero, ZeroReason
from k9py.rollouts.scaling_events import Scaling
from k9py.rollouts.status import RolloutState, RolloutStatus
from k9py.rollouts.strategy_limits import NEW_REPLICA_SET_AVAILABLE, strategy_limits

_STARTING: Final = timedelta(seconds=60)
"""A pod this young without a problem counts as starting: after a scale-up, a new node, or a deleted pod."""
_RECENT: Final = timedelta(hours=1)
"""A scaling to 0 this recent is a warning even where no Service needs the workload."""


@dataclass(frozen=True, slots=True)
class ServiceDemand:
    """The demand of the Services in front of a workload scaled to 0.

    Args:
        services: how many there are.
        is_unserved: one of them has no serving endpoint, or that is not known.
        is_replaced: a Service sends its traffic to another version: blue and green.
    """

    services: int = 0
    is_unserved: bool = False
    is_replaced: bool = False


def rollout_severity(
    workload: Workload,
    status: RolloutStatus,
    findings: Iterable[Finding],
    pods: Sequence[Pod],
    now: datetime,
    *,
    zero: ScaledToZero | None = None,
    demand: ServiceDemand = ServiceDemand(),
    scaling: Scaling | None = None,
    is_hopeless: bool = False,
) -> Severity:
    """Return the severity of a workload.

    Args:
        findings: of the workload and its pods.
        pods: of the workload; empty when not read.
        zero: why it wants no pods, None when it wants some.
        demand: of the Services in front of it; matters only at 0.
        scaling: the last one, None when none is known.
        is_hopeless: its pods fail for longer than a start takes (`persistent_failures`); matters where nothing serves.
    """
    findings = tuple(findings)
    worst = min((finding.severity for finding in findings), default=Severity.HEALTHY)
    if workload.metadata.deletion_timestamp is not None:
        return min(Severity.ROLLING_OUT, worst)
    desired, serving = status.desired, status.serving
    created = workload.metadata.creation_timestamp
    is_fresh = created is not None and now - created < FRESH
    if desired is None or serving is None:
        first = workload.status.observed_generation == 0
        return Severity.ROLLING_OUT if first and is_fresh else Severity.UNKNOWN
    has_failed = status.is_blocked or worst <= Severity.STUCK
    if desired == 0:
        severities = [Severity.IDLE if zero is None else _zero_severity(zero, demand, now), Severity.IDLE]
        if worst is Severity.STUCK:
            severities.append(Severity.STUCK)
        if status.state is RolloutState.PROGRESSING:
            severities.append(Severity.ROLLING_OUT)
        return min(severities)
    if serving == 0:
        has_failed = has_failed or is_hopeless
        if _is_scaled_up_from_zero(scaling, desired) and _coming(workload, pods, now) >= desired:
            # A workload starts with no ready pod: that alone is no failure.
            has_failed = status.is_blocked or any(
                finding.severity <= Severity.STUCK for finding in findings if finding.reason != "NoReadyPods"
            )
            return Severity.DOWN if has_failed or is_hopeless else Severity.ROLLING_OUT
        return Severity.ROLLING_OUT if is_fresh and not has_failed else Severity.DOWN
    if serving < desired:
        missing = desired - serving
        is_expected = is_fresh or missing <= max(_allowed(workload, status), _coming(workload, pods, now))
        if is_expected and not has_failed:
            return min(Severity.ROLLING_OUT, worst)
        return Severity.DEGRADED
    match status.state:
        case RolloutState.COMPLETE | RolloutState.SCALED_TO_ZERO:
            if not has_failed:
                return _of_row(worst)
            # By its counts it is healthy. Pods show a failure before the controller counts it; or one pod is left over.
            ready = sum(pod.is_ready for pod in pods)
            return Severity.WARNING if ready >= desired or len(pods) < desired else Severity.DEGRADED
        case RolloutState.UNKNOWN:
            return Severity.UNKNOWN
    if has_failed:
        return Severity.STUCK
    if status.state is RolloutState.PAUSED:
        return Severity.WARNING
    return min(worst, Severity.ROLLING_OUT)


def _is_scaled_up_from_zero(scaling: Scaling | None, desired: int) -> bool:
    """Return whether it was scaled up from 0 to its current replicas, so that no pod was lost."""
    return scaling is not None and scaling.before == 0 and scaling.after == desired


def _of_row(severity: Severity) -> Severity:
    """Return the severity of a row whose worst finding has this one: an INFO finding leaves it healthy."""
    return Severity.HEALTHY if severity is Severity.INFO else severity


def _zero_severity(zero: ScaledToZero, demand: ServiceDemand, now: datetime) -> Severity:
    match zero.reason:
        case ZeroReason.ALWAYS | ZeroReason.AUTOSCALED | ZeroReason.ON_PURPOSE:
            return Severity.IDLE
        case ZeroReason.UNKNOWN:
            return Severity.UNKNOWN if demand.is_unserved else Severity.IDLE
    if demand.is_unserved:
        return Severity.DOWN
    is_recent = zero.at is not None and now - zero.at < _RECENT
    is_missed = not demand.services and not demand.is_replaced
    return Severity.WARNING if is_recent and is_missed else Severity.IDLE


def _allowed(workload: Workload, status: RolloutStatus) -> int:
    """Return how many pods may be missing now: as many as the strategy allows during an update, else none."""
    if status.state is not RolloutState.PROGRESSING or not _is_updating(workload):
        return 0
    return strategy_limits(workload).unavailable or 0


def _is_updating(workload: Workload) -> bool:
    """Return whether pods of an older template are being replaced, according to the controller."""
    match workload:
        case Deployment(status=status):
            progressing = find_condition(status.conditions, "Progressing")
            is_complete = progressing is not None and progressing.reason == NEW_REPLICA_SET_AVAILABLE
            return status.updated_replicas < status.replicas or not is_complete
        case StatefulSet(status=status):
            return status.update_revision != status.current_revision
        case DaemonSet(status=status):
            return status.updated_number_scheduled < status.desired_number_scheduled


def _coming(workload: Workload, pods: Sequence[Pod], now: datetime) -> int:
    """Count the missing pods that are starting: just created, or about to be.

    A pod that cannot be created is a failure that a condition or an event reports, and is not counted here.
    """
    ages = [now - pod.metadata.creation_timestamp for pod in pods if pod.metadata.creation_timestamp]
    counts = rollout_progress(workload)
    not_created = max(counts.desired - counts.total, 0)
    if not isinstance(workload, Deployment) and not any(age < FRESH for age in ages):
        not_created = 0
    return not_created + sum(
        now - pod.metadata.creation_timestamp < _STARTING
        for pod in pods
        if pod.metadata.creation_timestamp and not pod.is_ready and not pod.is_terminating
    )


@dataclass(frozen=True, slots=True)
class ServiceBackends:
    """The backends of a Service, in numbers.

    Args:
        is_needed: it has backends, or should have: not an alias.
        is_known: its endpoints have been read.
        serving, desired: endpoints that serve of those that should; None when unknown.
        workloads: the severity of each backend.
        arriving: ready pods about to be published as endpoints.
        is_young: the Service has just been created.
        is_rolling_out: a backend misses no more pods than its rollout may, or than are on their way.
    """

    is_needed: bool
    is_known: bool
    serving: int | None
    desired: int | None
    workloads: tuple[Severity, ...] = ()
    arriving: int = 0
    is_young: bool = False
    is_rolling_out: bool = False


def service_severity(backends: ServiceBackends, findings: Iterable[Finding]) -> Severity:
    """Return the severity of a Service.

    Args:
        findings: of the Service itself.
    """
    worst = min((finding.severity for finding in findings), default=Severity.HEALTHY)
    workloads = backends.workloads
    if not backends.is_needed:
        return Severity.IDLE
    if not backends.is_known or backends.serving is None or backends.desired is None:
        # A known failure is reported even where the rest is unknown.
        failing = [severity for severity in workloads if severity < Severity.UNKNOWN]
        if not failing or len(failing) == len(workloads):
            return max(failing, default=Severity.UNKNOWN)
        return max(min(failing), Severity.DEGRADED)
    serving, desired = backends.serving, backends.desired
    if desired == 0:
        if worst is Severity.DOWN:
            return Severity.ROLLING_OUT if backends.is_young else Severity.DOWN
        return min((*workloads, *([worst] if worst <= Severity.WARNING else ())), default=Severity.IDLE)
    if serving == 0:
        # A Service and its workload that have just been created wait for their first endpoint; a failing one does not.
        is_calm = all(severity > Severity.STUCK for severity in workloads)
        is_starting = bool(workloads) and all(severity is Severity.ROLLING_OUT for severity in workloads)
        is_coming = is_calm and (backends.is_young or backends.arriving > 0)
        return Severity.ROLLING_OUT if is_coming or is_starting else Severity.DOWN
    inherited = min((_inherited(severity) for severity in workloads), default=Severity.HEALTHY)
    if serving < desired:
        if worst > Severity.STUCK and inherited > Severity.UNKNOWN:
            if serving + backends.arriving >= desired:
                return min(Severity.ROLLING_OUT, inherited)
            if backends.is_rolling_out and not any(severity <= Severity.STUCK for severity in workloads):
                return min(Severity.ROLLING_OUT, inherited)
        return Severity.DEGRADED
    if worst is Severity.DOWN:
        return worst  # the pods serve, but not what the Service asks of them
    return min(Severity.WARNING if worst <= Severity.STUCK else _of_row(worst), inherited)


def _inherited(workload: Severity) -> Severity:
    """Return what the severity of a workload means for a Service all of whose endpoints serve."""
    if workload in (Severity.DOWN, Severity.DEGRADED):
        return Severity.WARNING
    return Severity.HEALTHY if workload in (Severity.IDLE, Severity.INFO) else workload


def scaled_to_zero_finding(key: ObjectRef, zero: ScaledToZero, severity: Severity) -> Finding:
    """Return the finding of a workload that wants no pods."""
    level = severity if severity <= Severity.WARNING else Severity.INFO
    return Finding(level, SCALED_TO_ZERO, zero.text, key, zero.at)


def align_findings(findings: Iterable[Finding], severity: Severity, reason: Finding | None) -> tuple[Finding, ...]:
    """Return the findings of a row, worst first: none worse than the row, and one as severe as the row.

    Args:
        reason: added where no finding is as severe as the row; None adds nothing.
    """
    aligned = [_align(finding, severity) for finding in findings]
    if reason is not None and severity <= Severity.WARNING and all(f.severity is not severity for f in aligned):
        aligned.append(reason)
    return worst_first(aligned)


def _align(finding: Finding, severity: Severity) -> Finding:
    if severity <= Severity.STUCK and finding.severity <= Severity.STUCK:
        return replace(finding, severity=severity)
    least = severity if severity <= Severity.WARNING else Severity.INFO
    return finding if finding.severity >= least else replace(finding, severity=least)


def rollout_reason(status: RolloutStatus, severity: Severity) -> Finding:
    """Return the finding that explains the severity of a rollout where no other finding does."""
    desired, serving = status.desired, status.serving
    match severity:
        case Severity.DOWN:
            message = "pod is not ready" if desired == 1 else f"0 of {count_noun(desired, 'pod')} ready"
            return Finding(severity, "NoReadyPods", message, status.key)
        case Severity.DEGRADED:
            return Finding(severity, "PodsMissing", f"{serving} of {count_noun(desired, 'pod')} ready", status.key)
    return Finding(severity, status.state.value, status.summary, status.key)


def service_reason(key: ObjectRef, backends: ServiceBackends, severity: Severity) -> Finding:
    """Return the finding that explains the severity of a Service where no other finding does."""
    if severity is Severity.UNKNOWN:
        return Finding(severity, "Unknown", "endpoints unknown", key)
    if severity is Severity.DOWN:
        return Finding(severity, "NoReadyEndpoints", "no ready endpoints", key)
    message = f"{backends.serving} of {count_noun(backends.desired, 'endpoint')} ready"
    return Finding(severity, "EndpointsMissing", message, key)
