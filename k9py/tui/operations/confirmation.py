"""What the confirm dialog shows of proposals: the change, the difference of the pod template, the warnings."""

from __future__ import annotations

from collections.abc import Sequence

from k9py.operations.batch_results import refusal_hint
from k9py.operations.front_end import Proposal, Proposals, Refusal, SeveralRefusedError
from k9py.operations.object_diff import object_diff
from k9py.operations.operation import name_of
from k9py.operations.plan import NewPods, PreflightWarning, WarningLevel
from k9py.rollouts.semantic_diff import semantic_diff
from k9py.rollouts.template_diff import DiffLine, template_diff
from k9py.tui.dialogs.question import CurrentStatus, Question, QuestionItem, TemplateDifference
from k9py.tui.dialogs.refused import RefusedDialog


def question(proposal: Proposal, place: str, status: CurrentStatus | None) -> Question:
    """Return the question that confirms one write."""
    tried = proposal.dry_run
    assert tried is not None, "the dashboard proposes nothing without a write"
    return Question(
        verb=tried.plan.label,
        object=name_of(proposal.key),
        place=place,
        before_after=tried.plan.before_after,
        warnings=tried.plan.warnings,
        template=_template_difference(proposal),
        is_dry_run=tried.is_verified,
        status=status,
        typed_confirmation=tried.plan.typed_confirmation,
        diff_title="Difference" if tried.plan.shows_object else "Pod template",
    )


def question_of_several(proposals: Proposals, statuses: Sequence[CurrentStatus | None], context: str) -> Question:
    """Return the question that confirms several writes, made one after the other."""
    items = []
    for proposal, status in zip(proposals.items, statuses, strict=True):
        plan = proposal.plan
        assert plan is not None
        key = proposal.key
        diff = _item_difference(proposal)
        name = f"{key.kind} {key.namespace}/{key.name}" if key.namespace else name_of(key)
        items.append(QuestionItem(name, plan.before_after, plan.warnings, status, diff))
    count = len(proposals.items)
    return Question(
        verb=proposals.operation.label,
        object=f"{count} selected" if count > 1 else name_of(proposals.items[0].key),
        place=f"context {context}, one at a time, in this order",
        items=items,
        notes=proposals.notes,
        typed_confirmation=next((item.plan.typed_confirmation for item in proposals.items if item.plan), ""),
        is_dry_run=all(item.dry_run is not None and item.dry_run.is_verified for item in proposals.items),
    )


def refused_dialog(error: SeveralRefusedError, context: str) -> RefusedDialog:
    """Return the dialog of what was refused, and below it what passed."""
    proposals = error.proposals
    refused = [
        QuestionItem(str(item.target.key), (("from", "", item.place),) if item.place else (), _refusal(item))
        for item in proposals.refusals
    ]
    passed = [
        QuestionItem(str(item.key), plan.before_after, plan.warnings, diff=_item_difference(item))
        for item in proposals.items
        if (plan := item.plan) is not None
    ]
    shown = Question(
        verb=proposals.operation.label,
        object=error.message,
        place=f"context {context}",
        items=[*refused, *passed],
        notes=proposals.notes,
        is_dry_run=False,
    )
    return RefusedDialog(shown, error.message, error.remedy.label if error.remedy is not None else "")


def _refusal(refusal: Refusal) -> list[PreflightWarning]:
    hint = refusal_hint(refusal, None)
    message = f"{refusal.error.message} ({hint})" if hint else refusal.error.message
    return [PreflightWarning(WarningLevel.DANGER, "refused", message)]


def _item_difference(proposal: Proposal) -> Sequence[DiffLine]:
    """Return the lines of what a write changes in the whole object, () where that is not shown."""
    tried = proposal.dry_run
    return object_diff(tried.before, tried.after) if tried is not None and tried.plan.shows_object else ()


def _template_difference(proposal: Proposal) -> TemplateDifference | None:
    """Return how the pod template changes, None when it does not or that is not known."""
    tried = proposal.dry_run
    assert tried is not None
    if tried.plan.shows_object:
        return _object_difference(proposal)
    before = tried.template_before
    after = tried.template_after if tried.is_verified else tried.plan.template
    if not before or not after:
        return None
    lines = template_diff(before, after)
    is_kept = not tried.plan.changes_template or tried.plan.new_pods is NewPods.SAME
    if not lines and is_kept:
        return None
    return TemplateDifference(semantic_diff(before, after), lines)


def _object_difference(proposal: Proposal) -> TemplateDifference | None:
    """Return how the whole object changes, None when that is not known."""
    tried = proposal.dry_run
    assert tried is not None
    lines = object_diff(tried.before, tried.after)
    return TemplateDifference((), lines) if lines else None
