"""The height of a pane that is shown while it has rows: it grows at once and shrinks later, so that nothing jumps."""

from __future__ import annotations

import pytest

from k9py.tui.screens.pane_height import SETTLE_SECONDS, PaneHeight


@pytest.mark.parametrize(
    ("rows", "screen", "lines"), [(0, 45, 0), (1, 45, 4), (5, 45, 8), (40, 45, 8), (40, 30, 5), (40, 60, 12)]
)
def test_it_has_the_lines_of_its_rows_up_to_a_share_of_the_screen(rows: int, screen: int, lines: int) -> None:
    height = PaneHeight(lambda: 0.0)
    height.update(rows, screen)
    assert height.lines == lines


def test_what_is_down_or_degraded_has_more_lines() -> None:
    height = PaneHeight(lambda: 0.0)
    height.update(40, 45, is_urgent=True)
    assert height.lines == 14


def test_it_grows_at_once_and_shrinks_once_it_has_been_smaller_for_long() -> None:
    now = 0.0
    height = PaneHeight(lambda: now)
    shown = []
    for rows, at in ((1, 0.0), (3, 1.0), (0, 2.0), (2, 3.0), (3, 4.0), (0, 5.0), (0, 5.0 + SETTLE_SECONDS)):
        now = at
        height.update(rows, 45)
        shown.append(height.lines)
    assert shown == [4, 6, 6, 6, 6, 6, 0]
    height.update(3, 45)
    height.update(3, 20)
    assert height.lines == 5  # a smaller screen does not wait
