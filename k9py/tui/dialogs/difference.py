"""The diff of a pod template as toned lines: a summary of what changes, or a YAML diff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from textual.geometry import Size

from k9py.rollouts.semantic_diff import SemanticChange, semantic_diff
from k9py.rollouts.template_diff import DiffLine, template_diff
from k9py.tui.tones import DIFF_TONES
from k9py.tui.widgets.toned_text import TextLine, TextSpan, fold
from k9py.views.semantic_diff import semantic_diff_lines
from k9py.views.values import Tone

LEAST_YAML: Final = 10
"""The YAML diff is shown below the summary where at least this many lines are free."""
INDENT: Final = 6
"""Cells that folded lines are indented by."""


def yaml_diff_lines(lines: Sequence[DiffLine]) -> list[TextLine]:
    """Return the lines of a YAML diff; one that says so when there is no difference."""
    if not lines:
        return [(TextSpan("pod template unchanged", Tone.MUTED),)]
    return [
        (TextSpan(line.text if line.sign == "@" else f"{line.sign} {line.text}", DIFF_TONES[line.sign]),)
        for line in lines
    ]


def folded_diff_lines(changes: Sequence[SemanticChange], *, width: int = 0) -> list[TextLine]:
    """Return the lines of a summary; one that says so when nothing changes.

    Args:
        width: cells that lines are folded to; 0 folds nothing.
    """
    lines = [tuple(TextSpan(text, tone) for text, tone in line) for line in semantic_diff_lines(changes)]
    return [piece for line in lines for piece in fold(line, width, indent=INDENT)]


def template_diff_lines(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    as_yaml: bool,
    context: int,
    size: Size,
    shows_secrets: bool = False,
) -> list[TextLine]:
    """Return the lines of a view that shows what differs between two pod templates.

    Args:
        as_yaml: the YAML diff alone; else the summary, with the YAML diff below it where there is room.
        context: lines of YAML around each change.
        size: of the view.
        shows_secrets: do not mask values that look like secrets in the YAML diff.
    """
    if as_yaml:
        return yaml_diff_lines(template_diff(old, new, context=context, shows_secrets=shows_secrets))
    changes = semantic_diff(old, new)
    lines = folded_diff_lines(changes, width=size.width - 1)
    if not changes or size.height - len(lines) < LEAST_YAML:
        return lines
    yaml = yaml_diff_lines(template_diff(old, new, context=context, shows_secrets=shows_secrets))
    return [*lines, (), (TextSpan("YAML", Tone.ACCENT),), *yaml]
