"""Warns about new pods that do not fit: in a ResourceQuota, or on a node.

Counted: new pods times the usage of one, compared with hard minus used, for every entry of every quota that counts
them. For nodes, a pending pod of the same template already shows the scheduler's answer. Source of the scopes:
kubernetes/pkg/quota/v1/evaluator/core/pods.go, `podMatchesScopeFunc`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from k9py.api.meta import find_condition
from k9py.api.pods import Pod
from k9py.api.policy import ResourceQuota, ScopeRequirement
from k9py.api.quantities import parse_quantity
from k9py.api.text import printable
from k9py.operations.plan import PreflightWarning, WarningLevel, WritePlan
from k9py.operations.preflight.disruption import RolloutStrategy, strategy
from k9py.operations.preflight.facts import Facts, Unknown, planned_template, unknown
from k9py.operations.preflight.pod_demand import pod_demand, unasked


def is_counted(quota: ResourceQuota, template: Mapping[str, Any]) -> bool | None:
    """Return whether a quota counts the pods of a template; None when one of its scopes is not supported."""
    spec = template.get("spec") or {}
    selector = quota.spec.scope_selector
    wanted = [
        *(ScopeRequirement(scope_name=scope, operator="Exists") for scope in quota.spec.scopes or ()),
        *((selector.match_expressions if selector is not None else None) or ()),
    ]
    answers = [_matches(requirement, spec) for requirement in wanted]
    if any(answer is False for answer in answers):
        return False
    return None if None in answers else True


def _matches(scope: ScopeRequirement, spec: Mapping[str, Any]) -> bool | None:
    match scope.scope_name:
        case "Terminating":
            return spec.get("activeDeadlineSeconds") is not None
        case "NotTerminating":
            return spec.get("activeDeadlineSeconds") is None
        case "BestEffort":
            return _best_effort(spec)
        case "NotBestEffort":
            return not _best_effort(spec)
        case "PriorityClass":
            return _priority(scope, str(spec.get("priorityClassName") or ""))
    return None


def _best_effort(spec: Mapping[str, Any]) -> bool:
    containers = (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
    resources = [spec.get("resources"), *(container.get("resources") for container in containers)]
    return not any((demand or {}).get("requests") or (demand or {}).get("limits") for demand in resources)


def _priority(scope: ScopeRequirement, name: str) -> bool | None:
    match scope.operator:
        case "Exists":
            return bool(name)
        case "DoesNotExist":
            return not name
        case "In":
            return name in (scope.values or ())
        case "NotIn":
            return name not in (scope.values or ())
    return None


@dataclass(frozen=True, slots=True)
class _Room:
    """How many more pods a quota allows, and the entry that limits them."""

    pods: int
    text: str


def quota_refusals(obj: Mapping[str, Any], plan: WritePlan, facts: Facts) -> Iterator[PreflightWarning]:
    """Warn about every quota without room for the new pods."""
    if facts.quotas is None:
        return
    coming = coming_pods(obj, plan)
    if not coming:
        return
    if isinstance(facts.quotas, Unknown):
        yield unknown("quotas", facts.quotas, "one may refuse the new pods")
        return
    template = planned_template(obj, plan)
    try:
        takes = pod_demand(template)
    except ValueError:
        if facts.quotas:
            yield unknown("quotas", Unknown("the usage of a pod cannot be computed"), "one may refuse the new pods")
        return
    how = strategy(obj)
    for quota in facts.quotas:
        match is_counted(quota, template):
            case False:
                continue
            case None:
                why = Unknown("its scope is not supported")
                yield unknown(f"quota {printable(quota.name)}", why, "it may refuse the new pods")
                continue
        yield from _unasked(quota, template)
        room = _room(quota, takes)
        if room is not None and room.pods < coming:
            yield _refusal(quota, plan, how, coming, room)


def coming_pods(obj: Mapping[str, Any], plan: WritePlan) -> int:
    """Return how many pods are added."""
    if plan.replicas is None:
        return strategy(obj).coming if plan.starts_rollout else 0
    present = (obj.get("spec") or {}).get("replicas")
    return max(0, plan.replicas - (1 if present is None else int(present)))


def _room(quota: ResourceQuota, takes: Mapping[str, Decimal]) -> _Room | None:
    """Return the smallest room of any entry; None when no entry counts these pods, or none has been counted yet."""
    least: _Room | None = None
    used = quota.status.used or {}
    for entry, hard in (quota.spec.hard or {}).items():
        demand = takes.get(entry)
        if not demand or entry not in used:
            continue
        try:
            left = max(Decimal(0), parse_quantity(hard) - parse_quantity(used[entry]))
        except ValueError:
            continue
        pods = int(left // demand)
        if least is None or pods < least.pods:
            text = f"{printable(entry)}: {printable(str(used[entry]))} of {printable(str(hard))} used"
            least = _Room(pods, text)
    return least


def _refusal(quota: ResourceQuota, plan: WritePlan, how: RolloutStrategy, coming: int, room: _Room) -> PreflightWarning:
    name = f"quota {printable(quota.name)}"
    if plan.replicas is not None:
        fits = f"has room for {room.pods} of {coming} new pods" if room.pods else f"is full: 0 of {coming} new pods fit"
        message = f"{name} {fits} ({room.text})"
        return PreflightWarning(WarningLevel.CAUTION, "quota", message)
    if room.pods == 0 and how.unavailable == 0:
        message = f"maxUnavailable 0 and no room: {name} refuses every surge pod ({room.text}), so it cannot begin"
        return PreflightWarning(WarningLevel.DANGER, "no-room", message)
    slower = "old pods must terminate first" if room.pods == 0 else "it goes slower"
    message = f"{name} has room for {room.pods} of {coming} surge pods ({room.text}): {slower}"
    return PreflightWarning(WarningLevel.CAUTION, "quota", message)


def _unasked(quota: ResourceQuota, template: Mapping[str, Any]) -> Iterator[PreflightWarning]:
    for entry in quota.spec.hard or {}:
        container = unasked(template, entry)
        if container:
            message = (
                f"quota {printable(quota.name)} counts {printable(entry)}, and container {printable(container)} names"
                " none: without a LimitRange that fills it in, new pods are refused"
            )
            yield PreflightWarning(WarningLevel.CAUTION, "quota", message)
            return


def node_room(obj: Mapping[str, Any], plan: WritePlan, facts: Facts) -> Iterator[PreflightWarning]:
    """Warn that new pods will wait for a node, as a pod of the same template does now."""
    if facts.pods is None or not coming_pods(obj, plan):
        return
    if isinstance(facts.pods, Unknown):
        yield unknown("its pods", facts.pods, "the new ones may find no node")
        return
    waiting = [pod for pod in facts.pods if _finds_no_node(pod)]
    if not waiting:
        return
    reason = f"no node takes pod {printable(waiting[0].name)} now"
    if plan.replicas is None and strategy(obj).unavailable == 0:
        message = f"maxUnavailable 0 and no room: {reason}, so the rollout would wait too"
        yield PreflightWarning(WarningLevel.DANGER, "no-room", message)
    else:
        yield PreflightWarning(WarningLevel.CAUTION, "nodes", f"{reason}: new pods may wait too")


def _finds_no_node(pod: Pod) -> bool:
    scheduled = find_condition(pod.status.conditions, "PodScheduled")
    is_waiting = scheduled is not None and scheduled.status == "False" and scheduled.reason == "Unschedulable"
    return is_waiting and not pod.is_terminating
