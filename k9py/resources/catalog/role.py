"""Role (rbac.authorization.k8s.io/v1): how many rules it has."""

from __future__ import annotations

from typing import ClassVar

from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject, Present
from k9py.api.standard_types import standard_type
from k9py.resources.cells import AGE, AGE_CELL, CREATED_AT, NAME, count_cell, created_cell, name_cell, object_row
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Column, Row


class Role(KubeObject, frozen=True):
    """A Role; of its rules only the number is read."""

    KIND: ClassVar[str] = "Role"

    rules: tuple[Present, ...] | None = None


COLUMNS = (
    NAME,
    Column("rules", "RULES", align_right=True, min_width=4, max_width=6, priority=1, sort_key="R"),
    AGE,
    CREATED_AT,
)


def row(role: Role, context: RowContext) -> Row:
    """Return the row of a Role."""
    return object_row(role, (name_cell(role), count_cell(len(role.rules or ())), AGE_CELL, created_cell(role)))


RESOURCES = (Resource(Kind(standard_type("rbac.authorization.k8s.io", "Role"), Role), COLUMNS, row),)
