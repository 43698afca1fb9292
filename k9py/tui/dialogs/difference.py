"""The lines of a pod template's difference, in tones: by meaning, or as YAML with what is added and removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from textual.geometry import Size

from k9py.rollouts.semantic_diff import SemanticChange, semantic_diff
from k9py.rollouts.template_diff import DiffLine, template_diff
from k9py.tui.widgets.toned_text import TextLine, TextSpan, fold
from k9py.views.semantic_diff import semantic_diff_lines
from k9py.views.values import Tone

LEAST_YAML: Final = 10
"""Lines that are left below a difference by meaning from which on the YAML uses them."""
INDENT: Final = 6
"""Cells the rest of a folded line stands to the right."""

_TONES = {"+": Tone.OK, "-": Tone.FAIL, "@": Tone.ACCENT, " ": Tone.MUTED}


def yaml_diff_lines(lines: Sequence[DiffLine]) -> list[TextLine]:
    """Return the lines to show; one that says so when there is no difference."""
    if not lines:
        return [(TextSpan("the pod template is the same: nothing would change", Tone.MUTED),)]
    return [
        (TextSpan(line.text if line.sign == "@" else f"{line.sign} {line.text}", _TONES[line.sign]),) for line in lines
    ]


def folded_diff_lines(changes: Sequence[SemanticChange], *, room: int = 0) -> list[TextLine]:
    """Return what changes by meaning as lines to show; one that says so when nothing does.

    Args:
        room: cells a line may take, longer ones are folded; 0 folds nothing.
    """
    lines = [tuple(TextSpan(text, tone) for text, tone in line) for line in semantic_diff_lines(changes)]
    return [piece for line in lines for piece in fold(line, room, indent=INDENT)]


def template_diff_lines(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    as_yaml: bool,
    context: int,
    size: Size,
    shows_secrets: bool = False,
) -> list[TextLine]:
    """Return what differs between two pod templates as the lines of a view.

    Args:
        as_yaml: YAML alone; else by meaning, with the YAML below it where that leaves room.
        context: lines of YAML around each change.
        size: of the view.
        shows_secrets: values that look like secrets are not hidden in the YAML.
    """
    if as_yaml:
        return yaml_diff_lines(template_diff(old, new, context=context, shows_secrets=shows_secrets))
    changes = semantic_diff(old, new)
    lines = folded_diff_lines(changes, room=size.width - 1)
    if not changes or size.height - len(lines) < LEAST_YAML:
        return lines
    yaml = yaml_diff_lines(template_diff(old, new, context=context, shows_secrets=shows_secrets))
    return [*lines, (), (TextSpan("as YAML", Tone.ACCENT),), *yaml]
