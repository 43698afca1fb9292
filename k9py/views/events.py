"""The Events table: events about an object, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from k9py.api.events import Event
from k9py.api.text import printable
from k9py.views.rollouts import KIND_SHORT_NAMES
from k9py.views.tones import live_age
from k9py.views.values import Cell, Column, Row, Tone

COLUMNS: Final = (
    Column("seen", "SEEN", align_right=True, min_width=4, max_width=5, live=live_age, sort_key="A"),
    Column("reason", "REASON", min_width=8, max_width=28, sort_key="R"),
    Column("object", "OBJECT", min_width=10, max_width=48, priority=2, sort_key="B"),
    Column(
        "times", "TIMES", align_right=True, min_width=3, max_width=6, priority=3, sort_key="C", descending_first=True
    ),
    Column("message", "MESSAGE", min_width=16, max_width=400, grow=True, sort_key="M"),
    Column("from", "FROM", min_width=6, max_width=24, priority=4, sort_key="W"),
)


_MESSAGE: Final = [column.id for column in COLUMNS].index("message")


def event_message(row: Row) -> str:
    """Return the whole message of an event's row, also of one without the columns after it."""
    return row.cells[_MESSAGE].text


def row(event: Event, now: datetime) -> Row:
    """Return an event's row."""
    seen = event.last_seen
    tone = Tone.WARN if event.type == "Warning" else Tone.PLAIN
    about = event.involved_object
    kind = KIND_SHORT_NAMES.get(about.kind, about.kind.lower())
    times = f"×{event.occurrences}" if event.occurrences > 1 else ""
    return Row(
        key=event.key,
        cells=(
            Cell("", sort=-seen.timestamp() if seen else 0.0),
            Cell(printable(event.reason), tone),
            Cell(printable(f"{kind}/{about.name}"), Tone.MUTED),
            Cell(times, Tone.MUTED, sort=event.occurrences),
            Cell(printable(event.message)),
            Cell(printable(event.reporter), Tone.MUTED),
        ),
        tone=tone,
        rank=-int(seen.timestamp()) if seen else 0,
        since=seen,
    )
