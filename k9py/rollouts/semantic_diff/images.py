"""Images and how they are pulled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from k9py.rollouts.semantic_diff.change import SemanticChange, change

_WHAT = {"image": "image", "imagePullPolicy": "pull policy"}


def images(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield a changed image or pull policy."""
    yield change("image", subject, _WHAT[key], old, new)
