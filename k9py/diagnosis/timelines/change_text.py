"""Semantic changes as clauses and lines of the timeline: `image app: 1.4 → 1.5`.

Invariant: the texts of a `SemanticChange` are printable and redacted, so these are too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from k9py.api.pods import image_parts
from k9py.rollouts.semantic_diff import SemanticChange

_CLAUSES: Final = 3
_VALUE_LENGTH: Final = 60
_LAST: Final = ("labels", "annotations")


def change_clause(changes: Sequence[SemanticChange]) -> str:
    """Return the most telling changes as one clause: images first, labels and annotations last; "" for none."""
    ordered = sorted(changes, key=lambda change: (change.family != "image", change.family in _LAST))
    texts = [change_text(change) for change in ordered]
    more = len(texts) - _CLAUSES
    return ", ".join(texts[:_CLAUSES]) + (f" and {more} more" if more > 0 else "")


def change_lines(changes: Sequence[SemanticChange]) -> tuple[str, ...]:
    """Return every change as a line."""
    return tuple(change_text(change, length=0) for change in changes)


def change_text(change: SemanticChange, length: int = _VALUE_LENGTH) -> str:
    """Return one change.

    Args:
        length: characters of a value at most, 0: all.
    """
    before, after = change.before, change.after
    if change.family == "restart":
        return "restarted" if after is not None else "restart annotation removed"
    subject = "" if change.subject == "pod" else f" {change.subject.rpartition(' ')[2]}"
    prefix = "env " if change.family == "env" and not change.field.startswith(("env", "order")) else ""
    name = f"{prefix}{change.field}{subject}"
    if change.family == "image" and before is not None and after is not None:
        before, after = _image_sides(before, after)
    if before is None:
        return f"{name} added" + (f": {_cut(after, length)}" if after and change.family != "container" else "")
    if after is None:
        return f"{name} removed"
    return f"{name}: {_cut(before, length)} → {_cut(after, length)}"


def _image_sides(before: str, after: str) -> tuple[str, str]:
    """Return the tags alone where the images differ in nothing else."""
    (old_registry, old), (new_registry, new) = image_parts(before), image_parts(after)
    old_name, _, old_tag = old.partition(":")
    new_name, _, new_tag = new.partition(":")
    same = (old_registry, old_name) == (new_registry, new_name) and old_tag and new_tag
    return (old_tag, new_tag) if same else (before, after)


def _cut(text: str, length: int) -> str:
    return text if not length or len(text) <= length else f"{text[: length - 1]}…"
