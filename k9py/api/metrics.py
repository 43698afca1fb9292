"""What pods and nodes use, as metrics.k8s.io/v1beta1 reports it.

Invariant: an amount that is missing or not a quantity counts as unknown, never as 0. CPU is in cores, memory in bytes.
Source: k8s.io/metrics/pkg/apis/metrics/v1beta1/types.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject, KubeStruct
from k9py.api.quantities import Quantity, amount
from k9py.api.resource_type import ResourceType

METRICS_GROUP: Final = "metrics.k8s.io"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a container, pod or node uses. CPU in cores, memory in bytes."""

    cpu: float
    memory: int


class ContainerMetrics(KubeStruct, frozen=True):
    """What one container uses."""

    name: str = ""
    usage: dict[str, Quantity] | None = None


class PodMetrics(KubeObject, frozen=True):
    """What the running containers of a pod use, measured until `timestamp`."""

    KIND: ClassVar[str] = "PodMetrics"

    timestamp: datetime | None = None
    containers: tuple[ContainerMetrics, ...] | None = None

    def container_usage(self) -> dict[str, Usage]:
        """Return the usage by container, without those that are unknown."""
        by_name = {container.name: _usage(container.usage) for container in self.containers or ()}
        return {name: usage for name, usage in by_name.items() if usage is not None}


class NodeMetrics(KubeObject, frozen=True):
    """What a node uses, measured until `timestamp`."""

    KIND: ClassVar[str] = "NodeMetrics"

    timestamp: datetime | None = None
    usage: dict[str, Quantity] | None = None

    def node_usage(self) -> Usage | None:
        """Return the usage, None when it is unknown."""
        return _usage(self.usage)


def _usage(usage: dict[str, Quantity] | None) -> Usage | None:
    cpu, memory = amount((usage or {}).get("cpu")), amount((usage or {}).get("memory"))
    return None if cpu is None or memory is None else Usage(cpu, int(memory))


_READ_ONLY: Final = frozenset(("get", "list"))

POD_METRICS: Final = Kind(
    ResourceType(METRICS_GROUP, "v1beta1", "pods", "PodMetrics", verbs=_READ_ONLY, ref_group=METRICS_GROUP), PodMetrics
)
NODE_METRICS: Final = Kind(
    ResourceType(
        METRICS_GROUP, "v1beta1", "nodes", "NodeMetrics", namespaced=False, verbs=_READ_ONLY, ref_group=METRICS_GROUP
    ),
    NodeMetrics,
)
