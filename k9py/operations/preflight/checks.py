"""The checks that need the cluster, each given the facts read for one write.

To add a check: a function that yields `PreflightWarning`s in the module of its family, called in `_found`; the data it
needs becomes a fact in `facts.py`. A check asks the plan what the write does, never which operation it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from k9py.api.causes import CauseKind
from k9py.api.pods import Pod
from k9py.diagnosis.pods import unready_causes
from k9py.operations.patcher import Reader
from k9py.operations.plan import NewPods, PreflightWarning, WarningLevel, WritePlan
from k9py.operations.preflight.autoscaling import autoscaling
from k9py.operations.preflight.dependents import takes_along
from k9py.operations.preflight.disruption import budget_of_eviction, budget_of_rollout
from k9py.operations.preflight.facts import Facts, Unknown, gather, planned_template, unknown
from k9py.operations.preflight.quota import coming_pods, node_room, quota_refusals
from k9py.operations.preflight.uses import used_by
from k9py.operations.stuck_pods import unready_pods_warning
from k9py.operations.warnings import loudest_first


def rights(facts: Facts) -> Iterator[PreflightWarning]:
    """Warn that the write will be refused, or that this is unknown."""
    match facts.allowed:
        case Unknown() as fact:
            yield unknown(f"your permission to {facts.right}", fact, "it may be refused")
        case False:
            yield PreflightWarning(
                WarningLevel.DANGER, "rights", f"you may not {facts.right}: the server will refuse it"
            )


_OF_TEMPLATE: Final = frozenset({CauseKind.IMAGE, CauseKind.CRASH, CauseKind.OOM, CauseKind.CONFIG, CauseKind.MOUNT})
"""Causes that a new pod of the same template will have too; a probe that fails may succeed after a restart."""


def fails_alike(obj: Mapping[str, Any], plan: WritePlan, facts: Facts) -> Iterator[PreflightWarning]:
    """Warn that new pods will fail as present ones of the same template do: the template has to change."""
    if not isinstance(facts.pods, tuple) or plan.new_pods is not NewPods.SAME:
        return
    if plan.replicas is not None and not coming_pods(obj, plan):
        return
    images = _images(planned_template(obj, plan))
    causes: Counter[str] = Counter()
    for pod in facts.pods:
        is_same = images.items() <= _pod_images(pod).items()  # a webhook may have added containers
        troubles = unready_causes(pod, facts.at) if is_same else ()
        if troubles and troubles[0].is_blocking and troubles[0].kind in _OF_TEMPLATE:
            causes[troubles[0].message] += 1
    for cause, _ in causes.most_common(1):
        message = f"new pods will fail the same way: {cause}; an undo rolls back to an earlier revision"
        yield PreflightWarning(WarningLevel.CAUTION, "fails-alike", message)


def _images(template: Mapping[str, Any]) -> dict[str, str]:
    containers = (template.get("spec") or {}).get("containers") or ()
    return {str(container.get("name", "")): str(container.get("image", "")) for container in containers}


def _pod_images(pod: Pod) -> dict[str, str]:
    return {container.name: container.image for container in pod.spec.containers or ()}


async def preflight(reader: Reader, obj: Mapping[str, Any], plan: WritePlan) -> tuple[PreflightWarning, ...]:
    """Return the warnings about a write, most severe first; an unreadable fact is one with the code `unknown`.

    Args:
        obj: the whole object the write was planned from.

    Raises:
        ConnectionFailedError: the cluster no longer responds.
    """
    return judge(obj, plan, await gather(reader, obj, plan))


def judge(obj: Mapping[str, Any], plan: WritePlan, facts: Facts) -> tuple[PreflightWarning, ...]:
    """Return the warnings that follow from the facts, most severe first."""
    return loudest_first(_found(obj, plan, facts))


def _found(obj: Mapping[str, Any], plan: WritePlan, facts: Facts) -> Iterator[PreflightWarning]:
    yield from rights(facts)
    yield from takes_along(plan, facts.dependents)
    yield from used_by(facts.uses)
    yield from autoscaling(obj, plan, facts)
    yield from budget_of_rollout(obj, plan, facts)
    yield from budget_of_eviction(obj, plan, facts)
    yield from quota_refusals(obj, plan, facts)
    yield from node_room(obj, plan, facts)
    yield from fails_alike(obj, plan, facts)
    if isinstance(facts.pods, tuple):
        yield from unready_pods_warning(obj, plan, facts.pods)
