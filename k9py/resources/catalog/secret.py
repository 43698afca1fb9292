"""Secret (core/v1): type, keys and the sizes of their values. The values are not kept."""

from __future__ import annotations

from k9py.api.configuration import Secret
from k9py.api.kinds import SECRET
from k9py.api.quantities import format_bytes
from k9py.api.value_sizes import keys_text, total
from k9py.resources.cells import AGE, AGE_CELL, NAME, count_cell, muted_cell, name_cell, object_row, text_cell
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Cell, Column, Row, Tone

COLUMNS = (
    NAME,
    Column("type", "TYPE", min_width=8, max_width=40, priority=2, sort_key="E"),
    Column("data", "DATA", align_right=True, min_width=4, max_width=8, sort_key="Y"),
    Column("size", "SIZE", align_right=True, min_width=4, max_width=8, priority=4, sort_key="B", descending_first=True),
    Column("keys", "KEYS", min_width=12, max_width=200, priority=3, grow=True, sort_key="K"),
    Column("immutable", "IMMUTABLE", min_width=4, max_width=9, priority=5, wide=True, sort_key="I"),
    AGE,
)


def row(secret: Secret, context: RowContext) -> Row:
    """Return the row of a Secret."""
    size = total(secret.sizes)
    return object_row(
        secret,
        (
            name_cell(secret),
            text_cell(secret.type),
            count_cell(len(secret.sizes)),
            Cell(format_bytes(size), Tone.MUTED, size),
            muted_cell(keys_text(secret.sizes), none=""),
            muted_cell("true" if secret.immutable else "false"),
            AGE_CELL,
        ),
    )


RESOURCES = (Resource(SECRET, COLUMNS, row),)
