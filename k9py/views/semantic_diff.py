"""The difference of two templates by meaning, as lines: a heading for each subject, one line for each change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from k9py.rollouts.semantic_diff import SemanticChange
from k9py.views.values import Tone

StyledLine = tuple[tuple[str, Tone], ...]
"""One line: pieces of text, each with its tone."""

_NAMED: Final = {"env": "env ", "labels": "label ", "annotations": "annotation "}


def semantic_diff_lines(changes: Sequence[SemanticChange]) -> tuple[StyledLine, ...]:
    """Return the lines, grouped by subject in the order of the changes; one line that says so when there are none."""
    if not changes:
        return ((("the pod template is the same", Tone.MUTED),),)
    groups: dict[str, list[SemanticChange]] = {}
    for one in changes:
        groups.setdefault(one.subject, []).append(one)
    lines: list[StyledLine] = []
    for subject, found in groups.items():
        lines.append(((subject, Tone.ACCENT),))
        width = min(28, max(len(_what(one)) for one in found))
        lines += [
            (("  ", Tone.PLAIN), (_what(one).ljust(width), Tone.PLAIN), ("  ", Tone.PLAIN), *_sides(one))
            for one in found
        ]
    return tuple(lines)


def _what(one: SemanticChange) -> str:
    """Return the field; a variable, label or annotation is called one, since its name alone does not tell."""
    word = _NAMED.get(one.family, "")
    return one.field if one.field.startswith(("order", "env")) else f"{word}{one.field}"


def _sides(one: SemanticChange) -> StyledLine:
    if one.family == "restart" or one.field.endswith(" from"):  # "restarted at added …" is no sentence
        return _trailing(one)
    if one.before is None:
        return (("added ", Tone.MUTED), (one.after or "", Tone.OK))
    if one.after is None:
        return (("removed ", Tone.MUTED), (one.before, Tone.FAIL))
    return ((one.before, Tone.FAIL), (" → ", Tone.MUTED), (one.after, Tone.OK))


def _trailing(one: SemanticChange) -> StyledLine:
    """Return the sides where the field's name leads on to its value: what was added or removed is said behind it."""
    if one.before is None and one.after is not None:
        return ((one.after, Tone.OK), *((("  added", Tone.MUTED),) if one.family != "restart" else ()))
    if one.after is None:
        return ((one.before or "", Tone.FAIL), ("  removed", Tone.MUTED))
    return ((one.before or "", Tone.FAIL), (" → ", Tone.MUTED), (one.after, Tone.OK))
