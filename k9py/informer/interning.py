"""Save memory: drop what nothing reads of pods (most annotations, the token's volume), and share values that repeat.

Pods come in tens of thousands, and those of one owner are nearly identical: labels, owner references and containers are
taken from a sibling where they are equal, and strings that the kubelet repeats are interned.

Invariant: the interned value equals the decoded one, except for what is dropped. It is changed in place, before
anything else refers to it. To read another pod annotation, add it to `KEPT_ANNOTATIONS`.
"""

from __future__ import annotations

from sys import intern
from typing import Final, TypeVar

from msgspec.structs import force_setattr

from k9py.api.meta import KubeObject
from k9py.api.pod_volumes import SERVICE_ACCOUNT_VOLUME
from k9py.api.pods import ContainerStatus, Pod

T = TypeVar("T", bound=KubeObject)

KEPT_ANNOTATIONS: Final = frozenset(
    {
        "kubectl.kubernetes.io/default-container",
        "kubectl.kubernetes.io/restartedAt",
        "kubernetes.io/config.mirror",
    }
)

_SHARED_SPEC: Final = (
    "containers",
    "init_containers",
    "node_selector",
    "readiness_gates",
    "resources",
    "affinity",
    "tolerations",
    "topology_spread_constraints",
    "volumes",
    "overhead",
    "scheduling_gates",
)
"""Fields of a pod's spec that are mostly equal in pods of one owner."""

_MAX_SIBLINGS: Final = 5_000
"""Siblings remembered (one pod per owner) before all are forgotten, so that owners deleted long ago do not stay."""


class Interner:
    """Interns the objects of one watch as they arrive."""

    def __init__(self) -> None:
        self._siblings: dict[str, Pod] = {}

    def __call__(self, value: T) -> T:
        """Return an equal value that takes less memory. Kinds other than pods are returned unchanged."""
        if isinstance(value, Pod):
            self._intern_pod(value)
        return value

    def _intern_pod(self, pod: Pod) -> None:
        metadata, spec, status = pod.metadata, pod.spec, pod.status
        if metadata.annotations:
            kept = {name: text for name, text in metadata.annotations.items() if name in KEPT_ANNOTATIONS}
            force_setattr(metadata, "annotations", kept or None)
        # The volume of the service account's token is in every pod, each time with another name.
        if spec.volumes and any(volume.name.startswith(SERVICE_ACCOUNT_VOLUME) for volume in spec.volumes):
            volumes = tuple(each for each in spec.volumes if not each.name.startswith(SERVICE_ACCOUNT_VOLUME))
            force_setattr(spec, "volumes", volumes or None)
        for name in ("scheduler_name", "priority_class_name", "service_account_name", "node_name"):
            force_setattr(spec, name, intern(getattr(spec, name)))
        force_setattr(metadata, "namespace", intern(metadata.namespace))
        force_setattr(status, "phase", intern(status.phase))
        force_setattr(status, "host_ip", intern(status.host_ip))
        force_setattr(status, "qos_class", intern(status.qos_class))
        created = metadata.creation_timestamp
        if status.start_time == created:
            force_setattr(status, "start_time", created)
        for condition in status.conditions or ():
            force_setattr(condition, "type", intern(condition.type))
            force_setattr(condition, "status", intern(condition.status))
            if condition.reason:
                force_setattr(condition, "reason", intern(condition.reason))
            # The conditions of a pod mostly change within a few distinct seconds, the first with its creation.
            if condition.last_transition_time == created:
                force_setattr(condition, "last_transition_time", created)
        for container in status.container_statuses or ():
            _intern_container(container)
        self._share_with_sibling(pod)

    def _share_with_sibling(self, pod: Pod) -> None:
        owner = pod.owner_uid
        sibling = self._siblings.get(owner)
        if sibling is None:
            if len(self._siblings) >= _MAX_SIBLINGS:
                self._siblings.clear()
            if owner:
                self._siblings[owner] = pod
            return
        metadata, shared = pod.metadata, sibling.metadata
        if metadata.labels == shared.labels:
            force_setattr(metadata, "labels", shared.labels)
        if metadata.owner_references == shared.owner_references:
            force_setattr(metadata, "owner_references", shared.owner_references)
        for name in _SHARED_SPEC:
            value = getattr(pod.spec, name)
            if value is not None and value == (sibling_value := getattr(sibling.spec, name)):
                force_setattr(pod.spec, name, sibling_value)


def _intern_container(container: ContainerStatus) -> None:
    force_setattr(container, "name", intern(container.name))
    force_setattr(container, "image", intern(container.image))
    waiting = container.state.waiting if container.state else None
    if waiting is not None:
        force_setattr(waiting, "reason", intern(waiting.reason))
