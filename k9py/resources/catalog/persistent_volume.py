"""PersistentVolume (core/v1): capacity, reclaim policy, status, the claim it is bound to, class."""

from __future__ import annotations

from typing import Final

from k9py.api.kinds import PERSISTENT_VOLUME
from k9py.api.storage import PersistentVolume, storage_class
from k9py.resources.cells import AGE, AGE_CELL, NAME, UNSET, muted_cell, name_cell, object_row, text_cell
from k9py.resources.resource import Resource, RowContext
from k9py.resources.storage_cells import access_modes, storage_cell
from k9py.views.values import Column, Row, Tone

COLUMNS = (
    NAME,
    Column("capacity", "CAPACITY", align_right=True, min_width=4, max_width=9, priority=1, sort_key="C"),
    Column("access_modes", "ACCESS MODES", min_width=4, max_width=16, priority=6, sort_key="M"),
    Column("reclaim", "RECLAIM POLICY", min_width=6, max_width=14, priority=4, sort_key="R"),
    Column("status", "STATUS", min_width=7, max_width=12, sort_key="U"),
    Column("claim", "CLAIM", min_width=10, max_width=60, priority=2, sort_key="L"),
    Column("class", "STORAGECLASS", min_width=6, max_width=30, priority=3, sort_key="Y"),
    Column("attributes_class", "VOLUMEATTRIBUTESCLASS", min_width=7, max_width=21, priority=7, wide=True),
    Column("reason", "REASON", min_width=6, max_width=30, priority=5, sort_key="E"),
    AGE,
    Column("mode", "VOLUMEMODE", min_width=5, max_width=10, priority=7, wide=True),
)

_TONES: Final = {
    "Available": Tone.PLAIN,
    "Bound": Tone.OK,
    "Pending": Tone.BUSY,
    "Released": Tone.WARN,  # its claim is gone: it cannot be bound again as it is
    "Failed": Tone.FAIL,
}


def row(volume: PersistentVolume, context: RowContext) -> Row:
    """Return the row of a volume."""
    spec, status = volume.spec, volume.status
    tone = _TONES.get(status.phase, Tone.UNKNOWN)
    claim = spec.claim_ref
    return object_row(
        volume,
        (
            name_cell(volume),
            storage_cell(spec.capacity),
            muted_cell(access_modes(spec.access_modes), none=""),
            muted_cell(spec.persistent_volume_reclaim_policy, none=""),
            text_cell("Terminating" if volume.metadata.deletion_timestamp is not None else status.phase, tone),
            text_cell(f"{claim.namespace}/{claim.name}" if claim is not None else ""),
            muted_cell(storage_class(volume.metadata, spec.storage_class_name), none=""),
            muted_cell(spec.volume_attributes_class_name or "", none=UNSET),
            text_cell(status.reason, tone),
            AGE_CELL,
            muted_cell(spec.volume_mode or "", none=UNSET),
        ),
        tone,
    )


RESOURCES = (Resource(PERSISTENT_VOLUME, COLUMNS, row),)
