"""Many targets as one stream: joining, leaving, turns, half-open streams, the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from k9py.api.errors import BadRequestError, ConnectionFailedError, ForbiddenError, KdashError, NotFoundError
from k9py.logs.follow.container_stream import IDLE_SECONDS
from k9py.logs.follow.status import TargetState
from k9py.logs.follow.stream import LEAVING_GRACE, LogStream
from tests.unit.logs.follow.scripted_source import START, DrivenClock, ScriptedLogs, Stream, line, settled, target

GONE = NotFoundError('pods "a" not found', code=404)
PULLING = BadRequestError('container "app" in pod "p" is waiting to start: trying and failing to pull image', code=400)


@asynccontextmanager
async def running(stream: LogStream) -> AsyncIterator[None]:
    task = asyncio.create_task(stream.run())
    await settled()
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def opened(pod: str) -> Stream:
    return Stream([line(1, f"from {pod}")], then="open")


def source_of(*pods: str, times: int = 1) -> ScriptedLogs:
    scripts: dict[str, list[Stream | KdashError]] = {pod: [opened(pod)] * times for pod in pods}
    return ScriptedLogs(scripts)


async def test_new_pods_join_by_themselves_and_those_that_left_are_closed_after_their_last_lines() -> None:
    source, clock = source_of("a", "b", "c"), DrivenClock()
    stream = LogStream(source, clock)
    stream.set_targets([target("a"), target("b")])
    async with running(stream):
        assert source.open_streams == 2
        stream.set_targets([target("b"), target("c")])
        await settled()
        assert source.open_streams == 3
        await clock.advance(LEAVING_GRACE)
        assert source.open_streams == 2
        lines = stream.drain()
        assert {entry.text for entry in lines if not entry.marker} == {"from a", "from b", "from c"}
        assert [entry.text for entry in lines if entry.marker == "gap"] == [
            "no longer followed: lines after 12:00:01 may be missing"
        ]
        assert stream.counts.following == 2
    assert source.open_streams == 0


async def test_a_new_pod_is_read_from_the_moment_the_view_began() -> None:
    source, clock = source_of("a", "b"), DrivenClock()
    stream = LogStream(source, clock)
    stream.set_targets([target("a")])
    async with running(stream):
        await clock.advance(30)
        stream.set_targets([target("a"), target("b")])
        await settled()
        assert [(entry.tail, entry.seconds) for entry in source.asked] == [(200, None), (None, 90)]


async def test_a_container_that_comes_back_resumes_where_it_was_left() -> None:
    source, clock = source_of("a", "b", times=2), DrivenClock()
    stream = LogStream(source, clock)
    stream.set_targets([target("a"), target("b")])
    async with running(stream):
        stream.set_targets([target("b")])
        await clock.advance(LEAVING_GRACE + 1)
        stream.set_targets([target("a"), target("b")])
        await clock.advance(2)
        assert [entry.text for entry in stream.drain() if not entry.marker].count("from a") == 1
        assert source.asked[-1].since is not None


async def test_the_number_of_open_streams_is_bounded_and_the_others_take_turns() -> None:
    pods = [f"p{number}" for number in range(5)]
    source, clock = source_of(*pods, times=20), DrivenClock()
    stream = LogStream(source, clock, max_streams=2)
    stream.set_targets(target(pod) for pod in pods)
    async with running(stream):
        assert source.open_streams == 2
        assert str(stream.counts) == "2 of 5"
        assert stream.statuses()[-1].message == "waiting for a slot (2 at a time)"
        await clock.advance(8)
        assert {entry.pod for entry in source.asked} == set(pods)
        await clock.advance(120)
        asked = [entry.pod for entry in source.asked]
        assert max(map(asked.count, pods)) - min(map(asked.count, pods)) <= 1
        assert source.most_open == 2
        lines = stream.drain()
        assert sorted(entry.text for entry in lines) == [f"from {pod}" for pod in pods], "proven and silent"


async def test_streams_in_backoff_hold_no_slot() -> None:
    source, clock = source_of("good"), DrivenClock()
    source.add("bad", [PULLING] * 50)
    stream = LogStream(source, clock, max_streams=1)
    stream.set_targets([target("bad"), target("good")])
    async with running(stream):
        assert source.open_streams == 1
        assert stream.statuses()[0].message == "waiting to start: image cannot be pulled"
        assert stream.statuses()[0].state is TargetState.RETRYING
        assert (stream.counts.retrying, stream.counts.following) == (1, 1)


async def test_one_bad_pod_does_not_hold_up_the_others() -> None:
    source, clock = source_of("good"), DrivenClock()
    source.add("bad", [ConnectionFailedError("refused")] * 500)
    stream = LogStream(source, clock)
    stream.set_targets([target("bad"), target("good")])
    async with running(stream):
        await clock.advance(1)
        assert "from good" in [entry.text for entry in stream.drain()]


async def test_a_stream_silent_for_a_minute_is_reopened_without_a_marker() -> None:
    source, clock = (
        ScriptedLogs({"a": [opened("a"), Stream([line(1, "from a"), line(2, "more")], "open")]}),
        DrivenClock(),
    )
    stream = LogStream(source, clock)
    stream.set_targets([target("a")])
    async with running(stream):
        await clock.advance(IDLE_SECONDS - 2)
        assert len(source.asked) == 1
        await clock.advance(4)
        assert len(source.asked) == 2
        assert [(entry.marker, entry.text) for entry in stream.drain()] == [("", "from a"), ("", "more")]


async def test_another_run_of_the_container_keeps_its_stream() -> None:
    source, clock = source_of("a"), DrivenClock()
    stream = LogStream(source, clock)
    stream.set_targets([target("a", container_id="one", node="")])
    async with running(stream):
        stream.set_targets([target("a", container_id="one", node="n1")])
        await settled()
        assert len(source.asked) == 1
        assert stream.statuses()[0].target.node == "n1"


async def test_logs_that_are_not_followed_are_finished_when_all_is_drained() -> None:
    source, clock = ScriptedLogs({"a": [Stream([line(2, "a")])], "b": [Stream([line(1, "b")])]}), DrivenClock()
    stream = LogStream(source, clock, follow=False)
    async with running(stream):
        finished = [stream.is_finished]
        stream.set_targets([target("a"), target("b")])
        await settled()
        finished.append(stream.is_finished)
        assert [entry.text for entry in stream.drain()] == ["b", "a"]
        finished.append(stream.is_finished)
        assert finished == [False, False, True]
        assert stream.counts.ended == 2


async def test_a_pod_that_is_gone_ends() -> None:
    source, clock = ScriptedLogs({"a": [GONE]}), DrivenClock()
    stream = LogStream(source, clock)
    stream.set_targets([target("a")])
    async with running(stream):
        assert stream.counts.ended == 1
        assert [entry.marker for entry in stream.drain()] == ["end"]
        assert stream.statuses()[0].error is GONE


async def test_a_node_whose_clock_is_ahead_is_reported_once() -> None:
    clock = DrivenClock()
    source = ScriptedLogs({"a": [Stream(then="fed")], "b": [Stream(then="fed")], "c": [Stream(then="fed")]})
    stream = LogStream(source, clock)
    stream.set_targets([target("a", node="n1"), target("b", node="n2"), target("c", node="n3")])
    output: list[str] = []
    async with running(stream):
        for _ in range(30):
            await clock.advance(0.5)
            for pod, ahead in (("a", 0), ("b", 5), ("c", 0)):
                source.feed(pod, [line(clock.seconds + ahead, "x")])
            await settled()
            output += [entry.text for entry in stream.drain() if entry.marker]
    assert output == ["clock of node n2 is about 5s ahead: its lines may be out of order with those of other nodes"]


async def test_when_the_server_is_gone_for_all_it_is_reported_once() -> None:
    cut = ConnectionFailedError("no answer from the server")
    broken: list[Stream | KdashError] = [Stream([line(1, "x")], then=cut), *[cut] * 5, Stream([line(1, "x")], "open")]
    clock = DrivenClock()
    stream = LogStream(ScriptedLogs({pod: list(broken) for pod in "abc"}), clock)
    stream.set_targets([target("a"), target("b"), target("c")])
    async with running(stream):
        await clock.advance(60)
        notes = [entry.text for entry in stream.drain() if entry.marker]
        assert notes[0] == "log interrupted: no answer from the server"
        assert len(notes) == 2
        assert notes[1].startswith("reconnected after ")
        assert stream.counts.following == 3


async def test_a_forbidden_log_is_a_state_and_is_retried() -> None:
    clock = DrivenClock()
    stream = LogStream(ScriptedLogs({"a": [ForbiddenError("no", code=403)] * 9}), clock)
    stream.set_targets([target("a")])
    async with running(stream):
        await clock.advance(5)
        assert stream.statuses()[0].message == "not allowed to read this log: no"
        assert stream.counts.retrying == 1


async def test_a_cancelled_stream_gives_its_slot_to_the_next() -> None:
    source, clock = source_of("a", "b", "c"), DrivenClock()
    stream = LogStream(source, clock, max_streams=1)
    stream.set_targets([target("a"), target("b"), target("c")])
    async with running(stream):
        stream.set_targets([target("c")])
        await clock.advance(LEAVING_GRACE + 1)
        assert (source.open_streams, stream.counts.following) == (1, 1)
        lines = stream.drain()
        assert {entry.text for entry in lines if not entry.marker} >= {"from c"}
        left = {entry.target.pod: entry.text for entry in lines if entry.marker == "gap"}
        assert set(left) == {"a", "b"}


async def test_once_a_skewed_node_is_known_the_others_lines_are_not_late() -> None:
    clock = DrivenClock()
    source = ScriptedLogs({pod: [Stream(then="fed")] for pod in "abc"})
    stream = LogStream(source, clock)
    stream.set_targets([target("a", node="n1"), target("b", node="n2"), target("c", node="n3")])
    late: list[bool] = []
    async with running(stream):
        for _ in range(60):
            await clock.advance(0.5)
            for pod, ahead in (("a", 0), ("b", 5), ("c", 0)):
                source.feed(pod, [line(clock.seconds + ahead, "x")])
            await settled()
            late += [entry.late for entry in stream.drain() if not entry.marker]
    assert not any(late[-60:])
    assert len(late) > 100


async def test_a_bug_in_one_stream_does_not_affect_the_others(caplog: pytest.LogCaptureFixture) -> None:
    source, clock = source_of("good"), DrivenClock()
    source.add("bad", [Stream([line(1, "last")], "fed")])
    stream = LogStream(source, clock)
    stream.set_targets([target("bad"), target("good")])
    async with running(stream):
        source.feed("bad", [None])  # type: ignore[list-item]
        await clock.advance(5)
        bad, good = stream.statuses()
        assert (bad.state, bad.message) == (TargetState.ENDED, "internal error while reading this log")
        assert good.state is TargetState.FOLLOWING
        output = [(entry.marker, entry.text) for entry in stream.drain() if entry.target.pod == "bad"]
        assert output[0] == ("", "last")
        assert output[1][0] == "gap"
        assert output[1][1].endswith("lines after 12:00:01 may be missing")
    assert "internal error" in caplog.text


async def test_a_silent_log_that_is_followed_again_no_longer_says_that_it_was_interrupted() -> None:
    cut = ConnectionFailedError("connection reset")
    source, clock = ScriptedLogs({"a": [Stream(then=cut), Stream(then=cut), Stream(then="open")]}), DrivenClock()
    stream = LogStream(source, clock)
    stream.set_targets([target("a")])
    async with running(stream):
        await clock.advance(20)
        status = stream.statuses()[0]
        assert (status.state, status.message, status.error) == (TargetState.FOLLOWING, "", None)
        assert [entry.text for entry in stream.drain()] == ["log interrupted: connection reset", "reconnected"]


@pytest.mark.parametrize(
    ("started", "is_gap"), [(20.0, True), (48.0, False), (None, True)], ids=["old", "young", "unknown"]
)
async def test_a_pod_heard_of_late_may_have_lost_its_beginning_unless_it_is_proven_to_be_young(
    started: float | None, *, is_gap: bool
) -> None:
    source, clock = ScriptedLogs({"a": [Stream(then="open")], "b": [Stream([line(49, "x")], "open")]}), DrivenClock()
    stream = LogStream(source, clock)
    stream.set_targets([target("a")])
    async with running(stream):
        await clock.advance(50)
        began = None if started is None else START + timedelta(seconds=started)
        stream.set_targets([target("a"), target("b")._replace(started_at=began)])
        await clock.advance(1)
        output = [(entry.marker, entry.text) for entry in stream.drain()]
        assert [marker for marker, _ in output] == ["gap", ""][not is_gap :]
        assert not is_gap or output[0][1].endswith("lines before 12:00:49 may be missing")


async def test_a_stream_that_was_half_open_before_its_first_line_proves_nothing_of_the_beginning() -> None:
    source, clock = ScriptedLogs({"a": [Stream(then="open"), Stream([line(50, "x")], "open")]}), DrivenClock()
    stream = LogStream(source, clock)
    stream.set_targets([target("a")])
    async with running(stream):
        await clock.advance(IDLE_SECONDS + 3)
        assert [entry.marker for entry in stream.drain()] == ["gap", ""]


async def test_a_quiet_container_on_a_stable_stream_has_lost_nothing() -> None:
    source, clock = ScriptedLogs({"a": [Stream(then="open"), Stream(then="fed")]}), DrivenClock()
    stream = LogStream(source, clock)
    stream.set_targets([target("a")])
    async with running(stream):
        await clock.advance(IDLE_SECONDS + 10)
        source.feed("a", [line(70, "x")])
        await clock.advance(1)
        assert [(entry.marker, entry.text) for entry in stream.drain()] == [("", "x")]


async def test_a_silent_log_that_does_not_repeat_known_lines_is_checked_for_rotation() -> None:
    cut = ConnectionFailedError("cut off")
    no_previous = BadRequestError("previous terminated container not found", code=400)
    script: list[Stream | KdashError] = [
        Stream([line(1, "x")], cut),
        Stream(then="open"),
        Stream(),
        no_previous,
        Stream(then="open"),
    ]
    clock = DrivenClock()
    stream = LogStream(ScriptedLogs({"a": script}), clock)
    stream.set_targets([target("a")])
    async with running(stream):
        await clock.advance(30)
        output = [(entry.marker, entry.text) for entry in stream.drain()]
        assert [marker for marker, _ in output] == ["", "gap"]
        assert "between 12:00:01 and now may be missing" in output[1][1]
        assert stream.counts.following == 1
