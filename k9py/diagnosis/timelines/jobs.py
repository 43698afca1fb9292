"""Jobs and CronJobs: started, complete or failed, scheduled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from k9py.api.batch import CronJob, Job
from k9py.api.kinds import CRON_JOB, JOB
from k9py.api.meta import ObjectRef
from k9py.api.text import printable, shorten
from k9py.diagnosis.graph import Graph
from k9py.diagnosis.timeline import EntryKind, TimelineEntry
from k9py.diagnosis.timelines.source import source


@source("jobs", "Jobs: started, complete, failed, suspended", kinds=(JOB,))
def job_story(job: Job, graph: Graph, since: datetime) -> Iterator[TimelineEntry]:
    """Yield what the status of a Job says about its past."""
    controller = job.metadata.controller
    by = f"{controller.kind} {printable(controller.name)}" if controller is not None else ""
    owner = None if controller is None else ObjectRef(controller.kind, job.namespace, controller.name)

    def entry(at: datetime | None, what: str, where: str, by: str = "") -> Iterator[TimelineEntry]:
        if at is not None and at >= since:
            failed = where == "condition Failed"
            source = f"Job {where}"
            yield TimelineEntry(at, job.key, EntryKind.JOB, what, by=by, source=source, owner=owner, is_warning=failed)

    yield from entry(job.status.start_time or job.metadata.creation_timestamp, "Job started", "status.startTime", by)
    for condition in job.status.conditions or ():
        if condition.status != "True" or condition.type not in ("Complete", "Failed", "Suspended"):
            continue
        reason = f": {printable(condition.reason)}" if condition.type == "Failed" and condition.reason else ""
        message = f", {shorten(condition.message)}" if reason and condition.message else ""
        what = f"Job {'completed' if condition.type == 'Complete' else condition.type.lower()}{reason}{message}"
        yield from entry(condition.last_transition_time, what, f"condition {condition.type}")


@source("cron-jobs", "CronJobs: their last schedule and their last success", kinds=(CRON_JOB,))
def cron_job_story(cron_job: CronJob, graph: Graph, since: datetime) -> Iterator[TimelineEntry]:
    """Yield when a CronJob ran last."""
    status = cron_job.status
    for at, what, field in (
        (status.last_schedule_time, "scheduled", "lastScheduleTime"),
        (status.last_successful_time, "last succeeded", "lastSuccessfulTime"),
    ):
        if at is not None and at >= since:
            yield TimelineEntry(at, cron_job.key, EntryKind.JOB, what, source=f"CronJob status.{field}")
