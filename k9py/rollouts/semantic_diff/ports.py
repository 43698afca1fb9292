"""Declared container ports, by their name, or their number where they have none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from k9py.rollouts.semantic_diff.change import ORDER, SemanticChange, change, keyed, said


def ports(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield the ports that came, went or changed."""

    def make(name: str, before: str | None, after: str | None) -> SemanticChange:
        return change("ports", subject, "order of ports" if name == ORDER else f"port {name}", before, after)

    yield from keyed(old, new, _name, _words, make)


def _name(one: Mapping[str, Any]) -> str | None:
    name = one.get("name") or one.get("containerPort")
    return None if name is None else said(name)


def _words(one: Mapping[str, Any]) -> str:
    words = f"{said(one.get('containerPort')) or '?'}/{said(one.get('protocol')) or 'TCP'}"
    if one.get("hostPort"):
        words += f", host port {said(one['hostPort'])}"
    return f"{words} on {said(one['hostIP'])}" if one.get("hostIP") else words
