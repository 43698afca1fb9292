"""What the header says: where we are, how the watches are, how many rollouts fail, and what kind of session this is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from k9py.cluster.cluster import Cluster
from k9py.objects.times import duration
from k9py.tables.header import Segment, health_segment, place_segments, unread_segments
from k9py.tables.values import Tone
from k9py.tui.session import Connected, Connecting, SessionState, Unreachable
from k9py.tui.widgets.segment_bar import BarSegment


@dataclass(frozen=True, slots=True)
class Counts:
    """What the header counts: rollouts of each tone, and services that fail."""

    rollouts: Mapping[Tone, int]
    failing_services: int = 0


_ACTIONS: Final = {"context": "contexts", "namespace": "namespaces", "namespaces": "namespaces"}
"""What a click does, by the label of a segment."""


def header_segments(
    state: SessionState,
    context: str,
    counts: Counts,
    now: datetime,
    *,
    read_only: bool = False,
    demo: str = "",
) -> list[BarSegment]:
    """Return the header from left to right, the most important kept when room is short."""
    segments = [BarSegment("kdash", Tone.ACCENT, priority=7)]
    if demo:
        segments.append(BarSegment(f"demo {demo}", Tone.MUTED, priority=5))
    match state:
        case Connecting():
            segments.append(BarSegment(f"connecting to {context or 'the current context'}…", Tone.BUSY, priority=0))
        case Unreachable(retry_at=retry_at):
            if context:
                segments.append(BarSegment(context, Tone.ACCENT, priority=1, label="context", shrink=True))
            again = "" if retry_at is None else f", next try in {duration((retry_at - now).total_seconds())}"
            segments.append(BarSegment(f"not connected{again}", Tone.FAIL, priority=0))
        case Connected(cluster=cluster):
            place = _bar(place_segments(context, cluster.scope, ""))
            segments += [replace(one, action=_ACTIONS.get(one.label, "")) for one in place]
            segments += _bar([health_segment(cluster.health, now), *_unread(cluster, matters=False)])
            segments += count_segments(counts, is_whole=cluster.health.is_whole)
    if read_only:
        segments.append(BarSegment("read-only", Tone.WARN, priority=1, right=True))
    return segments


def notice_segments(state: SessionState) -> list[BarSegment]:
    """Return what of the cluster is not shown, for a line of its own; nothing when all that was asked for is."""
    match state:
        case Connected(cluster=cluster):
            absent = cluster.queries.absent_namespaces(cluster.scope.namespaces)
            words = (cluster.notice, f"there is no namespace {', '.join(absent)}" if absent else "")
            notices = [BarSegment(one, Tone.WARN, priority=0, shrink=True) for one in words if one]
            return [*notices, *_bar(_unread(cluster, matters=True))]
    return []


def _unread(cluster: Cluster, *, matters: bool) -> list[Segment]:
    """Return what cannot be read and is missed on the screen, or what is only a pity."""
    return [one for one in unread_segments(cluster.health) if (one.tone is not Tone.MUTED) is matters]


def _bar(segments: Iterable[Segment]) -> list[BarSegment]:
    return [
        BarSegment(
            f"{Tone.OK.symbol} {one.text}" if one.tone is Tone.OK else one.text,
            one.tone,
            priority=one.priority,
            label=one.label,
            shrink=one.priority > 0 or one.tone is Tone.FAIL,
        )
        for one in segments
    ]


_COUNTED = ((Tone.UNKNOWN, "unknown", 2), (Tone.WARN, "warn", 2), (Tone.BUSY, "moving", 3))


def count_segments(counts: Counts, *, is_whole: bool) -> list[BarSegment]:
    """Say what fails, then how many rollouts warn, move and are well. Well is only said of a whole picture."""
    failing = ((counts.rollouts.get(Tone.FAIL, 0), "rollout"), (counts.failing_services, "service"))
    named = [f"{number:,} {noun}{'' if number == 1 else 's'}" for number, noun in failing if number]
    segments = [BarSegment(f"{', '.join(named)} failing", Tone.FAIL, priority=0, right=True)] if named else []
    segments += [
        BarSegment(f"{counts.rollouts[tone]:,} {word}", tone, priority=priority, right=True)
        for tone, word, priority in _COUNTED
        if counts.rollouts.get(tone)
    ]
    well = counts.rollouts.get(Tone.OK, 0)
    if well:
        text, tone = (f"{Tone.OK.symbol} {well:,} well", Tone.OK) if is_whole else (f"{well:,} well?", Tone.UNKNOWN)
        segments.append(BarSegment(text, tone, priority=3, right=True))
    return segments
