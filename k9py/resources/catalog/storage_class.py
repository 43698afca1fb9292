"""StorageClass (storage.k8s.io/v1): provisioner, reclaim policy, binding mode, and which is the default."""

from __future__ import annotations

from k9py.api.kinds import STORAGE_CLASS
from k9py.api.storage import StorageClass
from k9py.api.text import printable
from k9py.resources.cells import AGE, AGE_CELL, NAME, muted_cell, object_row, text_cell
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Cell, Column, Row

COLUMNS = (
    NAME,
    Column("provisioner", "PROVISIONER", min_width=10, max_width=50, priority=1, sort_key="V"),
    Column("reclaim", "RECLAIMPOLICY", min_width=6, max_width=13, priority=2, sort_key="R"),
    Column("binding", "VOLUMEBINDINGMODE", min_width=9, max_width=20, priority=3, sort_key="B"),
    Column("expansion", "ALLOWVOLUMEEXPANSION", min_width=5, max_width=20, priority=4, sort_key="X"),
    AGE,
)


def row(storage_class: StorageClass, context: RowContext) -> Row:
    """Return the row of a StorageClass."""
    default = " (default)" if storage_class.is_default else ""
    return object_row(
        storage_class,
        (
            Cell(f"{printable(storage_class.name)}{default}"),
            text_cell(storage_class.provisioner),
            muted_cell(storage_class.reclaim_policy, none=""),
            muted_cell(storage_class.volume_binding_mode, none=""),
            muted_cell("true" if storage_class.allow_volume_expansion else "false"),
            AGE_CELL,
        ),
    )


RESOURCES = (Resource(STORAGE_CLASS, COLUMNS, row),)
