"""ConfigMap (core/v1): its keys and how large their values are. The values are not kept."""

from __future__ import annotations

from k9py.api.configuration import ConfigMap
from k9py.api.kinds import CONFIG_MAP
from k9py.api.quantities import format_bytes
from k9py.api.value_sizes import keys_text, total
from k9py.resources.cells import AGE, AGE_CELL, NAME, count_cell, muted_cell, name_cell, object_row
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Cell, Column, Row, Tone

COLUMNS = (
    NAME,
    Column("data", "DATA", align_right=True, min_width=4, max_width=8, sort_key="Y"),
    Column("size", "SIZE", align_right=True, min_width=4, max_width=8, priority=2, sort_key="B", descending_first=True),
    Column("keys", "KEYS", min_width=12, max_width=200, priority=3, grow=True, sort_key="K"),
    Column("immutable", "IMMUTABLE", min_width=4, max_width=9, priority=5, wide=True, sort_key="I"),
    AGE,
)


def row(config_map: ConfigMap, context: RowContext) -> Row:
    """Return the row of a ConfigMap."""
    size = total(config_map.sizes)
    return object_row(
        config_map,
        (
            name_cell(config_map),
            count_cell(len(config_map.sizes)),
            Cell(format_bytes(size), Tone.MUTED, size),
            muted_cell(keys_text(config_map.sizes), none=""),
            muted_cell("true" if config_map.immutable else "false"),
            AGE_CELL,
        ),
    )


RESOURCES = (Resource(CONFIG_MAP, COLUMNS, row),)
