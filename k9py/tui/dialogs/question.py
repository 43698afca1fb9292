"""The question of a confirm dialog, as a value, and its lines: what changes, warnings, the diff of the template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from k9py.actions.keys import KeyOf
from k9py.api.text import printable
from k9py.operations.plan import PreflightWarning, WarningLevel
from k9py.rollouts.semantic_diff import SemanticChange
from k9py.rollouts.template_diff import DiffLine
from k9py.tui.dialogs.difference import folded_diff_lines, yaml_diff_lines
from k9py.tui.widgets.toned_text import TextLine, TextSpan, fold, marked_line
from k9py.views.current_state import CurrentState
from k9py.views.values import Tone

BeforeAfter = tuple[str, str, str]
"""(field, current value, new value)."""

UNKNOWN_CODES: Final = frozenset({"unknown", "not-tried"})
"""Codes of warnings that something is unknown, which is never the same as fine."""

_TONES: Final = {WarningLevel.DANGER: Tone.FAIL, WarningLevel.CAUTION: Tone.WARN, WarningLevel.NOTE: Tone.MUTED}
_IMAGE_ROW: Final = "image of "


@dataclass(frozen=True, slots=True)
class CurrentStatus:
    """The current state of the target, and advice.

    Args:
        state: of the target.
        advice: why this may not be what the user wants, "" for none.
    """

    state: CurrentState
    advice: str = ""


@dataclass(frozen=True, slots=True)
class TemplateDifference:
    """How the pod template changes: as a summary, and as a YAML diff."""

    semantic: Sequence[SemanticChange]
    diff: Sequence[DiffLine]


@dataclass(frozen=True, slots=True)
class QuestionItem:
    """One of several objects."""

    name: str
    before_after: Sequence[BeforeAfter]
    warnings: Sequence[PreflightWarning]
    status: CurrentStatus | None = None
    diff: Sequence[DiffLine] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """The question of a confirm dialog.

    Args:
        verb: on the button, such as "Scale".
        object: kind and name, or how many objects.
        place: namespace and context, as text.
        before_after: what changes besides the pod template.
        warnings: most severe first.
        template: how the pod template changes; None when it does not.
        items: the objects, when there are several.
        notes: other remarks, such as what is left out.
        is_dry_run: the server's dry-run passed.
        status: the target's current status; None for several objects, whose items have it.
        typed_confirmation: what has to be typed to confirm, "" when the button is enough.
        diff_title: what `template` is of.
    """

    verb: str
    object: str
    place: str
    before_after: Sequence[BeforeAfter] = ()
    warnings: Sequence[PreflightWarning] = ()
    template: TemplateDifference | None = None
    items: Sequence[QuestionItem] = ()
    notes: Sequence[str] = ()
    is_dry_run: bool = True
    status: CurrentStatus | None = None
    typed_confirmation: str = ""
    diff_title: str = "Pod template"

    @property
    def diff(self) -> Sequence[DiffLine]:
        """The YAML diff of the pod template, empty when there is none."""
        return () if self.template is None else self.template.diff

    @property
    def semantic(self) -> Sequence[SemanticChange]:
        """The summary of the template's changes, empty when there is none."""
        return () if self.template is None else self.template.semantic


def dry_run_text(question: Question) -> tuple[str, Tone]:
    """Return whether the dry-run passed, and its tone."""
    if question.is_dry_run:
        return "server-side dry run passed", Tone.OK
    return "no server-side dry run", Tone.UNKNOWN


def question_lines(question: Question, *, as_yaml: bool, width: int, key_of: KeyOf) -> list[TextLine]:
    """Return the lines of a question, folded to at most `width` cells."""
    parts = [
        status_lines(question.status, width),
        _changes(question.before_after, width, without_images=bool(question.semantic)),
        _warnings(question.warnings, width),
        [line for item in question.items for line in _item(item, width)],
        [line for note in question.notes for line in fold((TextSpan(printable(note), Tone.MUTED),), width)],
        list(_template(question, question.template, width, as_yaml=as_yaml, key_of=key_of))
        if question.template is not None
        else [],
    ]
    lines: list[TextLine] = []
    for part in parts:
        if part and lines:
            lines.append(())
        lines += part
    return lines


def status_lines(status: CurrentStatus | None, width: int) -> list[TextLine]:
    """Return the target's state and the advice below it, folded."""
    if status is None:
        return []
    state = status.state
    lines = marked_line(state.tone, (state.text, state.tone), width=width)
    if status.advice:
        lines += marked_line(Tone.WARN, (status.advice, Tone.PLAIN), width=width)
    return lines


def _changes(rows: Sequence[BeforeAfter], width: int, *, without_images: bool = False) -> list[TextLine]:
    shown = [row for row in rows if not (without_images and row[0].startswith(_IMAGE_ROW))]
    label_width = max((len(what) for what, _, _ in shown), default=0)
    lines: list[TextLine] = []
    for what, before, after in shown:
        arrow = (TextSpan(printable(before)), TextSpan(" → ", Tone.MUTED)) if before else ()
        line = (
            TextSpan(f"{printable(what):<{label_width}}  ", Tone.MUTED),
            *arrow,
            TextSpan(printable(after), Tone.ACCENT),
        )
        lines += fold(line, width, indent=label_width + 2)
    return lines


def warning_tone(warning: PreflightWarning) -> Tone:
    """Return the tone of a warning; an unknown fact has the unknown tone, whatever its level."""
    return Tone.UNKNOWN if warning.code in UNKNOWN_CODES else _TONES[warning.level]


def _warnings(warnings: Sequence[PreflightWarning], width: int) -> list[TextLine]:
    lines: list[TextLine] = []
    for warning in warnings:
        tone = warning_tone(warning)
        text_tone = Tone.UNKNOWN if tone is Tone.UNKNOWN else Tone.PLAIN
        lines += marked_line(tone, (warning.message, text_tone), width=width)
    return lines


def _item(item: QuestionItem, width: int) -> list[TextLine]:
    rows = ", ".join(
        f"{what} {before} → {after}" if before else f"{what} {after}" for what, before, after in item.before_after
    )
    head = (TextSpan(printable(item.name), Tone.ACCENT), TextSpan(f"  {printable(rows)}", Tone.MUTED))
    warnings = _warnings(item.warnings, width - 2)
    standing = status_lines(item.status, width - 2)
    below = (*standing, *warnings, *(yaml_diff_lines(item.diff) if item.diff else ()))
    return [*fold(head, width, indent=4), *((TextSpan("  "), *line) for line in below)]


def _template(
    question: Question, change: TemplateDifference, width: int, *, as_yaml: bool, key_of: KeyOf
) -> list[TextLine]:
    title = TextSpan(question.diff_title, Tone.ACCENT)
    if not change.semantic:
        return [(title,), *yaml_diff_lines(change.diff)]
    switch, other = key_of("diff.switch"), "summary" if as_yaml else "YAML"
    heading = (title, TextSpan(f"  {switch} {other}", Tone.MUTED))
    if as_yaml:
        return [heading, *yaml_diff_lines(change.diff)]
    return [heading, *(piece for line in folded_diff_lines(change.semantic) for piece in fold(line, width, indent=4))]
