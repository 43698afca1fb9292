"""Nodes and Namespaces (core/v1): the cluster-scoped kinds."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from k9py.api.meta import Condition, KubeObject, KubeStruct, NodeMeta
from k9py.api.scheduling import Taint


class NodeSpec(KubeStruct, frozen=True):
    """core/v1 NodeSpec."""

    unschedulable: bool = False
    taints: tuple[Taint, ...] | None = None
    pod_cidrs: tuple[str, ...] | None = msgspec.field(default=None, name="podCIDRs")


class NodeSystemInfo(KubeStruct, frozen=True):
    """core/v1 NodeSystemInfo: the versions that the kubelet reports."""

    kubelet_version: str = ""
    container_runtime_version: str = ""
    os_image: str = ""
    kernel_version: str = ""
    architecture: str = ""


class NodeAddress(KubeStruct, frozen=True):
    """core/v1 NodeAddress; `type` is InternalIP, ExternalIP, Hostname …"""

    type: str = ""
    address: str = ""


class NodeStatus(KubeStruct, frozen=True):
    """core/v1 NodeStatus; `allocatable` and `capacity` are Kubernetes quantities."""

    conditions: tuple[Condition, ...] | None = None
    addresses: tuple[NodeAddress, ...] | None = None
    allocatable: dict[str, str] | None = None
    capacity: dict[str, str] | None = None
    node_info: NodeSystemInfo | None = None


class Node(KubeObject, frozen=True):
    """A Node (core/v1)."""

    KIND: ClassVar[str] = "Node"

    metadata: NodeMeta
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class NamespaceStatus(KubeStruct, frozen=True):
    """core/v1 NamespaceStatus; `phase` is Active or Terminating; the conditions say what blocks the deletion."""

    phase: str = ""
    conditions: tuple[Condition, ...] | None = None


class Namespace(KubeObject, frozen=True):
    """A Namespace (core/v1)."""

    KIND: ClassVar[str] = "Namespace"

    status: NamespaceStatus = NamespaceStatus()
