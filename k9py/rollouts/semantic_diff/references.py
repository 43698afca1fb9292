"""Whole config maps and secrets a container or pod refers to: environments taken from them, and pull secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from k9py.rollouts.semantic_diff.change import SemanticChange, mapping, said, unmatched


def env_from(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield config maps and secrets whose keys become variables."""
    yield from unmatched("references", subject, "environment from", old, new, _env_from_words)


def pull_secrets(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield the secrets images are pulled with."""
    yield from unmatched(
        "references", subject, "pull secret", old, new, lambda one: f"secret {said(one.get('name')) or '?'}"
    )


def _env_from_words(one: Mapping[str, Any]) -> str:
    for kind, words in (("configMapRef", "config map"), ("secretRef", "secret")):
        if kind in one:
            ref = mapping(one[kind])
            prefix = f" as {said(one['prefix'])}*" if one.get("prefix") else ""
            return (
                f"{words} {said(ref.get('name')) or '?'}{prefix}{' (optional)' if ref.get('optional') is True else ''}"
            )
    return said(one) or "?"
