"""Environment variables: a secret by its name and key, and no value of a variable that is named like a secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from k9py.api.redaction import redact_variable
from k9py.rollouts.semantic_diff.change import (
    ORDER,
    SemanticChange,
    by_name,
    change,
    keyed,
    mapping,
    said,
    whole,
)


def env(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield what differs between two lists of variables."""

    def make(name: str, before: str | None, after: str | None) -> SemanticChange:
        return change("env", subject, "order of variables" if name == ORDER else name, before, after)

    found = tuple(keyed(old, new, by_name, env_words, make))
    # Not a list of named variables: counted and not shown, since it may hold what must not be read.
    yield from found or (change("env", subject, "env", _counted(old), _counted(new)),)


def env_words(one: Mapping[str, Any]) -> str:
    """Return where a variable's value comes from, or the value itself where it may be read."""
    if one.get("valueFrom") is not None:
        return source_words(one["valueFrom"])
    value = one.get("value", "")
    return whole(redact_variable(by_name(one) or "", value) if isinstance(value, str) else value) or '""'


def source_words(source: Any) -> str:
    """Return an EnvVarSource in words: `secret db key url`."""
    for kind, found in mapping(source).items():
        ref = mapping(found)
        optional = " (optional)" if ref.get("optional") is True else ""
        match kind:
            case "secretKeyRef":
                return f"secret {_text(ref, 'name')} key {_text(ref, 'key')}{optional}"
            case "configMapKeyRef":
                return f"config map {_text(ref, 'name')} key {_text(ref, 'key')}{optional}"
            case "fieldRef":
                return f"field {_text(ref, 'fieldPath')}"
            case "resourceFieldRef":
                owner = f" of {_text(ref, 'containerName')}" if ref.get("containerName") else ""
                return f"resource {_text(ref, 'resource')}{owner}"
            case "fileKeyRef":
                return (
                    f"file {_text(ref, 'path')} key {_text(ref, 'key')} of volume {_text(ref, 'volumeName')}{optional}"
                )
    return said(source) or "?"


def _text(ref: Mapping[str, Any], key: str) -> str:
    return said(ref.get(key)) or "?"


def _counted(value: Any) -> str | None:
    if value is None:
        return None
    return f"{len(value)} entries" if isinstance(value, (list, tuple, Mapping)) else "something else than a list"
