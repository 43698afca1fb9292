"""Role and ClusterRole (rbac.authorization.k8s.io/v1): how many rules they have."""

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


class Role(KubeObject, frozen=True):
    """A Role; of its rules only the number is read."""

    KIND: ClassVar[str] = "Role"

    rules: tuple[Present, ...] | None = None


class ClusterRole(Role, frozen=True):
    """A ClusterRole; one with an aggregation rule gets its rules from other ClusterRoles."""

    KIND: ClassVar[str] = "ClusterRole"

    aggregation_rule: Present | None = None


_RULES = Column("rules", "RULES", align_right=True, min_width=4, max_width=6, priority=1, sort_key="R")
COLUMNS = (NAME, _RULES, AGE, CREATED_AT)
CLUSTER_COLUMNS = (
    NAME,
    _RULES,
    Column("aggregated", "AGGREGATED", min_width=5, max_width=10, priority=2, sort_key="T"),
    AGE,
    CREATED_AT,
)


def row(role: Role, context: RowContext) -> Row:
    """Return the row of a Role."""
    return object_row(role, (name_cell(role), count_cell(len(role.rules or ())), AGE_CELL, created_cell(role)))


def cluster_row(role: ClusterRole, context: RowContext) -> Row:
    """Return the row of a ClusterRole."""
    is_aggregated = "true" if role.aggregation_rule is not None else "false"
    cells = (
        name_cell(role),
        count_cell(len(role.rules or ())),
        muted_cell(is_aggregated),
        AGE_CELL,
        created_cell(role),
    )
    return object_row(role, cells)


RESOURCES = (
    Resource(Kind(standard_type("rbac.authorization.k8s.io", "Role"), Role), COLUMNS, row),
    Resource(
        Kind(standard_type("rbac.authorization.k8s.io", "ClusterRole"), ClusterRole), CLUSTER_COLUMNS, cluster_row
    ),
)
