"""What two front ends must say equally about a problem."""

from __future__ import annotations

from typing import Any


def verdict(problem: dict[str, Any], *, suspects: bool = True) -> tuple[Any, ...]:
    """Return what the JSON of a problem says, without the evidence of Secrets, which a capsule does not hold.

    Args:
        suspects: a watched cluster searches them only where that is worth reading more; in memory all are searched.
    """
    return (
        problem["severity"],
        problem["check"],
        problem["subject"],
        problem["cause"],
        problem["since"],
        problem["objects"],
        problem["explains"],
        problem["suspects"] if suspects else None,
    )
