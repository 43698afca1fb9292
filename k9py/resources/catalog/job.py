"""Job (batch/v1): status, completions, duration, failed pods and why it failed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from k9py.api.batch import Job
from k9py.api.kinds import JOB
from k9py.api.meta import Condition
from k9py.resources.cells import (
    AGE,
    AGE_CELL,
    NAME,
    count_cell,
    duration_cell,
    duration_column,
    name_cell,
    numbered,
    object_row,
    text_cell,
)
from k9py.resources.resource import OpensAs, Resource, RowContext
from k9py.resources.workload_cells import CONTAINERS, IMAGES, SELECTOR, matching_pods, selector_cell, template_cells
from k9py.views.values import Cell, Column, Row, Tone

COLUMNS = numbered(
    NAME,
    Column("status", "STATUS", min_width=8, max_width=18, sort_key="W"),
    Column("completions", "COMPLETIONS", align_right=True, min_width=5, max_width=11, priority=1, sort_key="C"),
    Column(
        "failed", "FAILED", align_right=True, min_width=3, max_width=6, priority=3, sort_key="X", descending_first=True
    ),
    duration_column("duration", "DURATION", priority=2, sort_key="U", descending_first=True),
    Column("reason", "REASON", min_width=8, max_width=28, priority=4, sort_key="R"),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
)

_STATES: Final = (
    ("Complete", "Complete", Tone.MUTED),
    ("Failed", "Failed", Tone.FAIL),
    ("", "Terminating", Tone.BUSY),
    ("Suspended", "Suspended", Tone.MUTED),
    ("FailureTarget", "FailureTarget", Tone.FAIL),
    ("SuccessCriteriaMet", "SuccessCriteriaMet", Tone.BUSY),
)
"""Condition, status and tone; the first that applies. "" stands for a Job that is being deleted."""


def row(job: Job, context: RowContext) -> Row:
    """Return the row of a Job."""
    text, tone, condition = job_state(job)
    status = job.status
    return object_row(
        job,
        (
            name_cell(job),
            Cell(text, tone),
            _completions(job),
            count_cell(status.failed, Tone.WARN if status.failed else Tone.MUTED),
            duration_cell(status.start_time, status.completion_time or _failed_at(job), context.now),
            text_cell(condition.reason if condition is not None else "", tone),
            AGE_CELL,
            *template_cells(job.spec.template),
            selector_cell(job.spec.selector),
        ),
        tone,
    )


def job_state(job: Job) -> tuple[str, Tone, Condition | None]:
    """Return status, tone and the condition that says why; see kubernetes' printJob."""
    true = {condition.type: condition for condition in job.status.conditions or () if condition.status == "True"}
    for type_, text, tone in _STATES:
        if type_ in true or (not type_ and job.metadata.deletion_timestamp is not None):
            is_failed = tone is Tone.FAIL
            return text, tone, true.get(type_) if is_failed else None
    return "Running", Tone.WARN if job.status.failed else Tone.BUSY, None


def _failed_at(job: Job) -> datetime | None:
    """Return when a Job failed: only a success sets its completion time. kubectl keeps counting."""
    conditions = job.status.conditions or ()
    return next((c.last_transition_time for c in conditions if c.type == "Failed" and c.status == "True"), None)


def _completions(job: Job) -> Cell:
    succeeded, wanted, parallelism = job.status.succeeded, job.spec.completions, job.spec.parallelism or 0
    if wanted is None:
        return Cell(f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1", sort=float(succeeded))
    return Cell(f"{succeeded}/{wanted}", sort=succeeded / wanted if wanted else 1.0)


RESOURCES = (Resource(JOB, COLUMNS, row, opens_as=OpensAs.PODS, pod_selector=matching_pods),)
