"""Delays double up to the cap, with jitter, until there is progress."""

from __future__ import annotations

import random

import pytest

from k9py.runtime.backoff import Backoff


class _Always(random.Random):
    def __init__(self, value: float) -> None:
        super().__init__()
        self._value = value

    def random(self) -> float:
        return self._value


def test_delays_double_up_to_the_cap() -> None:
    backoff = Backoff(0.8, 30.0, jitter=0.25, rng=_Always(0.0))
    assert [backoff.next() for _ in range(7)] == pytest.approx([0.8, 1.6, 3.2, 6.4, 12.8, 24.0, 24.0])


def test_the_cap_includes_the_jitter() -> None:
    backoff = Backoff(0.8, 30.0, jitter=0.25, rng=_Always(1.0))
    assert max(backoff.next() for _ in range(9)) == pytest.approx(30.0)


def test_every_delay_lies_between_initial_and_cap() -> None:
    backoff = Backoff(1.0, 10.0, jitter=0.5, rng=random.Random(7))
    delays = [backoff.next() for _ in range(50)]
    assert all(1.0 <= delay <= 10.0 for delay in delays)
    assert len(set(delays)) == 50


def test_a_cap_below_the_initial_delay_does_not_shorten_it() -> None:
    backoff = Backoff(2.0, 1.0, rng=_Always(0.0))
    assert [backoff.next(), backoff.next()] == [2.0, 2.0]


def test_reset_starts_over_and_forgets_the_attempts() -> None:
    backoff = Backoff(1.0, 60.0, rng=_Always(0.0))
    assert [backoff.next(), backoff.next()] == [1.0, 2.0]
    assert backoff.attempts == 2
    backoff.reset()
    assert backoff.attempts == 0
    assert backoff.next() == 1.0
