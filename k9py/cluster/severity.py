"""How bad a service or a rollout is, as its users feel it: one rule for every pane, header, text, JSON and exit code.

Pure. Invariants: what cannot be told is UNKNOWN; a problem always comes with a finding of its severity, so that each
mark on screen has its reason; no finding of a row is worse than the row. Another rule goes into `rollout_severity` or
`service_severity`, with a finding in `_reason`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from k9py.api.meta import ObjectKey, find_condition
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.workloads import DaemonSet, Deployment, StatefulSet, Workload
from k9py.diagnosis.finding import Finding, worst_first
from k9py.diagnosis.workloads import FRESH
from k9py.rollouts.progress import rollout_progress
from k9py.rollouts.scaled_to_zero import ScaledToZero, ZeroReason
from k9py.rollouts.scaling_events import Scaling
from k9py.rollouts.status import RolloutState, RolloutStatus
from k9py.rollouts.strategy_limits import NEW_REPLICA_SET_AVAILABLE, strategy_limits

_STARTING: Final = timedelta(seconds=60)
"""A pod this young, with nothing wrong, is on its way: it follows a scale-up, a new node, or a pod that went."""
_RECENT: Final = timedelta(hours=1)
"""A scaling to zero this long ago is news, also where no Service tells that it is missed."""


@dataclass(frozen=True, slots=True)
class ServiceDemand:
    """What the Services in front of a workload make of its being at zero.

    Args:
        services: how many there are.
        unserved: one of them has no serving endpoint, or it is not known whether it has.
    """

    services: int = 0
    unserved: bool = False


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
) -> Severity:
    """Return how bad a workload is.

    Args:
        findings: of the workload and its pods.
        pods: its own; empty when not read.
        zero: why it wants no pods, None when it wants some.
        demand: of the Services in front of it; matters at zero only.
        scaling: its last one, None when nothing tells of one.
    """
    found = tuple(findings)
    worst = min((one.severity for one in found), default=Severity.HEALTHY)
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
        at_rest = Severity.IDLE if zero is None else _zero_severity(zero, demand, now)
        is_moving = status.state is RolloutState.PROGRESSING
        stuck = (Severity.STUCK,) if worst is Severity.STUCK else ()
        return min(at_rest, *stuck, *((Severity.ROLLING_OUT,) if is_moving else ()), Severity.IDLE)
    if serving == 0:
        if _is_scaled_back(scaling, desired) and _coming(workload, pods, now) >= desired:
            # That none is ready yet is how it begins, and no failure by itself.
            has_failed = status.is_blocked or any(
                one.severity <= Severity.STUCK for one in found if one.reason != "NoReadyPods"
            )
            return Severity.DOWN if has_failed else Severity.ROLLING_OUT
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
            # By its counts all is well. Pods tell a failure before the controller counts it; or it is one too many.
            ready = sum(one.is_ready for one in pods)
            return Severity.WARNING if ready >= desired or len(pods) < desired else Severity.DEGRADED
        case RolloutState.UNKNOWN:
            return Severity.UNKNOWN
    if has_failed:
        return Severity.STUCK
    if status.state is RolloutState.PAUSED:
        return Severity.WARNING
    return min(worst, Severity.ROLLING_OUT)


def _is_scaled_back(scaling: Scaling | None, desired: int) -> bool:
    """Tell whether it was at zero before it wanted the pods that it wants now: none of them was lost."""
    return scaling is not None and scaling.before == 0 and scaling.after == desired


def _of_row(severity: Severity) -> Severity:
    """What is only worth knowing leaves a row healthy."""
    return Severity.HEALTHY if severity is Severity.INFO else severity


def _zero_severity(zero: ScaledToZero, demand: ServiceDemand, now: datetime) -> Severity:
    match zero.reason:
        case ZeroReason.ALWAYS | ZeroReason.AUTOSCALED:
            return Severity.IDLE
        case ZeroReason.UNKNOWN:
            return Severity.UNKNOWN if demand.unserved else Severity.IDLE
    if demand.unserved:
        return Severity.DOWN
    is_news = zero.at is not None and now - zero.at < _RECENT
    return Severity.WARNING if is_news and not demand.services else Severity.IDLE


def _allowed(workload: Workload, status: RolloutStatus) -> int:
    """Return how many pods may be missing now: what the strategy allows while an update goes on, else none."""
    if status.state is not RolloutState.PROGRESSING or not _is_updating(workload):
        return 0
    return strategy_limits(workload).unavailable or 0


def _is_updating(workload: Workload) -> bool:
    """Tell whether pods of an older template are being replaced, by what the controller says."""
    match workload:
        case Deployment(status=status):
            progressing = find_condition(status.conditions, "Progressing")
            is_through = progressing is not None and progressing.reason == NEW_REPLICA_SET_AVAILABLE
            return status.updated_replicas < status.replicas or not is_through
        case StatefulSet(status=status):
            return status.update_revision != status.current_revision
        case DaemonSet(status=status):
            return status.updated_number_scheduled < status.desired_number_scheduled


def _coming(workload: Workload, pods: Sequence[Pod], now: datetime) -> int:
    """Count the missing pods that are on their way: just made, or about to be.

    A pod that cannot be made is a failure, told by a condition or an event, and never comes here.
    """
    ages = [now - one.metadata.creation_timestamp for one in pods if one.metadata.creation_timestamp]
    counts = rollout_progress(workload)
    unmade = max(counts.desired - counts.total, 0)
    if not isinstance(workload, Deployment) and not any(one < FRESH for one in ages):
        unmade = 0
    return unmade + sum(
        now - one.metadata.creation_timestamp < _STARTING
        for one in pods
        if one.metadata.creation_timestamp and not one.is_ready and not one.is_terminating
    )


@dataclass(frozen=True, slots=True)
class ServiceBackends:
    """What stands behind a Service, in numbers.

    Args:
        is_needed: it has something behind it, or should have: not an alias.
        is_known: its endpoints have been read.
        serving, wanted: endpoints that serve of those that should; None when unknown.
        arriving: ready pods about to be published as endpoints.
        is_young: the Service has just been made.
        workloads: the severity of each workload behind it.
        is_moving: one of them misses no more than its rollout may, or what is on its way.
    """

    is_needed: bool
    is_known: bool
    serving: int | None
    wanted: int | None
    workloads: tuple[Severity, ...] = ()
    arriving: int = 0
    is_young: bool = False
    is_moving: bool = False


def service_severity(backing: ServiceBackends, findings: Iterable[Finding]) -> Severity:
    """Return how bad a service is.

    Args:
        findings: its own.
    """
    worst = min((one.severity for one in findings), default=Severity.HEALTHY)
    behind = backing.workloads
    if not backing.is_needed:
        return Severity.IDLE
    if not backing.is_known or backing.serving is None or backing.wanted is None:
        # What is known to fail is told also where the rest is not known.
        failing = [one for one in behind if one < Severity.UNKNOWN]
        if not failing or len(failing) == len(behind):
            return max(failing, default=Severity.UNKNOWN)
        return max(min(failing), Severity.DEGRADED)
    serving, wanted = backing.serving, backing.wanted
    if wanted == 0:
        if worst is Severity.DOWN:
            return Severity.ROLLING_OUT if backing.is_young else Severity.DOWN
        return min((*behind, *([worst] if worst <= Severity.WARNING else ())), default=Severity.IDLE)
    if serving == 0:
        # A service and its workload that have just been made wait for their first endpoint; one that fails does not.
        is_calm = all(one > Severity.STUCK for one in behind)
        starts = bool(behind) and all(one is Severity.ROLLING_OUT for one in behind)
        is_coming = is_calm and (backing.is_young or backing.arriving > 0)
        return Severity.ROLLING_OUT if is_coming or starts else Severity.DOWN
    inherited = min((_inherited(one) for one in behind), default=Severity.HEALTHY)
    if serving < wanted:
        if worst > Severity.STUCK and inherited > Severity.UNKNOWN:
            if serving + backing.arriving >= wanted:
                return min(Severity.ROLLING_OUT, inherited)
            if backing.is_moving and not any(one <= Severity.STUCK for one in behind):
                return min(Severity.ROLLING_OUT, inherited)
        return Severity.DEGRADED
    if worst is Severity.DOWN:
        return worst  # the pods serve, but not what the service asks of them
    return min(Severity.WARNING if worst <= Severity.STUCK else _of_row(worst), inherited)


def _inherited(workload: Severity) -> Severity:
    """Return what a workload's severity means for a Service all of whose endpoints serve."""
    if workload in (Severity.DOWN, Severity.DEGRADED):
        return Severity.WARNING
    return Severity.HEALTHY if workload in (Severity.IDLE, Severity.INFO) else workload


def zero_finding(key: ObjectKey, zero: ScaledToZero, severity: Severity) -> Finding:
    """Return the finding that tells that a workload wants no pods."""
    level = severity if severity <= Severity.WARNING else Severity.INFO
    return Finding(level, "ScaledToZero", zero.text, key, zero.at)


def levelled(findings: Iterable[Finding], severity: Severity, reason: Finding | None) -> tuple[Finding, ...]:
    """Return a row's findings, worst first, none worse than the row and one that tells why it is as bad as it is.

    Args:
        reason: what to say where no finding is as bad as the row; None: nothing is to be said.
    """
    found = [_level(one, severity) for one in findings]
    if reason is not None and severity <= Severity.WARNING and all(one.severity is not severity for one in found):
        found.append(reason)
    return worst_first(found)


def _level(finding: Finding, severity: Severity) -> Finding:
    if severity <= Severity.STUCK and finding.severity <= Severity.STUCK:
        return replace(finding, severity=severity)
    least = severity if severity <= Severity.WARNING else Severity.INFO
    return finding if finding.severity >= least else replace(finding, severity=least)


def rollout_reason(status: RolloutStatus, severity: Severity) -> Finding:
    """Return the finding that tells a rollout's severity where nothing else does."""
    desired, serving = status.desired, status.serving
    match severity:
        case Severity.DOWN:
            message = "its pod is not ready" if desired == 1 else f"none of {_pods(desired)} is ready"
            return Finding(severity, "NoReadyPods", message, status.key)
        case Severity.DEGRADED:
            message = f"{serving} of {_pods(desired)} {'is' if serving == 1 else 'are'} ready"
            return Finding(severity, "PodsMissing", message, status.key)
    return Finding(severity, status.state.value, status.summary, status.key)


def service_reason(key: ObjectKey, backing: ServiceBackends, severity: Severity) -> Finding:
    """Return the finding that tells a service's severity where nothing else does."""
    if severity is Severity.UNKNOWN:
        return Finding(severity, "Unknown", "endpoints unknown", key)
    if severity is Severity.DOWN:
        return Finding(severity, "NoReadyEndpoints", "no endpoint is ready", key)
    message = f"{backing.serving} of {backing.wanted} wanted endpoints serve"
    return Finding(severity, "EndpointsMissing", message, key)


def _pods(number: int | None) -> str:
    return f"{'?' if number is None else number} wanted pod{'' if number == 1 else 's'}"
