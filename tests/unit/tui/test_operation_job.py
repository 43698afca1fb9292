"""A run of an operation as a background job: when it is listed, how far it is, how it ends, what a stop does."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from k9py.api.meta import ObjectRef
from k9py.runtime.background_jobs import BackgroundJobs, DetailedJob, JobState
from k9py.tui.operations.operation_job import OperationJob
from k9py.tui.operations.operation_log import OperationLog, OperationStatus
from k9py.views.values import Tone
from tests.factories.background_jobs import STARTED

WEB = ObjectRef("Deployment", "shop", "web")


def status() -> OperationStatus:
    return OperationLog(lambda: 0.0, lambda: None).begin(WEB, "restarted")


def job_of_one(jobs: BackgroundJobs) -> OperationJob:
    return OperationJob(jobs, "restart", "deploy/web", 1, lambda: STARTED, None)


def test_a_run_on_one_object_is_listed_once_something_has_to_be_tracked() -> None:
    jobs = BackgroundJobs()
    job = job_of_one(jobs)
    job.begin(status(), 1)
    assert not jobs.jobs
    job.list()
    job.list()
    assert list(jobs.jobs) == [job]
    assert isinstance(job, DetailedJob)
    assert (job.can_stop, job.quit_question) == (False, "")


def test_progress_is_that_of_the_pods() -> None:
    job, shown = job_of_one(BackgroundJobs()), status()
    assert (job.fraction, job.progress) == (None, "")
    job.begin(shown, 1)
    shown.set_text("1 of 4 available")
    shown.shown = replace(shown.shown, desired=4, updated=2, available=1)
    assert (job.fraction, job.progress) == (0.25, "1 of 4 available")
    assert ("pods", "2 updated, 1 available of 4") in job.facts


@pytest.mark.parametrize(
    ("tone", "problem", "state"),
    [
        (Tone.OK, "", JobState.DONE),
        (Tone.FAIL, "", JobState.FAILED),
        (Tone.WARN, "", JobState.STOPPED),
        (Tone.BUSY, "", JobState.STOPPED),
        (Tone.BUSY, "forbidden", JobState.FAILED),
    ],
)
def test_it_ends_as_its_status_or_with_the_failure(tone: Tone, problem: str, state: JobState) -> None:
    job, shown = job_of_one(BackgroundJobs()), status()
    job.begin(shown, 1)
    shown.set_text("text", tone)
    job.end(problem)
    job.end()
    assert job.state is state
    assert ("error", "forbidden") in job.facts or not problem


async def test_a_run_on_several_objects_is_stopped_after_the_current_one() -> None:
    jobs, stops = BackgroundJobs(), list[str]()
    job = OperationJob(jobs, "restart", "4 objects", 4, lambda: STARTED, lambda: stops.append("asked"))
    job.begin(status(), 1)
    job.begin(status(), 3)
    assert list(jobs.jobs) == [job]
    assert (job.fraction, job.progress) == (0.5, "3 of 4 · ")
    assert job.quit_question == "2 of 4 done: those after the current one would be left out"
    stopping = asyncio.ensure_future(job.stop())
    await asyncio.sleep(0)
    assert stops == ["asked"]
    assert not stopping.done()
    job.end()
    await stopping
    assert not job.can_stop
    assert job.quit_question == ""
