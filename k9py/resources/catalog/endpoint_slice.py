"""EndpointSlice (discovery.k8s.io/v1): ports, addresses, and how many of its endpoints serve."""

from __future__ import annotations

from k9py.api.kinds import ENDPOINT_SLICE
from k9py.api.services import EndpointSlice
from k9py.resources.cells import (
    AGE,
    AGE_CELL,
    NAME,
    list_text,
    muted_cell,
    name_cell,
    object_row,
    share_cell,
    text_cell,
)
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Column, Row, Tone

COLUMNS = (
    NAME,
    Column("type", "ADDRESSTYPE", min_width=4, max_width=11, priority=5, sort_key="Y"),
    Column("ports", "PORTS", min_width=4, max_width=40, priority=3, sort_key="X"),
    Column("endpoints", "ENDPOINTS", min_width=12, max_width=80, priority=2, grow=True, sort_key="E"),
    Column("serving", "SERVING", align_right=True, min_width=4, max_width=9, priority=1, sort_key="R"),
    Column("service", "SERVICE", min_width=8, max_width=40, priority=4, sort_key="V"),
    AGE,
)


def row(endpoint_slice: EndpointSlice, context: RowContext) -> Row:
    """Return the row of an EndpointSlice."""
    endpoints = endpoint_slice.endpoints or ()
    serving = sum(endpoint.is_serving for endpoint in endpoints)
    tone = Tone.OK if serving == len(endpoints) else Tone.DEGRADED if serving else Tone.FAIL
    if not endpoints:
        tone = Tone.MUTED
    addresses = (address for endpoint in endpoints for address in endpoint.addresses or ())
    return object_row(
        endpoint_slice,
        (
            name_cell(endpoint_slice),
            muted_cell(endpoint_slice.address_type, none=""),
            muted_cell(_ports(endpoint_slice)),
            text_cell(list_text(addresses)),
            share_cell(serving, len(endpoints), tone),
            muted_cell(endpoint_slice.service_name),
            AGE_CELL,
        ),
        tone,
    )


def _ports(endpoint_slice: EndpointSlice) -> str:
    ports = (port.name or "*" if port.port is None else str(port.port) for port in endpoint_slice.ports or ())
    return list_text(ports)


RESOURCES = (Resource(ENDPOINT_SLICE, COLUMNS, row),)
