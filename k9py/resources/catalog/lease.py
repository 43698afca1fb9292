"""Lease (coordination.k8s.io/v1): who holds it, and when it was last renewed."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject, KubeStruct
from k9py.api.standard_types import standard_type
from k9py.resources.cells import (
    AGE,
    AGE_CELL,
    MISSING,
    NAME,
    count_cell,
    name_cell,
    numbered,
    object_row,
    text_cell,
    time_cell,
    time_column,
)
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Cell, Column, Row, Tone


class LeaseSpec(KubeStruct, frozen=True):
    """coordination/v1 LeaseSpec; the duration is in seconds."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    renew_time: datetime | None = None
    lease_transitions: int | None = None


class Lease(KubeObject, frozen=True):
    """A Lease."""

    KIND: ClassVar[str] = "Lease"

    spec: LeaseSpec = LeaseSpec()


COLUMNS = numbered(
    NAME,
    Column("holder", "HOLDER", min_width=12, max_width=80, priority=1, grow=True, sort_key="H"),
    time_column("renewed", "RENEWED", sort_key="R"),
    Column("duration", "DURATION", align_right=True, min_width=4, max_width=8, priority=3, sort_key="U"),
    Column("transitions", "TRANSITIONS", align_right=True, min_width=4, max_width=11, priority=2, sort_key="I"),
    AGE,
)


def row(lease: Lease, context: RowContext) -> Row:
    """Return the row of a Lease."""
    spec = lease.spec
    tone = _tone(spec, context.now)
    seconds, transitions = spec.lease_duration_seconds, spec.lease_transitions
    return object_row(
        lease,
        (
            name_cell(lease),
            text_cell(spec.holder_identity or ""),
            time_cell(spec.renew_time, tone),
            MISSING if seconds is None else Cell(f"{seconds}s", Tone.MUTED, seconds),
            MISSING if transitions is None else count_cell(transitions),
            AGE_CELL,
        ),
        tone,
    )


def _tone(spec: LeaseSpec, now: datetime) -> Tone:
    """Return the tone: a lease that nobody renewed in time warns, because its holder may be gone."""
    if not spec.holder_identity or spec.renew_time is None or spec.lease_duration_seconds is None:
        return Tone.PLAIN
    is_expired = (now - spec.renew_time).total_seconds() > spec.lease_duration_seconds
    return Tone.WARN if is_expired else Tone.OK


RESOURCES = (Resource(Kind(standard_type("coordination.k8s.io", "Lease"), Lease), COLUMNS, row),)
