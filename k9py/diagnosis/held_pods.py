"""Tell pods that start slowly from pods that cannot start: those that wait for a Service that is down.

A workload counts as rolling out for its first minutes, whatever its pods do. Invariant: a pod is only held where its
own finding names what it waits for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.services import Service
from k9py.api.severity import Severity
from k9py.diagnosis.backends import NO_ENDPOINTS, BackendState, backend_state
from k9py.diagnosis.checks.waiting import init_container_slow
from k9py.diagnosis.graph import Graph

_MAX_PODS: Final = 50


def held_pods(pods: Iterable[Pod], graph: Graph) -> tuple[ObjectRef, ...]:
    """Return the pods that should serve, if all of them wait for a Service that is down; () when one does not."""
    starting = [pod for pod in pods if not pod.is_terminating and pod.status.phase not in ("Succeeded", "Failed")]
    held = [pod.key for pod in starting[:_MAX_PODS] if not pod.is_ready and _is_held(pod, graph)]
    return tuple(held) if held and len(held) == len(starting[:_MAX_PODS]) else ()


def served_state(service: Service, graph: Graph) -> BackendState:
    """Return how a Service does for those who use it; with no endpoint, and all pods held, it is down."""
    state = backend_state(service, graph)
    health = graph.service_health(service.key)
    is_starting = health is not None and health.severity is Severity.ROLLING_OUT and health.serving == 0
    if is_starting and not state.is_down and held_pods(graph.pods_of(service.key), graph):
        return BackendState(Severity.DOWN, NO_ENDPOINTS)
    return state


def _is_held(pod: Pod, graph: Graph) -> bool:
    return any(
        finding.severity <= Severity.STUCK and finding.caused_by for finding in init_container_slow.run(pod, graph)
    )
