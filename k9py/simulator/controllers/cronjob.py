"""The CronJob controller: creates scheduled Jobs and deletes old ones.

Invariant: at most one Job per scheduled minute, named after it; the schedule is in UTC or in `timeZone`. A schedule has
five fields of `*`, numbers, ranges, steps and lists.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from k9py.simulator.clock import parse_timestamp, timestamp
from k9py.simulator.controllers.events import EventRecorder
from k9py.simulator.controllers.job import is_job_finished, job_labels
from k9py.simulator.controllers.owner_references import controller_of, key_of, owner_reference
from k9py.simulator.controllers.work_queue import Key
from k9py.simulator.registry.resources import CRONJOBS, JOBS
from k9py.simulator.registry.storage import StorageEvent
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]

_FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_FURTHEST = timedelta(days=366)
_SPANS = tuple(timedelta(minutes=minutes) for minutes in (2, 60, 24 * 60, 31 * 24 * 60))
"""How far back the last scheduled minute is looked for, one after the other: it is mostly near."""


def matches_schedule(schedule: str, moment: datetime) -> bool:
    """Return whether a schedule is due in a minute.

    Raises:
        ValueError: the schedule is not five fields.
    """
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"not a schedule: {schedule!r}")
    current = (moment.minute, moment.hour, moment.day, moment.month, moment.isoweekday() % 7)
    return all(
        value in _allowed(field, low, high) for field, value, (low, high) in zip(fields, current, _FIELDS, strict=True)
    )


def next_time(schedule: str, after: datetime) -> datetime | None:
    """Return the first scheduled minute after a time; None if there is none within a year.

    Raises:
        ValueError: the schedule is not five fields.
    """
    if len(schedule.split()) != len(_FIELDS):
        raise ValueError(f"not a schedule: {schedule!r}")
    moment = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    end = after + _FURTHEST
    hours = _allowed(schedule.split()[1], *_FIELDS[1])
    while moment < end:
        if moment.hour not in hours:
            moment = moment.replace(minute=0) + timedelta(hours=1)
        elif matches_schedule(schedule, moment):
            return moment
        else:
            moment += timedelta(minutes=1)
    return None


def last_time(schedule: str, after: datetime, until: datetime) -> datetime | None:
    """Return the last scheduled minute after a time and not after another; None if there is none.

    Raises:
        ValueError: the schedule is not five fields.
    """
    last = None
    for span in (*_SPANS, until - after):
        due = next_time(schedule, max(after, until.astimezone(after.tzinfo) - span))
        while due is not None and due <= until:
            last, due = due, next_time(schedule, due)
        if last is not None or until - span <= after:
            break
    return last


def _allowed(field: str, low: int, high: int) -> frozenset[int]:
    values: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span == "*":
            start, stop = low, high
        else:
            start = int(first)
            stop = int(last) if last else (high if step else start)
        values.update(range(start, stop + 1, int(step or 1)))
    return frozenset(values)


def _zone(name: str | None) -> tzinfo | None:
    """Return a time zone by its name (None: UTC); None if it is unknown."""
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None


class CronJobController:
    """Creates Jobs from CronJobs."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state
        self._storage = state.storage
        self._events = EventRecorder(state, "cronjob-controller")

    def keys(self, change: StorageEvent) -> list[Key]:
        """Return the CronJobs a change affects."""
        if change.resource is CRONJOBS:
            return [key_of(change.obj)]
        if change.resource is JOBS:
            owner = controller_of(change.obj)
            if owner is not None and owner["kind"] == "CronJob":
                return [(change.obj["metadata"]["namespace"], owner["name"])]
        return []

    def reconcile(self, key: Key) -> float | None:
        """Create the Job that is due; return seconds until the next one."""
        cron = self._storage.get(CRONJOBS, *key)
        if cron is None or cron["metadata"].get("deletionTimestamp"):
            return None
        now = self._state.clock.now()
        status: Object = dict(cron.get("status") or {})
        status.pop("active", None)
        last = parse_timestamp(status.get("lastScheduleTime") or cron["metadata"]["creationTimestamp"])
        schedule = cron["spec"]["schedule"]
        try:
            next_time(schedule, now)
        except ValueError:
            self._events.record(cron, "Warning", "UnparseableSchedule", f'unparseable schedule: "{schedule}"')
            return None
        zone = _zone(cron["spec"].get("timeZone"))
        if zone is None:
            name = cron["spec"]["timeZone"]
            self._events.record(cron, "Warning", "UnknownTimeZone", f'invalid timeZone: "{name}"')
            return None
        due = None
        if not cron["spec"].get("suspend"):
            missed = last_time(schedule, _earliest(cron, last, now).astimezone(zone), now)
            if missed is not None:
                self._start(cron, missed)
                status["lastScheduleTime"] = timestamp(missed)
            due = next_time(schedule, now.astimezone(zone))
        jobs = self._jobs(cron)
        running = [job for job in jobs if not is_job_finished(job)]
        if running:
            status["active"] = [_reference(job) for job in running]
        ended = [t for t in (job["status"].get("completionTime") for job in jobs if job.get("status")) if t]
        if ended:
            status["lastSuccessfulTime"] = max([*ended, status.get("lastSuccessfulTime", "")])
        self._storage.update(CRONJOBS, {**cron, "status": status}, status_only=True)
        self._forget(cron, jobs)
        return None if due is None else max(1.0, (due - now).total_seconds())

    def _jobs(self, cron: Object) -> list[Object]:
        owned = self._storage.owned_by(cron["metadata"]["uid"])
        jobs = [obj for resource, obj in owned if resource is JOBS]
        return sorted(jobs, key=lambda job: (job["metadata"]["creationTimestamp"], job["metadata"]["name"]))

    def _start(self, cron: Object, due: datetime) -> None:
        name = f"{cron['metadata']['name']}-{int(due.timestamp()) // 60}"
        if self._storage.get(JOBS, cron["metadata"]["namespace"], name) is None:
            self._storage.create(JOBS, job_of(cron, name, self._storage.new_uid(), due))
            self._events.record(cron, "Normal", "SuccessfulCreate", f"Created job {name}")

    def _forget(self, cron: Object, jobs: list[Object]) -> None:
        finished = [job for job in jobs if is_job_finished(job)]
        good = [job for job in finished if job["status"].get("completionTime")]
        bad = [job for job in finished if not job["status"].get("completionTime")]
        keep_good = cron["spec"].get("successfulJobsHistoryLimit", 3)
        keep_bad = cron["spec"].get("failedJobsHistoryLimit", 1)
        for job in [*good[: max(0, len(good) - keep_good)], *bad[: max(0, len(bad) - keep_bad)]]:
            name = job["metadata"]["name"]
            self._storage.delete(JOBS, job["metadata"]["namespace"], name)
            self._events.record(cron, "Normal", "SuccessfulDelete", f"Deleted job {name}")


def _earliest(cron: Object, last: datetime, now: datetime) -> datetime:
    """Return the time after which a missed start is made up for: the last start, or the starting deadline."""
    deadline = cron["spec"].get("startingDeadlineSeconds")
    return last if deadline is None else max(last, now - timedelta(seconds=deadline))


def job_of(cron: Object, name: str, uid: str, due: datetime) -> Object:
    """Return the Job of one scheduled time, with the API server's defaults."""
    template = cron["spec"]["jobTemplate"]
    labels = job_labels(name, uid)
    pod_template = template["spec"]["template"]
    pod_metadata = pod_template.get("metadata") or {}
    pod_labels = {**(pod_metadata.get("labels") or {}), **labels}
    return {
        "kind": "Job",
        "apiVersion": "batch/v1",
        "metadata": {
            "name": name,
            "namespace": cron["metadata"]["namespace"],
            "uid": uid,
            "labels": {**((template.get("metadata") or {}).get("labels") or {}), **labels},
            "annotations": {"batch.kubernetes.io/cronjob-scheduled-timestamp": timestamp(due)},
            "ownerReferences": [owner_reference(CRONJOBS, cron)],
        },
        "spec": {
            "parallelism": 1,
            "completions": 1,
            "backoffLimit": 6,
            **template["spec"],
            "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}},
            "manualSelector": False,
            "template": {**pod_template, "metadata": {**pod_metadata, "labels": pod_labels}},
            "completionMode": "NonIndexed",
            "suspend": False,
            "podReplacementPolicy": "TerminatingOrFailed",
        },
        "status": {},
    }


def _reference(job: Object) -> Object:
    metadata = job["metadata"]
    return {
        "kind": "Job",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "apiVersion": "batch/v1",
        "resourceVersion": metadata["resourceVersion"],
    }
