"""The comparison of two rates."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.logs.templates.poisson import chance_of_at_least, chance_of_at_most

_SHARES = st.floats(0.01, 0.99)


def summed(count: int, total: int, share: float) -> float:
    return sum(math.comb(total, at) * share**at * (1 - share) ** (total - at) for at in range(count, total + 1))


@given(st.integers(0, 60), st.integers(0, 60), _SHARES)
def test_the_tail_is_the_sum_of_its_terms(count: int, total: int, share: float) -> None:
    expected = summed(count, total, share) if count <= total else 0.0
    assert chance_of_at_least(count, total, share) == pytest.approx(expected, abs=1e-9)


@given(st.integers(1, 2000), st.integers(1, 2000), _SHARES)
def test_both_tails_together_are_all(count: int, total: int, share: float) -> None:
    count = min(count, total)
    together = chance_of_at_least(count, total, share) + chance_of_at_most(count - 1, total, share)
    assert together == pytest.approx(1.0, abs=1e-6)


def test_at_its_edges_the_probability_is_zero_or_one() -> None:
    assert chance_of_at_least(0, 10, 0.5) == chance_of_at_most(10, 10, 0.5) == 1.0
    assert chance_of_at_least(11, 10, 0.5) == chance_of_at_least(1, 10, 0.0) == 0.0
    assert chance_of_at_least(10, 10, 1.0) == 1.0


def test_many_events_are_handled() -> None:
    assert chance_of_at_least(501_000, 1_000_000, 0.5) == pytest.approx(0.02275, abs=1e-4)
    assert chance_of_at_least(900_000, 1_000_000, 0.5) == 0.0
