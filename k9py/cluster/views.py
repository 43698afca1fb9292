"""What front ends show of a Service and of a rollout: one value for each, computed on demand and cached (`view_cache`).

Invariant: None means unknown (not read yet, or forbidden) and is never shown as healthy.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import msgspec

from k9py.api.meta import ObjectRef
from k9py.api.services import ServicePort
from k9py.api.severity import Severity
from k9py.diagnosis.finding import Finding
from k9py.rollouts.scaling_events import Scaling
from k9py.rollouts.status import RolloutStatus


class ServiceMode(Enum):
    """How a Service finds its backends."""

    SELECTOR = "selector"  # pods by labels
    HEADLESS = "headless"  # the same without a cluster IP
    EXTERNAL_NAME = "external-name"  # a DNS alias: no endpoints by nature
    NO_SELECTOR = "no-selector"  # endpoints are maintained manually or by another controller


class ServiceView(msgspec.Struct, frozen=True, gc=False):
    """A Service.

    Args:
        ready, total: endpoints that receive traffic, and all; None when unknown or (EXTERNAL_NAME) meaningless.
        serving, desired: endpoints that serve of those that should, consistent with its backends; None likewise.
        severity: how bad it is; `findings` hold the reason of a problem first, and none worse.
        is_explained_by_workload: a backend has the same severity: both count as one problem.
        workloads: its backends, whose pod template the selector matches, by name.
        findings: worst first; of the Service itself and of its backends.
        external_name: the alias of an EXTERNAL_NAME service, else "".
        created_at: for its age.
    """

    key: ObjectRef
    uid: str
    mode: ServiceMode
    type: str
    ports: tuple[ServicePort, ...]
    ready: int | None
    total: int | None
    workloads: tuple[ObjectRef, ...]
    findings: tuple[Finding, ...]
    external_name: str
    created_at: datetime | None
    severity: Severity = Severity.UNKNOWN
    serving: int | None = None
    desired: int | None = None
    is_explained_by_workload: bool = False

    @property
    def worst_finding(self) -> Finding | None:
        """The finding to show where only one fits."""
        return self.findings[0] if self.findings else None

    @property
    def ports_text(self) -> str:
        """`80,443/UDP,8080:30080` as kubectl prints it: the protocol only where it is not TCP."""
        return ",".join(_port_text(port) for port in self.ports)

    @property
    def is_known(self) -> bool:
        """False when its health is unknown."""
        return self.mode is ServiceMode.EXTERNAL_NAME or self.total is not None

    @property
    def is_failing(self) -> bool:
        """True when it is down, degraded or stuck."""
        return self.severity <= Severity.STUCK


class RolloutView(msgspec.Struct, frozen=True, gc=False):
    """A Deployment, StatefulSet or DaemonSet.

    Args:
        findings: worst first, of the workload and its pods.
        generation: the generation of the spec this is about.
        has_synced_pods: False while its pods are not read (or forbidden): then only the counts are known.
        severity: how bad it is; `findings` hold the reason of a problem first, and none worse.
        scaling: the last scaling of a workload that wants pods, None when none is known.
    """

    key: ObjectRef
    uid: str
    status: RolloutStatus
    findings: tuple[Finding, ...]
    created_at: datetime | None
    generation: int
    has_synced_pods: bool
    severity: Severity = Severity.UNKNOWN
    scaling: Scaling | None = None

    @property
    def kind(self) -> str:
        return self.key.kind

    @property
    def namespace(self) -> str:
        return self.key.namespace

    @property
    def image_tag(self) -> str:
        """The first container's image tag, short; `+1` when there are more containers."""
        images = self.status.images
        if not images:
            return ""
        more = f" +{len(images) - 1}" if len(images) > 1 else ""
        return short_image_tag(images[0]) + more

    @property
    def changed_at(self) -> datetime | None:
        """When the pod template last changed, None when unknown."""
        return self.status.changed_at

    @property
    def changed_by(self) -> str:
        """The field manager that changed the pod template, "" when unknown."""
        return self.status.changed_by

    @property
    def worst_finding(self) -> Finding | None:
        """The finding to show where only one fits."""
        return self.findings[0] if self.findings else None

    @property
    def is_failing(self) -> bool:
        """True when it is down, degraded or stuck."""
        return self.severity <= Severity.STUCK


def short_image_tag(image: str) -> str:
    """Return the tag of an image, the first 12 digits of its digest, or "latest" when it names neither.

    The port of a registry is not a tag: only what follows the last slash can hold one.
    """
    repository, at, digest = image.partition("@")
    _, colon, tag = repository.rsplit("/", 1)[-1].partition(":")
    if colon:
        return tag
    if at:
        return digest.rpartition(":")[2][:12]
    return "latest"


def _port_text(port: ServicePort) -> str:
    node_port = f":{port.node_port}" if port.node_port else ""
    protocol = f"/{port.protocol}" if port.protocol not in ("", "TCP") else ""
    return f"{port.port}{node_port}{protocol}"
