"""The lines of a pod template's difference, in tones: by meaning, or as YAML with what is added and removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from textual.geometry import Size

from k9py.rollouts.semantic_diff import MeaningChange, meaning_diff
from k9py.rollouts.template_diff import DiffLine, template_diff
from k9py.tui.widgets.folding import fold
from k9py.tui.widgets.text_view import TextLine, TextSpan
from k9py.views.meaning import meaning_lines
from k9py.views.values import Tone

LEAST_YAML: Final = 10
"""Lines that are left below a difference by meaning from which on the YAML uses them."""
INDENT: Final = 6
"""Cells the rest of a folded line stands to the right."""

_TONES = {"+": Tone.OK, "-": Tone.FAIL, "@": Tone.ACCENT, " ": Tone.MUTED}


def difference_lines(lines: Sequence[DiffLine]) -> list[TextLine]:
    """Return the lines to show; one that says so when there is no difference."""
    if not lines:
        return [(TextSpan("the pod template is the same: nothing would change", Tone.MUTED),)]
    return [
        (TextSpan(line.text if line.sign == "@" else f"{line.sign} {line.text}", _TONES[line.sign]),) for line in lines
    ]


def meaning_text_lines(changes: Sequence[MeaningChange], *, room: int = 0) -> list[TextLine]:
    """Return what changes by meaning as lines to show; one that says so when nothing does.

    Args:
        room: cells a line may take, longer ones are folded; 0 folds nothing.
    """
    lines = [tuple(TextSpan(text, tone) for text, tone in line) for line in meaning_lines(changes)]
    return [piece for line in lines for piece in fold(line, room, indent=INDENT)]


def difference_text(
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
        return difference_lines(template_diff(old, new, context=context, shows_secrets=shows_secrets))
    changes = meaning_diff(old, new)
    lines = meaning_text_lines(changes, room=size.width - 1)
    if not changes or size.height - len(lines) < LEAST_YAML:
        return lines
    yaml = difference_lines(template_diff(old, new, context=context, shows_secrets=shows_secrets))
    return [*lines, (), (TextSpan("as YAML", Tone.ACCENT),), *yaml]
