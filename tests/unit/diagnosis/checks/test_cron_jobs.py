"""CronJobs: suspended, missing their times, overlapping, invalid, failing; and the healthy ones."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.kinds import CRON_JOB
from k9py.api.severity import Severity
from k9py.diagnosis.check import Check
from k9py.diagnosis.checks.cron_jobs import (
    cron_job_health,
    cron_job_invalid,
    cron_job_missed,
    cron_job_overlap,
    cron_job_suspended,
)
from k9py.diagnosis.finding import Finding
from tests.factories.graph import GraphOfObjects, findings_of
from tests.unit.diagnosis.checks.test_jobs import _at, _ended, _job


def _cron_job(schedule: str = "*/5 * * * *", *, created: int = 3500, last: int | None = None, **content: Any) -> Any:
    metadata = {"name": "nightly", "namespace": "shop", "uid": "nightly", "creationTimestamp": _at(created)}
    metadata |= content.pop("metadata", {})
    status = ({} if last is None else {"lastScheduleTime": _at(last)}) | content.pop("status", {})
    spec = {"schedule": schedule} | content
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": spec, "status": status}


def _event(reason: str, message: str = "", ago: int = 30) -> dict[str, Any]:
    about = {"kind": "CronJob", "namespace": "shop", "name": "nightly", "uid": "nightly"}
    metadata = {"name": reason, "namespace": "shop", "uid": reason}
    times = {"firstTimestamp": _at(ago), "lastTimestamp": _at(ago)}
    event = {"reason": reason, "message": message, "type": "Warning", "involvedObject": about, **times}
    return {"apiVersion": "v1", "kind": "Event", "metadata": metadata, **event}


def _found(check: Check, *objects: Any) -> tuple[Finding, ...]:
    graph = GraphOfObjects(*objects)
    return findings_of(check, graph.subject(CRON_JOB, "nightly", "shop"), graph)


def _run(name: str, created: int, type_: str = "") -> dict[str, Any]:
    return _job(name, created=created, owner="nightly", status=_ended(type_, "x") if type_ else {"active": 1})


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ([_run("a", 900, "Complete"), _run("b", 600, "Failed")], Severity.WARNING),
        ([_run("a", 900, "Failed"), _run("b", 600, "Failed")], Severity.DEGRADED),
        ([_run("b", 600, "Failed"), _run("c", 30)], Severity.WARNING),
        ([_run("a", 900, "Failed"), _run("b", 600, "Complete")], None),
        ([_run("c", 30)], None),
        ([], None),
    ],
)
def test_the_last_finished_run_counts(jobs: list[Any], expected: Severity | None) -> None:
    found = _found(cron_job_health, _cron_job(), *jobs)

    assert [finding.severity for finding in found] == ([] if expected is None else [expected])
    assert all(finding.is_effect and str(finding.caused_by[0]) == "Job shop/b" for finding in found)


@pytest.mark.parametrize(("ago", "severity"), [(590, Severity.WARNING), (3500, Severity.INFO)])
def test_to_suspend_a_running_one_is_a_warning(ago: int, severity: Severity) -> None:
    owner = {"manager": "kubectl-edit", "time": _at(ago), "fieldsV1": {"f:spec": {"f:suspend": {}}}}

    (finding,) = _found(cron_job_suspended, _cron_job(last=600, suspend=True, metadata={"managedFields": [owner]}))

    assert finding.severity is severity
    assert finding.message == "suspended by kubectl-edit: it starts no Jobs"
    assert finding.since is not None


@pytest.mark.parametrize(
    ("cron_job", "events", "expected"),
    [
        (_cron_job(last=300), [_event("MissSchedule")], "missed a start time"),
        (
            _cron_job(last=900, startingDeadlineSeconds=5),
            [_event("TooManyMissedTimes")],
            "missed too many start times (startingDeadlineSeconds is 5)",
        ),
        (_cron_job(last=900), [], "has not started since it was due: the CronJob controller does not start it"),
        (_cron_job(), [], "never started: the CronJob controller does not start it"),
        (_cron_job(startingDeadlineSeconds=5), [], "never started: startingDeadlineSeconds 5 is too short"),
        # healthy
        (_cron_job(last=290), [], ""),
        (_cron_job(last=10), [_event("MissSchedule", ago=400)], ""),
        (_cron_job(created=100), [], ""),
        (_cron_job("0 3 * * *"), [], ""),
        (_cron_job("nonsense"), [], ""),
        (_cron_job(suspend=True), [], ""),
        (_cron_job(last=900, concurrencyPolicy="Forbid", status={"active": [{"name": "x"}]}), [], ""),
    ],
)
def test_missed_times(cron_job: Any, events: list[Any], expected: str) -> None:
    assert [finding.message for finding in _found(cron_job_missed, cron_job, *events)] == (
        [expected] if expected else []
    )


@pytest.mark.parametrize(
    ("policy", "jobs", "status", "expected"),
    [
        ("Forbid", [_run("a", 900)], {}, "runs are skipped: Job a still runs (concurrencyPolicy Forbid)"),
        (
            "Allow",
            [_run("a", 900), _run("b", 600), _run("c", 300)],
            {},
            "its runs overlap: several Jobs run at once (concurrencyPolicy Allow)",
        ),
        (
            "Replace",
            [_run("a", 10)],
            {"lastScheduleTime": _at(10), "lastSuccessfulTime": _at(2000)},
            "its runs are replaced before they finish (concurrencyPolicy Replace)",
        ),
        # healthy
        ("Forbid", [_run("a", 200)], {}, ""),
        ("Forbid", [_run("a", 900, "Complete")], {}, ""),
        ("Allow", [_run("a", 200)], {}, ""),
        ("Replace", [_run("a", 10)], {"lastScheduleTime": _at(10), "lastSuccessfulTime": _at(200)}, ""),
    ],
)
def test_overlapping_runs(policy: str, jobs: list[Any], status: Any, expected: str) -> None:
    cron_job = _cron_job(concurrencyPolicy=policy, status=status)

    found = _found(cron_job_overlap, cron_job, *jobs)

    assert [finding.message for finding in found] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("event", "last", "expected"),
    [
        (
            _event("UnknownTimeZone", 'invalid timeZone: "Mars": unknown time zone Mars'),
            None,
            'starts no Jobs: invalid timeZone: "Mars": unknown time zone Mars',
        ),
        (_event("UnparseableSchedule", "unparseable schedule"), 900, "starts no Jobs: unparseable schedule"),
        (_event("UnknownTimeZone", "invalid timeZone", ago=900), 300, ""),  # it has run since
        (_event("UnexpectedJob", "Saw a job"), None, ""),
    ],
)
def test_an_invalid_schedule(event: Any, last: int | None, expected: str) -> None:
    found = _found(cron_job_invalid, _cron_job(last=last), event)

    assert [finding.message for finding in found] == ([expected] if expected else [])
