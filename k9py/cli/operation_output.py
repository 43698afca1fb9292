"""A plan as printed lines, a result as JSON values, and its exit code.

Invariants: JSON keys are snake_case and only ever added to; the printed pod template is always the result of the dry
run, and a missing dry run is reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from k9py.api.errors import DeniedError, KdashError
from k9py.api.text import printable
from k9py.cli.status import status_json
from k9py.operations.dry_run import DryRun
from k9py.operations.front_end import Proposal, Proposals
from k9py.operations.object_diff import object_diff
from k9py.operations.plan import PreflightWarning, WarningLevel
from k9py.operations.result import OperationResult
from k9py.operations.target import Target
from k9py.operations.track import TrackedEnd
from k9py.rollouts.semantic_diff import semantic_diff
from k9py.views.current_state import CurrentState, current_status_state
from k9py.views.exit_codes import ExitCode, exit_code_of_error, exit_code_of_status, exit_code_of_write
from k9py.views.semantic_diff import changes_json, semantic_diff_lines
from k9py.views.values import StyledLine, Tone

_TONES: Final = {WarningLevel.DANGER: Tone.FAIL, WarningLevel.CAUTION: Tone.WARN, WarningLevel.NOTE: Tone.PLAIN}


def plan_lines(proposal: Proposal, context: str) -> Iterator[StyledLine]:
    """Return the lines to read before confirming."""
    tried = proposal.dry_run
    if tried is None:
        return
    plan, state = tried.plan, _state(proposal.target)
    yield ((printable(plan.summary), Tone.ACCENT), (f"  (context {printable(context)})", Tone.MUTED))
    if state is not None:
        yield ((f"  now: {state.text}", state.tone),)
    is_shown = plan.changes_template and tried.is_verified and not (plan.creates or plan.shows_object)
    changes = semantic_diff(tried.template_before, tried.template_after) if is_shown else ()
    shown = {change.after for change in changes}
    for what, before, after in plan.before_after:
        if what == "revision" or after not in shown:  # the parts of the difference are not printed twice
            yield ((f"  {what}: {before} → {after}" if before else f"  {what}: {after}", Tone.PLAIN),)
    if is_shown:
        yield (("  changes (server-side dry run):", Tone.MUTED),)
        for line in semantic_diff_lines(changes):
            yield (("    ", Tone.PLAIN), *line)
    elif tried.is_verified:
        if plan.shows_object:
            yield from _diff_lines(tried)
        yield (("  server-side dry run passed", Tone.MUTED),)
    for warning in plan.warnings:
        tone = _TONES[warning.level]
        symbol = tone.symbol.strip() or "·"
        yield ((f"  {symbol} {printable(warning.message)}", tone),)


def summary_lines(proposals: Proposals) -> Iterator[StyledLine]:
    """Return one line for each of many objects, and each warning once."""
    warnings: dict[tuple[WarningLevel, str], int] = {}
    for proposal in proposals.items:
        if proposal.plan is None:
            continue
        yield ((printable(proposal.plan.summary), Tone.ACCENT),)
        for warning in proposal.plan.warnings:
            same = warning.level, warning.message
            warnings[same] = warnings.get(same, 0) + 1
    for (level, message), count in warnings.items():
        tone = _TONES[level]
        of = f" ({count} of {len(proposals.items)})" if count < len(proposals.items) else ""
        yield ((f"  {tone.symbol.strip() or '·'} {printable(message)}{of}", tone),)
    if all(proposal.dry_run is not None and proposal.dry_run.is_verified for proposal in proposals.items):
        yield (("  server-side dry run passed", Tone.MUTED),)


_SIGNS: Final = {"+": Tone.OK, "-": Tone.FAIL, "@": Tone.ACCENT}


def _diff_lines(tried: DryRun) -> Iterator[StyledLine]:
    """Return the difference of the whole object."""
    lines = object_diff(tried.before, tried.after)
    if not lines:
        yield (("  nothing changes", Tone.MUTED),)
    for line in lines:
        yield ((f"    {line.sign} {line.text}", _SIGNS.get(line.sign, Tone.MUTED)),)


def exit_code(result: OperationResult) -> ExitCode:
    """Return the exit code of one result; 0 only when everything is done and audited."""
    if result.error is not None:
        return exit_code_of_error(result.error)
    match result.outcome:
        case "declined":
            return ExitCode.REFUSED
        case "dry-run":
            return ExitCode.DONE
        case "failed" | "unknown":
            return ExitCode.UNKNOWN
    end = result.end
    is_done = end is None or (end.is_expected and (end.outcome != "converged" or end.status is None))
    code = ExitCode.DONE if end is None or is_done else end_exit_code(end)
    return exit_code_of_write(code, result.audit_problem)


def end_exit_code(end: TrackedEnd) -> ExitCode:
    """Return the exit code of where tracking ended: 0 only for a rollout that is complete."""
    is_ending = end.workload is not None and end.workload.metadata.deletion_timestamp is not None
    return ExitCode.UNKNOWN if end.is_timeout or end.is_interrupted or is_ending else exit_code_of_status(end.status)


def result_values(result: OperationResult) -> dict[str, Any]:
    """Return a result as JSON values; unknown is null."""
    end, error, written = result.end, result.error, result.written
    end = None if end is not None and end.is_interrupted else end
    differences = None if written is None else written.differences
    return {
        "action": result.operation,
        "kind": result.key.kind,
        "namespace": printable(result.key.namespace),
        "name": printable(result.key.name),
        "outcome": result.outcome,
        "exit_code": int(exit_code(result)),
        "plan": None if result.dry_run is None else _plan_values(result.dry_run, _state(result.target)),
        "as_previewed": result.is_as_previewed,
        "unchanged": _is_unchanged(result),
        "stored_otherwise": None if differences is None else [asdict(difference) for difference in differences],
        "proof": None if written is None else "looked" if written.proof_note else "answer",
        "remark": None if written is None else printable(written.proof_note) or None,
        "stuck_pods": [printable(name) for name in result.stuck_pods],
        "deleted_pods": [printable(name) for name in result.deleted_pods],
        "status": None if end is None or end.status is None else status_json(end.status),
        "words": None if end is None else end.text,
        "waited_seconds": None if end is None else round(end.seconds, 1),
        "audit_problem": printable(result.audit_problem) or None,
        "error": None if error is None else _error_values(error),
    }


def _is_unchanged(result: OperationResult) -> bool | None:
    """Return whether the object is so already, None when that is not known."""
    if result.written is not None:
        return result.written.is_unchanged
    tried = result.dry_run
    if tried is None or tried.after is None or not tried.plan.shows_object:
        return None
    return not object_diff(tried.before, tried.after)


def _plan_values(tried: DryRun, state: CurrentState | None) -> dict[str, Any]:
    """Return a plan as JSON values; `template_changes` null: no dry run, or not about the pod template."""
    plan = tried.plan
    is_shown = plan.changes_template and tried.is_verified
    return {
        "summary": printable(plan.summary),
        "present_state": None if state is None else state.text,
        "changes": [{"what": what, "before": before, "after": after} for what, before, after in plan.before_after],
        "template_changes": (
            changes_json(semantic_diff(tried.template_before, tried.template_after)) if is_shown else None
        ),
        "tried": tried.is_verified,
        "warnings": [_warning_values(warning) for warning in plan.warnings],
    }


def _warning_values(warning: PreflightWarning) -> dict[str, str]:
    return {
        "gravity": warning.level.name.lower(),
        "code": warning.code,
        "message": printable(warning.message),
    }


def _error_values(error: KdashError) -> dict[str, Any]:
    """Return a failure as JSON values: `looked` is what reading the object back found, `rule` the refusing rule."""
    return {
        "message": printable(error.message),
        "hint": printable(error.hint_after_giving_up),
        "looked": error.read_back or None,
        "rule": printable(error.rule) if isinstance(error, DeniedError) else None,
    }


def _state(target: Target | None) -> CurrentState | None:
    status = None if target is None else target.status()
    return None if target is None or status is None else current_status_state(status, target.clock.now())
