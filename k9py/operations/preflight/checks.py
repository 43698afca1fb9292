"""The checks that need the cluster, each asked of the facts read for one change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from k9py.operations.patcher import Reader
from k9py.operations.plan import PreflightWarning, WritePlan
from k9py.operations.preflight.alike import fails_alike
from k9py.operations.preflight.autoscalers import autoscaling
from k9py.operations.preflight.budgets import budget_of_eviction, budget_of_rollout
from k9py.operations.preflight.facts import Facts, gather
from k9py.operations.preflight.nodes import node_room
from k9py.operations.preflight.quotas import quota_refusals
from k9py.operations.preflight.rights import rights
from k9py.operations.stuck_pods import unready_pods_warning
from k9py.operations.warnings import loudest_first


async def preflight(reader: Reader, obj: Mapping[str, Any], change: WritePlan) -> tuple[PreflightWarning, ...]:
    """Return what the cluster knows that pushes back on a change, loudest first; what could not be read is `unknown`.

    Args:
        obj: the whole object the change was planned from.

    Raises:
        ConnectionFailedError: the cluster does not answer any more.
    """
    return judge(obj, change, await gather(reader, obj, change))


def judge(obj: Mapping[str, Any], change: WritePlan, facts: Facts) -> tuple[PreflightWarning, ...]:
    """Return what the facts mean for the change, loudest first."""
    return loudest_first(_found(obj, change, facts))


def _found(obj: Mapping[str, Any], change: WritePlan, facts: Facts) -> Iterator[PreflightWarning]:
    yield from rights(facts)
    yield from autoscaling(obj, change, facts)
    yield from budget_of_rollout(obj, change, facts)
    yield from budget_of_eviction(obj, change, facts)
    yield from quota_refusals(obj, change, facts)
    yield from node_room(obj, change, facts)
    yield from fails_alike(obj, change, facts)
    if isinstance(facts.pods, tuple):
        yield from unready_pods_warning(obj, change, facts.pods)
