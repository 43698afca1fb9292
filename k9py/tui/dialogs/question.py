"""What a person is asked to confirm, as a value, and its lines: what changes, what to know before, the difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from k9py.api.text import printable
from k9py.operations.plan import PreflightWarning, WarningLevel
from k9py.rollouts.semantic_diff import SemanticChange
from k9py.rollouts.template_diff import DiffLine
from k9py.tui.dialogs.difference import folded_diff_lines, yaml_diff_lines
from k9py.tui.widgets.toned_text import TextLine, TextSpan, fold
from k9py.views.current_state import CurrentState
from k9py.views.values import Tone

BeforeAfter = tuple[str, str, str]
"""(what, value now, value then)."""

UNKNOWN_CODES: Final = frozenset({"unknown", "not-tried"})
"""Warnings that say what is not known, which is never the same as fine."""

_TONES: Final = {WarningLevel.DANGER: Tone.FAIL, WarningLevel.CAUTION: Tone.WARN, WarningLevel.NOTE: Tone.MUTED}
_IMAGE_ROW: Final = "image of "


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """How the target stands now, and what to say first of it.

    Args:
        state: of the target.
        advice: why this may not be what is wanted, "" when nothing speaks against it.
    """

    state: CurrentState
    advice: str = ""


@dataclass(frozen=True, slots=True)
class TemplateDifference:
    """How the pod template changes: by meaning, and as YAML."""

    semantic: Sequence[SemanticChange]
    diff: Sequence[DiffLine]


@dataclass(frozen=True, slots=True)
class QuestionItem:
    """One object of several."""

    name: str
    before_after: Sequence[BeforeAfter]
    warnings: Sequence[PreflightWarning]
    status: TargetStatus | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked to confirm.

    Args:
        verb: on the button, such as "Scale".
        object: kind and name, or how many.
        place: namespace and context in words.
        before_after: what changes beside the pod template.
        warnings: what to know before, loudest first.
        template: how the pod template changes; None when it does not.
        items: the objects, when there are several.
        notes: what else to say, such as what is left out.
        is_tried: the server has tried it and would accept it.
        standing: how the target stands now; None for several, whose items say it.
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
    status: TargetStatus | None = None

    @property
    def diff(self) -> Sequence[DiffLine]:
        """The difference of the pod template as YAML, empty when there is none."""
        return () if self.template is None else self.template.diff

    @property
    def meaning(self) -> Sequence[SemanticChange]:
        """The difference of the pod template by meaning, empty when there is none."""
        return () if self.template is None else self.template.semantic


def dry_run_text(question: Question) -> tuple[str, Tone]:
    """Return whether the server has tried the change, and its tone."""
    if question.is_dry_run:
        return "the server has tried it (dry-run) and would accept it", Tone.OK
    return "the server has not tried it", Tone.UNKNOWN


def question_lines(question: Question, *, as_yaml: bool, room: int) -> list[TextLine]:
    """Return everything to be read before the answer, folded to so many cells."""
    parts = [
        status_lines(question.status, room),
        _changes(question.before_after, room, without_images=bool(question.meaning)),
        _warnings(question.warnings, room),
        [line for item in question.items for line in _item(item, room)],
        [line for note in question.notes for line in fold((TextSpan(printable(note), Tone.MUTED),), room)],
        list(_template(question.template, room, as_yaml=as_yaml)) if question.template is not None else [],
    ]
    lines: list[TextLine] = []
    for part in parts:
        if part and lines:
            lines.append(())
        lines += part
    return lines


def status_lines(standing: TargetStatus | None, room: int) -> list[TextLine]:
    """Return how the target stands in one line, and the advice below it, folded."""
    if standing is None:
        return []
    state = standing.state
    symbol = state.tone.symbol if state.tone.symbol.strip() else "·"
    lines = fold((TextSpan(f"{symbol} ", state.tone), TextSpan(printable(state.text), state.tone)), room, indent=2)
    if standing.advice:
        lines += fold(
            (TextSpan(f"{Tone.WARN.symbol} ", Tone.WARN), TextSpan(printable(standing.advice))), room, indent=2
        )
    return lines


def _changes(rows: Sequence[BeforeAfter], room: int, *, without_images: bool = False) -> list[TextLine]:
    shown = [row for row in rows if not (without_images and row[0].startswith(_IMAGE_ROW))]
    width = max((len(what) for what, _, _ in shown), default=0)
    lines: list[TextLine] = []
    for what, before, after in shown:
        line = (
            TextSpan(f"{printable(what):<{width}}  ", Tone.MUTED),
            TextSpan(printable(before)),
            TextSpan(" → ", Tone.MUTED),
            TextSpan(printable(after), Tone.ACCENT),
        )
        lines += fold(line, room, indent=width + 2)
    return lines


def warning_tone(warning: PreflightWarning) -> Tone:
    """Return the tone of a warning; what is not known looks unknown, however loud it is."""
    return Tone.UNKNOWN if warning.code in UNKNOWN_CODES else _TONES[warning.level]


def _warnings(warnings: Sequence[PreflightWarning], room: int) -> list[TextLine]:
    lines: list[TextLine] = []
    for warning in warnings:
        tone = warning_tone(warning)
        symbol = tone.symbol if tone.symbol.strip() else "·"
        said = TextSpan(printable(warning.message), Tone.UNKNOWN if tone is Tone.UNKNOWN else Tone.PLAIN)
        lines += fold((TextSpan(f"{symbol} ", tone), said), room, indent=2)
    return lines


def _item(item: QuestionItem, room: int) -> list[TextLine]:
    rows = ", ".join(f"{what} {before} → {after}" for what, before, after in item.before_after)
    head = (TextSpan(printable(item.name), Tone.ACCENT), TextSpan(f"  {printable(rows)}", Tone.MUTED))
    warnings = _warnings(item.warnings, room - 2)
    standing = status_lines(item.status, room - 2)
    return [*fold(head, room, indent=4), *((TextSpan("  "), *line) for line in (*standing, *warnings))]


def _template(change: TemplateDifference, room: int, *, as_yaml: bool) -> Iterator[TextLine]:
    if as_yaml:
        yield (TextSpan("the pod template, as YAML", Tone.ACCENT), TextSpan("  v: by meaning", Tone.MUTED))
        yield from yaml_diff_lines(change.diff)
        return
    yield (TextSpan("the pod template", Tone.ACCENT), TextSpan("  v: as YAML", Tone.MUTED))
    for line in folded_diff_lines(change.semantic):
        yield from fold(line, room, indent=4)
