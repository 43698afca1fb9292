"""Endpoints (core/v1): the addresses of a Service, and how many are not ready."""

from __future__ import annotations

from typing import ClassVar

from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject, KubeStruct
from k9py.api.standard_types import standard_type
from k9py.resources.cells import AGE, AGE_CELL, NAME, NONE, count_cell, list_text, name_cell, object_row, text_cell
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Column, Row, Tone


class Address(KubeStruct, frozen=True):
    """core/v1 EndpointAddress."""

    ip: str = ""


class Port(KubeStruct, frozen=True):
    """core/v1 EndpointPort."""

    port: int = 0


class Subset(KubeStruct, frozen=True):
    """core/v1 EndpointSubset: every address with every port."""

    addresses: tuple[Address, ...] | None = None
    not_ready_addresses: tuple[Address, ...] | None = None
    ports: tuple[Port, ...] | None = None


class Endpoints(KubeObject, frozen=True):
    """The endpoints of a Service in the form before EndpointSlices."""

    KIND: ClassVar[str] = "Endpoints"

    subsets: tuple[Subset, ...] | None = None


COLUMNS = (
    NAME,
    Column("endpoints", "ENDPOINTS", min_width=12, max_width=100, priority=1, grow=True, sort_key="E"),
    Column("not_ready", "NOT READY", align_right=True, min_width=3, max_width=9, priority=2, sort_key="R"),
    AGE,
)


def row(endpoints: Endpoints, context: RowContext) -> Row:
    """Return the row of an Endpoints object."""
    addresses = [address for subset in endpoints.subsets or () for address in _addresses(subset)]
    not_ready = sum(len(subset.not_ready_addresses or ()) for subset in endpoints.subsets or ())
    tone = Tone.OK if not not_ready else Tone.DEGRADED
    if not addresses:
        tone = Tone.FAIL if not_ready else Tone.WARN
    text = list_text(addresses, none="") if endpoints.subsets else NONE
    return object_row(
        endpoints,
        (name_cell(endpoints), text_cell(text), count_cell(not_ready, tone if not_ready else Tone.MUTED), AGE_CELL),
        tone,
    )


def _addresses(subset: Subset) -> list[str]:
    """Return the ready addresses of a subset with their ports."""
    ips = [address.ip for address in subset.addresses or ()]
    if not subset.ports:
        return ips
    return [f"[{ip}]:{port.port}" if ":" in ip else f"{ip}:{port.port}" for port in subset.ports for ip in ips]


RESOURCES = (Resource(Kind(standard_type("", "Endpoints"), Endpoints), COLUMNS, row),)
