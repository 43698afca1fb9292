"""What a report is based on: how many objects were looked at, what could not be read, what is hidden on request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from k9py.api.plural import count_noun
from k9py.api.text import printable
from k9py.diagnosis.problem import TriageReport, UnreadKind

NAMED_KINDS: Final = 4
"""Kinds with one reason that are named; more are counted."""
_TELLING: Final = (
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "EndpointSlice",
    "ConfigMap",
    "Secret",
    "Event",
    "ReplicaSet",
    "Node",
)
"""Kinds without which most causes stay unknown, the most important first."""


def coverage_text(report: TriageReport | None, *, names_unread: bool = False) -> str:
    """Return `looked at 1,204 objects`; what is still to be read or could not be is said.

    Args:
        names_unread: name the kinds that could not be read, instead of counting them.
    """
    if report is None:
        return "not looked yet"
    looked = f"looked at {count_noun(report.looked_at, 'object')}"
    if not report.is_complete:
        return f"{looked} so far"
    if names_unread:
        return " · ".join(filter(None, (looked, unread_kinds_text(report.unread))))
    unread = len({each.kind for each in report.unread if each.reason})
    return f"{looked}, {count_noun(unread, 'kind')} not read" if unread else looked


def empty_text(report: TriageReport | None, *, hidden: str = "") -> str:
    """Return why no problem is shown: `looked at 1,204 objects, found nothing`.

    Args:
        hidden: what is hidden on request, see `hidden_text`.
    """
    if report is None:
        return "looking…"
    if not report.is_complete:
        return f"{coverage_text(report)}…"
    nothing = "found nothing else" if hidden else "found nothing"
    looked = f"looked at {count_noun(report.looked_at, 'object')}, {nothing}"
    notes = [text for text in (hidden, *unread_texts(report.unread)) if text]
    return " · ".join((looked, *notes))


def hidden_text(*, acknowledged: int, muted: int, notes: int = 0) -> str:
    """Return what is hidden: `1 acknowledged · 2 muted · 4 notes`; "" for nothing.

    Args:
        notes: findings that are only worth knowing.
    """
    counts = ((acknowledged, f"{acknowledged:,} acknowledged"), (muted, f"{muted:,} muted"))
    return " · ".join(text for number, text in (*counts, (notes, count_noun(notes, "note"))) if number)


def unread_texts(unread: Iterable[UnreadKind]) -> tuple[str, ...]:
    """Return what could not be read and why, one text for each reason: `Secret in shop not read: forbidden`."""
    by_reason: dict[str, list[str]] = {}
    for each in unread:
        name = printable(f"{each.kind} in {each.namespace}" if each.namespace else each.kind)
        names = by_reason.setdefault(printable(each.reason), [])
        if name not in names:
            names.append(name)
    return tuple(_unread_text(names, reason) for reason, names in by_reason.items())


def unread_kinds_text(unread: Iterable[UnreadKind]) -> str:
    """Return which kinds could not be read: `not read: ConfigMap, Secret, Event, Node and 20 more kinds`."""
    kinds = {each.kind for each in unread if each.reason}
    if not kinds:
        return ""
    ranked = sorted(kinds, key=lambda kind: (_TELLING.index(kind) if kind in _TELLING else len(_TELLING), kind))
    more = len(ranked) - NAMED_KINDS
    listed = printable(", ".join(ranked[:NAMED_KINDS]))
    return f"not read: {listed}" + (f" and {count_noun(more, 'more kind')}" if more > 0 else "")


def _unread_text(names: list[str], reason: str) -> str:
    more = len(names) - NAMED_KINDS
    listed = ", ".join(names[:NAMED_KINDS]) + (f" and {count_noun(more, 'more kind')}" if more > 0 else "")
    return f"{listed} not read: {reason}" if reason else f"reading {listed}"
