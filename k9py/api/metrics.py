"""What pods and nodes use, as metrics.k8s.io/v1beta1 reports it.

Invariant: an amount that is missing or not a quantity counts as unknown, never as 0. CPU is in cores, memory in bytes.
Source: k8s.io/metrics/pkg/apis/metrics/v1beta1/types.go.
"""

from __future__ import annotations

from array import array
from datetime import datetime
from typing import ClassVar, Final

import msgspec

from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject, KubeStruct
from k9py.api.quantities import Quantity, amount
from k9py.api.resource_type import ResourceType

METRICS_GROUP: Final = "metrics.k8s.io"


class Usage(msgspec.Struct, frozen=True, gc=False):
    """What a container, pod or node uses. CPU in cores, memory in bytes."""

    cpu: float
    memory: int


class UsageHistory(msgspec.Struct, frozen=True, gc=False):
    """The last measurements of a pod or node, oldest first; as many of CPU (cores) as of memory (bytes)."""

    cpu: array[float]
    memory: array[float]


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
    if usage is None:
        return None
    cpu, memory = _amount(usage.get("cpu")), _amount(usage.get("memory"))
    return None if cpu is None or memory is None else Usage(cpu, int(memory))


def _amount(quantity: Quantity | None) -> float | None:
    """Return a quantity as a number, quickly in the forms that metrics-server writes: every one is different."""
    if isinstance(quantity, str):
        for suffix, factor in _COMMON_SUFFIXES:
            if quantity.endswith(suffix) and quantity[: -len(suffix)].isdecimal():
                return int(quantity[: -len(suffix)]) * factor
    return amount(quantity)


_COMMON_SUFFIXES: Final = (("Ki", 2.0**10), ("Mi", 2.0**20), ("n", 1e-9), ("u", 1e-6), ("m", 1e-3))

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
