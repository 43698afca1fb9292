"""Keep less of each pod: drop annotations nobody reads, and keep one copy of what repeats.

Pods are the kind that comes in tens of thousands, and those of one owner are nearly the same: labels, owner, containers
are taken from a sibling where they are equal, and words the kubelet repeats are kept once in the process.

Invariant: the compacted value equals the decoded one, but for the dropped annotations. It is changed in place, before
anyone else has seen it. A pod annotation that comes to be read is added to `KEPT_ANNOTATIONS`.
"""

from __future__ import annotations

from sys import intern
from typing import Final, TypeVar

from msgspec.structs import force_setattr

from k9py.api.meta import KubeObject
from k9py.api.pods import ContainerStatus, Pod

T = TypeVar("T", bound=KubeObject)

KEPT_ANNOTATIONS: Final = frozenset(
    {
        "kubectl.kubernetes.io/default-container",
        "kubectl.kubernetes.io/restartedAt",
        "kubernetes.io/config.mirror",
    }
)

_MOST_OWNERS: Final = 5_000
"""Siblings remembered before starting afresh: one pod an owner, so that owners long gone are forgotten."""


class Compactor:
    """Compacts the objects of one watch as they come."""

    def __init__(self) -> None:
        self._siblings: dict[str, Pod] = {}

    def __call__(self, value: T) -> T:
        """Return the same value, smaller. Other kinds than pods pass as they are."""
        if isinstance(value, Pod):
            self._pod(value)
        return value

    def _pod(self, pod: Pod) -> None:
        metadata, spec, status = pod.metadata, pod.spec, pod.status
        if metadata.annotations:
            kept = {name: text for name, text in metadata.annotations.items() if name in KEPT_ANNOTATIONS}
            force_setattr(metadata, "annotations", kept or None)
        force_setattr(metadata, "namespace", intern(metadata.namespace))
        force_setattr(spec, "node_name", intern(spec.node_name))
        force_setattr(spec, "service_account_name", intern(spec.service_account_name))
        force_setattr(status, "phase", intern(status.phase))
        force_setattr(status, "host_ip", intern(status.host_ip))
        created = metadata.creation_timestamp
        if status.start_time == created:
            force_setattr(status, "start_time", created)
        for condition in status.conditions or ():
            force_setattr(condition, "type", intern(condition.type))
            force_setattr(condition, "status", intern(condition.status))
            if condition.reason:
                force_setattr(condition, "reason", intern(condition.reason))
            # A pod's conditions mostly turn within few distinct seconds, the first with its creation.
            if condition.last_transition_time == created:
                force_setattr(condition, "last_transition_time", created)
        for container in status.container_statuses or ():
            _container(container)
        self._share(pod)

    def _share(self, pod: Pod) -> None:
        owner = pod.owner_uid
        sibling = self._siblings.get(owner)
        if sibling is None:
            if len(self._siblings) >= _MOST_OWNERS:
                self._siblings.clear()
            if owner:
                self._siblings[owner] = pod
            return
        mine, theirs = pod.metadata, sibling.metadata
        if mine.labels == theirs.labels:
            force_setattr(mine, "labels", theirs.labels)
        if mine.owner_references == theirs.owner_references:
            force_setattr(mine, "owner_references", theirs.owner_references)
        if pod.spec.containers == sibling.spec.containers:
            force_setattr(pod.spec, "containers", sibling.spec.containers)
        if pod.spec.init_containers == sibling.spec.init_containers:
            force_setattr(pod.spec, "init_containers", sibling.spec.init_containers)


def _container(container: ContainerStatus) -> None:
    force_setattr(container, "name", intern(container.name))
    force_setattr(container, "image", intern(container.image))
    waiting = container.state.waiting if container.state else None
    if waiting is not None:
        force_setattr(waiting, "reason", intern(waiting.reason))
