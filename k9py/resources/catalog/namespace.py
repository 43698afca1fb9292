"""Namespace (core/v1): status, and what blocks its deletion."""

from __future__ import annotations

from k9py.api.kinds import NAMESPACE
from k9py.api.nodes import Namespace
from k9py.resources.cells import AGE, AGE_CELL, NAME, name_cell, object_row, text_cell
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Column, Row, Tone

COLUMNS = (
    NAME,
    Column("status", "STATUS", min_width=7, max_width=12, sort_key="U"),
    Column("reason", "REASON", min_width=8, max_width=40, priority=2, sort_key="R"),
    AGE,
)


def row(namespace: Namespace, context: RowContext) -> Row:
    """Return the row of a namespace."""
    phase = namespace.status.phase
    blocking = [condition.reason for condition in namespace.status.conditions or () if condition.status == "True"]
    tone = {"Active": Tone.OK, "Terminating": Tone.WARN if blocking else Tone.BUSY}.get(phase, Tone.UNKNOWN)
    return object_row(
        namespace,
        (name_cell(namespace), text_cell(phase, tone), text_cell(", ".join(blocking), tone), AGE_CELL),
        tone,
    )


RESOURCES = (Resource(NAMESPACE, COLUMNS, row),)
