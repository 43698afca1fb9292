"""Services and the EndpointSlices behind them (core/v1, discovery.k8s.io/v1)."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from k9py.api.managed import ServiceMeta
from k9py.api.meta import KubeObject, KubeStruct, ObjectKey

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by"
ENDPOINT_SLICE_CONTROLLER = "endpointslice-controller.k8s.io"
"""Who makes the slices of Services with a selector."""


class ServicePort(KubeStruct, frozen=True):
    """A port of a Service; target_port is a number or a container port's name."""

    port: int = 0
    name: str = ""
    protocol: str = "TCP"
    target_port: int | str | None = None
    node_port: int | None = None

    @property
    def named_target(self) -> str:
        """The container port's name it goes to, "" when it goes to a number."""
        target = self.target_port
        return target if isinstance(target, str) and not target.isdigit() else ""


class ServiceSpec(KubeStruct, frozen=True):
    """core/v1 ServiceSpec; `cluster_ip` "None" means headless."""

    type: str = "ClusterIP"
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    external_name: str = ""
    selector: dict[str, str] | None = None
    ports: tuple[ServicePort, ...] | None = None


class Service(KubeObject, frozen=True):
    """A Service (core/v1)."""

    KIND: ClassVar[str] = "Service"

    metadata: ServiceMeta
    spec: ServiceSpec = ServiceSpec()


class EndpointConditions(KubeStruct, frozen=True):
    """None means unknown; the API says unknown `ready` is to be read as ready."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class TargetRef(KubeStruct, frozen=True):
    """The pod behind an endpoint."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class Endpoint(KubeStruct, frozen=True):
    """One endpoint: its addresses and the pod that serves it."""

    addresses: tuple[str, ...] | None = None
    conditions: EndpointConditions = EndpointConditions()
    target_ref: TargetRef | None = None
    node_name: str | None = None

    @property
    def is_serving(self) -> bool:
        """True when it answers; unknown is yes (discovery/v1 EndpointConditions).

        One that terminates and still serves does: it gets the traffic where no other is ready. `ready` alone says too
        much of a Service that publishes addresses that are not ready.
        """
        serving = self.conditions.serving
        return self.conditions.ready is not False if serving is None else serving

    @property
    def backend_identity(self) -> str | tuple[str, ...]:
        """What serves here: the same pod in an IPv4 and an IPv6 slice is one. Hand-made references may have no uid."""
        ref = self.target_ref
        if ref is None:
            return self.addresses or ()
        return ref.uid or (ref.kind, ref.namespace, ref.name)


class EndpointPort(KubeStruct, frozen=True):
    """A port of a slice; a None port means all ports."""

    name: str | None = None
    port: int | None = None
    protocol: str | None = None


class EndpointSlice(KubeObject, frozen=True):
    """A slice of a Service's endpoints; a Service may have many."""

    KIND: ClassVar[str] = "EndpointSlice"

    address_type: str = ""
    endpoints: tuple[Endpoint, ...] | None = None
    ports: tuple[EndpointPort, ...] | None = None

    @property
    def service_name(self) -> str:
        """Name of the Service this slice belongs to, "" when it has none."""
        return self.metadata.label(SERVICE_NAME_LABEL)

    @property
    def pods(self) -> tuple[ObjectKey, ...]:
        """The pods its endpoints name."""
        refs = (one.target_ref for one in self.endpoints or () if one.target_ref is not None)
        return tuple(ObjectKey("Pod", ref.namespace or self.namespace, ref.name) for ref in refs if ref.kind == "Pod")
