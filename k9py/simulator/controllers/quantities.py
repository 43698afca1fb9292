"""Kubernetes quantities as numbers: `100m`, `64Mi`, `2k`.

Pure. Sufficient for scheduling and quotas, which add and compare.
"""

import functools
import math

_SUFFIXES = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60,
}  # fmt: skip


@functools.lru_cache(maxsize=4096)
def parse_quantity(quantity: str | int | float) -> float:
    """Return a quantity in units (cores, bytes, pieces).

    Raises:
        ValueError: not a quantity.
    """
    if not isinstance(quantity, str):
        return float(quantity)
    for length in (2, 1):
        scale = _SUFFIXES.get(quantity[-length:])
        if scale is not None and len(quantity) > length:
            return float(quantity[:-length]) * scale
    return float(quantity)


def format_quantity(amount: float, name: str) -> str:
    """Format an amount as a quota does: cpu in cores or millicores, memory in the largest whole binary unit."""
    if name.endswith(("memory", "storage")):
        whole = math.ceil(amount)
        for suffix in ("Ti", "Gi", "Mi", "Ki"):
            size = int(_SUFFIXES[suffix])
            if whole and whole % size == 0:
                return f"{whole // size}{suffix}"
        return str(whole)
    if math.isclose(amount, round(amount)):
        return str(round(amount))
    return f"{math.ceil(round(amount * 1000, 6))}m"
