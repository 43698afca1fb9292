"""Render the semantic difference of two templates: a heading for each subject, one line for each change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from k9py.rollouts.semantic_diff import SemanticChange
from k9py.views.values import StyledLine, Tone

_MAX_FIELD_WIDTH: Final = 28
_FIELD_PREFIXES: Final = {"env": "env ", "labels": "label ", "annotations": "annotation "}


def semantic_diff_lines(changes: Sequence[SemanticChange]) -> tuple[StyledLine, ...]:
    """Return the lines, grouped by subject in the order of the changes; without changes one line to that effect."""
    if not changes:
        return ((("the pod template is the same", Tone.MUTED),),)
    groups: dict[str, list[SemanticChange]] = {}
    for change in changes:
        groups.setdefault(change.subject, []).append(change)
    lines: list[StyledLine] = []
    for subject, group in groups.items():
        lines.append(((subject, Tone.ACCENT),))
        width = min(_MAX_FIELD_WIDTH, max(len(field_text(change)) for change in group))
        lines += [
            (("  ", Tone.PLAIN), (field_text(change).ljust(width), Tone.PLAIN), ("  ", Tone.PLAIN), *_sides(change))
            for change in group
        ]
    return tuple(lines)


def field_text(change: SemanticChange) -> str:
    """Return the field's name; a variable, label or annotation with its type, which its name does not show."""
    prefix = _FIELD_PREFIXES.get(change.family, "")
    return change.field if change.field.startswith(("order", "env")) else f"{prefix}{change.field}"


def _sides(change: SemanticChange) -> StyledLine:
    if change.family == "restart" or change.field.endswith(" from"):  # "restarted at added …" does not read well
        return _sides_with_suffix(change)
    if change.before is None:
        return (("added ", Tone.MUTED), (change.after or "", Tone.OK))
    if change.after is None:
        return (("removed ", Tone.MUTED), (change.before, Tone.FAIL))
    return ((change.before, Tone.FAIL), (" → ", Tone.MUTED), (change.after, Tone.OK))


def _sides_with_suffix(change: SemanticChange) -> StyledLine:
    """Return the sides of a field whose name continues with its value: `added` and `removed` follow the value."""
    if change.before is None and change.after is not None:
        return ((change.after, Tone.OK), *((("  added", Tone.MUTED),) if change.family != "restart" else ()))
    if change.after is None:
        return ((change.before or "", Tone.FAIL), ("  removed", Tone.MUTED))
    return ((change.before or "", Tone.FAIL), (" → ", Tone.MUTED), (change.after, Tone.OK))


def changes_json(changes: Sequence[SemanticChange]) -> list[dict[str, Any]]:
    """Return changes as JSON values; a value missing on one side is null."""
    return [
        {
            "family": change.family,
            "subject": change.subject,
            "what": change.field,
            "before": change.before,
            "after": change.after,
        }
        for change in changes
    ]
