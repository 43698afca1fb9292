"""Durations and amounts as kubectl prints them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.api.quantities import amount, format_bytes, format_cpu, format_memory, parse_quantity
from k9py.api.times import human_duration

MINUTE, HOUR, DAY = 60, 3600, 86400
YEAR = 365 * DAY


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0, "0s"),
        (119.9, "119s"),
        (120, "2m"),
        (200, "3m20s"),
        (10 * MINUTE - 1, "9m59s"),
        (10 * MINUTE + 5, "10m"),
        (3 * HOUR - 1, "179m"),
        (3 * HOUR, "3h"),
        (5 * HOUR + 20 * MINUTE, "5h20m"),
        (8 * HOUR + MINUTE, "8h"),
        (48 * HOUR - 1, "47h"),
        (48 * HOUR, "2d"),
        (3 * DAY + 5 * HOUR, "3d5h"),
        (8 * DAY + 5 * HOUR, "8d"),
        (2 * YEAR - 1, "729d"),
        (2 * YEAR, "2y"),
        (3 * YEAR + 4 * DAY, "3y4d"),
        (8 * YEAR + 4 * DAY, "8y"),
    ],
)
def test_a_duration_is_printed_as_kubectl_does(seconds: float, text: str) -> None:
    assert human_duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100n", "0.0000001"),
        ("100u", "0.0001"),
        ("250m", "0.25"),
        ("2", "2"),
        (2, "2"),
        (0.5, "0.5"),
        (".5", "0.5"),
        ("1.", "1"),
        ("+1", "1"),
        ("-1", "-1"),
        ("1k", "1000"),
        ("1M", "1000000"),
        ("2G", "2e9"),
        ("3T", "3e12"),
        ("4P", "4e15"),
        ("5E", "5e18"),
        ("1e3", "1000"),
        ("1E3", "1000"),
        ("12e-1", "1.2"),
        ("1Ki", "1024"),
        ("1.5Gi", "1610612736"),
        ("1Ti", "1099511627776"),
        ("1Pi", "1125899906842624"),
        ("1Ei", "1152921504606846976"),
    ],
)
def test_every_form_of_a_quantity_is_read(text: str | int | float, value: str) -> None:
    assert parse_quantity(text) == Decimal(value)
    assert amount(text) == float(Decimal(value))


@pytest.mark.parametrize("text", ["", "one", "1 Gi", "1ki", "Mi", "1e", "0x10", "١", "1e9999", "--1", "1e999", None])
def test_what_is_not_a_quantity_is_unknown(text: str | None) -> None:
    assert amount(text) is None


@given(st.text(max_size=12) | st.integers() | st.floats(allow_nan=True, allow_infinity=True))
def test_no_value_of_a_server_raises(value: str | int | float) -> None:
    amount(value)


@pytest.mark.parametrize(
    ("cores", "text"), [(0, "0m"), (0.25, "250m"), (0.1 + 0.2, "300m"), (0.0001, "1m"), (8, "8000m")]
)
def test_cpu_is_printed_in_thousandths(cores: float, text: str) -> None:
    assert format_cpu(cores) == text


def test_memory_is_printed_in_mebibytes() -> None:
    assert format_memory(128 * 2**20 + 5) == "128Mi"
    assert format_memory(20 * 2**30) == "20480Mi"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0"),
        (1023, "1023"),
        (1024, "1Ki"),
        (4300, "4.2Ki"),
        (2**20 - 1, "1Mi"),
        (1_572_864, "1.5Mi"),
        (2**40, "1Ti"),
    ],
)
def test_a_size_has_the_unit_that_suits_it(size: int, text: str) -> None:
    assert format_bytes(size) == text
