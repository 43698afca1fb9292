"""Check CronJobs: suspended, missing their times, overlapping, an invalid schedule, a last run that failed.

Invariant: what a schedule asks for is computed as the CronJob controller does (`api/schedule.py`); a schedule that
cannot be read here proves nothing. The reasons of events are those of pkg/controller/cronjob.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from k9py.api.batch import CronJob, Job
from k9py.api.kinds import CRON_JOB, JOB
from k9py.api.plural import count_noun
from k9py.api.schedule import next_run
from k9py.api.severity import Severity
from k9py.api.text import printable, shorten
from k9py.diagnosis.check import check
from k9py.diagnosis.checks.jobs import failure, finished, suspender
from k9py.diagnosis.finding import Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.proof import condition_evidence, event_evidence, field

_DOCS: Final = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/"
_CONTROLLER: Final = (
    "https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/cronjob/cronjob_controllerv2.go"
)
_LATE: Final = timedelta(minutes=3)
"""The controller starts a run within seconds; this is far behind."""
_RECENT: Final = timedelta(hours=1)
_SHORT_DEADLINE: Final = 10
"""With a shorter startingDeadlineSeconds, the controller may never start a run (documentation)."""
_INVALID: Final = ("UnparseableSchedule", "InvalidSchedule", "UnknownTimeZone")
_PILE: Final = 3
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@check(
    "cronjob-health",
    "the last run of a CronJob failed",
    subjects=(CRON_JOB,),
    reads=("Job",),
    source=_DOCS,
    remedy="look at its last Job",
)
def cron_job_health(cron_job: CronJob, graph: Graph) -> Iterator[Finding]:
    """Yield that the last finished run failed; worse if several in a row did."""
    jobs = _jobs(cron_job, graph)
    in_a_row: list[Job] = []
    for job in reversed(jobs):
        if failure(job) is not None:
            in_a_row.append(job)
        elif finished(job) is not None:
            break
    if not in_a_row or cron_job.metadata.deletion_timestamp is not None:
        return
    first, last = in_a_row[-1], in_a_row[0]
    condition, began = failure(last), failure(first)
    if condition is None or began is None:
        return
    yield Finding(
        Severity.DEGRADED if len(in_a_row) > 1 else Severity.WARNING,
        "LastRunFailed",
        "its last runs failed" if len(in_a_row) > 1 else "its last run failed",
        cron_job.key,
        began.last_transition_time,
        evidence=(condition_evidence(last, condition),),
        caused_by=(last.key,),
        is_effect=True,
    )


@check(
    "cronjob-suspended",
    "a CronJob is suspended",
    subjects=(CRON_JOB,),
    source=_DOCS + "#schedule-suspension",
    remedy="set spec.suspend to false",
)
def cron_job_suspended(cron_job: CronJob, graph: Graph) -> Iterator[Finding]:
    """Yield that a CronJob is suspended: a warning if that was done later, to one that ran, as with a pause."""
    if not cron_job.spec.suspend or cron_job.metadata.deletion_timestamp is not None:
        return
    who, at = suspender(cron_job)
    last = cron_job.status.last_schedule_time
    created = cron_job.metadata.creation_timestamp
    was_running = at is not None and created is not None and at > created
    yield Finding(
        Severity.WARNING if was_running else Severity.INFO,
        "Suspended",
        f"suspended{who}: it starts no Jobs",
        cron_job.key,
        at,
        evidence=(
            field(cron_job, "spec.suspend", "true", at),
            field(cron_job, "status.lastScheduleTime", f"{last:%Y-%m-%dT%H:%M:%SZ}" if last else "never"),
        ),
        next_steps=(NextStep("set spec.suspend to false", "object.edit"),),
    )


@check(
    "cronjob-missed",
    "a CronJob misses its times",
    subjects=(CRON_JOB,),
    reads=("Event",),
    source=_CONTROLLER,
    remedy="look at startingDeadlineSeconds, and at whether the CronJob controller runs",
)
def cron_job_missed(cron_job: CronJob, graph: Graph) -> Iterator[Finding]:
    """Yield that runs were missed, according to the controller, or that the last one is far behind the schedule."""
    spec, status = cron_job.spec, cron_job.status
    if spec.suspend or cron_job.metadata.deletion_timestamp is not None:
        return
    deadline = spec.starting_deadline_seconds
    short = f" (startingDeadlineSeconds is {deadline})" if deadline is not None else ""
    last = status.last_schedule_time
    for event in graph.events(cron_job):
        seen = event.last_seen
        if event.reason not in ("TooManyMissedTimes", "MissSchedule") or seen is None or graph.now - seen > _RECENT:
            continue
        if last is not None and last >= seen:
            continue  # it has run since
        graph.look_again(seen + _RECENT)
        what = "missed too many start times" if event.reason == "TooManyMissedTimes" else "missed a start time"
        yield Finding(
            Severity.WARNING,
            event.reason,
            f"{what}{short}",
            cron_job.key,
            event.first_seen,
            evidence=(event_evidence(cron_job, event),),
            next_steps=(NextStep("raise startingDeadlineSeconds", "object.edit"),) if short else (),
        )
        return
    since = max(filter(None, (last, _written_at(cron_job))), default=None)
    due = _due_after(cron_job, since)
    if due is None or (spec.concurrency_policy == "Forbid" and status.active):
        return
    if graph.now - due < _LATE:
        graph.look_again(due + _LATE)
        return
    is_short = deadline is not None and deadline < _SHORT_DEADLINE
    why = f"startingDeadlineSeconds {deadline} is too short" if is_short else "the CronJob controller does not start it"
    what = "never started" if last is None else "has not started since it was due"
    yield Finding(
        Severity.DEGRADED,
        "MissedSchedule",
        f"{what}: {why}",
        cron_job.key,
        due.astimezone(UTC),
        evidence=(
            field(cron_job, "spec.schedule", spec.schedule),
            field(cron_job, "status.lastScheduleTime", "never" if last is None else f"{last:%Y-%m-%dT%H:%M:%SZ}"),
        ),
    )


@check(
    "cronjob-overlap",
    "runs of a CronJob overlap: they are skipped, replaced, or pile up",
    subjects=(CRON_JOB,),
    reads=("Job",),
    source=_DOCS + "#concurrency-policy",
    remedy="make the Job faster, give it activeDeadlineSeconds, or run it less often",
)
def cron_job_overlap(cron_job: CronJob, graph: Graph) -> Iterator[Finding]:
    """Yield that a run is still active when the next one is due."""
    if cron_job.spec.suspend or cron_job.metadata.deletion_timestamp is not None:
        return
    active = [job for job in _jobs(cron_job, graph) if finished(job) is None and failure(job) is None]
    if not active:
        return
    oldest = active[0]
    began = oldest.metadata.creation_timestamp
    name = printable(oldest.name)
    evidence = [
        field(cron_job, "spec.concurrencyPolicy", cron_job.spec.concurrency_policy),
        field(oldest, "status.active", oldest.status.active, began),
    ]
    causes = tuple(job.key for job in active)
    match cron_job.spec.concurrency_policy:
        case "Forbid":
            due = _due_after(cron_job, max(filter(None, (began, cron_job.status.last_schedule_time)), default=None))
            if due is None or due + timedelta(seconds=10) > graph.now:
                if due is not None:
                    graph.look_again(due + timedelta(seconds=10))
                return
            message = f"runs are skipped: Job {name} still runs (concurrencyPolicy Forbid)"
            yield Finding(
                Severity.WARNING,
                "JobAlreadyActive",
                message,
                cron_job.key,
                due.astimezone(UTC),
                evidence=tuple(evidence),
                caused_by=causes,
            )
        case "Allow":
            if len(active) > 1:
                severity = Severity.WARNING if len(active) >= _PILE else Severity.INFO
                evidence.append(field(cron_job, "status.active", count_noun(len(active), "Job")))
                message = "its runs overlap: several Jobs run at once (concurrencyPolicy Allow)"
                yield Finding(
                    severity, "Overlapping", message, cron_job.key, began, evidence=tuple(evidence), caused_by=causes
                )
        case "Replace":
            done, last = cron_job.status.last_successful_time, cron_job.status.last_schedule_time
            start = done or cron_job.metadata.creation_timestamp
            due = _due_after(cron_job, start)
            following = _due_after(cron_job, due)
            is_never_done = following is not None and last is not None and last >= following
            if is_never_done and due is not None:
                message = "its runs are replaced before they finish (concurrencyPolicy Replace)"
                yield Finding(
                    Severity.WARNING,
                    "Replaced",
                    message,
                    cron_job.key,
                    due.astimezone(UTC),
                    evidence=(*evidence, field(cron_job, "status.lastSuccessfulTime", str(done or "never"))),
                    caused_by=causes,
                )


@check(
    "cronjob-invalid",
    "the schedule or the time zone of a CronJob is invalid",
    subjects=(CRON_JOB,),
    reads=("Event",),
    source=_CONTROLLER,
    remedy="correct its schedule or its timeZone",
)
def cron_job_invalid(cron_job: CronJob, graph: Graph) -> Iterator[Finding]:
    """Yield that the controller cannot read the schedule or the time zone."""
    written = _written_at(cron_job)
    for event in graph.events(cron_job):
        seen = event.last_seen
        if event.reason not in _INVALID or (seen is not None and written is not None and seen < written):
            continue
        last = cron_job.status.last_schedule_time
        if last is not None and seen is not None and last >= seen:
            return
        yield Finding(
            Severity.DEGRADED,
            event.reason,
            f"starts no Jobs: {shorten(event.message)}",
            cron_job.key,
            event.first_seen,
            evidence=(event_evidence(cron_job, event), field(cron_job, "spec.schedule", cron_job.spec.schedule)),
            next_steps=(NextStep("correct the schedule", "object.edit"),),
        )
        return


def _jobs(cron_job: CronJob, graph: Graph) -> list[Job]:
    """Return the Jobs of a CronJob, the oldest first."""
    owned = graph.owned(cron_job, JOB)
    jobs = () if isinstance(owned, Unread) else owned
    return sorted(jobs, key=lambda job: (job.metadata.creation_timestamp or _LONG_AGO, job.name))


def _written_at(cron_job: CronJob) -> datetime | None:
    """Return when somebody last wrote a field of its owners that is kept, or when it was created."""
    times = [entry.time for entry in cron_job.metadata.managed_fields or () if entry.time is not None]
    created = cron_job.metadata.creation_timestamp
    return max([*times, *([created] if created else [])], default=None)


def _due_after(cron_job: CronJob, after: datetime | None) -> datetime | None:
    """Return when it is due next after a time, None when that is unknown."""
    if after is None:
        return None
    anchor = cron_job.status.last_schedule_time or cron_job.metadata.creation_timestamp
    return next_run(cron_job.spec.schedule, cron_job.spec.time_zone, after, anchor=anchor)
