"""Ingresses, IngressClasses and NetworkPolicies (networking.k8s.io/v1).

Only the fields that rows and checks read. To read another field: a field here; nothing else names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

import msgspec

from k9py.api.meta import KubeObject, KubeStruct, Present, SpecMeta
from k9py.api.selectors import LabelSelector
from k9py.api.services import LoadBalancerStatus

DEFAULT_CLASS: Final = "ingressclass.kubernetes.io/is-default-class"
"""Annotation of the IngressClass that Ingresses without a class belong to."""
LEGACY_CLASS: Final = "kubernetes.io/ingress.class"
"""Annotation that named the class of an Ingress before `ingressClassName`; controllers still read it."""


class BackendPort(KubeStruct, frozen=True):
    """networking/v1 ServiceBackendPort: a number or a name."""

    number: int | None = None
    name: str = ""

    def __str__(self) -> str:
        return str(self.number or self.name)


class BackendService(KubeStruct, frozen=True):
    """networking/v1 IngressServiceBackend."""

    name: str = ""
    port: BackendPort = BackendPort()

    def __str__(self) -> str:
        return f"{self.name}:{self.port}"


class BackendResource(KubeStruct, frozen=True):
    """core/v1 TypedLocalObjectReference: a backend that is no Service."""

    kind: str = ""
    name: str = ""


class Backend(KubeStruct, frozen=True):
    """networking/v1 IngressBackend."""

    service: BackendService | None = None
    resource: BackendResource | None = None

    def __str__(self) -> str:
        if self.resource is not None:
            return f"{self.resource.kind}/{self.resource.name}"
        return str(self.service) if self.service is not None else ""


class Path(KubeStruct, frozen=True):
    """networking/v1 HTTPIngressPath."""

    path: str = ""
    backend: Backend = Backend()


class Http(KubeStruct, frozen=True):
    """networking/v1 HTTPIngressRuleValue."""

    paths: tuple[Path, ...] | None = None


class Rule(KubeStruct, frozen=True):
    """networking/v1 IngressRule."""

    host: str = ""
    http: Http | None = None


class IngressTls(KubeStruct, frozen=True):
    """networking/v1 IngressTLS; without a Secret the controller uses a certificate of its own."""

    hosts: tuple[str, ...] | None = None
    secret_name: str = ""


class IngressSpec(KubeStruct, frozen=True):
    """networking/v1 IngressSpec."""

    ingress_class_name: str = ""
    default_backend: Backend | None = None
    rules: tuple[Rule, ...] | None = None
    tls: tuple[IngressTls, ...] | None = None


class IngressStatus(KubeStruct, frozen=True):
    """networking/v1 IngressStatus."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class Ingress(KubeObject, frozen=True):
    """An Ingress."""

    KIND: ClassVar[str] = "Ingress"

    metadata: SpecMeta
    spec: IngressSpec = IngressSpec()
    status: IngressStatus = IngressStatus()

    @property
    def class_name(self) -> str:
        """Its class, of the field or of the older annotation; "" when it names none."""
        return self.spec.ingress_class_name or self.metadata.annotation(LEGACY_CLASS)

    def backends(self) -> Iterator[tuple[str, Backend]]:
        """Yield (host with path, backend) for each path, and the default backend last; "" is any host."""
        for rule in self.spec.rules or ():
            for path in (rule.http.paths if rule.http else None) or ():
                yield f"{rule.host}{path.path}", path.backend
        if self.spec.default_backend is not None:
            yield "", self.spec.default_backend


class IngressClassSpec(KubeStruct, frozen=True):
    """networking/v1 IngressClassSpec."""

    controller: str = ""


class IngressClass(KubeObject, frozen=True):
    """An IngressClass, which names the controller of its Ingresses."""

    KIND: ClassVar[str] = "IngressClass"

    spec: IngressClassSpec = IngressClassSpec()

    @property
    def is_default(self) -> bool:
        """Whether Ingresses that name no class belong to it."""
        return self.metadata.annotation(DEFAULT_CLASS) == "true"


class NetworkPolicyPeer(KubeStruct, frozen=True):
    """networking/v1 NetworkPolicyPeer: pods by their labels, of namespaces by theirs, or addresses."""

    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: Present | None = None


class NetworkPolicyRule(KubeStruct, frozen=True):
    """A rule of a NetworkPolicy; its ports are not read. Without peers it allows all of them."""

    from_: tuple[NetworkPolicyPeer, ...] | None = msgspec.field(default=None, name="from")
    to: tuple[NetworkPolicyPeer, ...] | None = None


class NetworkPolicySpec(KubeStruct, frozen=True):
    """networking/v1 NetworkPolicySpec. An empty selector selects all pods."""

    pod_selector: LabelSelector = LabelSelector()
    policy_types: tuple[str, ...] | None = None
    ingress: tuple[NetworkPolicyRule, ...] | None = None
    egress: tuple[NetworkPolicyRule, ...] | None = None


class NetworkPolicy(KubeObject, frozen=True):
    """A NetworkPolicy."""

    KIND: ClassVar[str] = "NetworkPolicy"

    spec: NetworkPolicySpec = NetworkPolicySpec()

    @property
    def directions(self) -> tuple[str, ...]:
        """What it restricts: `Ingress`, `Egress`; the server fills in `policyTypes`."""
        return self.spec.policy_types or ("Ingress", *(("Egress",) if self.spec.egress else ()))

    @property
    def denied(self) -> tuple[str, ...]:
        """The directions in which it allows nothing; another policy for the same pods may allow something."""
        rules = {"Ingress": self.spec.ingress, "Egress": self.spec.egress}
        return tuple(direction for direction in self.directions if not rules.get(direction))
