"""PriorityClass (scheduling.k8s.io/v1): value, default, preemption."""

from __future__ import annotations

from k9py.api.kinds import PRIORITY_CLASS
from k9py.api.scheduling import PriorityClass
from k9py.resources.cells import AGE, AGE_CELL, NAME, count_cell, muted_cell, name_cell, object_row, text_cell
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Column, Row

COLUMNS = (
    NAME,
    Column("value", "VALUE", align_right=True, min_width=5, max_width=11, sort_key="V"),
    Column("default", "GLOBAL-DEFAULT", min_width=5, max_width=14, priority=2, sort_key="L"),
    AGE,
    Column("preemption", "PREEMPTIONPOLICY", min_width=8, max_width=20, priority=3, sort_key="E"),
    Column("description", "DESCRIPTION", min_width=12, max_width=120, priority=4, grow=True, wide=True),
)


def row(priority_class: PriorityClass, context: RowContext) -> Row:
    """Return the row of a PriorityClass."""
    return object_row(
        priority_class,
        (
            name_cell(priority_class),
            count_cell(priority_class.value),
            muted_cell("true" if priority_class.global_default else "false"),
            AGE_CELL,
            text_cell(priority_class.preemption_policy),
            muted_cell(priority_class.description, none=""),
        ),
    )


RESOURCES = (Resource(PRIORITY_CLASS, COLUMNS, row),)
