"""Many targets as one stream: joining, leaving, the bound on connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from k9py.logs.tailing.stream import LogStream
from k9py.objects.errors import ConnectionFailedError, KdashError, NotFoundError
from tests.unit.logs.tailing.scripted import ScriptedLogs, SteppingClock, Stream, line, target

GONE = NotFoundError("gone", code=404)


@asynccontextmanager
async def following(stream: LogStream) -> AsyncIterator[None]:
    task = asyncio.create_task(stream.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until the condition holds; a test that hangs here has failed."""
    for _ in range(1_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("did not come about")


def opened(pod: str) -> Stream:
    return Stream([line(1, f"from {pod}")], then="open")


def source_of(*pods: str) -> ScriptedLogs:
    scripts: dict[str, list[Stream | KdashError]] = {pod: [opened(pod)] for pod in pods}
    return ScriptedLogs(scripts)


async def test_new_pods_join_by_themselves_and_those_that_left_are_closed() -> None:
    source = source_of("a", "b", "c")
    stream = LogStream(source, SteppingClock())
    stream.set_targets([target("a"), target("b")])
    async with following(stream):
        await until(lambda: source.open_streams == 2)
        stream.set_targets([target("b"), target("c")])
        await until(lambda: [one.pod for one in source.asked] == ["a", "b", "c"] and source.open_streams == 2)
        assert {one.text for one in stream.drain()} == {"from a", "from b", "from c"}
        assert stream.counts.following == 2
    assert source.open_streams == 0


async def test_at_most_so_many_streams_are_open_and_the_count_says_so() -> None:
    pods = [f"p{number}" for number in range(5)]
    source = source_of(*pods)
    stream = LogStream(source, SteppingClock(), max_streams=2)
    stream.set_targets(target(pod) for pod in pods)
    async with following(stream):
        await until(lambda: source.open_streams == 2)
        assert str(stream.counts) == "2 of 5"
        stream.set_targets(target(pod) for pod in pods[1:])
        await until(lambda: len(source.asked) == 3)
        assert str(stream.counts) == "2 of 4"


async def test_the_place_of_one_that_ended_goes_to_the_next() -> None:
    source = ScriptedLogs({"a": [GONE], "b": [opened("b")]})
    stream = LogStream(source, SteppingClock(), max_streams=1)
    stream.set_targets([target("a"), target("b")])
    async with following(stream):
        await until(lambda: source.open_streams == 1)
        assert [one.pod for one in source.asked] == ["a", "b"]
        assert stream.counts.ended == 1


async def test_one_bad_pod_does_not_hold_up_the_others() -> None:
    source = ScriptedLogs({"bad": [ConnectionFailedError("refused")] * 500, "good": [opened("good")]})
    stream = LogStream(source, SteppingClock())
    stream.set_targets([target("bad"), target("good")])
    async with following(stream):
        await until(lambda: "from good" in [one.text for one in stream.drain()])
        assert stream.counts.following == 1


async def test_the_same_targets_again_change_nothing() -> None:
    source = source_of("a")
    stream = LogStream(source, SteppingClock())
    stream.set_targets([target("a")])
    async with following(stream):
        await until(lambda: source.open_streams == 1)
        stream.set_targets([target("a")])
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(source.asked) == 1
