"""Labels and annotations of the template; a restart, which is an annotation on the wire, is said as what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from k9py.api.redaction import redact_pair
from k9py.api.workloads import RESTARTED_AT
from k9py.rollouts.semantic_diff.change import Family, SemanticChange, change
from k9py.rollouts.template_diff import json_equal


def label_changes(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield labels that differ."""
    yield from _texts("labels", subject, old, new)


def annotation_changes(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield annotations that differ, a restart first."""
    yield from _texts("annotations", subject, old, new)


def _texts(family: Family, subject: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    before, after = old if old is not None else {}, new if new is not None else {}
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return
    for name in sorted({*before, *after}, key=lambda one: (one != RESTARTED_AT, one)):
        one, two = before.get(name), after.get(name)
        if json_equal(one, two):
            continue
        if family == "annotations" and name == RESTARTED_AT:
            yield change("restart", subject, "restarted at", one, two)
        else:
            hidden_one, hidden_two = redact_pair({name: one}, {name: two})
            yield change(family, subject, name, hidden_one[name], hidden_two[name])
