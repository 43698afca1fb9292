"""Services and their EndpointSlices (core/v1, discovery.k8s.io/v1), and which pods have a Service's named ports.

A pod that has none of the named target ports is published, as ready, in a slice without ports; kube-proxy routes no
traffic to it (endpointslice/util.go, `FindPort`). A headless Service is only DNS, which needs no port.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import msgspec
from msgspec.structs import force_setattr

from k9py.api.meta import KubeObject, KubeStruct, ObjectRef, ServiceMeta
from k9py.api.pods import Pod

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by"
ENDPOINT_SLICE_CONTROLLER = "endpointslice-controller.k8s.io"
"""The controller that manages the slices of Services with a selector."""


class ServicePort(KubeStruct, frozen=True):
    """core/v1 ServicePort; `target_port` is a number or the name of a container port."""

    port: int = 0
    name: str = ""
    protocol: str = "TCP"
    target_port: int | str | None = None
    node_port: int | None = None

    @property
    def named_target(self) -> str:
        """Name of the container port that is its target, "" when the target is a number."""
        target = self.target_port
        return target if isinstance(target, str) and not target.isdigit() else ""

    @property
    def target_number(self) -> int | None:
        """Number of the container port that is its target, None when the target is a name."""
        if self.named_target:
            return None
        return int(self.target_port) if self.target_port else self.port


class ServiceSpec(KubeStruct, frozen=True):
    """core/v1 ServiceSpec; `cluster_ip` "None" means headless."""

    type: str = "ClusterIP"
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    external_name: str = ""
    external_ips: tuple[str, ...] | None = msgspec.field(default=None, name="externalIPs")
    external_traffic_policy: str = ""
    internal_traffic_policy: str = ""
    load_balancer_class: str = ""
    publish_not_ready_addresses: bool = False
    selector: dict[str, str] | None = None
    ports: tuple[ServicePort, ...] | None = None


class LoadBalancerIngress(KubeStruct, frozen=True):
    """core/v1 LoadBalancerIngress: an address of a load balancer."""

    ip: str = ""
    hostname: str = ""


class LoadBalancerStatus(KubeStruct, frozen=True):
    """core/v1 LoadBalancerStatus."""

    ingress: tuple[LoadBalancerIngress, ...] | None = None

    def __str__(self) -> str:
        """Return its addresses as kubectl prints them: sorted, "" while there are none."""
        return ",".join(sorted({entry.ip or entry.hostname for entry in self.ingress or ()} - {""}))


class ServiceStatus(KubeStruct, frozen=True):
    """core/v1 ServiceStatus."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class Service(KubeObject, frozen=True):
    """A Service (core/v1)."""

    KIND: ClassVar[str] = "Service"

    metadata: ServiceMeta
    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()


class EndpointConditions(KubeStruct, frozen=True):
    """discovery/v1 EndpointConditions. None means unknown; an unknown `ready` counts as ready."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class TargetRef(KubeStruct, frozen=True):
    """The pod of an endpoint."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class Endpoint(KubeStruct, frozen=True):
    """discovery/v1 Endpoint: its addresses and the pod that serves it. In v1beta1 the node is in `topology`."""

    addresses: tuple[str, ...] | None = None
    conditions: EndpointConditions = EndpointConditions()
    target_ref: TargetRef | None = None
    node_name: str | None = None
    topology: dict[str, str] | None = None

    def __post_init__(self) -> None:
        if self.topology is not None:
            force_setattr(self, "node_name", self.node_name or self.topology.get("kubernetes.io/hostname"))
            force_setattr(self, "topology", None)

    @property
    def is_serving(self) -> bool:
        """Whether it serves traffic; unknown counts as yes (discovery/v1 EndpointConditions).

        A terminating endpoint may still serve: it gets the traffic when no other is ready. `ready` alone is not enough:
        it is true for all endpoints of a Service that publishes addresses which are not ready.
        """
        serving = self.conditions.serving
        return self.conditions.ready is not False if serving is None else serving

    @property
    def backend_identity(self) -> str | tuple[str, ...]:
        """Identifies the backend: a pod is one, in IPv4 and in IPv6. A reference written by hand may have no uid."""
        ref = self.target_ref
        if ref is None:
            return self.addresses or ()
        return ref.uid or (ref.kind, ref.namespace, ref.name)


class EndpointPort(KubeStruct, frozen=True):
    """discovery/v1 EndpointPort; a `port` of None means all ports."""

    name: str | None = None
    port: int | None = None
    protocol: str | None = None


class EndpointSlice(KubeObject, frozen=True):
    """A part of a Service's endpoints; a Service may have many slices."""

    KIND: ClassVar[str] = "EndpointSlice"

    address_type: str = ""
    endpoints: tuple[Endpoint, ...] | None = None
    ports: tuple[EndpointPort, ...] | None = None

    @property
    def service_name(self) -> str:
        """Name of the Service that this slice belongs to, "" when it has none."""
        return self.metadata.label(SERVICE_NAME_LABEL)

    @property
    def pods(self) -> tuple[ObjectRef, ...]:
        """The pods of its endpoints."""
        refs = (endpoint.target_ref for endpoint in self.endpoints or () if endpoint.target_ref is not None)
        return tuple(ObjectRef("Pod", ref.namespace or self.namespace, ref.name) for ref in refs if ref.kind == "Pod")


def named_ports(pod: Pod) -> set[tuple[str, str]]:
    """Return (name, protocol) of a pod's named ports."""
    containers = (*(pod.spec.containers or ()), *(pod.spec.init_containers or ()))
    return {(port.name, port.protocol) for container in containers for port in container.ports or () if port.name}


def named_targets(service: Service) -> tuple[ServicePort, ...]:
    """Return the ports of a Service whose target is the name of a container port."""
    return tuple(port for port in service.spec.ports or () if port.named_target)


def lacks_ports(service: Service, pod: Pod) -> bool:
    """Return whether a pod gets no traffic from a Service because it has none of its ports."""
    targets = named_targets(service) if _has_only_named_targets(service) else ()
    return bool(targets) and named_ports(pod).isdisjoint((port.named_target, port.protocol) for port in targets)


def routed_slices(service: Service, slices: Iterable[EndpointSlice]) -> tuple[EndpointSlice, ...]:
    """Return the slices whose endpoints get traffic from a Service."""
    needs_ports = _has_only_named_targets(service)
    return tuple(endpoint_slice for endpoint_slice in slices if endpoint_slice.ports or not needs_ports)


def _has_only_named_targets(service: Service) -> bool:
    """Return whether a Service has a selector and an address, and every target port is a name."""
    spec = service.spec
    if not spec.selector or not spec.ports or spec.cluster_ip == "None":
        return False
    return all(port.named_target for port in spec.ports)
