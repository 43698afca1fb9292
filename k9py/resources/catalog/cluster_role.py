"""ClusterRole (rbac.authorization.k8s.io/v1): how many rules it has, and whether they come from other ClusterRoles."""

from __future__ import annotations

from typing import ClassVar

from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject, Present
from k9py.api.standard_types import standard_type
from k9py.resources.cells import (
    AGE,
    AGE_CELL,
    CREATED_AT,
    NAME,
    count_cell,
    created_cell,
    muted_cell,
    name_cell,
    object_row,
)
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Column, Row


class ClusterRole(KubeObject, frozen=True):
    """A ClusterRole; of its rules only the number is read, of the aggregation rule only that there is one."""

    KIND: ClassVar[str] = "ClusterRole"

    rules: tuple[Present, ...] | None = None
    aggregation_rule: Present | None = None


COLUMNS = (
    NAME,
    Column("rules", "RULES", align_right=True, min_width=4, max_width=6, priority=1, sort_key="R"),
    Column("aggregated", "AGGREGATED", min_width=5, max_width=10, priority=2, sort_key="E"),
    AGE,
    CREATED_AT,
)


def row(role: ClusterRole, context: RowContext) -> Row:
    """Return the row of a ClusterRole."""
    return object_row(
        role,
        (
            name_cell(role),
            count_cell(len(role.rules or ())),
            muted_cell("true" if role.aggregation_rule is not None else "false"),
            AGE_CELL,
            created_cell(role),
        ),
    )


RESOURCES = (Resource(Kind(standard_type("rbac.authorization.k8s.io", "ClusterRole"), ClusterRole), COLUMNS, row),)
