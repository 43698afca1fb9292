"""CronJob (batch/v1): schedule, last run and its result, next run in the schedule's time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from k9py.api.batch import CronJob
from k9py.api.kinds import CRON_JOB
from k9py.api.schedule import next_run
from k9py.api.text import printable
from k9py.api.times import human_duration
from k9py.resources.cells import (
    AGE,
    AGE_CELL,
    NAME,
    UNSET,
    count_cell,
    live_column,
    muted_cell,
    name_cell,
    numbered,
    object_row,
    text_cell,
    time_cell,
    time_column,
)
from k9py.resources.resource import Resource, RowContext
from k9py.resources.workload_cells import CONTAINERS, IMAGES, SELECTOR, selector_cell, template_cells
from k9py.views.values import Cell, Column, Row, Tone


class NextRun(NamedTuple):
    """The sort value of NEXT: soonest first. The rest is for the run after that one."""

    at: float
    schedule: str
    zone: str
    anchor: float


def _next_text(planned: NextRun, now: datetime) -> str:
    """Return when it runs next; computed from the schedule again once that time has passed."""
    at = planned.at
    if at <= now.timestamp():
        anchor = datetime.fromtimestamp(planned.anchor, UTC)
        following = next_run(planned.schedule, planned.zone, now, anchor=anchor)
        if following is None:
            return "?"
        at = following.timestamp()
    return f"in {human_duration(at - now.timestamp())}"


COLUMNS = numbered(
    NAME,
    Column("schedule", "SCHEDULE", min_width=9, max_width=30, priority=1, sort_key="H"),
    Column("zone", "TIMEZONE", min_width=6, max_width=30, priority=5, sort_key="W"),
    Column("suspend", "SUSPEND", min_width=4, max_width=7, priority=4, sort_key="U"),
    Column("active", "ACTIVE", align_right=True, min_width=3, max_width=6, priority=3, sort_key="C"),
    time_column("last", "LAST SCHEDULE", max_width=13, priority=1, sort_key="L"),
    Column("result", "LAST RESULT", min_width=6, max_width=11, sort_key="R"),
    live_column(_next_text, "next", "NEXT", min_width=9, max_width=10, priority=1, sort_key="X"),
    Column("next_at", "NEXT AT", min_width=9, max_width=40, priority=4, sort_key=""),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
)


def row(cron_job: CronJob, context: RowContext) -> Row:
    """Return the row of a CronJob."""
    spec, status = cron_job.spec, cron_job.status
    template = spec.job_template.spec
    result = _result(cron_job)
    next_cell, at_cell = _next_cells(cron_job, context.now)
    return object_row(
        cron_job,
        (
            name_cell(cron_job),
            text_cell(spec.schedule),
            muted_cell(spec.time_zone or ""),
            _suspend(spec.suspend),
            count_cell(len(status.active or ())),
            time_cell(status.last_schedule_time),
            result,
            next_cell,
            at_cell,
            AGE_CELL,
            *template_cells(template.template),
            selector_cell(template.selector),
        ),
        _tone(cron_job, result.tone, next_cell.tone),
    )


def _suspend(suspend: bool | None) -> Cell:
    match suspend:
        case None:
            return Cell(UNSET, Tone.MUTED)
        case True:
            return Cell("True", Tone.WARN)
        case False:
            return Cell("False", Tone.MUTED)


def _result(cron_job: CronJob) -> Cell:
    """Return how the last run ended. The controller records the last success only, at least as late as its start."""
    status = cron_job.status
    if status.active:
        return Cell("running", Tone.BUSY)
    if status.last_schedule_time is None:
        return Cell("–", Tone.MUTED)
    succeeded = status.last_successful_time
    if succeeded is not None and succeeded >= status.last_schedule_time:
        return Cell("succeeded", Tone.OK)
    return Cell("failed", Tone.FAIL)


def _next_cells(cron_job: CronJob, now: datetime) -> tuple[Cell, Cell]:
    """Return the cells of NEXT and NEXT AT. Without a time zone it is the controller's, which is nearly always UTC."""
    spec = cron_job.spec
    if spec.suspend:
        return Cell("suspended", Tone.MUTED), Cell("–", Tone.MUTED)
    anchor = cron_job.status.last_schedule_time or cron_job.metadata.creation_timestamp
    at = next_run(spec.schedule, spec.time_zone, now, anchor=anchor)
    if at is None:
        return Cell("?", Tone.UNKNOWN), Cell("schedule or time zone unknown", Tone.UNKNOWN)
    zone = spec.time_zone or ""
    planned = NextRun(at.timestamp(), spec.schedule, zone, anchor.timestamp() if anchor else 0.0)
    return Cell("", sort=planned), Cell(printable(f"{at:%a %H:%M} {zone or '(UTC assumed)'}"), Tone.MUTED, planned.at)


def _tone(cron_job: CronJob, result: Tone, planned: Tone) -> Tone:
    """Return the tone: a failed run warns, because the next one may succeed."""
    if cron_job.spec.suspend:
        return Tone.BUSY if result is Tone.BUSY else Tone.MUTED
    if result is Tone.FAIL:
        return Tone.WARN
    return planned if planned is Tone.UNKNOWN else Tone.BUSY if result is Tone.BUSY else Tone.OK


RESOURCES = (Resource(CRON_JOB, COLUMNS, row),)
