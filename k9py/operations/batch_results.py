"""Results of objects that are confirmed together, when one of them is refused before anything is written.

Invariant: every object that was tried has a result of its own; the others are named as not tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.operations.front_end import Proposal
from k9py.operations.operation import Operation
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
