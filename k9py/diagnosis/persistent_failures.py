"""Decide whether a pod fails for so long that nobody should wait for its start any more.

Invariant: a probe that is refused while a program starts is no failure: the pod's own failureThreshold and period say
how patient it is; neither is one restart.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from k9py.api.events import Event
from k9py.api.pods import Pod

_THRESHOLDS: Final = 3
"""So many times its failureThreshold a probe must have failed."""
_AT_LEAST: Final = 9
_RESTARTS: Final = 2
_GATE: Final = timedelta(seconds=40)
"""A controller that watches a readiness gate sets its condition, to False at first, within this time."""
_LONG: Final = timedelta(seconds=60)


def fails_persistently(pod: Pod, events: Iterable[Event], now: datetime) -> bool:
    """Return whether a pod failed, its containers fail again and again, or its readiness probe does.

    Args:
        events: about the pod (others are ignored).
    """
    if pod.is_ready or pod.is_terminating:
        return False
    is_forgotten = _has_forgotten_gate(pod, now)
    return pod.status.phase == "Failed" or is_forgotten or _crashes(pod) or readiness_fails_for_long(pod, events, now)


def _has_forgotten_gate(pod: Pod, now: datetime) -> bool:
    """Return whether containers are ready, and nobody has set the condition of a readiness gate at all."""
    conditions = {condition.type: condition for condition in pod.status.conditions or ()}
    ready = conditions.get("ContainersReady")
    if ready is None or ready.status != "True" or ready.last_transition_time is None:
        return False
    is_unset = any(gate.condition_type not in conditions for gate in pod.spec.readiness_gates or ())
    return is_unset and now - ready.last_transition_time >= _GATE


def _crashes(pod: Pod) -> bool:
    """Return whether a container that is not ready has failed more than once, also while it runs again."""
    for status in (*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ())):
        last = status.last_state.terminated if status.last_state is not None else None
        if not status.ready and status.restart_count >= _RESTARTS and last is not None and last.exit_code != 0:
            return True
    return False


def readiness_fails_for_long(pod: Pod, events: Iterable[Event], now: datetime) -> bool:
    """Return whether the readiness probe of a running pod that is not ready has failed again and again.

    Args:
        events: about the pod (others are ignored).
    """
    if pod.is_ready or pod.is_terminating:
        return False
    thresholds = [
        probe.failure_threshold
        for container in pod.spec.containers or ()
        if (probe := container.readiness_probe) is not None
    ]
    wanted = max(_AT_LEAST, _THRESHOLDS * max(thresholds, default=0))
    for event in events:
        if event.involved_object.uid != pod.uid or event.reason != "Unhealthy":
            continue
        first, last = event.first_seen, event.last_seen
        if (
            not event.message.startswith(("Readiness probe failed", "Readiness probe errored"))
            or first is None
            or last is None
        ):
            continue
        if event.occurrences >= wanted and last - first >= _LONG and now - last < _LONG:
            return True
    return False
