"""Render the revisions that have pods, new above old: how many are ready, how fast, how they terminated, what they
wait for.

A rollout that merely takes time has no line in a failing tone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from k9py.api.plural import count_noun
from k9py.api.text import printable, shorten
from k9py.api.times import age, duration
from k9py.diagnosis.images import PULL_REASONS, pull_failure
from k9py.rollouts.cohort_status import CohortStatus, LastExit, WaitingReason
from k9py.views.revisions import image_text
from k9py.views.values import StyledLine, Tone

MESSAGE_LENGTH: Final = 120
"""Characters of a kubelet's message: it begins with the cause, and events have all of it."""
_POD_ID: Final = re.compile(r" restarting failed container=\S+| pod=\S+\([0-9a-f-]{36}\)")
"""Where a kubelet's message repeats which pod it is about (kuberuntime, format.Pod)."""
_REPEATED: Final = re.compile(
    r'^Back-off pulling image "[^"]*"(?:: |$)|\bErrImagePull: |\brpc error: code = \w+ desc = '
)
"""Where a kubelet's message repeats the reason and the image, or wraps the runtime's own message."""
_GAP: Final = ("  ", Tone.PLAIN)


def cohort_lines(statuses: Sequence[CohortStatus], now: datetime, *, has_old: bool = True) -> tuple[StyledLine, ...]:
    """Return the lines of all cohorts.

    Args:
        statuses: the current revision's first.
        has_old: whether there are pods of old revisions, from which the new one must be distinguished.
    """
    lines: list[StyledLine] = []
    for status in statuses:
        lines.append(_heading(status, has_old=has_old))
        lines.append((_GAP, *_counts(status)))
        if status.last_exit is not None:
            lines.append((_GAP, *_exit_line(status.last_exit, now)))
        if status.waiting is not None:
            lines.append((_GAP, *_waiting_line(status.waiting)))
    return tuple(lines)


def failing_log_line(statuses: Sequence[CohortStatus], text: str, *, compact: bool = False) -> StyledLine:
    """Return the log line that shows why the new revision fails; () while there is none.

    Args:
        text: the line.
        compact: leave out that it is from the previous run.
    """
    failing = next((status.failing for status in statuses if status.cohort.is_current), None)
    if failing is None or not text:
        return ()
    run = " (previous run)" if failing.previous and not compact else ""
    return ((f"log of {printable(failing.container)}{run}: ", Tone.MUTED), (printable(text), Tone.FAIL))


def _heading(status: CohortStatus, *, has_old: bool) -> StyledLine:
    revision = status.cohort.revision
    if revision is None:
        return (("unknown revision", Tone.UNKNOWN),)
    name = f"revision {revision.number or '?'}"
    images = printable(", ".join(image_text(image) for image in revision.images))
    newness = ("new ", Tone.ACCENT) if status.cohort.is_current else ("old ", Tone.MUTED)
    if status.cohort.is_current and not has_old:
        newness = ("", Tone.PLAIN)
    return (newness, (name, Tone.ACCENT if status.cohort.is_current else Tone.PLAIN), _GAP, (images, Tone.PLAIN))


def _counts(status: CohortStatus) -> StyledLine:
    cohort = status.cohort
    pieces: list[tuple[str, Tone]] = []
    if status.desired is None:
        pieces.append((f"{cohort.ready} of {len(cohort.pods)} ready", Tone.PLAIN))
    elif status.desired == 0:
        pieces.append((f"{cohort.ready} ready, none desired", Tone.MUTED))
    else:
        tone = Tone.OK if cohort.ready >= status.desired else Tone.BUSY
        pieces.append((f"{cohort.ready}/{status.desired} ready", tone))
    if cohort.ending:
        pieces.append((f", {cohort.ending} terminating", Tone.MUTED))
    pieces.append((f", {count_noun(cohort.restarts, 'restart')}", Tone.WARN if cohort.restarts else Tone.MUTED))
    seconds = status.median_seconds_to_ready
    if seconds is not None and round(seconds):
        pieces.append((f", ready in {duration(seconds)}", Tone.MUTED))
    return tuple(pieces)


def _exit_line(last: LastExit, now: datetime) -> StyledLine:
    reason = f" ({last.reason})" if last.reason else ""
    ago = f" {age(last.finished_at, now)} ago" if last.finished_at is not None else ""
    subject = (printable(f"{last.pod}/{last.container} last exited with "), Tone.MUTED)
    text = printable(f"code {last.exit_code}{reason}")
    return (subject, (text, Tone.FAIL if last.exit_code else Tone.PLAIN), (ago, Tone.MUTED))


def _waiting_line(waiting: WaitingReason) -> StyledLine:
    failure = pull_failure(waiting.message) if waiting.reason in PULL_REASONS else ""
    message = f"({failure})" if failure else _REPEATED.sub("", _POD_ID.sub("", shorten(waiting.message)))
    if len(message) > MESSAGE_LENGTH:
        message = f"{message[: MESSAGE_LENGTH - 1].rstrip()}…"
    detail = ((f" {message}", Tone.MUTED),) if message else ()
    tone = Tone.BUSY if waiting.is_normal else Tone.FAIL
    return ((f"{count_noun(waiting.pods, 'pod')} waiting: ", Tone.MUTED), (printable(waiting.reason), tone), *detail)
