"""A change before it is made, in lines: what becomes what, the difference the server's dry-run returned, the warnings.

Invariant: everything shown of the pod template is what the dry-run returned; where it was not tried, that is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from k9py.api.text import printable
from k9py.cli.console import StyledLine
from k9py.cli.history import changes_json
from k9py.operations.plan import PreflightWarning, WarningLevel
from k9py.operations.prepare import DryRun
from k9py.rollouts.semantic_diff import semantic_diff
from k9py.views.current_state import CurrentState
from k9py.views.semantic_diff import semantic_diff_lines
from k9py.views.values import Tone

_TEMPLATED: Final = ("undo", "restart", "set-image")
"""Actions that change the pod template."""

_TONES: Final = {WarningLevel.DANGER: Tone.FAIL, WarningLevel.CAUTION: Tone.WARN, WarningLevel.NOTE: Tone.PLAIN}


def preview_lines(prepared: DryRun, context: str, state: CurrentState | None) -> Iterator[StyledLine]:
    """Return what a person reads before confirming."""
    change = prepared.plan
    yield ((printable(change.summary), Tone.ACCENT), (f"  (context {printable(context)})", Tone.MUTED))
    if state is not None:
        yield ((f"  now: {state.text}", state.tone),)
    is_shown = change.operation in _TEMPLATED and prepared.is_verified
    changes = semantic_diff(prepared.template_before, prepared.template_after) if is_shown else ()
    told = {one.after for one in changes}
    for what, before, after in change.before_after:
        if what == "revision" or after not in told:  # what the difference tells is not told twice
            yield ((f"  {what}: {before} → {after}", Tone.PLAIN),)
    if is_shown:
        yield (("  what changes, as the server tried it (dry-run):", Tone.MUTED),)
        for line in semantic_diff_lines(changes):
            yield (("    ", Tone.PLAIN), *line)
    elif prepared.is_verified:
        yield (("  the server has tried it (dry-run) and would accept it", Tone.MUTED),)
    for warning in change.warnings:
        tone = _TONES[warning.level]
        symbol = tone.symbol.strip() or "·"
        yield ((f"  {symbol} {printable(warning.message)}", tone),)


def preview_values(prepared: DryRun, state: CurrentState | None) -> dict[str, Any]:
    """Return the same as JSON values; `template_changes` null: not tried, or not about the pod template."""
    change = prepared.plan
    shown = change.operation in _TEMPLATED and prepared.is_verified
    return {
        "summary": printable(change.summary),
        "present_state": None if state is None else state.text,
        "changes": [{"what": what, "before": old, "after": new} for what, old, new in change.before_after],
        "template_changes": (
            changes_json(semantic_diff(prepared.template_before, prepared.template_after)) if shown else None
        ),
        "tried": prepared.is_verified,
        "warnings": [_warning(one) for one in change.warnings],
    }


def _warning(warning: PreflightWarning) -> dict[str, str]:
    return {
        "gravity": warning.level.name.lower(),
        "code": warning.code,
        "message": printable(warning.message),
    }
