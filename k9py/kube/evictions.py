"""Why an eviction was refused, in words: which budget, what it needs and what it has.

Source: kubernetes/pkg/registry/core/pod/storage/eviction.go; recorded in tests/wire/delete-and-evict.json.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from k9py.api.text import printable

_SPENT: Final = re.compile(
    r"The disruption budget (?P<name>\S+) needs (?P<needs>\d+) healthy pods and has (?P<has>\d+) currently", re.ASCII
)
_SEVERAL: Final = "more than one PodDisruptionBudget"

_HINT: Final = "Wait until more of its pods are ready; deleting the pod would not ask the budget."


def budget_refusal(causes: Sequence[tuple[str, str]]) -> tuple[str, str] | None:
    """Return message and hint for a 429 that a disruption budget answered, None for any other.

    Args:
        causes: (reason, message) of the Status' details.
    """
    for reason, message in causes:
        if reason != "DisruptionBudget":
            continue
        spent = _SPENT.search(message)
        if spent is None:
            return f"A disruption budget refuses the eviction: {printable(message)[:500]}", _HINT
        name, needs, has = printable(spent["name"]), int(spent["needs"]), spent["has"]
        pods = "1 healthy pod" if needs == 1 else f"{needs} healthy pods"
        return f"Disruption budget {name} refuses the eviction: it needs {pods} and has {has}", _HINT
    return None


def several_budgets(told: str) -> tuple[str, str] | None:
    """Return message and hint for the 500 of a pod that several budgets cover, None for any other."""
    if _SEVERAL not in told:
        return None
    message = "Several disruption budgets cover this pod: the server refuses to evict such a pod"
    return message, "Make their selectors exclude each other; deleting the pod would not ask them."
