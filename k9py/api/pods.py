"""Pods, their containers (init, sidecar, ephemeral) and what the kubelet says of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

import msgspec

from k9py.api.meta import Condition, KubeObject, KubeStruct, Meta


class ContainerPort(KubeStruct, frozen=True):
    """A declared container port; `container_port` is 1..65535."""

    container_port: int = 0
    name: str = ""
    protocol: str = "TCP"


class ResourceRequirements(KubeStruct, frozen=True):
    """Requests and limits as Kubernetes quantities in text ("250m", "64Mi")."""

    requests: dict[str, str | int | float] | None = None
    limits: dict[str, str | int | float] | None = None


class Container(KubeStruct, frozen=True):
    """A container of a pod spec. An init container with restart_policy "Always" is a sidecar."""

    name: str = ""
    image: str = ""
    restart_policy: str | None = None
    ports: tuple[ContainerPort, ...] | None = None
    resources: ResourceRequirements | None = None

    @property
    def is_sidecar(self) -> bool:
        return self.restart_policy == "Always"


class StateWaiting(KubeStruct, frozen=True):
    """The container is not running yet: reason such as ImagePullBackOff, and the kubelet's message."""

    reason: str = ""
    message: str = ""


class StateRunning(KubeStruct, frozen=True):
    """The container runs since `started_at`."""

    started_at: datetime | None = None


class StateTerminated(KubeStruct, frozen=True):
    """The container ended: exit code, signal, reason such as OOMKilled, and when."""

    exit_code: int = 0
    signal: int | None = None
    reason: str = ""
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ContainerState(KubeStruct, frozen=True):
    """At most one of the three is set; none means waiting."""

    waiting: StateWaiting | None = None
    running: StateRunning | None = None
    terminated: StateTerminated | None = None


class ContainerStatus(KubeStruct, frozen=True):
    """What the kubelet reports of one container; `last_state` is of the run before.

    `container_id` names the present run ("containerd://…"), "" before the first.
    """

    name: str = ""
    container_id: str = msgspec.field(default="", name="containerID")
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    image: str = ""
    state: ContainerState | None = None
    last_state: ContainerState | None = None


class PodSpec(KubeStruct, frozen=True):
    """The parts of a pod spec we read; also the spec of a pod template."""

    containers: tuple[Container, ...] | None = None
    init_containers: tuple[Container, ...] | None = None
    ephemeral_containers: tuple[Container, ...] | None = None
    node_name: str = ""
    restart_policy: str = "Always"
    service_account_name: str = ""
    termination_grace_period_seconds: int | None = None


class PodStatus(KubeStruct, frozen=True):
    """The kubelet's and the scheduler's report; `phase` "" means not reported."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    host_ip: str = msgspec.field(default="", name="hostIP")
    start_time: datetime | None = None
    conditions: tuple[Condition, ...] | None = None
    container_statuses: tuple[ContainerStatus, ...] | None = None
    init_container_statuses: tuple[ContainerStatus, ...] | None = None
    ephemeral_container_statuses: tuple[ContainerStatus, ...] | None = None


class PodTemplate(KubeStruct, frozen=True):
    """The pod template of a workload, partially decoded: enough to show, not to write back."""

    metadata: Meta | None = None
    spec: PodSpec | None = None

    @property
    def labels(self) -> dict[str, str]:
        return (self.metadata.labels if self.metadata else None) or {}

    @property
    def images(self) -> tuple[str, ...]:
        """Images of the main containers, in the spec's order."""
        return tuple(one.image for one in (self.spec.containers if self.spec else None) or ())


class Pod(KubeObject, frozen=True):
    """A pod (core/v1)."""

    KIND: ClassVar[str] = "Pod"

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def is_ready(self) -> bool:
        # Asked of every pod again and again, so without a call of `condition`.
        for one in self.status.conditions or ():
            if one.type == "Ready":
                return one.status == "True"
        return False

    @property
    def is_terminating(self) -> bool:
        return self.metadata.deletion_timestamp is not None

    @property
    def restarts(self) -> int:
        """Restarts of all containers, sidecars included, as kubectl counts them."""
        return sum(one.restart_count for one in self.status.container_statuses or ()) + sum(
            one.restart_count for one in self.status.init_container_statuses or ()
        )

    def statuses(self) -> Iterator[ContainerStatus]:
        """Yield the statuses of init, main and ephemeral containers, in that order."""
        yield from self.status.init_container_statuses or ()
        yield from self.status.container_statuses or ()
        yield from self.status.ephemeral_container_statuses or ()
