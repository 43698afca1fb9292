"""Compares a field of a log line with a value of a query: as numbers with units, or else as text. Pure."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any, Final

from k9py.logs.parsing.rendering import value_text

OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_NUMBER: Final = re.compile(
    r"([+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:e[+-]?\d{1,3})?)(ns|us|µs|μs|ms|s|m|h|%)?", re.I | re.ASCII
)
_PARTS: Final = re.compile(r"(?:\d{1,9}(?:\.\d{1,9})?(?:ns|us|µs|μs|ms|s|m|h))+", re.ASCII)
_PART: Final = re.compile(r"([\d.]+)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def compare_field(field: object, operator_sign: str, value: str) -> bool:
    """Return whether a field's value compares so with a value of a query.

    Two numbers are compared as numbers, durations such as 150ms or 1m30s as durations. A number with a unit and one
    without are not comparable, they merely differ. Everything else is compared as text; for = and != case matters only
    where the query's value has a capital letter.

    Args:
        operator_sign: = != >= <= > or <.
    """
    text = value_text(field)
    compare = OPERATORS[operator_sign]
    quantity, wanted = parse_quantity(text), parse_quantity(value)
    if quantity is not None and wanted is not None:
        if quantity[1] == wanted[1]:
            return compare(quantity[0], wanted[0])
        return operator_sign == "!="
    if operator_sign in ("=", "!="):
        if not any(letter.isupper() for letter in value):
            text = text.lower()
        return compare(text, value)
    if (quantity is None) != (wanted is None):
        return False
    return compare(text, value)


def parse_quantity(text: str) -> tuple[float, str] | None:
    """Return a text as a number and its unit: "" for a plain number, "s" for a duration in seconds, "%"."""
    number = _NUMBER.fullmatch(text) if len(text) < 80 else None
    if number:
        unit = (number[2] or "").lower()
        return (float(number[1]) * _SECONDS[unit], "s") if unit in _SECONDS else (float(number[1]), unit)
    if len(text) < 80 and _PARTS.fullmatch(text):
        return sum(float(count) * _SECONDS[unit] for count, unit in _PART.findall(text)), "s"
    return None
