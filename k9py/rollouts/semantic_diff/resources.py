"""Requests and limits. An amount written another way is a change, and is said to be the same amount."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from k9py.api.quantities import parse_quantity
from k9py.rollouts.semantic_diff.change import SemanticChange, change, other, said
from k9py.rollouts.template_diff import json_equal


def resources(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield `memory limit`, `cpu request` and the like."""
    before, after = old if old is not None else {}, new if new is not None else {}
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return
    for part, word in (("limits", "limit"), ("requests", "request")):
        one, two = before.get(part), after.get(part)
        if json_equal(one, two):
            continue
        if not all(side is None or isinstance(side, Mapping) for side in (one, two)) or not (one or two):
            yield from other(subject, f"{key}.{part}", one, two, "resources")
            continue
        one, two = one or {}, two or {}
        for name in sorted({*one, *two}):
            gone, come = one.get(name), two.get(name)
            if not json_equal(gone, come):
                note = " (the same amount)" if _equal(gone, come) else ""
                yield change("resources", subject, f"{name} {word}", gone, f"{said(come)}{note}" if note else come)
    for name in sorted({*before, *after} - {"limits", "requests"}):
        yield from other(subject, f"{key}.{name}", before.get(name), after.get(name), "resources")


def _equal(one: Any, two: Any) -> bool:
    if not isinstance(one, (str, int, float)) or not isinstance(two, (str, int, float)):
        return False
    try:
        return parse_quantity(one) == parse_quantity(two)
    except (ValueError, ArithmeticError):
        return False
