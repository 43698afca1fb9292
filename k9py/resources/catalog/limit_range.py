"""LimitRange (core/v1): what it limits, and when it was created."""

from __future__ import annotations

from collections.abc import Iterator

from k9py.api.kinds import LIMIT_RANGE
from k9py.api.policy import LimitRange
from k9py.resources.cells import AGE, AGE_CELL, CREATED_AT, NAME, created_cell, name_cell, object_row, text_cell
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Column, Row

COLUMNS = (
    NAME,
    Column("limits", "LIMITS", min_width=16, max_width=200, priority=1, grow=True, sort_key="L"),
    AGE,
    CREATED_AT,
)


def row(limit_range: LimitRange, context: RowContext) -> Row:
    """Return the row of a LimitRange."""
    limits = ", ".join(_texts(limit_range))
    return object_row(limit_range, (name_cell(limit_range), text_cell(limits), AGE_CELL, created_cell(limit_range)))


def _texts(limit_range: LimitRange) -> Iterator[str]:
    """Yield what is limited: `Container cpu max 2`, `Container memory default 512Mi`."""
    for limit in limit_range.spec.limits or ():
        for title, amounts in (
            ("min", limit.min),
            ("max", limit.max),
            ("request", limit.default_request),
            ("default", limit.default),
        ):
            for resource, quantity in (amounts or {}).items():
                yield f"{limit.type} {resource} {title} {quantity}"


RESOURCES = (Resource(LIMIT_RANGE, COLUMNS, row),)
