"""Which node's clock is off, measured only by arrival times."""

from __future__ import annotations

from datetime import timedelta

from k9py.logs.follow.clock_skew import ClockSkew


def looked(**delays: list[float]) -> tuple[ClockSkew, list[tuple[str, float]]]:
    skew = ClockSkew()
    for node, seconds in delays.items():
        for entry in seconds:
            skew.add_sample(node, entry)
    return skew, skew.update()


def test_a_node_that_runs_ahead_or_behind_is_found_once() -> None:
    skew, skewed = looked(a=[0.1] * 10, b=[-4.9] * 10, c=[3.1] * 10)
    assert skewed == [("b", 5.0), ("c", -3.0)]
    assert skew.corrections == {"b": timedelta(seconds=5), "c": timedelta(seconds=-3)}
    assert skew.update() == []


def test_of_two_nodes_it_is_the_one_that_differs_more_from_our_own_clock() -> None:
    assert looked(a=[0.1] * 10, b=[-4.9] * 10)[1] == [("b", 5.0)]
    assert looked(a=[5.1] * 10, b=[0.1] * 10)[1] == [("a", -5.0)]


def test_our_own_clock_may_be_wrong_and_single_late_lines_are_not_a_clock() -> None:
    assert looked(a=[3_600.1] * 10, b=[3_600.3] * 10)[1] == []
    assert looked(a=[0.1] * 10, b=[0.1] * 8 + [30.0] * 3)[1] == []
    assert looked(a=[0.1] * 10, b=[9.0] * 3)[1] == [], "too few to say"
    assert looked(a=[0.1] * 10)[1] == []


def test_a_clock_that_was_set_right_is_no_longer_taken_into_account() -> None:
    skew, _ = looked(a=[0.1] * 40, b=[-4.9] * 40)
    for _ in range(31):
        skew.add_sample("b", 0.1)
    assert skew.update() == []
    assert skew.corrections == {}
