"""The revisions that have pods, new above old: how many are ready, how fast, how they ended, what they wait for.

A rollout that merely takes its time has no line in a failing tone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from k9py.cluster.views import short_tag
from k9py.objects.pod_troubles import short
from k9py.objects.text import printable
from k9py.objects.times import age, duration
from k9py.rollouts.cohort_facts import CohortFacts, LastExit, Waiting
from k9py.tables.meaning import Line
from k9py.tables.values import Tone

_GAP: Final = ("  ", Tone.PLAIN)


def cohort_lines(facts: Sequence[CohortFacts], failing_line: str, now: datetime) -> tuple[Line, ...]:
    """Return the lines of all cohorts.

    Args:
        facts: the current revision's first.
        failing_line: of the log of the first cohort that has a failing container; "" when there is none (yet).
    """
    lines: list[Line] = []
    first_failing = next((one for one in facts if one.failing is not None), None)
    for one in facts:
        lines.append(_heading(one))
        lines.append((_GAP, *_counts(one)))
        if one.last_exit is not None:
            lines.append((_GAP, *_exit(one.last_exit, now)))
        if one.waiting is not None:
            lines.append((_GAP, *_wait(one.waiting)))
        if one is first_failing and one.failing is not None and failing_line:
            whose = printable(f"{one.failing.pod}/{one.failing.container}")
            run = ", run before" if one.failing.previous else ""
            lines.append((_GAP, (f"log of {whose}{run}: ", Tone.MUTED), (printable(failing_line), Tone.FAIL)))
    return tuple(lines)


def _heading(one: CohortFacts) -> Line:
    revision = one.cohort.revision
    if revision is None:
        return (("unknown revision", Tone.UNKNOWN),)
    name = f"revision {revision.number or '?'}"
    images = printable(", ".join(_image(image) for image in revision.images))
    newness = ("new ", Tone.ACCENT) if one.cohort.is_current else ("old ", Tone.MUTED)
    return (newness, (name, Tone.ACCENT if one.cohort.is_current else Tone.PLAIN), _GAP, (images, Tone.PLAIN))


def _image(image: str) -> str:
    return f"{image.partition('@')[0].rpartition('/')[2].partition(':')[0]}:{short_tag(image)}"


def _counts(one: CohortFacts) -> Line:
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
    if one.median_seconds_to_ready is not None:
        pieces.append((f", ready after {duration(one.median_seconds_to_ready)} (median)", Tone.MUTED))
    return tuple(pieces)


def _exit(one: LastExit, now: datetime) -> Line:
    reason = f" {one.reason}" if one.reason else ""
    ago = f", {age(one.finished_at, now)} ago" if one.finished_at is not None else ""
    words = printable(f"exit {one.exit_code}{reason}")
    where = printable(f" in {one.pod}/{one.container}")
    return (("last ", Tone.MUTED), (words, Tone.FAIL if one.exit_code else Tone.PLAIN), (f"{where}{ago}", Tone.MUTED))


def _wait(one: Waiting) -> Line:
    pods = f"{one.pods} pod{'' if one.pods == 1 else 's'} waiting: "
    message = short(one.message)
    tail = ((f" {message}", Tone.MUTED),) if message else ()
    return ((pods, Tone.MUTED), (printable(one.reason), Tone.BUSY if one.is_patient else Tone.FAIL), *tail)
