"""Bars of the last values."""

from __future__ import annotations

from k9py.config.ascii_text import ascii_text
from k9py.views.sparkline import BARS, sparkline


def test_bars_end_at_the_bound() -> None:
    assert sparkline([0, 25, 50, 75, 99, 100], bound=100, width=20) == "▁▃▅▇██"


def test_a_value_above_the_bound_is_the_top() -> None:
    assert sparkline([100, 200], bound=100, width=20) == "▅█"


def test_a_flat_amount_looks_flat_and_zero_is_the_lowest_bar() -> None:
    assert sparkline([1000, 1001, 1000], bound=2000, width=20) == "▅▅▅"
    assert sparkline([0, 0], width=20) == "▁▁"


def test_no_bar_is_full_without_a_bound() -> None:
    assert sparkline([50, 100], width=20) == "▄▇"


def test_the_last_values_are_shown_and_nothing_for_none() -> None:
    assert sparkline([100, *[0] * 12], bound=100, width=12) == "▁" * 12
    assert sparkline([], bound=100, width=12) == ""


def test_every_bar_has_an_ascii_form_of_its_own() -> None:
    plain = ascii_text(BARS)
    assert plain.isascii()
    assert len(set(plain)) == len(BARS)
