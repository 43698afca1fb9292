"""Pods (core/v1), their containers (init, sidecar, ephemeral), and the status that the kubelet reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

import msgspec

from k9py.api.container_spec import EnvFromSource, EnvVar, Lifecycle, LocalObjectReference, Probe
from k9py.api.meta import Condition, KubeObject, KubeStruct, Meta, Present
from k9py.api.pod_volumes import Volume
from k9py.api.scheduling import Affinity, SchedulingGate, Toleration, TopologySpreadConstraint


class ContainerPort(KubeStruct, frozen=True):
    """A declared container port; `container_port` is 1..65535, a `host_port` of 0 is none."""

    container_port: int = 0
    name: str = ""
    protocol: str = "TCP"
    host_port: int = 0
    host_ip: str = msgspec.field(default="", name="hostIP")


class ResourceRequirements(KubeStruct, frozen=True):
    """Requests and limits, as Kubernetes quantities ("250m", "64Mi")."""

    requests: dict[str, str | int | float] | None = None
    limits: dict[str, str | int | float] | None = None


class Container(KubeStruct, frozen=True):
    """A container of a pod spec. An init container with restart_policy "Always" is a sidecar.

    Of volume mounts only the presence is kept.
    """

    name: str = ""
    image: str = ""
    restart_policy: str | None = None
    ports: tuple[ContainerPort, ...] | None = None
    resources: ResourceRequirements | None = None
    command: tuple[str, ...] | None = None
    args: tuple[str, ...] | None = None
    env: tuple[EnvVar, ...] | None = None
    env_from: tuple[EnvFromSource, ...] | None = None
    image_pull_policy: str = ""
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    lifecycle: Lifecycle | None = None
    volume_mounts: tuple[Present, ...] | None = None

    @property
    def is_sidecar(self) -> bool:
        return self.restart_policy == "Always"


class StateWaiting(KubeStruct, frozen=True):
    """The container does not run yet: a reason such as ImagePullBackOff, and the kubelet's message."""

    reason: str = ""
    message: str = ""


class StateRunning(KubeStruct, frozen=True):
    """The container has been running since `started_at`."""

    started_at: datetime | None = None


class StateTerminated(KubeStruct, frozen=True):
    """The container has ended: exit code, signal, a reason such as OOMKilled, and when."""

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
    """The status of one container; `last_state` is that of the previous run.

    `container_id` identifies the current run ("containerd://…"), "" before the first; `image_id` is the digest that was
    pulled.
    """

    name: str = ""
    container_id: str = msgspec.field(default="", name="containerID")
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    image: str = ""
    image_id: str = msgspec.field(default="", name="imageID")
    state: ContainerState | None = None
    last_state: ContainerState | None = None


class ReadinessGate(KubeStruct, frozen=True):
    """core/v1 PodReadinessGate: a condition that must be True before the pod is ready."""

    condition_type: str = ""


class PodSpec(KubeStruct, frozen=True):
    """The part of a pod spec that is read; also the spec of a pod template.

    `resources` are those of the whole pod, which replace the sums of its containers.
    """

    containers: tuple[Container, ...] | None = None
    init_containers: tuple[Container, ...] | None = None
    ephemeral_containers: tuple[Container, ...] | None = None
    node_name: str = ""
    restart_policy: str = "Always"
    service_account_name: str = ""
    image_pull_secrets: tuple[LocalObjectReference, ...] | None = None
    termination_grace_period_seconds: int | None = None
    readiness_gates: tuple[ReadinessGate, ...] | None = None
    node_selector: dict[str, str] | None = None
    resources: ResourceRequirements | None = None
    affinity: Affinity | None = None
    tolerations: tuple[Toleration, ...] | None = None
    topology_spread_constraints: tuple[TopologySpreadConstraint, ...] | None = None
    volumes: tuple[Volume, ...] | None = None
    overhead: dict[str, str | int | float] | None = None
    priority: int | None = None
    priority_class_name: str = ""
    preemption_policy: str | None = None
    scheduler_name: str = ""
    scheduling_gates: tuple[SchedulingGate, ...] | None = None
    host_network: bool = False


class PodStatus(KubeStruct, frozen=True):
    """The status as the kubelet and the scheduler report it; a `phase` of "" means that it is not reported."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    host_ip: str = msgspec.field(default="", name="hostIP")
    qos_class: str = ""
    nominated_node_name: str = ""
    start_time: datetime | None = None
    conditions: tuple[Condition, ...] | None = None
    container_statuses: tuple[ContainerStatus, ...] | None = None
    init_container_statuses: tuple[ContainerStatus, ...] | None = None
    ephemeral_container_statuses: tuple[ContainerStatus, ...] | None = None


class PodTemplate(KubeStruct, frozen=True):
    """The pod template of a workload, partially decoded: enough to show, not enough to write back."""

    metadata: Meta | None = None
    spec: PodSpec | None = None

    @property
    def labels(self) -> dict[str, str]:
        return (self.metadata.labels if self.metadata else None) or {}

    @property
    def images(self) -> tuple[str, ...]:
        """Images of the main containers, in the order of the spec."""
        return tuple(container.image for container in (self.spec.containers if self.spec else None) or ())


class Pod(KubeObject, frozen=True):
    """A Pod (core/v1)."""

    KIND: ClassVar[str] = "Pod"

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def is_ready(self) -> bool:
        # Called for every pod on each change, so without a call of `find_condition`.
        for condition in self.status.conditions or ():
            if condition.type == "Ready":
                return condition.status == "True"
        return False

    @property
    def is_terminating(self) -> bool:
        return self.metadata.deletion_timestamp is not None

    @property
    def restarts(self) -> int:
        """Restarts of all containers; kubectl leaves out init containers that are done (`views.pod_status`)."""
        return sum(status.restart_count for status in self.status.container_statuses or ()) + sum(
            status.restart_count for status in self.status.init_container_statuses or ()
        )

    def statuses(self) -> Iterator[ContainerStatus]:
        """Yield the statuses of init, main and ephemeral containers, in that order."""
        yield from self.status.init_container_statuses or ()
        yield from self.status.container_statuses or ()
        yield from self.status.ephemeral_container_statuses or ()


def image_parts(image: str) -> tuple[str, str]:
    """Split an image into its repository prefix and its name with tag: `r.example.com:5000/shop`, `checkout:2.8.0`.

    The prefix is "" for an image of the default registry's library (`nginx:1`).
    """
    repository, at, digest = image.partition("@")
    prefix, _, name = repository.rpartition("/")
    return prefix, f"{name}{at}{digest}"
