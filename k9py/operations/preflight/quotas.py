"""Will a ResourceQuota refuse the pods that a rollout or a scale adds?

Counted: pods to come times what one takes, against hard minus used, by every entry of every quota that counts them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from k9py.api.policy import ResourceQuota
from k9py.api.quantities import parse_quantity
from k9py.api.text import printable
from k9py.operations.plan import PreflightWarning, WarningLevel, WritePlan
from k9py.operations.preflight.facts import Facts, Unknown, starts_rollout
from k9py.operations.preflight.planned import planned_template
from k9py.operations.preflight.pod_demand import pod_demand, unasked
from k9py.operations.preflight.quota_scopes import is_counted
from k9py.operations.preflight.strategy import RolloutStrategy, strategy
from k9py.operations.preflight.unknown import unknown


@dataclass(frozen=True, slots=True)
class _Room:
    """How many pods more a quota takes, and the entry that says so in words."""

    pods: int
    words: str


def quota_refusals(obj: Mapping[str, Any], change: WritePlan, facts: Facts) -> Iterator[PreflightWarning]:
    """Warn of every quota that has no room for the pods to come."""
    if facts.quotas is None:
        return
    coming = coming_pods(obj, change)
    if not coming:
        return
    if isinstance(facts.quotas, Unknown):
        yield unknown("quotas", facts.quotas, "one may refuse the new pods")
        return
    template = planned_template(obj, change)
    try:
        takes = pod_demand(template)
    except ValueError:
        if facts.quotas:
            yield unknown("quotas", Unknown("what a pod takes is not understood"), "one may refuse the new pods")
        return
    how = strategy(obj)
    for quota in facts.quotas:
        match is_counted(quota, template):
            case False:
                continue
            case None:
                why = Unknown("its scope is not understood")
                yield unknown(f"quota {printable(quota.name)}", why, "it may refuse the new pods")
                continue
        yield from _unasked(quota, template)
        room = _room(quota, takes)
        if room is not None and room.pods < coming:
            yield _refusal(quota, change, how, coming, room)


def coming_pods(obj: Mapping[str, Any], change: WritePlan) -> int:
    """Return how many pods are added to those there are."""
    patch = change.request.patch
    if change.operation != "scale" or not isinstance(patch, Mapping):
        return strategy(obj).coming if starts_rollout(obj, change) else 0
    present = (obj.get("spec") or {}).get("replicas")
    return max(0, int(patch["spec"]["replicas"]) - (1 if present is None else int(present)))


def _room(quota: ResourceQuota, takes: Mapping[str, Decimal]) -> _Room | None:
    """Return the least room any entry leaves; None when no entry counts these pods, or none has been counted yet."""
    least: _Room | None = None
    used = quota.status.used or {}
    for entry, hard in (quota.spec.hard or {}).items():
        each = takes.get(entry)
        if not each or entry not in used:
            continue
        try:
            left = max(Decimal(0), parse_quantity(hard) - parse_quantity(used[entry]))
        except ValueError:
            continue
        pods = int(left // each)
        if least is None or pods < least.pods:
            words = f"{printable(entry)}: {printable(str(used[entry]))} of {printable(str(hard))} used"
            least = _Room(pods, words)
    return least


def _refusal(
    quota: ResourceQuota, change: WritePlan, how: RolloutStrategy, coming: int, room: _Room
) -> PreflightWarning:
    name = f"quota {printable(quota.name)}"
    if change.operation == "scale":
        fit = f"only {room.pods}" if room.pods else "none"
        message = f"{name} lets in {fit} of the {coming} new pods ({room.words})"
        return PreflightWarning(WarningLevel.CAUTION, "quota", message)
    if room.pods == 0 and how.unavailable == 0:
        message = f"maxUnavailable 0 and no room: {name} refuses every surge pod ({room.words}), so it cannot begin"
        return PreflightWarning(WarningLevel.DANGER, "no-room", message)
    slower = "old pods must end first" if room.pods == 0 else "it goes slower"
    message = f"{name} has room for {room.pods} of {coming} surge pods ({room.words}): {slower}"
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
