"""Order and bounds of the merged stream."""

from __future__ import annotations

from datetime import timedelta

from k9py.logs.line import ALL, LogLine
from k9py.logs.tailing.merge import Merge
from tests.unit.logs.tailing.scripted import START, SteppingClock, target

A, B = target("a"), target("b")


def said(pod: str, second: float, text: str) -> LogLine:
    return LogLine(target(pod), START + timedelta(seconds=second), text)


def texts(merge: Merge) -> list[str]:
    return [one.text for one in merge.drain()]


def test_what_came_since_the_last_drain_is_in_order_of_time() -> None:
    merge = Merge(SteppingClock())
    for one in (said("a", 3, "a3"), said("a", 5, "a5"), said("b", 1, "b1"), said("b", 4, "b4")):
        merge.add(one)
    assert texts(merge) == ["b1", "a3", "b4", "a5"]
    assert merge.drain() == []


def test_the_order_inside_one_container_is_kept_even_where_its_clock_goes_back() -> None:
    merge = Merge(SteppingClock())
    for one in (said("a", 5, "a1"), said("a", 2, "a2"), said("b", 3, "b1"), said("a", 6, "a3")):
        merge.add(one)
    assert texts(merge) == ["b1", "a1", "a2", "a3"]


def test_the_beginning_waits_for_every_container_named() -> None:
    merge = Merge(SteppingClock())
    merge.expect([A, B])
    merge.add(said("a", 3, "a3"))
    merge.caught_up(A)
    assert merge.drain() == []
    merge.add(said("b", 1, "b1"))
    merge.caught_up(B)
    assert texts(merge) == ["b1", "a3"]


def test_the_beginning_does_not_wait_for_ever() -> None:
    clock = SteppingClock()
    merge = Merge(clock, settle=1.0)
    merge.expect([A, B])
    merge.add(said("a", 3, "a3"))
    clock.seconds += 1.0
    assert texts(merge) == ["a3"]


def test_pods_that_join_later_are_not_waited_for() -> None:
    merge = Merge(SteppingClock())
    merge.expect([A])
    merge.caught_up(A)
    merge.expect([B])
    merge.add(said("a", 1, "a1"))
    assert texts(merge) == ["a1"]


def test_when_full_the_oldest_go_and_are_counted() -> None:
    merge = Merge(SteppingClock(), max_lines=2)
    for second in range(1_500):
        merge.add(said("a", second, f"line {second}"))
    drained = merge.drain()
    assert drained[0].marker == "gap"
    assert drained[0].target == ALL
    assert drained[0].text == "1,498 lines dropped: they came faster than they could be shown"
    assert [one.text for one in drained[1:]] == ["line 1498", "line 1499"]
    merge.add(said("a", 2_000, "next"))
    assert texts(merge) == ["next"]


def test_long_lines_count_by_their_length() -> None:
    merge = Merge(SteppingClock(), max_chars=100)
    for second in range(5):
        merge.add(said("a", second, "x" * 40))
    assert [one.marker for one in merge.drain()] == ["gap", "", ""]
