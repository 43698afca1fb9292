"""The results of a batch before anything is written: what passed its dry run, and what was refused and why.

An operation that sets `tries_all` plans and dry-runs every target, so that all reasons are known at once. Invariant:
where one is refused nothing is written, and each target has exactly one result: refused, or only dry-run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from k9py.api.errors import FieldConflictError
from k9py.operations.front_end import Proposal, Proposals, Refusal, SeveralRefusedError
from k9py.operations.operation import Operation, Remedy
from k9py.operations.result import OperationResult, error_outcome


def proposal_result(operation: Operation[Any], proposal: Proposal) -> OperationResult:
    """Return the result of a proposal that is about to be confirmed."""
    return OperationResult(
        proposal.key,
        operation.id if proposal.plan is None else proposal.plan.operation,
        target=proposal.target,
        dry_run=proposal.dry_run,
        stuck_pods=tuple(pod.name for pod in proposal.planned.stuck_pods),
    )


def passed_results(proposals: Proposals) -> list[OperationResult]:
    """Return a result for each proposal of which only the dry run was made."""
    return [replace(proposal_result(proposals.operation, item), outcome="dry-run") for item in proposals.items]


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
