"""Event (core/v1): newest first, with how often it happened, what it is about, and the whole message."""

from __future__ import annotations

from k9py.api.events import Event
from k9py.api.kinds import EVENT
from k9py.api.text import printable
from k9py.resources.cells import UNKNOWN, count_cell, muted_cell, numbered, object_row, time_cell, time_column
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Cell, Column, Row, Tone

COLUMNS = numbered(
    time_column("last_seen", "LAST SEEN", max_width=9, sort_key="A"),
    Column("type", "TYPE", min_width=6, max_width=8, priority=3, sort_key="Y"),
    Column("reason", "REASON", min_width=8, max_width=28, sort_key="R"),
    Column("object", "OBJECT", min_width=12, max_width=80, grow=True, sort_key="B"),
    Column(
        "count", "COUNT", align_right=True, min_width=3, max_width=6, priority=4, sort_key="C", descending_first=True
    ),
    Column("message", "MESSAGE", min_width=16, max_width=400, grow=True, sort_key="M"),
    Column("source", "SOURCE", min_width=6, max_width=40, priority=6, wide=True, sort_key="W"),
    Column("subobject", "SUBOBJECT", min_width=6, max_width=40, priority=7, wide=True),
    time_column("first_seen", "FIRST SEEN", max_width=10, priority=7, wide=True, sort_key="I"),
    Column("name", "NAME", min_width=16, max_width=80, priority=8, wide=True, sort_key="N"),
)


def row(event: Event, context: RowContext) -> Row:
    """Return the row of an event. Failing does not come first, but the newest."""
    is_warning = event.type == "Warning"
    tone = Tone.WARN if is_warning else Tone.PLAIN
    first = event.first_timestamp or event.event_time
    last = (event.series.last_observed_time if event.series else None) or event.last_timestamp or first
    seen = event.last_seen
    return object_row(
        event,
        (
            time_cell(last, none=UNKNOWN),
            Cell(printable(event.type), tone if is_warning else Tone.MUTED),
            Cell(printable(event.reason), tone),
            Cell(printable(_object(event))),
            count_cell(event.occurrences, Tone.MUTED if event.occurrences == 1 else Tone.PLAIN),
            Cell(printable(event.message.strip())),
            muted_cell(_source(event), none=""),
            muted_cell(event.involved_object.field_path, none=""),
            time_cell(first, none=UNKNOWN),
            muted_cell(event.name),
        ),
        tone,
        rank=-int(seen.timestamp()) if seen else 0,
    )


def _object(event: Event) -> str:
    about = event.involved_object
    kind = about.kind.lower()
    return f"{kind}/{about.name}" if about.name else kind


def _source(event: Event) -> str:
    """Return who reported it: `kubelet, node-1`; see kubernetes' formatEventSource."""
    component = (event.source.component if event.source else "") or event.reporting_component
    host = (event.source.host if event.source else "") or event.reporting_instance
    return f"{component}, {host}" if host else component


RESOURCES = (Resource(EVENT, COLUMNS, row),)
