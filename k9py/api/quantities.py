"""Numbers of the API: IntOrString values (a count or a percentage), and resource quantities.

Invariant: what a server sends never raises here, except in `parse_quantity`, whose callers want to know. An amount that
is not a quantity is None, which means unknown.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from math import isfinite
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

Quantity = str | int | float
"""A quantity as JSON has it: nearly always text."""


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


def parse_quantity(text: Quantity) -> Decimal:
    """Parse a resource quantity ("250m", "64Mi", "1e3") to a number.

    Raises:
        ValueError: the text is not a quantity.
    """
    parsed = _QUANTITY.fullmatch(str(text))
    if parsed is None:
        raise ValueError(f"not a quantity: {text!r}")
    return Decimal(parsed[1]) * _SUFFIX[parsed[2] or ""]


@lru_cache(maxsize=4096)
def amount(quantity: Quantity | None) -> float | None:
    """Return a quantity as a number: CPU in cores, memory in bytes. None if it is missing or not a quantity.

    Cached: thousands of containers have the same few quantities.
    """
    if quantity is None:
        return None
    try:
        number = float(parse_quantity(quantity))
    except ValueError:
        return None
    return number if isfinite(number) else None


def format_cpu(cores: float) -> str:
    """Return an amount of CPU as `kubectl top` prints it, in thousandths of a core: `250m`."""
    return f"{_rounded_up(cores * 1000)}m"


def format_memory(size: float) -> str:
    """Return bytes as `kubectl top` prints them, in mebibytes: `128Mi`."""
    return f"{int(size) // 2**20}Mi"


def format_bytes(size: int) -> str:
    """Return a size in bytes with the binary unit that suits it: `312`, `4.2Ki`, `1.5Mi`."""
    if size < 1024:
        return str(size)
    value, unit = size / 1024, "Ki"
    for larger in ("Mi", "Gi", "Ti"):
        if value < 1023.95:
            break
        value, unit = value / 1024, larger
    return f"{value:.1f}".removesuffix(".0") + unit


def size_text(size: int) -> str:
    """Return a size in bytes for a sentence: `312 B`, `4.2 KiB`."""
    text = format_bytes(size)
    return f"{text} B" if text.isdigit() else f"{text[:-2]} {text[-2:]}B"


def _rounded_up(value: float) -> int:
    """Round up, but not for the error of a sum of floats."""
    return -int(-(value - 1e-9) // 1)
