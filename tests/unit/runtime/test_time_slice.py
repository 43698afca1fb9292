"""Work is cut into slices by a clock the tests drive; nothing holds the event loop longer than its slice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest

from k9py.runtime.time_slice import StepSlicer, TimeSlice, TimeSlicer, run_in_slices


class _Time:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class _Passes:
    """Counts the passes of the event loop while entered."""

    def __init__(self) -> None:
        self.count = 0

    async def __aenter__(self) -> _Passes:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            self.count += 1
            await asyncio.sleep(0)


def test_a_slice_is_over_after_its_seconds() -> None:
    time = _Time()
    time_slice = TimeSlice(0.004, time)
    assert not time_slice.is_over()
    time.seconds += 0.003
    assert not time_slice.is_over()
    time.seconds += 0.002
    assert time_slice.is_over()
    time_slice.restart()
    assert not time_slice.is_over()


async def test_it_yields_only_when_the_slice_is_over() -> None:
    time = _Time()
    time_slice = TimeSlice(0.004, time)
    async with _Passes() as passes:
        assert not await time_slice.yield_if_over()
        assert passes.count == 0
        time.seconds += 1
        assert await time_slice.yield_if_over()
        assert passes.count == 1
        assert not time_slice.is_over()


async def test_next_yields_and_begins_a_slice() -> None:
    time = _Time()
    time_slice = TimeSlice(0.004, time)
    time.seconds += 1
    async with _Passes() as passes:
        await time_slice.next()
        assert passes.count == 1
    assert not time_slice.is_over()


async def test_work_runs_a_slice_in_each_pass_until_it_is_done() -> None:
    time = _Time()
    steps: list[int] = []
    async with _Passes() as passes:

        def advance(should_pause: Callable[[], bool]) -> bool:
            while len(steps) < 10:
                steps.append(passes.count)
                time.seconds += 0.002
                if should_pause():
                    break
            return len(steps) == 10

        await run_in_slices(advance, 0.005, time)
    assert steps == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4]


async def test_tasks_share_one_slice() -> None:
    time = _Time()
    slicer = TimeSlicer(time, 0.004)
    order: list[str] = []

    async def work(name: str) -> None:
        for _ in range(2):
            async with slicer.slice():
                assert not slicer.is_over
                order.append(name)
                time.seconds += 0.003

    async def watch() -> None:
        for _ in range(3):
            order.append("loop")
            await asyncio.sleep(0)

    await asyncio.gather(work("a"), work("b"), watch())
    # The second piece uses up the slice that the first one began: the loop runs before the third.
    assert order.count("a") == order.count("b") == 2
    assert "loop" in order[2:4]


async def test_a_task_that_fails_does_not_block_the_others() -> None:
    slicer = TimeSlicer(_Time())
    try:
        async with slicer.slice():
            raise ValueError
    except ValueError:
        pass
    async with asyncio.timeout(1), slicer.slice():
        pass


async def test_steps_that_fit_into_a_slice_do_not_wait() -> None:
    now = 0.0
    slicer = StepSlicer(lambda: now, seconds=1.0)
    for _ in range(20):
        waiting = slicer.wait()
        with pytest.raises(StopIteration):  # it does not suspend
            waiting.send(None)
        now += 0.04


async def test_steps_beyond_a_slice_take_turns_in_order_a_few_in_each_pass() -> None:
    now = 0.0
    done: list[int] = []
    slicer = StepSlicer(lambda: now, seconds=1.0, batch=2)

    async def step(number: int) -> None:
        nonlocal now
        await slicer.wait()
        done.append(number)
        now += 0.6

    async with asyncio.TaskGroup() as group:
        for number in range(6):
            group.create_task(step(number))
        passes: list[int] = []
        while len(done) < 6:
            await asyncio.sleep(0)
            passes.append(len(done))
    assert done == list(range(6))
    assert max(after - before for before, after in pairwise([0, *passes])) <= 2


async def test_a_step_that_was_cancelled_while_it_waited_holds_up_nobody() -> None:
    now = 0.0
    slicer = StepSlicer(lambda: now, seconds=1.0, batch=1)
    now = 1.5  # the first slice is used up
    first, second = asyncio.create_task(slicer.wait()), asyncio.create_task(slicer.wait())
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert first.cancelled()
