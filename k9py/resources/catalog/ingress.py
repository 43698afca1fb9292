"""Ingress (networking.k8s.io/v1): class, hosts, address, ports and the Services behind the hosts."""

from __future__ import annotations

from k9py.api.kinds import INGRESS
from k9py.api.networking import Ingress, Rule
from k9py.resources.cells import AGE, AGE_CELL, NAME, list_text, muted_cell, name_cell, object_row, text_cell
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Column, Row

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
            muted_cell(list_text(dict.fromkeys(str(backend) for _, backend in ingress.backends()), none="")),
            AGE_CELL,
        ),
    )


def _hosts(rules: tuple[Rule, ...]) -> str:
    """Return the HOSTS column; rules without a host are counted, but not listed (kubernetes' formatHosts)."""
    hosts = [rule.host for rule in rules if rule.host]
    if len(hosts) <= 3:
        return ",".join(hosts) or "*"
    return f"{','.join(hosts[:3])} + {len(rules) - 3} more..."


RESOURCES = (Resource(INGRESS, COLUMNS, row),)
