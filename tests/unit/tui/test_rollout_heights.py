"""The lines of a rollout's screen are shared by what each pane has to show."""

from __future__ import annotations

from dataclasses import replace

from k9py.tui.screens.rollout_heights import RolloutHeights

HEIGHTS = RolloutHeights(screen=60, new_pods=3, old_pods=5, revisions=4, events=0, conditions=2, is_wide=False)


def test_pods_take_the_lines_of_the_longer_list() -> None:
    assert HEIGHTS.pods == 8
    assert replace(HEIGHTS, new_pods=0, old_pods=0).pods == 5


def test_history_and_events_stand_below_each_other_or_side_by_side() -> None:
    assert HEIGHTS.history == 7
    assert HEIGHTS.below == 7 + 7
    assert replace(HEIGHTS, is_wide=True).below == 7
    assert replace(HEIGHTS, events=9).below == 7 + 14


def test_logs_are_shown_where_they_are_worth_their_frame() -> None:
    assert HEIGHTS.leaves_room_for_logs(60 - 14 - 2 - 6)
    assert not HEIGHTS.leaves_room_for_logs(60 - 14 - 2 - 5)


def test_the_head_of_a_small_screen_leaves_the_pods_their_lines() -> None:
    small = replace(HEIGHTS, screen=24)
    assert small.small_summary(5) == 24 - 8 - 5 - 5
    assert replace(small, old_pods=40).small_summary(5) == 3
