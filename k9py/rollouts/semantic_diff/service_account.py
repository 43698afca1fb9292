"""Who the pod acts as."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from k9py.rollouts.semantic_diff.change import SemanticChange, change

_WHAT = {"serviceAccountName": "service account", "automountServiceAccountToken": "token mounted"}


def service_account(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield another service account, or another wish for its token."""
    yield change("service-account", subject, _WHAT[key], old, new)
