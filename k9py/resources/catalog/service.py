"""Service (core/v1): type, addresses, ports, selector."""

from __future__ import annotations

from typing import Final

from k9py.api.kinds import SERVICE
from k9py.api.services import Service
from k9py.resources.cells import AGE, AGE_CELL, NAME, NONE, UNKNOWN, muted_cell, name_cell, object_row, text_cell
from k9py.resources.resource import OpensAs, Resource, RowContext
from k9py.resources.workload_cells import SELECTOR, labels_cell
from k9py.views.values import Column, Row, Tone

PENDING: Final = "<pending>"

COLUMNS = (
    NAME,
    Column("type", "TYPE", min_width=8, max_width=12, priority=2, sort_key="Y"),
    Column("cluster_ip", "CLUSTER-IP", min_width=9, max_width=39, priority=3, sort_key="I"),
    Column("external_ip", "EXTERNAL-IP", min_width=9, max_width=60, priority=4, sort_key="X"),
    Column("ports", "PORT(S)", min_width=8, max_width=60, priority=1, sort_key="R"),
    AGE,
    SELECTOR,
)


def row(service: Service, context: RowContext) -> Row:
    """Return the row of a Service. Whether it has endpoints is on its own screen and on the home screen."""
    spec = service.spec
    external = _external_ip(service)
    tone = Tone.WARN if external == PENDING else Tone.PLAIN
    return object_row(
        service,
        (
            name_cell(service),
            text_cell(spec.type),
            muted_cell(spec.cluster_ip),
            text_cell(external, Tone.MUTED if external == NONE else tone),
            muted_cell(_ports(service)),
            AGE_CELL,
            labels_cell(spec.selector),
        ),
        tone,
    )


def _external_ip(service: Service) -> str:
    """Return the EXTERNAL-IP column; see kubernetes' getServiceExternalIP."""
    spec = service.spec
    given = ",".join(spec.external_ips or ())
    match spec.type:
        case "ClusterIP" | "NodePort":
            return given or NONE
        case "LoadBalancer":
            return ",".join(filter(None, (str(service.status.load_balancer), given))) or PENDING
        case "ExternalName":
            return spec.external_name
    return UNKNOWN


def _ports(service: Service) -> str:
    ports = (
        f"{port.port}:{port.node_port}/{port.protocol}" if port.node_port else f"{port.port}/{port.protocol}"
        for port in service.spec.ports or ()
    )
    return ",".join(ports)


RESOURCES = (Resource(SERVICE, COLUMNS, row, opens_as=OpensAs.SERVICE),)
