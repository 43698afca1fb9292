"""A field's value and a typed one are compared as numbers with units, or else as text."""

from __future__ import annotations

import pytest

from k9py.logs.buffer.field_comparison import compare_field, parse_quantity


@pytest.mark.parametrize(
    ("actual", "how", "value", "answer"),
    [
        (500, ">=", "500", True),
        ("500", "=", "500.0", True),
        (9, "<", "10", True),
        ("9", ">", "10", False),
        (1.5, ">", "1.25", True),
        ("1.5s", ">", "900ms", True),
        ("1m30s", "=", "90s", True),
        ("250µs", "<", "1ms", True),
        ("1e3", "=", "1000", True),
        ("10s", "=", "10", False),
        ("10s", "!=", "10", True),
        ("10s", ">", "5", False),
        ("abc", "=", "abc", True),
        ("ABC", "=", "abc", True),
        ("abc", "=", "ABC", False),
        ("ABC", "!=", "abc", False),
        ("2024-01-02", ">", "2024-01-01", True),
        ("abc", ">", "5", False),
        (True, "=", "true", True),
        (None, "=", "null", True),
        ([1, 2], "=", "[1,2]", True),
        ("", "=", "", True),
    ],
)
def test_values_are_compared(actual: object, how: str, value: str, answer: bool) -> None:
    assert compare_field(actual, how, value) is answer


@pytest.mark.parametrize("text", ["", "-", "1..2", "1x", "s", "ms5", "9" * 100, "1" * 40 + "s", "٣"])
def test_text_without_a_number_is_not_a_quantity(text: str) -> None:
    assert parse_quantity(text) is None
