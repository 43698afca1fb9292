"""Gateways, GatewayClasses, HTTPRoutes and ReferenceGrants (gateway.networking.k8s.io).

No server has these types by itself: they are custom resources, and are only read where they are served. Source:
https://gateway-api.sigs.k8s.io/reference/spec/. To read another field: a field here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final, TypeVar

import msgspec

from k9py.api.kinds import Kind
from k9py.api.meta import Condition, KubeObject, KubeStruct, ObjectRef, SpecMeta
from k9py.api.resource_type import ResourceType

GATEWAY_GROUP: Final = "gateway.networking.k8s.io"


class ParentRef(KubeStruct, frozen=True):
    """gateway/v1 ParentReference: the Gateway (or Service) that a route wants to be attached to."""

    group: str = GATEWAY_GROUP
    kind: str = "Gateway"
    namespace: str = ""
    name: str = ""
    section_name: str = ""

    @property
    def is_gateway(self) -> bool:
        """Whether it is a Gateway; a service mesh has Services as parents."""
        return self.kind == "Gateway" and self.group == GATEWAY_GROUP


class BackendRef(KubeStruct, frozen=True):
    """gateway/v1 HTTPBackendRef; a weight of 0 gets no traffic."""

    group: str = ""
    kind: str = "Service"
    namespace: str = ""
    name: str = ""
    port: int | None = None
    weight: int = 1

    @property
    def is_service(self) -> bool:
        """Whether it is a Service of Kubernetes."""
        return self.kind == "Service" and not self.group


class RouteRule(KubeStruct, frozen=True):
    """gateway/v1 HTTPRouteRule."""

    backend_refs: tuple[BackendRef, ...] | None = None


class RouteSpec(KubeStruct, frozen=True):
    """gateway/v1 HTTPRouteSpec."""

    parent_refs: tuple[ParentRef, ...] | None = None
    hostnames: tuple[str, ...] | None = None
    rules: tuple[RouteRule, ...] | None = None


class RouteParentStatus(KubeStruct, frozen=True):
    """gateway/v1 RouteParentStatus: what the controller of one parent says."""

    parent_ref: ParentRef = ParentRef()
    controller_name: str = ""
    conditions: tuple[Condition, ...] | None = None


class RouteStatus(KubeStruct, frozen=True):
    """gateway/v1 RouteStatus."""

    parents: tuple[RouteParentStatus, ...] | None = None


class _GatewayObject(KubeObject, frozen=True):
    """An object of this group, whose references have it."""

    @property
    def key(self) -> ObjectRef:
        return ObjectRef(self.KIND, self.metadata.namespace, self.metadata.name, GATEWAY_GROUP)


class HttpRoute(_GatewayObject, frozen=True):
    """An HTTPRoute."""

    KIND: ClassVar[str] = "HTTPRoute"

    metadata: SpecMeta
    spec: RouteSpec = RouteSpec()
    status: RouteStatus = RouteStatus()

    def backends(self) -> Iterator[tuple[int, BackendRef]]:
        """Yield (number of the rule, backend) for each backend that gets traffic."""
        for number, rule in enumerate(self.spec.rules or ()):
            for backend in rule.backend_refs or ():
                if backend.weight:
                    yield number, backend


class SecretRef(KubeStruct, frozen=True):
    """gateway/v1 SecretObjectReference."""

    group: str = ""
    kind: str = "Secret"
    namespace: str = ""
    name: str = ""


class ListenerTls(KubeStruct, frozen=True):
    """gateway/v1 ListenerTLSConfig; `mode` is Terminate or Passthrough."""

    mode: str = "Terminate"
    certificate_refs: tuple[SecretRef, ...] | None = None


class Listener(KubeStruct, frozen=True):
    """gateway/v1 Listener."""

    name: str = ""
    hostname: str = ""
    port: int = 0
    protocol: str = ""
    tls: ListenerTls | None = None


class GatewaySpec(KubeStruct, frozen=True):
    """gateway/v1 GatewaySpec."""

    gateway_class_name: str = ""
    listeners: tuple[Listener, ...] | None = None


class GatewayAddress(KubeStruct, frozen=True):
    """gateway/v1 GatewayStatusAddress."""

    value: str = ""


class ListenerStatus(KubeStruct, frozen=True):
    """gateway/v1 ListenerStatus."""

    name: str = ""
    conditions: tuple[Condition, ...] | None = None


class GatewayStatus(KubeStruct, frozen=True):
    """gateway/v1 GatewayStatus."""

    addresses: tuple[GatewayAddress, ...] | None = None
    conditions: tuple[Condition, ...] | None = None
    listeners: tuple[ListenerStatus, ...] | None = None


class Gateway(_GatewayObject, frozen=True):
    """A Gateway."""

    KIND: ClassVar[str] = "Gateway"

    spec: GatewaySpec = GatewaySpec()
    status: GatewayStatus = GatewayStatus()


class GatewayClassSpec(KubeStruct, frozen=True):
    """gateway/v1 GatewayClassSpec."""

    controller_name: str = ""


class GatewayClassStatus(KubeStruct, frozen=True):
    """gateway/v1 GatewayClassStatus."""

    conditions: tuple[Condition, ...] | None = None


class GatewayClass(_GatewayObject, frozen=True):
    """A GatewayClass, which names the controller of its Gateways."""

    KIND: ClassVar[str] = "GatewayClass"

    spec: GatewayClassSpec = GatewayClassSpec()
    status: GatewayClassStatus = GatewayClassStatus()


class GrantFrom(KubeStruct, frozen=True):
    """gateway/v1beta1 ReferenceGrantFrom."""

    group: str = ""
    kind: str = ""
    namespace: str = ""


class GrantTo(KubeStruct, frozen=True):
    """gateway/v1beta1 ReferenceGrantTo; without a name all objects of the kind."""

    group: str = ""
    kind: str = ""
    name: str = ""


class GrantSpec(KubeStruct, frozen=True):
    """gateway/v1beta1 ReferenceGrantSpec; `from` is a keyword of Python."""

    from_: tuple[GrantFrom, ...] | None = msgspec.field(default=None, name="from")
    to: tuple[GrantTo, ...] | None = None


class ReferenceGrant(_GatewayObject, frozen=True):
    """A ReferenceGrant: which kinds of which namespaces may refer to objects of its namespace."""

    KIND: ClassVar[str] = "ReferenceGrant"

    spec: GrantSpec = GrantSpec()

    def allows(self, source: ObjectRef, target: ObjectRef) -> bool:
        """Return whether an object may refer to another one, which is in the namespace of this grant."""
        is_from = any(
            (each.group, each.kind, each.namespace) == (source.group, source.kind, source.namespace)
            for each in self.spec.from_ or ()
        )
        return is_from and any(
            (each.group, each.kind) == (target.group, target.kind) and each.name in ("", target.name)
            for each in self.spec.to or ()
        )


_T = TypeVar("_T", bound=KubeObject)


def _kind(struct: type[_T], version: str, plural: str, *, namespaced: bool = True) -> Kind[_T]:
    return Kind(
        ResourceType(
            GATEWAY_GROUP,
            version,
            plural,
            struct.KIND,
            namespaced,
            singular=struct.KIND.lower(),
            ref_group=GATEWAY_GROUP,
        ),
        struct,
    )


HTTP_ROUTE: Final = _kind(HttpRoute, "v1", "httproutes")
GATEWAY: Final = _kind(Gateway, "v1", "gateways")
GATEWAY_CLASS: Final = _kind(GatewayClass, "v1", "gatewayclasses", namespaced=False)
REFERENCE_GRANT: Final = _kind(ReferenceGrant, "v1beta1", "referencegrants")
