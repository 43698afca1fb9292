"""Room in the merge: past lines are never dropped, nothing waits forever, and dropped lines are reported."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from k9py.api.errors import BadRequestError
from k9py.logs.follow.container_run import ContainerRuns
from k9py.logs.follow.delivery import LineDelivery
from k9py.logs.follow.log_range import LogRange
from k9py.logs.follow.merge import Merge, MergeInput
from k9py.logs.follow.stream import LogStream
from k9py.logs.line import LogLine
from k9py.logs.source import LogTarget
from k9py.runtime.time_slice import TimeSlicer
from tests.unit.logs.follow.scripted_source import START, DrivenClock, line, settled, target

NOW = 100_000
"""Seconds at which the logs are read: all their lines are of the past."""

MANY_CHARS = 16_000_000


def clock_of_now() -> DrivenClock:
    clock = DrivenClock()
    clock.seconds = NOW
    return clock


class Reading:
    """Containers whose logs are read at once into one merge, from batches of a given size."""

    def __init__(self, logs: Sequence[Sequence[bytes]], *, batch: int, followed: bool, **bounds: Any) -> None:
        self.clock = clock_of_now()
        self.merge = Merge(self.clock, **bounds)
        self.most_chars = 0
        self.said: list[LogLine] = []
        self._time_slicer = TimeSlicer(self.clock.monotonic)
        self._intakes = [self.merge.add_input() for _ in logs]
        for intake in self._intakes:
            intake.open(holds_others=True, is_followed=followed)
        self._tasks = [
            asyncio.create_task(self._read(intake, f"p{number}", lines, batch))
            for number, (intake, lines) in enumerate(zip(self._intakes, logs, strict=True))
        ]

    async def _read(self, intake: MergeInput, pod: str, lines: Sequence[bytes], batch: int) -> None:
        delivery = LineDelivery(intake, ContainerRuns(target(pod)), self.clock, self._time_slicer)
        for start in range(0, len(lines), batch):
            await delivery.deliver(lines[start : start + batch])
            self.most_chars = max(self.most_chars, sum(entry.pending_chars for entry in self._intakes))
        intake.close()

    async def to_its_end(self, most_drains: int) -> list[LogLine]:
        """Drain until everything is read; fail after that many drains."""
        for _ in range(most_drains):
            self.said += self.merge.drain()
            await self.clock.advance(0.1)
            if all(task.done() for task in self._tasks) and self.merge.is_empty:
                break
        for task in self._tasks:
            task.cancel()
        assert all(task.done() and not task.cancelled() for task in self._tasks), "someone waits for ever"
        return self.said


async def test_many_pods_with_long_lines_of_the_past_lose_none_and_keep_to_the_room() -> None:
    logs = [[line(second * 30 + pod, f"{second:04d} {'x' * 5_000}") for second in range(100)] for pod in range(30)]
    reading = Reading(logs, batch=25, followed=False, max_chars=MANY_CHARS // 10)
    output = await reading.to_its_end(1_000)
    assert len(output) == 3_000
    assert not any(entry.marker or entry.late for entry in output)
    assert output == sorted(output, key=lambda entry: entry.timestamp or START)
    assert reading.most_chars <= MANY_CHARS // 10


async def test_lines_of_the_greatest_length_lose_none_either() -> None:
    logs = [[line(second + pod, "x" * 60_000) for second in range(100)] for pod in range(4)]
    output = await Reading(logs, batch=8, followed=True, max_chars=1_000_000).to_its_end(2_000)
    assert len(output) == 400


LOG = st.lists(st.tuples(st.integers(-3, 40), st.sampled_from([0, 1, 1, 1, 400, 5_000])), max_size=60)


@given(
    logs=st.lists(LOG, min_size=1, max_size=8),
    batch=st.sampled_from([1, 7, 60]),
    followed=st.booleans(),
    max_lines=st.sampled_from([8, 40, 1_000]),
    max_chars=st.sampled_from([100, 3_000, 1_000_000]),
    lossless=st.booleans(),
)
@settings(max_examples=150, deadline=None)
async def test_past_lines_are_never_dropped_and_no_container_waits_forever(
    logs: list[list[tuple[int, int]]], batch: int, followed: bool, max_lines: int, max_chars: int, lossless: bool
) -> None:
    """Whatever the lengths, the bounds and the steps of the clocks, which may go back."""
    written: list[list[bytes]] = []
    for steps in logs:
        second, lines = 1_000, []
        for number, (step, length) in enumerate(steps):
            second += step
            lines.append(line(second, f"{number:03d} {'x' * length}"))
        written.append(lines)
    reading = Reading(
        written, batch=batch, followed=followed, max_lines=max_lines, max_chars=max_chars, lossless=lossless
    )
    output = await reading.to_its_end(sum(map(len, logs)) + 50)
    assert not any(entry.marker for entry in output)
    for pod, lines in enumerate(written):
        assert [entry.text[:3] for entry in output if entry.target.pod == f"p{pod}"] == [
            f"{n:03d}" for n in range(len(lines))
        ]


async def test_a_lossless_merge_lets_what_is_written_now_wait_too() -> None:
    clock = DrivenClock()
    merge = Merge(clock, max_lines=100, lossless=True)
    intake = merge.add_input()
    intake.open(holds_others=False)
    delivery = LineDelivery(intake, ContainerRuns(target("a")), clock, TimeSlicer(clock.monotonic))
    writes = asyncio.create_task(delivery.deliver([line(second, f"n{second}") for second in range(1_000)]))
    await clock.advance(5)
    assert not writes.done()
    assert intake.pending_lines < 100
    output: list[LogLine] = []
    while not writes.done() or not merge.is_empty:
        output += merge.drain()
        await settled()
    assert [entry.text for entry in output] == [f"n{second}" for second in range(1_000)]


async def test_a_stream_that_waits_for_room_is_not_silent() -> None:
    clock = DrivenClock()
    merge = Merge(clock, max_lines=100, lossless=True)
    intake = merge.add_input()
    intake.open(holds_others=False)
    delivery = LineDelivery(intake, ContainerRuns(target("a")), clock, TimeSlicer(clock.monotonic))
    writes = asyncio.create_task(delivery.deliver([line(second, f"n{second}") for second in range(150)]))
    await clock.advance(300)
    assert delivery.last_activity == 300
    stuck = [merge.is_stuck]
    while not writes.done():
        merge.drain()
        await settled()
    assert [*stuck, merge.is_stuck] == [True, False]
    await clock.advance(10)
    assert delivery.last_activity == 300


class Paused:
    """A server: its container writes a lot, and after a rotation only who had the file open can still read it all."""

    def __init__(self, count: int) -> None:
        self.opened = 0
        self._count = count

    @asynccontextmanager
    async def open_log(self, target: LogTarget, **asked: Any) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        if asked.get("previous"):
            raise BadRequestError("previous terminated container not found", code=400)
        self.opened += 1
        yield self._lines()

    async def _lines(self) -> AsyncIterator[list[bytes]]:
        for start in range(0, self._count, 50):
            yield [line(number / 100, f"n{number}") for number in range(start, start + 50)]
        await asyncio.Event().wait()


async def test_a_reader_that_pauses_for_minutes_misses_nothing_and_no_stream_is_opened_again() -> None:
    clock = DrivenClock()
    server = Paused(2_000)
    stream = LogStream(server, clock, range=LogRange(""), max_pending=400, lossless=True)
    stream.set_targets([target("a", container_id="c1")])
    running = asyncio.create_task(stream.run())
    await clock.advance(300)
    stream.set_targets([target("a", container_id="c2")])  # restarted meanwhile
    await clock.advance(300)
    assert server.opened == 1
    stream.set_targets([target("a", container_id="c1")])
    output: list[LogLine] = []
    for _ in range(200):
        output += stream.drain()
        await clock.advance(0.1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [entry.text for entry in output] == [f"n{number}" for number in range(2_000)]


def said_at(pod: str, second: float, text: str, marker: Any = "") -> LogLine:
    return LogLine(target(pod), START + timedelta(seconds=second), text, marker)


async def test_markers_are_never_dropped_and_what_is_dropped_is_reported_once_with_all_its_time() -> None:
    clock = DrivenClock()
    merge = Merge(clock, max_lines=80)
    a, b = merge.add_input(), merge.add_input()
    for entry in (a, b):
        entry.open(holds_others=False)
    a.add([said_at("a", 5, "lines may be missing", "gap")])
    for second in range(10, 100):
        a.add([said_at("a", second, f"a{second}")])
        b.add([said_at("b", second - 8, f"b{second - 8}")])  # its clock is behind
    a.add([said_at("a", 200, "started", "start"), said_at("a", 201, "a201")])
    await clock.advance(1)
    output = merge.drain()
    assert [entry.text for entry in output if entry.marker in ("gap", "start") and entry.target.pod] == [
        "lines may be missing",
        "started",
    ]
    reported = [entry for entry in output if entry.marker == "gap" and not entry.target.pod]
    kept = {entry.text for entry in output if not entry.marker}
    dropped = 181 - len(kept)
    times = [second for second in range(10, 100) if f"a{second}" not in kept]
    times += [second for second in range(2, 92) if f"b{second}" not in kept]
    first, last = (START + timedelta(seconds=entry) for entry in (min(times), max(times)))
    assert [entry.text for entry in reported] == [
        f"{dropped} lines dropped: the terminal could not keep up (between {first:%H:%M:%S} and {last:%H:%M:%S})"
    ]


async def test_the_reported_times_hold_where_timestamps_step_back() -> None:
    clock = DrivenClock()
    merge = Merge(clock, max_lines=8)
    intake = merge.add_input()
    intake.open(holds_others=False)
    for second in (60, 50, 70, 40, 65, 80, 81, 82, 83, 84, 85, 86, 87):
        intake.add([said_at("a", second, f"a{second}")])
    output = merge.drain()
    kept = {entry.text for entry in output}
    gone = [second for second in (60, 50, 70, 40, 65, 80, 81, 82, 83, 84, 85, 86, 87) if f"a{second}" not in kept]
    assert {60, 50, 70, 40} <= set(gone)
    assert f"(between 12:00:40 and {START + timedelta(seconds=max(gone)):%H:%M:%S})" in output[0].text


async def test_a_flood_drops_nothing_of_a_beginning_that_is_still_read() -> None:
    clock = clock_of_now()
    merge = Merge(clock, max_lines=400)
    loud, joining = merge.add_input(), merge.add_input()
    loud.open(holds_others=False)
    loud.add([said_at("a", NOW, "a")])
    joining.open(holds_others=False)
    joining.add([said_at("b", second, f"b{second}") for second in range(100)])
    for second in range(1, 1_000):
        loud.add([said_at("a", NOW + second, f"a{second}")])
    await clock.advance(1)
    output = merge.drain()
    assert [entry.text for entry in output if entry.target.pod == "b"] == [f"b{second}" for second in range(100)]
    place = next(index for index, entry in enumerate(output) if entry.marker == "gap")
    assert output[place + 1].text == f"a{1_000 - sum(entry.target.pod == 'a' for entry in output)}"


async def test_a_container_that_lost_lines_has_the_marker_before_what_follows() -> None:
    """Also where it lags behind the others, whose times are those of most dropped lines."""
    clock = DrivenClock()
    merge = Merge(clock, max_lines=16)
    ahead, behind = merge.add_input(), merge.add_input()
    for entry in (ahead, behind):
        entry.open(holds_others=False)
    behind.add([said_at("b", 1, "b1")])
    for second in range(10, 26):
        ahead.add([said_at("a", second, f"a{second}")])
    behind.add([said_at("b", 2, "b2")])
    await clock.advance(1)
    output = merge.drain()
    texts = [entry.text for entry in output]
    assert "b1" not in texts
    assert next(index for index, entry in enumerate(output) if entry.marker == "gap") < texts.index("b2")


async def test_containers_that_have_gone_are_forgotten() -> None:
    clock = DrivenClock()
    merge = Merge(clock)
    for number in range(50):
        intake = merge.add_input()
        intake.open(holds_others=False)
        intake.add([said_at(f"p{number}", number, "hello")])
        intake.close()
        del intake
        await clock.advance(1)
        assert [entry.text for entry in merge.drain()] == ["hello"]
    gc.collect()
    assert not any(isinstance(entry, MergeInput) and entry._merge is merge for entry in gc.get_objects())


async def test_no_turns_are_taken_while_nobody_reads() -> None:
    """Each would give up a log that its server has open, for one that could not be handed on either."""
    clock = DrivenClock()
    server = Paused(2_000)
    stream = LogStream(server, clock, range=LogRange(""), max_streams=1, max_pending=400, lossless=True)
    stream.set_targets([target("a", container_id="c1"), target("b", container_id="c2")])
    running = asyncio.create_task(stream.run())
    await clock.advance(20)
    opened = server.opened
    await clock.advance(600)
    assert server.opened == opened
    output: list[LogLine] = []
    for _ in range(1_000):
        output += stream.drain()
        await clock.advance(0.1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert server.opened > opened
    for pod in "ab":
        assert [entry.text for entry in output if entry.target.pod == pod] == [f"n{number}" for number in range(2_000)]
