"""PersistentVolumeClaim (core/v1): status, volume, capacity, access modes, class."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from k9py.api.kinds import PERSISTENT_VOLUME_CLAIM
from k9py.api.storage import PersistentVolumeClaim, storage_class
from k9py.resources.cells import AGE, AGE_CELL, NAME, UNSET, muted_cell, name_cell, object_row, text_cell
from k9py.resources.resource import Resource, RowContext
from k9py.resources.storage_cells import access_modes, storage_cell
from k9py.views.values import Column, Row, Tone

SLOW: Final = timedelta(minutes=5)
"""How long a claim may be pending before that is a warning."""


COLUMNS = (
    NAME,
    Column("status", "STATUS", min_width=7, max_width=12, sort_key="U"),
    Column("volume", "VOLUME", min_width=8, max_width=44, priority=4, sort_key="V"),
    Column("capacity", "CAPACITY", align_right=True, min_width=4, max_width=9, priority=1, sort_key="C"),
    Column("requested", "REQUESTED", align_right=True, min_width=4, max_width=9, priority=6, wide=True, sort_key="Q"),
    Column("access_modes", "ACCESS MODES", min_width=4, max_width=16, priority=5, sort_key="M"),
    Column("class", "STORAGECLASS", min_width=6, max_width=30, priority=2, sort_key="R"),
    Column("attributes_class", "VOLUMEATTRIBUTESCLASS", min_width=7, max_width=21, priority=7, wide=True),
    Column("condition", "CONDITION", min_width=8, max_width=28, priority=3, sort_key="E"),
    AGE,
    Column("mode", "VOLUMEMODE", min_width=5, max_width=10, priority=7, wide=True),
)


def row(claim: PersistentVolumeClaim, context: RowContext) -> Row:
    """Return the row of a claim."""
    spec, status = claim.spec, claim.status
    phase = "Terminating" if claim.metadata.deletion_timestamp is not None else status.phase
    condition = next((entry for entry in status.conditions or () if entry.status == "True"), None)
    tone = _tone(claim, context)
    is_bound = bool(spec.volume_name)
    return object_row(
        claim,
        (
            name_cell(claim),
            text_cell(phase, tone),
            muted_cell(spec.volume_name, none=""),
            storage_cell(status.capacity if is_bound else None),
            storage_cell(spec.resources.requests),
            muted_cell(access_modes(status.access_modes if is_bound else None), none=""),
            muted_cell(storage_class(claim.metadata, spec.storage_class_name), none=""),
            muted_cell(spec.volume_attributes_class_name or "", none=UNSET),
            text_cell(condition.type if condition is not None else "", Tone.WARN),
            AGE_CELL,
            muted_cell(spec.volume_mode or "", none=UNSET),
        ),
        tone,
    )


def _tone(claim: PersistentVolumeClaim, context: RowContext) -> Tone:
    """Return the tone: pods that use a claim wait until it is bound, and fail when its volume is lost."""
    created = claim.metadata.creation_timestamp
    match claim.status.phase:
        case "Bound":
            is_resizing = any(condition.status == "True" for condition in claim.status.conditions or ())
            return Tone.WARN if is_resizing else Tone.OK
        case "Pending":
            return Tone.BUSY if created is not None and context.now - created < SLOW else Tone.WARN
        case "Lost":
            return Tone.FAIL
    return Tone.UNKNOWN


RESOURCES = (Resource(PERSISTENT_VOLUME_CLAIM, COLUMNS, row),)
