"""The text of the header: context and scope, state of the watches, counts by severity, and the kind of session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

from k9py.actions.registry import BY_ID
from k9py.api.plural import count_noun
from k9py.api.severity import Severity
from k9py.api.times import duration
from k9py.cluster.cluster import Cluster
from k9py.diagnosis.problem import Problem
from k9py.tui.bindings import textual_action
from k9py.tui.problems import worst_tone
from k9py.tui.session import Connected, Connecting, SessionState, Unreachable
from k9py.tui.widgets.segment_bar import BarSegment
from k9py.views.background_jobs import JobCount
from k9py.views.header import (
    Segment,
    discovery_segments,
    health_segment,
    place_segments,
    server_segments,
    unread_segments,
)
from k9py.views.problems import hidden_text
from k9py.views.tones import COUNTED_SEVERITIES, count_text, severity_tone
from k9py.views.values import Tone


class CountedProblems(Protocol):
    """The problems as the header counts them."""

    @property
    def shown(self) -> Sequence[Problem]: ...
    @property
    def acknowledged(self) -> Sequence[Problem]: ...
    @property
    def muted(self) -> Sequence[Problem]: ...


_ACTIONS: Final = {
    label: textual_action(BY_ID[action_id])
    for label, action_id in (
        ("context", "cluster.contexts"),
        ("namespace", "cluster.namespaces"),
        ("namespaces", "cluster.namespaces"),
    )
}
"""What a click does, by the label of a segment."""


def header_segments(
    state: SessionState,
    context: str,
    counts: Mapping[Tone, int],
    now: datetime,
    *,
    read_only: bool = False,
    is_replay: bool = False,
    embedded: str = "",
    problems: CountedProblems | None = None,
    jobs: Sequence[JobCount] = (),
) -> list[BarSegment]:
    """Return the header from left to right, the most important kept when room is short.

    Args:
        is_replay: of a recording, in which nothing happens: whether it is live does not matter.
        counts: services and rollouts of each tone; a service and its workload count once.
        problems: root causes, None while nothing is known.
        jobs: what runs in the background.
    """
    segments = [BarSegment("kdash", Tone.ACCENT, priority=7)]
    if embedded:
        # Of a recording one must always see of when it is, and that it is not live.
        tone, priority = (Tone.ACCENT, 0) if is_replay else (Tone.MUTED, 5)
        segments.append(BarSegment(embedded, tone, priority=priority))
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
            segments += [replace(segment, action=_ACTIONS.get(segment.label, "")) for segment in place]
            health = [] if is_replay and cluster.health.is_live else [health_segment(cluster.health, now)]
            segments += _bar([*health, *_unread(cluster, matters=False)])
            segments += _bar(discovery_segments(cluster.discovery.errors))
            if problems is not None:
                segments += problem_segments(problems)
                counts = problem_counts(counts, problems)
            segments += count_segments(counts, is_whole=cluster.health.is_complete)
    segments += job_segments(jobs)
    if read_only:
        segments.append(BarSegment("read-only", Tone.WARN, priority=1, right=True))
    return segments


def notice_segments(state: SessionState) -> list[BarSegment]:
    """Return the parts of the cluster that are not shown, as a separate line; () when everything requested is."""
    match state:
        case Connected(cluster=cluster):
            absent = cluster.queries.missing_namespaces(cluster.scope.namespaces)
            notes = (cluster.scope_notice, f"namespace not found: {', '.join(absent)}" if absent else "")
            notices = [BarSegment(note, Tone.WARN, priority=0, shrink=True) for note in notes if note]
            server = server_segments(cluster.health, cluster.clock.now())
            return [*_bar(server), *notices, *_bar(_unread(cluster, matters=True))]
    return []


def _unread(cluster: Cluster, *, matters: bool) -> list[Segment]:
    """Return the unreadable kinds: those the screen needs, or the optional ones."""
    return [segment for segment in unread_segments(cluster.health) if (segment.tone is not Tone.MUTED) is matters]


def _bar(segments: Iterable[Segment]) -> list[BarSegment]:
    return [
        BarSegment(
            f"{Tone.OK.symbol} {segment.text}" if segment.tone is Tone.OK else segment.text,
            segment.tone,
            priority=segment.priority,
            label=segment.label,
            shrink=segment.priority > 0 or segment.tone is Tone.FAIL,
        )
        for segment in segments
    ]


def problem_segments(problems: CountedProblems) -> list[BarSegment]:
    """Return how many problems there are, in the tone of the worst, and how many of them are hidden on request."""
    opens = textual_action(BY_ID["cluster.problems"])
    segments = []
    if problems.shown:
        text, tone = count_noun(len(problems.shown), "problem"), worst_tone(problems.shown)
        segments.append(BarSegment(text, tone, priority=0, right=True, action=opens))
    hidden = hidden_text(acknowledged=len(problems.acknowledged), muted=len(problems.muted))
    if hidden:
        segments.append(BarSegment(hidden, Tone.MUTED, priority=2, right=True, action=opens))
    return segments


def job_segments(jobs: Sequence[JobCount]) -> list[BarSegment]:
    """Return what runs in the background; what needs attention stays longest when room is short."""
    opens = textual_action(BY_ID["background.jobs"])
    return [
        BarSegment(job.text, job.tone, priority=1 if job.needs_attention else 2, right=True, action=opens)
        for job in jobs
    ]


_OF_PROBLEMS: Final = (Tone.FAIL, Tone.DEGRADED, Tone.STUCK, Tone.WARN)
"""Tones that count problems: several rows may show the same one."""


def problem_counts(counts: Mapping[Tone, int], problems: CountedProblems) -> Mapping[Tone, int]:
    """Return the counts of rows with those of problems in place of failing rows, once there are any."""
    if not (problems.shown or problems.acknowledged or problems.muted):
        return counts
    of_problems = Counter(severity_tone(problem.severity) for problem in problems.shown)
    unknown = max(counts.get(Tone.UNKNOWN, 0), of_problems[Tone.UNKNOWN])
    return {**counts, **{tone: of_problems[tone] for tone in _OF_PROBLEMS}, Tone.UNKNOWN: unknown}


_PRIORITIES = {
    Severity.DOWN: 0,
    Severity.DEGRADED: 0,
    Severity.STUCK: 1,
    Severity.UNKNOWN: 2,
    Severity.WARNING: 2,
    Severity.ROLLING_OUT: 3,
    Severity.HEALTHY: 3,
}


def count_segments(counts: Mapping[Tone, int], *, is_whole: bool) -> list[BarSegment]:
    """Return how many there are of each severity, worst first; healthy only once every list has loaded."""
    segments = []
    for severity in COUNTED_SEVERITIES:
        tone = severity_tone(severity)
        number = counts.get(tone, 0)
        if not number:
            continue
        text = count_text(severity, number)
        if severity is Severity.HEALTHY:
            text, tone = (f"{tone.symbol} {text}", tone) if is_whole else (f"{text}?", Tone.UNKNOWN)
        segments.append(BarSegment(text, tone, priority=_PRIORITIES[severity], right=True))
    return segments
