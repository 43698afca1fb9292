"""Select what checks of pods look at: the containers that keep a pod from being ready, and runs that ended.

Invariant: a plainly healthy pod costs one look at its conditions and container states, because checks of pods run for
each change of each pod of a cluster.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from k9py.api.causes import Cause
from k9py.api.pods import Pod, StateTerminated
from k9py.api.severity import Severity
from k9py.diagnosis.container_case import ContainerCase, container_cases
from k9py.diagnosis.containers import JUST_RESTARTED, is_running_well, stable_at, termination_cause
from k9py.diagnosis.graph import Graph
from k9py.diagnosis.nodes import is_on_lost_node
from k9py.diagnosis.pod_events import recent_events

RECENT: Final = timedelta(hours=1)
"""What ended longer ago, and has not happened again, is history."""


def is_plainly_healthy(pod: Pod) -> bool:
    """Return whether no check can find anything, cheaply: true of most pods of a cluster. Each check must agree."""
    status = pod.status
    if status.phase != "Running" or pod.metadata.deletion_timestamp is not None or not pod.is_ready:
        return False
    for statuses in (status.container_statuses, status.init_container_statuses):
        for container in statuses or ():
            last = container.last_state
            if last is not None and last.terminated is not None:
                return False
    return True


def unready_containers(pod: Pod, graph: Graph) -> list[ContainerCase]:
    """Return the containers of a pod that should become ready and is not, in the order in which they start."""
    if pod.status.phase in ("Succeeded", "Failed") or pod.is_ready or pod.is_terminating or is_on_lost_node(pod):
        return []
    return container_cases(pod, graph.now, recent_events(pod, graph.events(pod), graph.now))


def ended_runs(pod: Pod, graph: Graph) -> Iterator[tuple[ContainerCase, StateTerminated, Cause]]:
    """Yield the containers that ended though they should run, or should have ended well, and why they did.

    A container that runs again counts while it has not proved stable: just after a crash, and while crashes repeat.
    """
    if is_plainly_healthy(pod) or pod.status.phase == "Succeeded" or pod.is_terminating or is_on_lost_node(pod):
        return
    if pod.status.phase == "Failed" and pod.status.reason:
        return  # its node ended it: evicted, rejected, shut down
    events = recent_events(pod, graph.events(pod), graph.now)
    for case in container_cases(pod, graph.now, events):
        ended = _ended_run(case)
        if ended is not None:
            yield case, ended, termination_cause(case, ended)


def _ended_run(case: ContainerCase) -> StateTerminated | None:
    last, terminated, waiting = case.last_terminated, case.terminated, case.waiting
    if terminated is not None:
        is_wrong = terminated.exit_code != 0 or (not case.is_init and case.pod.spec.restart_policy == "Always")
        return terminated if is_wrong else None
    if waiting is not None:
        return last if waiting.reason == "CrashLoopBackOff" else None
    running = case.status.state.running if case.status.state else None
    if running is None or last is None or (case.is_init and last.exit_code == 0):
        return None
    if case.status.ready and not case.is_init:
        return None if is_running_well(case.status, last, case.now) else last
    is_fresh = running.started_at is None or case.now - running.started_at < JUST_RESTARTED
    return last if last.exit_code != 0 and is_fresh else None


def pod_severity(pod: Pod) -> Severity:
    """Return how bad it is for a pod that one of its containers does not run: a ready pod serves for now."""
    if pod.is_ready:
        return Severity.WARNING
    if pod.status.phase == "Failed" and pod.metadata.controller is not None:
        return Severity.WARNING  # its controller makes another pod
    return Severity.DOWN


def settles_at(case: ContainerCase, ended: StateTerminated) -> datetime | None:
    """Return when a container that runs again has proved stable, None while it does not run."""
    state = case.status.state
    running = state.running.started_at if state and state.running else None
    if running is None:
        return None
    return running + JUST_RESTARTED if not case.status.ready else stable_at(case.status, ended)
