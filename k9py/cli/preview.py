"""A change before it is made, in lines: what becomes what, the difference the server's dry-run returned, the warnings.

Invariant: everything shown of the pod template is what the dry-run returned; where it was not tried, that is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from k9py.api.text import printable
from k9py.cli.console import Line
from k9py.cli.history import change_values
from k9py.operations.change import ChangeWarning, Gravity
from k9py.operations.prepare import Prepared
from k9py.rollouts.semantic_diff import meaning_diff
from k9py.views.meaning import meaning_lines
from k9py.views.present_state import PresentState
from k9py.views.values import Tone

_TEMPLATED: Final = ("undo", "restart", "set-image")
"""Actions that change the pod template."""

_TONES: Final = {Gravity.DANGER: Tone.FAIL, Gravity.CAUTION: Tone.WARN, Gravity.NOTE: Tone.PLAIN}


def preview_lines(prepared: Prepared, context: str, state: PresentState | None) -> Iterator[Line]:
    """Return what a person reads before confirming."""
    change = prepared.change
    yield ((printable(change.summary), Tone.ACCENT), (f"  (context {printable(context)})", Tone.MUTED))
    if state is not None:
        yield ((f"  now: {state.words}", state.tone),)
    is_shown = change.action in _TEMPLATED and prepared.tried
    changes = meaning_diff(prepared.template_before, prepared.template_after) if is_shown else ()
    told = {one.after for one in changes}
    for what, before, after in change.before_after:
        if what == "revision" or after not in told:  # what the difference tells is not told twice
            yield ((f"  {what}: {before} → {after}", Tone.PLAIN),)
    if is_shown:
        yield (("  what changes, as the server tried it (dry-run):", Tone.MUTED),)
        for line in meaning_lines(changes):
            yield (("    ", Tone.PLAIN), *line)
    elif prepared.tried:
        yield (("  the server has tried it (dry-run) and would accept it", Tone.MUTED),)
    for warning in change.warnings:
        tone = _TONES[warning.gravity]
        symbol = tone.symbol.strip() or "·"
        yield ((f"  {symbol} {printable(warning.message)}", tone),)


def preview_values(prepared: Prepared, state: PresentState | None) -> dict[str, Any]:
    """Return the same as JSON values; `template_changes` null: not tried, or not about the pod template."""
    change = prepared.change
    shown = change.action in _TEMPLATED and prepared.tried
    return {
        "summary": printable(change.summary),
        "present_state": None if state is None else state.words,
        "changes": [{"what": what, "before": old, "after": new} for what, old, new in change.before_after],
        "template_changes": (
            change_values(meaning_diff(prepared.template_before, prepared.template_after)) if shown else None
        ),
        "tried": prepared.tried,
        "warnings": [_warning(one) for one in change.warnings],
    }


def _warning(warning: ChangeWarning) -> dict[str, str]:
    return {
        "gravity": warning.gravity.name.lower(),
        "code": warning.code,
        "message": printable(warning.message),
    }
