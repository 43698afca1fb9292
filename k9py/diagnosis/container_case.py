"""One container of a pod with what explains its state: its spec, its status, and the events about the pod.

Invariant: init containers come before sidecars and main containers as in the spec, so that what fails first is named
first. `status.…` paths are those of the API, for evidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from k9py.api.events import Event
from k9py.api.pods import Container, ContainerStatus, Pod, StateTerminated, StateWaiting
from k9py.api.text import printable
from k9py.diagnosis.pod_events import is_about_container

STARTING_REASONS: Final = frozenset({"", "ContainerCreating", "PodInitializing"})
"""Reasons of a container that is starting normally."""


@dataclass(frozen=True, slots=True)
class ContainerCase:
    """One container.

    Args:
        label: names it in messages: `init container setup`.
        is_init: it must end before the others start; a sidecar is no init container in this sense.
        events: recent ones about the pod.
    """

    pod: Pod
    status: ContainerStatus
    container: Container
    label: str
    is_init: bool
    now: datetime
    events: Sequence[Event]

    @property
    def field(self) -> str:
        """The path of its status in the pod."""
        is_listed = any(status is self.status for status in self.pod.status.init_container_statuses or ())
        return f"status.{'initContainerStatuses' if is_listed else 'containerStatuses'}[{printable(self.status.name)}]"

    @property
    def spec_field(self) -> str:
        """The path of its spec in the pod."""
        is_listed = any(each is self.container for each in self.pod.spec.init_containers or ())
        return f"spec.{'initContainers' if is_listed else 'containers'}[{printable(self.status.name)}]"

    @property
    def waiting(self) -> StateWaiting | None:
        """Why it does not run yet."""
        return self.status.state.waiting if self.status.state else None

    @property
    def terminated(self) -> StateTerminated | None:
        """How it terminated, if it has not been started since."""
        return self.status.state.terminated if self.status.state else None

    @property
    def last_terminated(self) -> StateTerminated | None:
        """How its previous run terminated."""
        return self.status.last_state.terminated if self.status.last_state else None

    @property
    def own_events(self) -> Iterator[Event]:
        """The events about it, or about the whole pod."""
        return (event for event in self.events if is_about_container(event, self.status.name))

    def first_seen(self, reason: str, text: str = "") -> datetime | None:
        """Return when an event about it was first seen, None if there is none.

        Args:
            text: part of its message.
        """
        times = (event.first_seen for event in self.own_events if event.reason == reason and text in event.message)
        return min((at for at in times if at is not None), default=None)


def container_cases(pod: Pod, now: datetime, events: Sequence[Event]) -> list[ContainerCase]:
    """Return the containers of a pod that have a status, init containers first."""
    specs = {spec.name: spec for spec in (*(pod.spec.init_containers or ()), *(pod.spec.containers or ()))}
    cases: list[ContainerCase] = []
    for statuses, is_listed_as_init in (
        (pod.status.init_container_statuses, True),
        (pod.status.container_statuses, False),
    ):
        for status in statuses or ():
            container = specs.get(status.name, Container(name=status.name, image=status.image))
            is_init = is_listed_as_init and not container.is_sidecar
            kind = "init container" if is_init else "sidecar" if is_listed_as_init else "container"
            label = f"{kind} {printable(status.name)}"
            cases.append(ContainerCase(pod, status, container, label, is_init, now, events))
    return cases
