"""The difference between two pod templates, as lines a person reads.

YAML-like, keys sorted, containers (and every other named list) matched by name, so an inserted sidecar is one block and
not a shifted file. Invariant: equal templates have no lines; every line is printable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line: context ' ', added '+', removed '-', or '@' a heading that says where the next lines are."""

    sign: Literal[" ", "+", "-", "@"]
    text: str


def template_diff(old: Mapping[str, Any], new: Mapping[str, Any], *, context: int = 2) -> tuple[DiffLine, ...]:
    """Return the lines that lead from `old` to `new`, with that many lines of context around each change.

    Args:
        old, new: pod templates as the server has them (`spec.template`, with `metadata` and `spec`).
    """
    raise NotImplementedError
