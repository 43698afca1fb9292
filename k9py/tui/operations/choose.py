"""The dialogs that ask for the inputs of an operation, one function for each type of inputs.

To ask for inputs of a new type: a function like these and its case in `choose`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from textual.app import App

from k9py.api.errors import KdashError, RefusedError
from k9py.api.kinds import is_pod
from k9py.api.policy import HorizontalPodAutoscaler
from k9py.operations.delete import DeleteInputs
from k9py.operations.edit import EditInputs
from k9py.operations.front_end import Confirmed, InputRequest, Proposals
from k9py.operations.label import Label, LabelInputs
from k9py.operations.operation import name_of
from k9py.operations.plan import PreflightWarning, WarningLevel
from k9py.operations.revision_template import revision_template
from k9py.operations.scale import ScaleInputs, replicas_now
from k9py.operations.set_image import SetImageInputs, images_of, plan_set_image
from k9py.operations.undo import UndoInputs, no_revision_error
from k9py.rollouts.authors import revision_authors, unmark_rewritten_causes
from k9py.rollouts.revisions import Revision
from k9py.rollouts.undo_target import suggested_undo, undo_target
from k9py.tui.dialogs.delete import DeleteDialog
from k9py.tui.dialogs.labels import LabelsDialog
from k9py.tui.dialogs.question import Question
from k9py.tui.dialogs.scale import ScaleDialog, ScalePreview
from k9py.tui.dialogs.set_image import SetImageDialog
from k9py.tui.dialogs.undo import Templates, UndoDialog
from k9py.tui.operations.asker import Asker
from k9py.tui.operations.confirmation import question
from k9py.tui.operations.editing import choose_edit
from k9py.tui.operations.target_status import target_status
from k9py.tui.options import AppOptions


async def choose(asker: Asker, app: App[Any], options: AppOptions, request: InputRequest) -> Any | Confirmed | None:
    """Ask for inputs; None when the user declined."""
    match request.inputs:
        case ScaleInputs() if len(request.targets) > 1:
            return await _choose_replicas_of_several(asker, request)
        case ScaleInputs():
            return await _choose_replicas(asker, request)
        case SetImageInputs():
            return await _choose_images(asker, request)
        case UndoInputs():
            return await _choose_revision(asker, request)
        case DeleteInputs():
            return await _choose_deletion(asker, request)
        case EditInputs():
            return await choose_edit(asker, app, options, request)
        case LabelInputs():
            return await _choose_labels(asker, request)
    raise RefusedError(
        f"{request.operation.title(request.inputs)} of {name_of(request.targets[0].key)} needs a value",
        "give it with the command",
    )


async def _choose_replicas(asker: Asker, request: InputRequest) -> Confirmed | None:
    """Ask for the number and its confirmation in one dialog."""
    [target] = request.targets
    queries, clock = asker.connected.cluster.queries, asker.clock
    key = target.key

    async def preview(replicas: int) -> ScalePreview[Proposals]:
        proposals = await request.propose(ScaleInputs(replicas))
        [proposal] = proposals.items
        plan = proposal.plan
        # The state of the target is shown above the number; here are only the problems of this number.
        status = await target_status(queries, key, clock.now(), is_remedy=plan is not None and plan.is_remedy)
        shown = question(proposal, asker.place(key.namespace), None)
        if status is not None and status.advice:
            advice = PreflightWarning(WarningLevel.CAUTION, "another-meant", status.advice)
            shown = replace(shown, warnings=(advice, *shown.warnings))
        return ScalePreview(shown, proposals)

    dialog: ScaleDialog[Proposals] = ScaleDialog(
        name_of(key),
        asker.place(key.namespace),
        await replicas_now(target),
        dry_run=preview,
        clock=clock,
        status=await target_status(queries, key, clock.now(), is_remedy=False),
        autoscaler=_autoscaler_text(target.autoscaler()),
        suggested=request.inputs.suggested,
    )
    proposals = await asker.ask(dialog)
    return None if proposals is None else Confirmed(proposals)


async def _choose_replicas_of_several(asker: Asker, request: InputRequest) -> Confirmed | None:
    context = asker.context

    async def preview(replicas: int) -> ScalePreview[Proposals]:
        proposals = await request.propose(ScaleInputs(replicas))
        return ScalePreview(await asker.question(proposals), proposals)

    counts = sorted({await replicas_now(target) for target in request.targets})
    dialog: ScaleDialog[Proposals] = ScaleDialog(
        f"{len(request.targets)} selected",
        f"context {context}",
        counts[0],
        dry_run=preview,
        clock=asker.clock,
        now=", ".join(str(count) for count in counts),
    )
    proposals = await asker.ask(dialog)
    return None if proposals is None else Confirmed(proposals)


async def _choose_images(asker: Asker, request: InputRequest) -> SetImageInputs | None:
    """Ask for images; those chosen before are filled in when the user came one step back."""
    [target] = request.targets
    key, raw = target.key, target.raw

    def check(images: Mapping[str, str]) -> str:
        try:
            plan_set_image(raw, images)
        except KdashError as error:
            return error.message
        return ""

    queries, now = asker.connected.cluster.queries, asker.clock.now()
    dialog = SetImageDialog(
        name_of(key),
        asker.place(key.namespace),
        images_of(raw),
        check=check,
        typed=request.inputs.images,
        status=await target_status(queries, key, now, is_remedy=False),
    )
    main = ((((raw.get("spec") or {}).get("template") or {}).get("spec") or {}).get("containers")) or ()
    if main:
        dialog.begin_with(str(main[0].get("name", "")))
    images = await asker.ask(dialog)
    return None if images is None else SetImageInputs(images)


async def _choose_revision(asker: Asker, request: InputRequest) -> UndoInputs | None:
    """Ask for the revision to go back to."""
    [target] = request.targets
    key, raw, now = target.key, target.raw, asker.clock.now()
    cluster = asker.connected.cluster
    history = await target.history()
    if all(revision.is_current for revision in history.revisions):
        kept_in = "ReplicaSet" if key.kind == "Deployment" else "ControllerRevision"
        raise no_revision_error(raw, read=cluster.has_synced(kept_in))
    status = await target_status(cluster.queries, key, now, is_remedy=True)
    suggested = None
    if status is None or not status.state.is_healthy:
        rollout = target.status()
        suggested = (
            undo_target(history.revisions, history.outcomes)
            if rollout is None
            else suggested_undo(rollout, history.revisions, history.outcomes)
        )

    async def load(revision: Revision) -> Templates:
        present = (raw.get("spec") or {}).get("template") or {}
        return present, revision_template(await history.load(revision))

    revision = await asker.ask(
        UndoDialog(
            name_of(key),
            asker.place(key.namespace),
            unmark_rewritten_causes(raw, history.revisions),
            suggested=suggested,
            status=status,
            pasts=history.outcomes,
            chosen=request.inputs.revision,
            load=load,
            now=now,
            authors=revision_authors(raw, history.revisions),
        )
    )
    return None if revision is None else UndoInputs(revision=revision)


async def _choose_labels(asker: Asker, request: InputRequest) -> LabelInputs | None:
    """Ask for keys and values as they are typed after the command."""
    operation = request.operation
    assert isinstance(operation, Label)
    part = operation.part
    target = request.targets[0]
    present = (target.raw.get("metadata") or {}).get(part) or {}
    name = name_of(target.key) if len(request.targets) == 1 else f"{len(request.targets)} selected"
    title = f"{operation.label} {name}"
    changes = await asker.ask(LabelsDialog(title, asker.place(target.key.namespace), present, part))
    return None if changes is None else LabelInputs(changes)


async def _choose_deletion(asker: Asker, request: InputRequest) -> Confirmed | None:
    """Ask how to delete and confirm it in one dialog; the first choice is shown at once."""
    inputs: DeleteInputs = replace(request.inputs, cascade=request.inputs.cascade or "background")
    key = request.targets[0].key

    async def propose(chosen: DeleteInputs) -> tuple[Question, Proposals]:
        proposals = await request.propose(chosen)
        return await asker.question(proposals), proposals

    first = await asker.while_preparing(key, request.operation.title(inputs), propose(inputs))
    if first is None:
        return None
    question, proposals = first
    are_pods = all(is_pod(target.key) for target in request.targets)
    dialog: DeleteDialog[Proposals] = DeleteDialog(question, proposals, inputs, propose=propose, can_force=are_pods)
    if await asker.ask(dialog, keep_typed=False):
        return Confirmed(dialog.proposals)
    return None


def _autoscaler_text(autoscaler: HorizontalPodAutoscaler | None) -> str:
    if autoscaler is None:
        return ""
    spec = autoscaler.spec
    least = 1 if spec.min_replicas is None else spec.min_replicas
    return f"HorizontalPodAutoscaler {autoscaler.name} sets this number, between {least} and {spec.max_replicas}"
