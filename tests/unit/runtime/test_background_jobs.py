"""The list of background jobs: what is kept, what is reported once, how all are stopped."""

from __future__ import annotations

import asyncio

from k9py.runtime.background_jobs import KEPT_ENDED, BackgroundJobs, JobState
from tests.factories.background_jobs import FakeJob


def test_the_oldest_of_too_many_ended_jobs_is_dropped_and_a_running_one_never() -> None:
    jobs = BackgroundJobs()
    running = FakeJob(title="first")
    jobs.add(running)
    for number in range(KEPT_ENDED + 3):
        jobs.add(FakeJob(title=str(number), state=JobState.DONE))
    assert jobs.jobs[0] is running
    assert [job.title for job in jobs.jobs[1:3]] == ["3", "4"]
    assert jobs.clear_ended() == KEPT_ENDED
    assert jobs.jobs == (running,)


def test_a_failure_is_new_until_a_person_has_seen_it() -> None:
    jobs = BackgroundJobs()
    job = FakeJob(state=JobState.FAILED)
    jobs.add(job)
    assert list(jobs.unseen_failures) == [job]
    before = jobs.revision
    jobs.mark_seen()
    assert not jobs.unseen_failures
    assert jobs.revision == before + 1
    jobs.mark_seen()
    assert jobs.revision == before + 1
    jobs.add(FakeJob(state=JobState.FAILED))
    assert len(jobs.unseen_failures) == 1


async def test_all_are_stopped_at_the_same_time_whatever_one_of_them_does() -> None:
    jobs = BackgroundJobs()

    async def never() -> None:
        await asyncio.get_running_loop().create_future()

    async def fails() -> None:
        raise RuntimeError("broken")

    hanging, broken, last = FakeJob(on_stop=never), FakeJob(on_stop=fails), FakeJob()
    fixed = FakeJob(can_stop=False)
    for job in (hanging, broken, last, fixed):
        jobs.add(job)
    await jobs.stop_all(seconds=0.01)
    assert last.state is JobState.STOPPED
    assert fixed.state is JobState.RUNNING


def test_what_replaces_a_job_has_its_number_and_no_other_job_has() -> None:
    jobs = BackgroundJobs()
    first, second = FakeJob(title="first", state=JobState.STOPPED), FakeJob(title="second")
    jobs.add(first)
    jobs.add(second)
    number = jobs.number(first)
    again = FakeJob(title="again")
    jobs.add(again, replaces=first)
    assert jobs.number(again) == number != jobs.number(second)
    assert first not in jobs.jobs
    third = FakeJob(title="third")
    jobs.add(third, replaces=first)  # dropped meanwhile
    assert len({jobs.number(job) for job in jobs.jobs}) == 3
