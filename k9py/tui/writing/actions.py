"""What is particular to each action on one workload: what is asked before it is planned, and the plan.

Each is a coroutine that takes an `Attempt` and ends in `confirm` and `write_and_follow`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from k9py.api.errors import KdashError, MissingPartError, NotFoundError, RefusedError
from k9py.api.meta import ObjectKey
from k9py.api.policy import HorizontalPodAutoscaler
from k9py.cluster.revision_outcomes import revision_outcomes_of
from k9py.operations.audit import AuditLog
from k9py.operations.former_replicas import former_replicas
from k9py.operations.pause import plan_pause, plan_resume
from k9py.operations.plan import PreflightWarning, WarningLevel, WritePlan, is_remedy
from k9py.operations.prepare import DryRun
from k9py.operations.restart import plan_restart
from k9py.operations.scale import plan_scale
from k9py.operations.set_image import plan_set_image
from k9py.operations.undo import no_revision_error, plan_undo, revision_template
from k9py.operations.warnings import loudest_first
from k9py.rollouts.authors import revision_authors, unmark_rewritten_causes
from k9py.rollouts.revision_outcome import RevisionOutcomes
from k9py.rollouts.revisions import Revision, current_revision
from k9py.rollouts.undo_target import (
    UndoTarget,
    require_number,
    revision_label,
    revision_of_number,
    suggested_undo,
    undo_target,
)
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.dialogs.scale import ScaleDialog, ScalePreview
from k9py.tui.dialogs.set_image import SetImageDialog
from k9py.tui.dialogs.undo import Templates, UndoDialog
from k9py.tui.session import Connected
from k9py.tui.writing.attempt import Attempt, Declined, Meant
from k9py.tui.writing.pods import offer_stuck_pods
from k9py.views.values import Tone

SEEN_SECONDS: Final = 3.0
"""How long an undo waits for the controllers to have seen the write before it."""


async def scale(attempt: Attempt, meant: Meant, replicas: int | None) -> None:
    """Scale to that number; None asks for it."""
    connected, key = attempt.connected, meant.key
    found = await attempt.read(meant)
    autoscaler = connected.cluster.queries.autoscaler_of(key)
    if replicas is None:
        await _ask_and_scale(attempt, key, found, autoscaler)
        return
    await _do(attempt, found, plan_scale(found, replicas, autoscaler=autoscaler), "Scale", f"scale to {replicas}")


async def zero(attempt: Attempt, meant: Meant) -> None:
    """Scale to zero; what is at zero goes back to the former number, which is offered."""
    found = await attempt.read(meant)
    autoscaler = attempt.connected.cluster.queries.autoscaler_of(meant.key)
    if replicas_of(found) == 0:
        former = await _former(attempt, meant.key, found)
        offered = (1, "how many there were before is not known") if former is None else (former, "as many as before")
        await _ask_and_scale(attempt, meant.key, found, autoscaler, offered=offered)
        return
    await _do(attempt, found, plan_scale(found, 0, autoscaler=autoscaler), "Scale", "scale to 0")


async def restart(attempt: Attempt, meant: Meant) -> None:
    """Replace every pod."""
    found = await attempt.read(meant)
    await _do(attempt, found, plan_restart(found, attempt.app.options.clock.now()), "Restart", "restart")


async def pause(attempt: Attempt, meant: Meant, paused: bool | None) -> None:
    """Pause, or resume; None: the other of the two."""
    found = await attempt.read(meant)
    if paused is None:
        paused = not (found.get("spec") or {}).get("paused")
    if paused:
        await _do(attempt, found, plan_pause(found), "Pause", "pause")
    else:
        await _do(attempt, found, plan_resume(found), "Resume", "resume")


async def set_image(attempt: Attempt, meant: Meant, images: Mapping[str, str] | None) -> None:
    """Set images by container ("": the only one); None asks for them."""
    found = await attempt.read(meant)
    present, typed = images_of(found), images
    if images is not None and "" in images:
        names = [str(one.get("name", "")) for one in _containers(found, "containers")]
        if len(names) != 1:
            raise RefusedError(
                f"{meant.key} has {len(names)} containers", f"say which: {', '.join(f'{one}=IMAGE' for one in names)}"
            )
        typed = {names[0]: images[""]}
    while True:
        chosen = typed if images is not None else await _ask_images(attempt, meant.key, found, present, typed)
        if not chosen:
            return
        tags = ", ".join(image.rpartition("/")[2] for image in chosen.values())
        answer = await _do(attempt, found, plan_set_image(found, chosen), "Set image", f"set image {tags}")
        if images is not None or answer is not Declined.BACK:
            return
        typed = chosen


async def _ask_images(
    attempt: Attempt,
    key: ObjectKey,
    found: Mapping[str, Any],
    present: Mapping[str, str],
    typed: Mapping[str, str] | None,
) -> Mapping[str, str] | None:
    """Ask for images; `typed` is what was typed before, when the person came a step back."""

    def check(chosen: Mapping[str, str]) -> str:
        try:
            plan_set_image(found, chosen)
        except KdashError as error:
            return error.message
        return ""

    dialog = SetImageDialog(
        f"{key.kind} {key.name}",
        attempt.place(key.namespace),
        present,
        check=check,
        typed=typed,
        status=await attempt.standing(key, mends=False),
    )
    containers = _containers(found, "containers")
    if containers:
        dialog.begin_with(str(containers[0].get("name", "")))
    return await attempt.ask(dialog)


async def undo(attempt: Attempt, meant: Meant, number: int | None) -> None:
    """Go back to a revision; None asks for it."""
    connected, key = attempt.connected, meant.key
    found = await attempt.read(meant)
    if (found.get("spec") or {}).get("paused"):
        await _refuse_paused(attempt, meant)
        return
    await _seen(connected, key, int(found.get("metadata", {}).get("generation") or 0))
    revisions = connected.cluster.queries.revisions_of(key)
    current = current_revision(revisions)
    pasts = revision_outcomes_of(connected.cluster, key, await _audit_lines(attempt, found))
    chosen: Revision | None = None
    while True:
        if number is None:
            chosen = await _ask_revision(attempt, key, found, revisions, pasts, chosen)
        else:
            chosen = revision_of_number(revisions, number, str(key))
        if chosen is None:
            return
        require_number(chosen)
        revision_object = await attempt.or_back(_revision_object(connected, chosen))
        if isinstance(revision_object, Declined):
            if number is not None:
                return
            continue
        pods = connected.cluster.queries.pods_of(key)
        present_number = (current.number or None) if current else None
        label = revision_label(revisions, chosen)
        change = plan_undo(found, revision_object, pods=pods, present_number=present_number, label=label)
        change = replace(change, cause=_cause(connected, key, attempt.app.options.clock.now()))
        if said := pasts[chosen.uid].text(attempt.app.options.clock.now()) if chosen.uid in pasts else "":
            warning = PreflightWarning(WarningLevel.CAUTION, "left-revision", f"revision {label}: {said}")
            change = replace(change, warnings=loudest_first(change.warnings, (warning,)))
        what = f"undo to revision {label}"
        answer = await attempt.confirm(found, change, "Undo", what, planned=revision_template(revision_object))
        if isinstance(answer, DryRun):
            on_written = partial(_undone, attempt, found, current, chosen, answer.plan)
            await attempt.write_and_follow(answer, what, on_written=on_written)
            return
        if number is not None or answer is not Declined.BACK:
            return


def _undone(
    attempt: Attempt, found: Mapping[str, Any], current: Revision | None, chosen: Revision, change: WritePlan
) -> None:
    """Remember what was left; offer to delete the pods a StatefulSet leaves stuck."""
    if current is not None:
        attempt.connected.cluster.seen_revisions.record_rolled_back(
            current, attempt.app.options.clock.now(), change.cause
        )
    if change.key.kind == "StatefulSet":
        offer_stuck_pods(attempt, found, chosen.key.name)


def _cause(connected: Connected, key: ObjectKey, now: datetime) -> str:
    """Return what is wrong with the workload now, "" when nothing is known to be."""
    view = connected.cluster.queries.rollout_view(key, now)
    if view is None:
        return ""
    failing = view.worst_finding.message if view.is_failing and view.worst_finding is not None else ""
    return view.status.cause_message or failing


# -- what they share --------------------------------------------------------------------------------------------------


async def _do(attempt: Attempt, found: Mapping[str, Any], change: WritePlan, verb: str, what: str) -> DryRun | Declined:
    answer = await attempt.confirm(found, change, verb, what)
    if isinstance(answer, DryRun):
        await attempt.write_and_follow(answer, what)
    return answer


async def _ask_and_scale(
    attempt: Attempt,
    key: ObjectKey,
    found: Mapping[str, Any],
    autoscaler: HorizontalPodAutoscaler | None,
    *,
    offered: tuple[int, str] | None = None,
) -> None:
    """Ask for the number and its confirmation in one dialog, then scale."""

    async def rehearse(replicas: int) -> ScalePreview[DryRun]:
        prepared = await attempt.rehearse(found, plan_scale(found, replicas, autoscaler=autoscaler))
        # How it stands is said above the number; only what speaks against this number is said here.
        standing = await attempt.standing(key, mends=is_remedy(prepared.plan))
        question = await attempt.question(prepared, "Scale")
        if standing.advice:
            advice = PreflightWarning(WarningLevel.CAUTION, "another-meant", standing.advice)
            question = replace(question, warnings=(advice, *question.warnings))
        return ScalePreview(question, prepared)

    dialog: ScaleDialog[DryRun] = ScaleDialog(
        f"{key.kind} {key.name}",
        attempt.place(key.namespace),
        replicas_of(found),
        dry_run=rehearse,
        clock=attempt.app.options.clock,
        status=await attempt.standing(key, mends=False),
        autoscaler=_autoscaler_words(autoscaler),
        suggested=offered,
    )
    prepared = await attempt.ask(dialog)
    if prepared is not None:
        after = next((after for what, _, after in prepared.plan.before_after if what == "replicas"), "?")
        await attempt.write_and_follow(prepared, f"scale to {after}")


async def _former(attempt: Attempt, key: ObjectKey, found: Mapping[str, Any]) -> int | None:
    lines = await _audit_lines(attempt, found)
    return former_replicas(found, lines, attempt.connected.cluster.queries.events_about(key))


async def _audit_lines(attempt: Attempt, found: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    audit = AuditLog(attempt.app.options.audit_path)
    return await asyncio.to_thread(audit.lines, str(found.get("metadata", {}).get("uid", "")))


async def _refuse_paused(attempt: Attempt, meant: Meant) -> None:
    message = f"{meant.key} is paused: an undo would wait until it is resumed"
    dialog = MessageDialog(attempt.title, message, "resume it first", tone=Tone.WARN, offer=("P", "Resume"))
    if await attempt.ask(dialog, keep_typed=False):
        attempt.hold_keys()
        await pause(attempt, meant, False)


async def _ask_revision(
    attempt: Attempt,
    key: ObjectKey,
    found: Mapping[str, Any],
    revisions: Sequence[Revision],
    pasts: RevisionOutcomes,
    chosen: Revision | None,
) -> Revision | None:
    connected = attempt.connected
    now = attempt.app.options.clock.now()
    standing = await attempt.standing(key, mends=True, now=now)
    if not any(not one.is_current for one in revisions):
        kept_in = "ReplicaSet" if key.kind == "Deployment" else "ControllerRevision"
        raise no_revision_error(found, read=connected.cluster.has_synced(kept_in))
    return await attempt.ask(
        UndoDialog(
            f"{key.kind} {key.name}",
            attempt.place(key.namespace),
            unmark_rewritten_causes(found, revisions),
            suggested=None if standing.state.is_healthy else _suggested(attempt, key, revisions, pasts),
            status=standing,
            pasts=pasts,
            chosen=chosen,
            load=lambda one: _templates(connected, found, one),
            now=now,
            authors=revision_authors(found, revisions),
        )
    )


def _suggested(
    attempt: Attempt, key: ObjectKey, revisions: Sequence[Revision], pasts: RevisionOutcomes
) -> UndoTarget | None:
    view = attempt.connected.cluster.queries.rollout_view(key, attempt.app.options.clock.now())
    return undo_target(revisions, pasts) if view is None else suggested_undo(view.status, revisions, pasts)


async def _revision_object(connected: Connected, revision: Revision) -> Mapping[str, Any]:
    try:
        return await connected.connection.get(revision.key)
    except NotFoundError as error:
        raise MissingPartError(f"revision {revision.number} is no longer kept", "choose another revision") from error


async def _templates(connected: Connected, found: Mapping[str, Any], revision: Revision) -> Templates:
    then = revision_template(await _revision_object(connected, revision))
    return found.get("spec", {}).get("template", {}), then


async def _seen(connected: Connected, key: ObjectKey, generation: int) -> None:
    """Wait until the picture shows the revisions as they are after the write before; not for ever."""
    cluster = connected.cluster
    feed = cluster.open_feed()
    try:
        async with asyncio.timeout(SEEN_SECONDS):
            while True:
                feed.drain()
                workload = cluster.queries.workload(key)
                if workload is None or (workload.status.observed_generation or 0) >= generation:
                    return
                await feed.changed()
    except TimeoutError:
        return
    finally:
        cluster.close_feed(feed)


def images_of(found: Mapping[str, Any]) -> dict[str, str]:
    """Return the images by container, init containers first."""
    return {
        str(one.get("name", "")): str(one.get("image", ""))
        for group in ("initContainers", "containers")
        for one in _containers(found, group)
    }


def _containers(found: Mapping[str, Any], group: str) -> list[Mapping[str, Any]]:
    template = (found.get("spec") or {}).get("template") or {}
    return list((template.get("spec") or {}).get(group) or ())


def replicas_of(found: Mapping[str, Any]) -> int:
    """Return the replicas asked for; the API's default is 1."""
    replicas = (found.get("spec") or {}).get("replicas")
    return 1 if replicas is None else int(replicas)


def _autoscaler_words(autoscaler: HorizontalPodAutoscaler | None) -> str:
    if autoscaler is None:
        return ""
    spec = autoscaler.spec
    least = 1 if spec.min_replicas is None else spec.min_replicas
    bounds = f"between {least} and {spec.max_replicas}"
    return f"HorizontalPodAutoscaler {autoscaler.name} sets this number, {bounds}"
