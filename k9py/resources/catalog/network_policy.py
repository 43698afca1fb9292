"""NetworkPolicy (networking.k8s.io/v1): the pods it applies to and the directions it restricts."""

from __future__ import annotations

from k9py.api.kinds import NETWORK_POLICY
from k9py.api.networking import NetworkPolicy
from k9py.resources.cells import AGE, AGE_CELL, NAME, count_cell, muted_cell, name_cell, object_row, text_cell
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Column, Row

COLUMNS = (
    NAME,
    Column("pod_selector", "POD-SELECTOR", min_width=12, max_width=80, priority=1, sort_key="L"),
    Column("types", "TYPES", min_width=6, max_width=14, priority=2, sort_key="Y"),
    Column("ingress", "INGRESS RULES", align_right=True, min_width=3, max_width=13, priority=3, sort_key="I"),
    Column("egress", "EGRESS RULES", align_right=True, min_width=3, max_width=12, priority=4, sort_key="E"),
    AGE,
)


def row(policy: NetworkPolicy, context: RowContext) -> Row:
    """Return the row of a NetworkPolicy. No rules for a direction that it restricts means that nothing is allowed."""
    spec = policy.spec
    return object_row(
        policy,
        (
            name_cell(policy),
            muted_cell(str(spec.pod_selector)),
            text_cell(",".join(spec.policy_types or ())),
            count_cell(len(spec.ingress or ())),
            count_cell(len(spec.egress or ())),
            AGE_CELL,
        ),
    )


RESOURCES = (Resource(NETWORK_POLICY, COLUMNS, row),)
