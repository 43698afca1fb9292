"""Decide whether a pod still waits for an image that is being pulled: that takes minutes for a large one.

The kubelet reports it with a normal event, which is only requested for a pod that waits. Invariant: a pull that takes a
quarter of an hour counts as one that does not end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final, NamedTuple

from k9py.api.events import Event
from k9py.api.pods import Container, Pod
from k9py.diagnosis.container_case import container_cases
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.settling import is_recent

LONG_PULL: Final = timedelta(minutes=15)
_WAITING: Final = frozenset({"ContainerCreating", "PodInitializing"})


class Pull(NamedTuple):
    """An image that is being pulled for a container, and the event that says so."""

    container: Container
    event: Event
    status_field: str


def pulls(pod: Pod, graph: Graph) -> Iterator[Pull]:
    """Yield the images that are being pulled for a pod; none while its events are not known."""
    if pod.status.phase != "Pending" or not pod.spec.node_name or pod.is_terminating:
        return
    waiting = [case for case in container_cases(pod, graph.now, ()) if case.waiting and case.waiting.reason in _WAITING]
    events = graph.all_events(pod) if waiting else ()
    if isinstance(events, Unread):
        return
    for case in waiting:
        own = [event for event in events if f"{{{case.status.name}}}" in event.involved_object.field_path]
        if own and own[0].reason == "Pulling":
            yield Pull(case.container, own[0], case.field)


def only_pull(pods: Iterable[Pod], graph: Graph) -> bool:
    """Return whether all pods that are not ready wait for an image that has not been pulled for long yet."""
    unready = [pod for pod in pods if not pod.is_ready and not pod.is_terminating]
    return bool(unready) and all(
        any(is_recent(pull.event.first_seen, graph, LONG_PULL) for pull in pulls(pod, graph)) for pod in unready
    )
