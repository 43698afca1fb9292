"""A person who attached gets a hint how to get a prompt only when none comes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from k9py.api.errors import ConnectionFailedError
from k9py.api.streams import CommandEnd, OutputChannel
from k9py.remote.prompt_hint import PROMPT_HINT, PromptHintStream
from tests.unit.remote.fake_stream import FakeStream


class Time:
    """A clock whose sleeps end when `passed` is set."""

    def __init__(self) -> None:
        self.passed = asyncio.Event()

    def now(self) -> datetime:
        return datetime(2026, 1, 15, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, _seconds: float) -> None:
        await self.passed.wait()


async def outputs(stream: PromptHintStream) -> list[bytes]:
    return [data async for _, data in stream.output()]


async def test_a_prompt_that_comes_gets_no_hint() -> None:
    stream = FakeStream()
    stream.write(b"/ # ")
    stream.write(b"date", OutputChannel.STDERR)
    stream.finish(CommandEnd(0))
    assert await outputs(PromptHintStream(stream, Time())) == [b"/ # ", b"date"]


async def test_silence_gets_the_hint_once_and_loses_nothing() -> None:
    stream, time = FakeStream(), Time()
    pieces = PromptHintStream(stream, time).output()
    time.passed.set()
    assert await anext(pieces) == (OutputChannel.STDOUT, PROMPT_HINT)
    stream.write(b"/ # ")
    stream.finish(CommandEnd(0))
    assert [data async for _, data in pieces] == [b"/ # "]


async def test_an_end_without_output_and_a_lost_stream_are_passed_on() -> None:
    stream = FakeStream()
    stream.finish(CommandEnd(3))
    assert await outputs(PromptHintStream(stream, Time())) == []
    stream = FakeStream()
    stream.finish(ConnectionFailedError("lost"))
    with pytest.raises(ConnectionFailedError):
        await outputs(PromptHintStream(stream, Time()))


async def test_a_session_that_is_cancelled_leaves_no_task() -> None:
    before = asyncio.all_tasks()
    waiting = asyncio.create_task(outputs(PromptHintStream(FakeStream(), Time())))
    for _ in range(9):
        await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == len(before) + 3
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert asyncio.all_tasks() == before
