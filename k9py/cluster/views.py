"""What the screens show of a service and of a rollout: one value each, computed on demand, cached until dirty.

Invariant: None means unknown (not read yet, or not allowed to be read) and is never to be shown as healthy.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import msgspec

from k9py.api.meta import ObjectKey
from k9py.api.services import ServicePort
from k9py.api.severity import Severity
from k9py.diagnosis.finding import Finding
from k9py.rollouts.scaling_events import Scaling
from k9py.rollouts.status import RolloutStatus


class ServiceMode(Enum):
    """How a service finds what is behind it."""

    SELECTOR = "selector"  # the usual: pods by labels
    HEADLESS = "headless"  # the same without a cluster address
    EXTERNAL_NAME = "external-name"  # a DNS alias: no endpoints by nature
    NO_SELECTOR = "no-selector"  # endpoints are made by hand or by another controller


class ServiceView(msgspec.Struct, frozen=True, gc=False):
    """A service.

    Args:
        ready, total: endpoints that take traffic, and all; None when unknown or (EXTERNAL_NAME) meaningless.
        serving, wanted: those that serve of those that should, in step with the workloads behind it; None likewise.
        severity: how bad it is; `findings` hold the reason of a problem first, and none worse.
        is_explained: a workload behind it is exactly as bad: the two are one thing to count.
        workloads: whose pod template the selector selects, by name.
        findings: worst first; the service's own, then those of the workloads behind it that are not already said.
        external_name: the alias of an EXTERNAL_NAME service, else "".
        created_at: for its age.
    """

    key: ObjectKey
    uid: str
    mode: ServiceMode
    type: str
    ports: tuple[ServicePort, ...]
    ready: int | None
    total: int | None
    workloads: tuple[ObjectKey, ...]
    findings: tuple[Finding, ...]
    external_name: str
    created_at: datetime | None
    severity: Severity = Severity.UNKNOWN
    serving: int | None = None
    desired: int | None = None
    is_explained_by_workload: bool = False

    @property
    def worst_finding(self) -> Finding | None:
        """The finding to show when there is room for one."""
        return self.findings[0] if self.findings else None

    @property
    def ports_text(self) -> str:
        """`80,443/UDP,8080:30080` in kubectl's manner: the protocol only where it is not TCP."""
        return ",".join(_port(one) for one in self.ports)

    @property
    def is_known(self) -> bool:
        """False when it cannot be told whether it is well."""
        return self.mode is ServiceMode.EXTERNAL_NAME or self.total is not None

    @property
    def is_failing(self) -> bool:
        """True when it is down, degraded or stuck."""
        return self.severity <= Severity.STUCK


class RolloutView(msgspec.Struct, frozen=True, gc=False):
    """A Deployment, StatefulSet or DaemonSet.

    Args:
        findings: worst first, of the workload and its pods.
        generation: the version of the spec this is about.
        pods_known: False while its pods are not read (or may not be): then only the counts speak.
        severity: how bad it is; `findings` hold the reason of a problem first, and none worse.
        scaling: the last scaling of a workload that wants pods, None when nothing tells of one.
    """

    key: ObjectKey
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
        """The finding to show when there is room for one."""
        return self.findings[0] if self.findings else None

    @property
    def is_failing(self) -> bool:
        """True when it is down, degraded or stuck."""
        return self.severity <= Severity.STUCK


def short_image_tag(image: str) -> str:
    """Return an image's tag, a digest's first 12 digits, or "latest" when it names neither.

    The registry's port is not a tag: only what follows the last slash can hold one.
    """
    repository, at, digest = image.partition("@")
    _, colon, tag = repository.rsplit("/", 1)[-1].partition(":")
    if colon:
        return tag
    if at:
        return digest.rpartition(":")[2][:12]
    return "latest"


def _port(one: ServicePort) -> str:
    node = f":{one.node_port}" if one.node_port else ""
    protocol = f"/{one.protocol}" if one.protocol not in ("", "TCP") else ""
    return f"{one.port}{node}{protocol}"
