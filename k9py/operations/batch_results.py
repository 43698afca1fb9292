"""Results of objects that are confirmed together, when one of them is refused before anything is written.

Invariant: every object that was tried has a result of its own; the others are named as not tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from k9py.api.errors import FieldConflictError, KdashError
from k9py.api.meta import ObjectRef
from k9py.operations.front_end import Proposal, Proposals, Refusal, SeveralRefusedError
from k9py.operations.operation import Operation, Remedy
from k9py.operations.result import OperationResult, error_outcome


def result_of(operation: Operation[Any], proposal: Proposal) -> OperationResult:
    """Return the result of an object for which a write is proposed, before anything came of it."""
    return OperationResult(
        proposal.key,
        operation.id if proposal.plan is None else proposal.plan.operation,
        target=proposal.target,
        dry_run=proposal.dry_run,
        stuck_pods=tuple(pod.name for pod in proposal.planned.stuck_pods),
    )


def refused_batch(
    operation: Operation[Any],
    keys: Sequence[ObjectRef],
    outcomes: Mapping[ObjectRef, Proposal | KdashError],
    error: KdashError,
) -> list[OperationResult]:
    """Return the result of each object that was tried; none when the error is about no single one of them.

    Args:
        keys: of all objects.
        outcomes: what came of each that was tried.
        error: why the run ended; it may be raised from the refusal of one of them.
    """
    results: list[OperationResult] = []
    for key in keys:
        match outcomes.get(key):
            case Proposal() as proposal:
                results.append(replace(result_of(operation, proposal), outcome="dry-run"))
            case KdashError() as refusal:
                reported = error if refusal in (error, error.__cause__) else refusal
                results.append(OperationResult(key, operation.id, error_outcome(reported), error=reported))
    return results if any(result.error is error for result in results) else []


def keys_without_result(keys: Sequence[ObjectRef], results: Sequence[OperationResult]) -> tuple[ObjectRef, ...]:
    """Return the objects that have no result, in their order."""
    named = {result.key for result in results}
    return tuple(key for key in keys if key not in named)


def passed_results(proposals: Proposals) -> list[OperationResult]:
    """Return a result for each proposal of which only the dry run was made."""
    return [replace(result_of(proposals.operation, item), outcome="dry-run") for item in proposals.items]


def refused_results(error: SeveralRefusedError) -> list[OperationResult]:
    """Return a result for each target: those that passed their dry run first, the refused ones last."""
    operation = error.proposals.operation.id
    return passed_results(error.proposals) + [
        OperationResult(item.target.key, operation, error_outcome(item.error), item.target, error=item.error)
        for item in error.proposals.refusals
    ]


def refusal_text(refusal: Refusal) -> str:
    """Return the file and line, the object and the reason."""
    place = f"{refusal.place}: " if refusal.place else ""
    return f"{place}{refusal.target.key}: {refusal.error.message}"


def refusal_hint(refusal: Refusal, remedy: Remedy | None) -> str:
    """Return what to do about a refusal."""
    if remedy is not None and remedy.flag and isinstance(refusal.error, FieldConflictError):
        return f"{remedy.flag} takes these fields over"
    return refusal.error.hint_after_giving_up
