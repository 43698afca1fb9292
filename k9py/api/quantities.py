"""Numbers of the API: IntOrString values (a count or a percentage), and resource quantities."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

_SUFFIX: Final = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10) ** 3,
    "M": Decimal(10) ** 6,
    "G": Decimal(10) ** 9,
    "T": Decimal(10) ** 12,
    "P": Decimal(10) ** 15,
    "E": Decimal(10) ** 18,
    "Ki": Decimal(2) ** 10,
    "Mi": Decimal(2) ** 20,
    "Gi": Decimal(2) ** 30,
    "Ti": Decimal(2) ** 40,
    "Pi": Decimal(2) ** 50,
    "Ei": Decimal(2) ** 60,
}

_QUANTITY: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)([numkMGTPE]|[KMGTPE]i)?", re.ASCII)


def resolve_int_or_percent(value: int | str, total: int, *, round_up: bool) -> int:
    """Return the number that an IntOrString means for a total: 3 is 3, "25%" of 10 is 2 or 3.

    Raises:
        ValueError: the text is neither a number nor a percentage.
    Source: apimachinery/pkg/util/intstr, `GetScaledValueFromIntOrPercent`.
    """
    if isinstance(value, int):
        return value
    if not value.endswith("%"):
        return int(value)
    product = int(value[:-1]) * total
    return -(-product // 100) if round_up else product // 100


def parse_quantity(text: str | int | float) -> Decimal:
    """Parse a resource quantity ("250m", "64Mi", "1e3") to a number.

    Raises:
        ValueError: the text is not a quantity.
    """
    parsed = _QUANTITY.fullmatch(str(text))
    if parsed is None:
        raise ValueError(f"not a quantity: {text!r}")
    return Decimal(parsed[1]) * _SUFFIX[parsed[2] or ""]
