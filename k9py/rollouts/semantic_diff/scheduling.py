"""Where pods may run: node selector, tolerations, affinity, spread, priority, scheduler."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from k9py.rollouts.semantic_diff.change import Compare, SemanticChange, change, other, said, unmatched
from k9py.rollouts.template_diff import json_equal

_WHAT: Final = {
    "priorityClassName": "priority class",
    "priority": "priority",
    "preemptionPolicy": "preemption",
    "schedulerName": "scheduler",
    "nodeName": "node",
}


def _plain(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    yield change("scheduling", subject, _WHAT[key], old, new)


def _node_selector(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    before, after = old if old is not None else {}, new if new is not None else {}
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return
    for name in sorted({*before, *after}):
        if not json_equal(before.get(name), after.get(name)):
            yield change("scheduling", subject, f"node selector {name}", before.get(name), after.get(name))


def _tolerations(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    yield from unmatched("scheduling", subject, "toleration", old, new, _toleration_words)


def _toleration_words(one: Mapping[str, Any]) -> str:
    words = said(one["key"]) or "?" if one.get("key") else "every taint"
    if one.get("value"):
        words += f"={said(one['value'])}"
    if one.get("effect"):
        words += f":{said(one['effect'])}"
    seconds = one.get("tolerationSeconds")
    return words if seconds is None else f"{words} for {said(seconds)}s"


def _spread(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    yield from unmatched("scheduling", subject, "topology spread", old, new, _spread_words)


def _spread_words(one: Mapping[str, Any]) -> str:
    skew, over = said(one.get("maxSkew")) or "?", said(one.get("topologyKey")) or "?"
    return f"at most {skew} apart over {over}, else {said(one.get('whenUnsatisfiable')) or '?'}"


def _affinity(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    yield from other(subject, key, old, new, "scheduling")


SCHEDULING: Final[dict[str, Compare]] = {
    "nodeSelector": _node_selector,
    "tolerations": _tolerations,
    "affinity": _affinity,
    "topologySpreadConstraints": _spread,
    "schedulingGates": _affinity,
    **dict.fromkeys(_WHAT, _plain),
}
"""The keys of a pod spec that decide where it runs."""
