"""Ingress (networking.k8s.io/v1): class, hosts, address, ports and the Services behind the hosts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject, KubeStruct, Present
from k9py.api.services import LoadBalancerStatus
from k9py.api.standard_types import standard_type
from k9py.resources.cells import AGE, AGE_CELL, NAME, list_text, muted_cell, name_cell, object_row, text_cell
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Column, Row


class BackendPort(KubeStruct, frozen=True):
    """networking/v1 ServiceBackendPort: a number or a name."""

    number: int | None = None
    name: str = ""


class BackendService(KubeStruct, frozen=True):
    """networking/v1 IngressServiceBackend."""

    name: str = ""
    port: BackendPort = BackendPort()

    def __str__(self) -> str:
        return f"{self.name}:{self.port.number or self.port.name}"


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

    backend: Backend = Backend()


class Http(KubeStruct, frozen=True):
    """networking/v1 HTTPIngressRuleValue."""

    paths: tuple[Path, ...] | None = None


class Rule(KubeStruct, frozen=True):
    """networking/v1 IngressRule."""

    host: str = ""
    http: Http | None = None


class IngressSpec(KubeStruct, frozen=True):
    """networking/v1 IngressSpec."""

    ingress_class_name: str = ""
    default_backend: Backend | None = None
    rules: tuple[Rule, ...] | None = None
    tls: tuple[Present, ...] | None = None


class IngressStatus(KubeStruct, frozen=True):
    """networking/v1 IngressStatus."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class Ingress(KubeObject, frozen=True):
    """An Ingress."""

    KIND: ClassVar[str] = "Ingress"

    spec: IngressSpec = IngressSpec()
    status: IngressStatus = IngressStatus()


COLUMNS = (
    NAME,
    Column("class", "CLASS", min_width=5, max_width=24, priority=4, sort_key="C"),
    Column("hosts", "HOSTS", min_width=12, max_width=80, priority=1, grow=True, sort_key="H"),
    Column("address", "ADDRESS", min_width=8, max_width=60, priority=3, sort_key="I"),
    Column("ports", "PORTS", min_width=3, max_width=8, priority=5, sort_key="X"),
    Column("backends", "BACKENDS", min_width=10, max_width=60, priority=2, sort_key="B"),
    AGE,
)


def row(ingress: Ingress, context: RowContext) -> Row:
    """Return the row of an Ingress."""
    spec = ingress.spec
    return object_row(
        ingress,
        (
            name_cell(ingress),
            muted_cell(spec.ingress_class_name),
            text_cell(_hosts(spec.rules or ())),
            text_cell(str(ingress.status.load_balancer)),
            muted_cell("80, 443" if spec.tls else "80"),
            muted_cell(list_text(dict.fromkeys(_backends(spec)), none="")),
            AGE_CELL,
        ),
    )


def _hosts(rules: tuple[Rule, ...]) -> str:
    """Return the HOSTS column; rules without a host are counted, but not listed (kubernetes' formatHosts)."""
    hosts = [rule.host for rule in rules if rule.host]
    if len(hosts) <= 3:
        return ",".join(hosts) or "*"
    return f"{','.join(hosts[:3])} + {len(rules) - 3} more..."


def _backends(spec: IngressSpec) -> Iterator[str]:
    for rule in spec.rules or ():
        for path in (rule.http.paths if rule.http else None) or ():
            yield str(path.backend)
    if spec.default_backend is not None:
        yield str(spec.default_backend)


RESOURCES = (Resource(Kind(standard_type("networking.k8s.io", "Ingress"), Ingress), COLUMNS, row),)
