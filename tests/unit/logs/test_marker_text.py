"""Marker texts: short, with times a reader can find, and printable."""

from __future__ import annotations

from datetime import timedelta

import pytest

from k9py.api.errors import BadRequestError
from k9py.logs import marker_text
from k9py.logs.follow.log_range import RANGES
from tests.unit.logs.follow.scripted_source import START


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            'container "a" in pod "b" is waiting to start: trying and failing to pull image',
            "waiting to start: image cannot be pulled",
        ),
        (
            'container "a" in pod "b" is waiting to start: PodInitializing',
            "waiting to start: init containers have not finished",
        ),
        ('container "a" in pod "b" is waiting to start: Odd\x1b[2J', "waiting to start: Odd"),
        ('previous terminated container "a" in pod "b" not found', "no previous container"),
        ("something else", "something else"),
    ],
)
def test_a_refusal_becomes_the_state_text(message: str, expected: str) -> None:
    assert marker_text.unavailable(BadRequestError(message, code=400)) == expected


def test_a_gap_has_its_start_and_end_time() -> None:
    later = START + timedelta(seconds=75)
    assert marker_text.gap(marker_text.ROTATED, START, later, 12.3) == (
        "log rotated while disconnected for 12s: lines between 12:00:00 and 12:01:15 may be missing"
    )
    assert marker_text.gap(marker_text.RESTARTED, None, None, None) == (
        "container restarted: lines between the start and now may be missing"
    )


def test_what_was_dropped_is_counted() -> None:
    assert marker_text.dropped(1, None, None) == "1 line dropped: the terminal could not keep up"
    assert marker_text.dropped(1_234, START, START) == (
        "1,234 lines dropped: the terminal could not keep up (between 12:00:00 and 12:00:00)"
    )


def test_the_ranges_are_in_the_order_of_their_digits() -> None:
    assert [entry.label for entry in RANGES] == [
        "last 200 lines",
        "from the start",
        "last 1m",
        "last 5m",
        "last 15m",
        "last 30m",
        "last 1h",
    ]
