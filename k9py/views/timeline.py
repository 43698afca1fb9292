"""The timeline for both front ends: its table, the strip of time, the details of an entry, its JSON.

The JSON is published and versioned (`SCHEMA`): fields are added, none is renamed, removed or given another meaning
without another version. Invariants: texts are printable; times are UTC; no two entries have the same row key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.text import printable
from k9py.api.times import duration, rfc3339
from k9py.cluster.timeline import TimelineReport
from k9py.diagnosis.timeline import EntryKind, TimelineEntry
from k9py.views.sparkline import BARS
from k9py.views.tones import live_age
from k9py.views.triage_json import object_values
from k9py.views.values import Cell, Column, Row, StyledLine, Tone

SCHEMA: Final = "kdash.timeline/v1"
SHORT_NAMES: Final = {
    "Deployment": "deploy",
    "StatefulSet": "sts",
    "DaemonSet": "ds",
    "ReplicaSet": "rs",
    "ConfigMap": "cm",
    "Service": "svc",
    "ServiceAccount": "sa",
    "PersistentVolumeClaim": "pvc",
    "HorizontalPodAutoscaler": "hpa",
    "PodDisruptionBudget": "pdb",
    "Ingress": "ing",
    "NetworkPolicy": "netpol",
    "ResourceQuota": "quota",
    "LimitRange": "limits",
}
"""kubectl's short names; other kinds are written in lower case."""
CHANGES: Final = frozenset(
    {EntryKind.CHANGE, EntryKind.ROLLOUT, EntryKind.SCALING, EntryKind.RELEASE, EntryKind.ACTION, EntryKind.NODE}
)
"""Kinds of entries that may be the reason of others: what the bars of the strip count."""

COLUMNS: Final = (
    Column("age", "AGE", align_right=True, min_width=4, max_width=5, live=live_age, sort_key="A"),
    Column("time", "TIME (UTC)", align_right=True, min_width=10, max_width=12, priority=2),
    Column("namespace", "NAMESPACE", min_width=6, max_width=24, priority=4, sort_key="M"),
    Column("object", "OBJECT", min_width=12, max_width=40, sort_key="B"),
    Column("what", "WHAT", min_width=24, max_width=240, grow=True, sort_key="W"),
    Column("by", "BY", min_width=6, max_width=32, priority=1, sort_key="Y"),
    Column("source", "SOURCE", min_width=10, max_width=48, priority=3, sort_key="R"),
)
ROW_KIND: Final = "TimelineEntry"
_SAME_DAY: Final = timedelta(hours=20)
_NOTHING: Final = "·"
_BEGAN: Final = "▲"
_CURSOR: Final = "◆"


def object_text(ref: ObjectRef) -> str:
    """Return an object as `deploy/web`."""
    kind = SHORT_NAMES.get(ref.kind, ref.kind.lower()) if not ref.group else ref.qualified_kind.lower()
    return printable(f"{kind}/{ref.name}")


def entry_tone(entry: TimelineEntry) -> Tone:
    """Return the tone of an entry: problems and failures stand out, then changes."""
    if entry.kind is EntryKind.FINDING:
        return Tone.FAIL
    if entry.is_warning:
        return Tone.WARN
    return Tone.ACCENT if entry.kind in CHANGES else Tone.PLAIN


def row_key(entry: TimelineEntry) -> ObjectRef:
    """Return the key of an entry's row; it is no object of the cluster."""
    about = entry.about
    name = f"{entry.at.isoformat()} {about.qualified_kind}/{about.name} {entry.what} {entry.by}"
    return ObjectRef(ROW_KIND, about.namespace, name)


def row(entry: TimelineEntry, now: datetime) -> Row:
    """Return an entry's row."""
    tone = entry_tone(entry)
    about = "~" if entry.is_approximate else ""
    return Row(
        key=row_key(entry),
        cells=(
            Cell("", sort=-entry.at.timestamp()),
            Cell(f"{about}{time_text(entry.at, now)}", Tone.MUTED, sort=-entry.at.timestamp()),
            Cell(printable(entry.about.namespace), Tone.MUTED),
            Cell(object_text(entry.about)),
            Cell(what_text(entry), tone),
            Cell(printable(entry.by)),
            Cell(printable(entry.source), Tone.MUTED),
        ),
        tone=tone if entry.is_warning else Tone.PLAIN,
        rank=-int(entry.at.timestamp() * 1000),
        since=entry.at,
    )


def what_text(entry: TimelineEntry) -> str:
    """Return what happened, with how often and in which time."""
    if entry.count <= 1:
        return printable(entry.what)
    over = "" if entry.first is None else f" over {duration((entry.at - entry.first).total_seconds())}"
    return f"{printable(entry.what)} (×{entry.count:,}{over})"


def time_text(at: datetime, now: datetime) -> str:
    """Return a time of day in UTC, of another day with its date."""
    moment = at.astimezone(UTC)
    return f"{moment:%H:%M:%S}" if now - at < _SAME_DAY else f"{moment:%m-%d %H:%M}"


def detail_lines(entry: TimelineEntry, now: datetime) -> tuple[StyledLine, ...]:
    """Return all that is known of an entry."""
    at = _moment(entry.at, now)
    by = printable(entry.by) or ("unknown" if entry.kind in CHANGES else "")
    facts = (
        ("object", printable(str(entry.about))),
        ("time", f"some time before {at}" if entry.is_approximate else at),
        *((("first", _moment(entry.first, now)),) if entry.first is not None else ()),
        *((("by", by),) if by else ()),
        ("source", printable(entry.source)),
    )
    lines: list[StyledLine] = [((what_text(entry), entry_tone(entry)),)]
    lines += [((f"{name:<8}", Tone.MUTED), (text, Tone.PLAIN)) for name, text in facts]
    if entry.details:
        lines += [(), *(((f"  {printable(line)}", Tone.PLAIN),) for line in entry.details)]
    return tuple(lines)


def _moment(at: datetime, now: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, {duration((now - at).total_seconds())} ago"


def strip_lines(
    entries: Iterable[TimelineEntry], since: datetime, now: datetime, width: int, at: datetime | None = None
) -> tuple[StyledLine, StyledLine]:
    """Return the strip of time: how many changes there were, and below where problems began.

    Args:
        width: cells.
        at: a time to mark, None marks none.
    """
    width = max(10, width)
    counts = [0] * width
    marks: dict[int, tuple[str, Tone]] = {}
    for entry in entries:
        cell = _cell(entry.at, since, now, width)
        if entry.kind in CHANGES:
            counts[cell] += 1
        elif entry.kind is EntryKind.FINDING:
            marks[cell] = (_BEGAN, Tone.FAIL)
    if at is not None and at >= since:
        marks[_cell(at, since, now, width)] = (_CURSOR, Tone.ACCENT)
    begin, end = f"{span_text(now - since)} ago", "now"
    # A label that a mark would cut is left out: half a word reads as nothing.
    if any(cell < len(begin) for cell in marks):
        begin = ""
    if any(cell >= width - len(end) for cell in marks):
        end = ""
    axis = f"{begin}{' ' * max(1, width - len(begin) - len(end))}{end}"[:width]
    top = max(counts)
    bars = tuple((_bar(count, top), Tone.ACCENT if count else Tone.MUTED) for count in counts)
    below = tuple(marks.get(cell, (character, Tone.MUTED)) for cell, character in enumerate(axis))
    return _runs(bars), _runs(below)


def span_text(span: timedelta) -> str:
    """Return how far a timeline goes back: `15m`, `1h`, `24h`."""
    minutes = round(span.total_seconds() / 60)
    return f"{minutes}m" if minutes % 60 else f"{minutes // 60}h"


def _cell(at: datetime, since: datetime, now: datetime, width: int) -> int:
    share = (at - since) / (now - since) if now > since else 1.0
    return max(0, min(width - 1, int(share * width)))


def _bar(count: int, top: int) -> str:
    if not count:
        return _NOTHING
    return BARS[min(len(BARS) - 1, max(1, round(count / max(top, 4) * (len(BARS) - 1))))]


def _runs(cells: Sequence[tuple[str, Tone]]) -> StyledLine:
    """Join neighbours of one tone."""
    pieces: list[tuple[str, Tone]] = []
    for text, tone in cells:
        if pieces and pieces[-1][1] is tone:
            pieces[-1] = (pieces[-1][0] + text, tone)
        else:
            pieces.append((text, tone))
    return tuple(pieces)


def coverage_text(report: TimelineReport) -> str:
    """Return what is missing in a timeline, "" when nothing is."""
    parts = [] if report.is_complete else ["reading…"]
    if report.left_out:
        parts.append(f"{count_noun(report.left_out, 'older entry', 'older entries')} left out")
    if report.unread:
        parts.append(f"not readable: {', '.join(printable(kind) for kind, _ in report.unread)}")
    return " · ".join(parts)


def report_values(report: TimelineReport) -> dict[str, Any]:
    """Return a timeline as JSON values."""
    return {
        "schema": SCHEMA,
        "at": rfc3339(report.at),
        "since": rfc3339(report.since),
        "object": None if report.about is None else object_values(report.about),
        "complete": report.is_complete,
        "left_out": report.left_out,
        "unread": [{"kind": printable(kind), "reason": printable(reason)} for kind, reason in report.unread],
        "entries": [entry_values(entry) for entry in report.entries],
    }


def entry_values(entry: TimelineEntry) -> dict[str, Any]:
    """Return an entry as JSON values; an unknown author is null."""
    return {
        "at": rfc3339(entry.at),
        "approximate": entry.is_approximate,
        "object": object_values(entry.about),
        "kind": entry.kind.value,
        "what": printable(entry.what),
        "count": entry.count,
        "first": rfc3339(entry.first),
        "by": printable(entry.by) or None,
        "source": printable(entry.source),
        "warning": entry.is_warning,
        "details": [printable(line) for line in entry.details],
    }
