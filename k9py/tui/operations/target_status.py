"""The current state of an operation's target, and the advice when nothing is wrong with it."""

from __future__ import annotations

from datetime import datetime

from k9py.api.kinds import is_pod, is_workload
from k9py.api.meta import ObjectRef
from k9py.cluster.queries import Queries
from k9py.cluster.views import RolloutView
from k9py.runtime.time_slice import TimeSlice
from k9py.tui.dialogs.question import CurrentStatus
from k9py.views.current_state import (
    CurrentState,
    current_pod_state,
    current_rollout_state,
    did_you_mean,
    worse_of,
)
from k9py.views.rollouts import state_text
from k9py.views.values import Tone

NOT_KNOWN = CurrentState("its current state is unknown", Tone.UNKNOWN, False)


def current_state(queries: Queries, key: ObjectRef, now: datetime) -> CurrentState:
    """Return the current state of a workload or pod; unknown when it is not in the stores."""
    if is_pod(key):
        pod = queries.pod(key)
        return NOT_KNOWN if pod is None else current_pod_state(pod, queries.pod_findings(key, now), now)
    view = queries.rollout_view(key, now)
    return NOT_KNOWN if view is None else current_rollout_state(view, now)


def has_state(key: ObjectRef) -> bool:
    """Return whether objects of this kind have a state: workloads and pods."""
    return is_workload(key) or is_pod(key)


async def target_status(queries: Queries, key: ObjectRef, now: datetime, *, is_remedy: bool) -> CurrentStatus | None:
    """Return the current state of the target, None for a kind without one.

    Args:
        is_remedy: the operation is meant to repair something: with nothing wrong, name what is failing instead.
    """
    if not has_state(key):
        return None
    state = current_state(queries, key, now)
    if not (is_remedy and state.is_healthy):
        return CurrentStatus(state)
    failing = await worst_failing(queries, now)
    if failing is None or failing.key == key:
        return CurrentStatus(state)
    return CurrentStatus(state, did_you_mean(failing.status, key.namespace, state_text(failing)))


async def worst_failing(queries: Queries, now: datetime) -> RolloutView | None:
    """Return the worst failing workload in the stores, None when none is failing."""
    worst: RolloutView | None = None
    time_slice = TimeSlice()
    for key in list(queries.rollout_keys()):
        view = queries.rollout_view(key, now)
        if view is not None:
            worst = worse_of(worst, view)
        await time_slice.yield_if_over()
    return worst
