"""The revisions that have pods, new above old: how many are ready, how fast, how they ended, what they wait for.

A rollout that merely takes its time has no line in a failing tone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from k9py.api.pod_troubles import shorten
from k9py.api.text import printable
from k9py.api.times import age, duration
from k9py.cluster.views import short_image_tag
from k9py.rollouts.cohort_status import CohortStatus, LastExit, WaitingReason
from k9py.views.semantic_diff import StyledLine
from k9py.views.values import Tone

MESSAGE_LENGTH: Final = 120
"""Of what a kubelet says of a wait: the head names the cause in words, events have all of it."""
_POD_ID: Final = re.compile(r" restarting failed container=\S+| pod=\S+\([0-9a-f-]{36}\)")
"""Where a kubelet's message repeats which pod it is about (kuberuntime, format.Pod)."""
_GAP: Final = ("  ", Tone.PLAIN)


def cohort_lines(facts: Sequence[CohortStatus], now: datetime) -> tuple[StyledLine, ...]:
    """Return the lines of all cohorts.

    Args:
        facts: the current revision's first.
    """
    lines: list[StyledLine] = []
    for one in facts:
        lines.append(_heading(one))
        lines.append((_GAP, *_counts(one)))
        if one.last_exit is not None:
            lines.append((_GAP, *_exit(one.last_exit, now)))
        if one.waiting is not None:
            lines.append((_GAP, *_wait(one.waiting)))
    return tuple(lines)


def failing_log_line(facts: Sequence[CohortStatus], text: str, *, compact: bool = False) -> StyledLine:
    """Return the line of a log that tells why the new revision fails; () when there is none (yet).

    Args:
        compact: of which run it is goes without saying.
    """
    failing = next((one.failing for one in facts if one.cohort.is_current), None)
    if failing is None or not text:
        return ()
    run = " (previous run)" if failing.previous and not compact else ""
    return ((f"log of {printable(failing.container)}{run}: ", Tone.MUTED), (printable(text), Tone.FAIL))


def _heading(one: CohortStatus) -> StyledLine:
    revision = one.cohort.revision
    if revision is None:
        return (("unknown revision", Tone.UNKNOWN),)
    name = f"revision {revision.number or '?'}"
    images = printable(", ".join(_image(image) for image in revision.images))
    newness = ("new ", Tone.ACCENT) if one.cohort.is_current else ("old ", Tone.MUTED)
    return (newness, (name, Tone.ACCENT if one.cohort.is_current else Tone.PLAIN), _GAP, (images, Tone.PLAIN))


def _image(image: str) -> str:
    return f"{image.partition('@')[0].rpartition('/')[2].partition(':')[0]}:{short_image_tag(image)}"


def _counts(one: CohortStatus) -> StyledLine:
    cohort = one.cohort
    pieces: list[tuple[str, Tone]] = []
    if one.desired is None:
        pieces.append((f"{cohort.ready} of {len(cohort.pods)} ready", Tone.PLAIN))
    elif one.desired == 0:
        pieces.append((f"{cohort.ready} ready, none wanted", Tone.MUTED))
    else:
        pieces.append((f"{cohort.ready}/{one.desired} ready", Tone.OK if cohort.ready >= one.desired else Tone.BUSY))
    if cohort.ending:
        pieces.append((f", {cohort.ending} ending", Tone.MUTED))
    restarts = f", {cohort.restarts} restart{'' if cohort.restarts == 1 else 's'}"
    pieces.append((restarts, Tone.WARN if cohort.restarts else Tone.MUTED))
    if one.median_seconds_to_ready is not None and round(one.median_seconds_to_ready):
        pieces.append((f", ready in {duration(one.median_seconds_to_ready)}", Tone.MUTED))
    return tuple(pieces)


def _exit(one: LastExit, now: datetime) -> StyledLine:
    reason = f" {one.reason}" if one.reason else ""
    ago = f", {age(one.finished_at, now)} ago" if one.finished_at is not None else ""
    words = printable(f"exit {one.exit_code}{reason}")
    where = printable(f" in {one.pod}/{one.container}")
    return (("last ", Tone.MUTED), (words, Tone.FAIL if one.exit_code else Tone.PLAIN), (f"{where}{ago}", Tone.MUTED))


def _wait(one: WaitingReason) -> StyledLine:
    pods = f"{one.pods} pod{'' if one.pods == 1 else 's'} waiting: "
    message = _POD_ID.sub("", shorten(one.message))
    if len(message) > MESSAGE_LENGTH:
        message = f"{message[: MESSAGE_LENGTH - 1].rstrip()}…"
    tail = ((f" {message}", Tone.MUTED),) if message else ()
    return ((pods, Tone.MUTED), (printable(one.reason), Tone.BUSY if one.is_normal else Tone.FAIL), *tail)
