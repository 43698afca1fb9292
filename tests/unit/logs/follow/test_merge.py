"""Order and bounds of the merged stream."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from k9py.logs.follow.merge import MAX_DRAIN_LINES, Merge, MergeInput
from k9py.logs.line import WHOLE_STREAM, LogLine
from tests.unit.logs.follow.scripted_source import START, DrivenClock, settled, target


def log_line(pod: str, second: float, text: str) -> LogLine:
    return LogLine(target(pod), START + timedelta(seconds=second), text)


def texts(merge: Merge) -> list[str]:
    return [f"late {entry.text}" if entry.late else entry.text for entry in merge.drain()]


class Stage:
    """A merge and two containers that are followed live."""

    def __init__(self, *, catching_up: bool = False, max_lines: int = 50_000, max_chars: int = 16_000_000) -> None:
        self.clock = DrivenClock()
        self.merge = Merge(self.clock, max_lines=max_lines, max_chars=max_chars)
        self.a, self.b = self.merge.add_input(), self.merge.add_input()
        if catching_up:
            self.clock.seconds = 1_000
        for entry in (self.a, self.b):
            entry.open(holds_others=catching_up)

    def add(self, intake: MergeInput, *seconds: float) -> None:
        pod = "a" if intake is self.a else "b"
        intake.add([log_line(pod, second, f"{pod}{second}") for second in seconds])


async def test_a_line_waits_for_older_ones_of_others_for_a_short_while() -> None:
    stage = Stage()
    stage.add(stage.a, 3, 5)
    assert texts(stage.merge) == []
    await stage.clock.advance(0.3)
    stage.add(stage.b, 1, 4)
    await stage.clock.advance(0.1)
    assert texts(stage.merge) == ["b1", "a3", "b4", "a5"]
    assert texts(stage.merge) == []


async def test_what_comes_after_later_lines_of_others_is_marked_late() -> None:
    stage = Stage()
    stage.add(stage.a, 3, 5)
    await stage.clock.advance(0.5)
    assert texts(stage.merge) == ["a3", "a5"]
    stage.add(stage.b, 4, 6)
    await stage.clock.advance(0.5)
    assert texts(stage.merge) == ["late b4", "b6"]


async def test_the_order_inside_one_container_is_kept_even_where_its_clock_goes_back() -> None:
    stage = Stage()
    stage.add(stage.a, 5, 2)
    stage.add(stage.b, 3)
    stage.add(stage.a, 6)
    await stage.clock.advance(0.5)
    assert texts(stage.merge) == ["b3", "a5", "a2", "a6"]


async def test_a_single_container_never_waits_and_is_never_late() -> None:
    stage = Stage()
    stage.b.close()
    stage.add(stage.a, 5, 2)
    assert texts(stage.merge) == ["a5", "a2"]
    stage.add(stage.a, 1)
    assert texts(stage.merge) == ["a1"]


async def test_the_beginning_is_given_on_as_far_as_the_slowest_has_come() -> None:
    stage = Stage(catching_up=True)
    stage.add(stage.a, 1, 3, 5)
    assert stage.merge.is_catching_up
    assert texts(stage.merge) == []
    stage.add(stage.b, 2, 4)
    assert texts(stage.merge) == ["a1", "b2", "a3", "b4"]
    stage.b.close()
    assert texts(stage.merge) == ["a5"]


async def test_a_silent_container_stops_holding_the_others() -> None:
    stage = Stage(catching_up=True)
    stage.add(stage.a, 1, 3)
    await stage.clock.advance(0.6)
    assert texts(stage.merge) == []
    stage.add(stage.a, 4)
    await stage.clock.advance(0.6)
    assert texts(stage.merge) == ["a1", "a3", "a4"]
    assert stage.merge.is_catching_up, "the first is still catching up"
    await stage.clock.advance(1)
    assert not stage.merge.is_catching_up


async def test_a_container_that_is_ahead_waits_for_room_and_past_lines_are_never_dropped() -> None:
    stage = Stage(catching_up=True, max_lines=2_000)
    taken: list[str] = []
    ahead = asyncio.create_task(fill(stage, stage.a, 5_000))
    await settled()
    assert len(stage.merge.drain()) == 0
    assert stage.a.pending_lines < 1_000
    behind = asyncio.create_task(fill(stage, stage.b, 5_000))
    while not (ahead.done() and behind.done()):
        await stage.clock.advance(0.1)
        taken += texts(stage.merge)
    await stage.clock.advance(5)
    while more := texts(stage.merge):
        taken += more
    assert taken == sorted(taken, key=lambda text: float(text[1:]))
    assert len(taken) == 10_000


async def fill(stage: Stage, intake: MergeInput, count: int) -> None:
    for number in range(0, count, 100):
        stage.add(intake, *(entry / 10 for entry in range(number, number + 100)))
        await intake.wait_for_room()


async def test_when_full_the_oldest_go_are_counted_and_reported_in_their_place() -> None:
    stage = Stage(max_lines=800)
    for second in range(1_000):
        stage.add(stage.a, second)
    await stage.clock.advance(0.5)
    drained = stage.merge.drain()
    assert drained[0].marker == "gap"
    assert drained[0].target == WHOLE_STREAM
    first = int(drained[1].text.removeprefix("a"))
    last = f"{START + timedelta(seconds=first - 1):%H:%M:%S}"
    assert drained[0].text == (f"{first} lines dropped: the terminal could not keep up (between 12:00:00 and {last})")
    assert [entry.text for entry in drained[1:]] == [f"a{number}" for number in range(first, 1_000)]
    assert not any(entry.late for entry in drained)
    stage.add(stage.a, 2_000)
    await stage.clock.advance(0.5)
    assert texts(stage.merge) == ["a2000"]


async def test_long_lines_count_by_their_length() -> None:
    stage = Stage(max_chars=100)
    stage.a.add([log_line("a", second, "x" * 40) for second in range(5)])
    await stage.clock.advance(0.5)
    assert [entry.marker for entry in stage.merge.drain()] == ["gap", "", ""]


async def test_a_drain_returns_a_bounded_number_of_lines() -> None:
    stage = Stage()
    stage.add(stage.a, *range(MAX_DRAIN_LINES + 10))
    await stage.clock.advance(0.5)
    assert [len(stage.merge.drain()), len(stage.merge.drain())] == [MAX_DRAIN_LINES, 10]
    assert stage.merge.is_empty
