"""What each writing command plans for a workload, once it has been read. To add a command: a planner like these.

Invariant: planners only read; they raise KdashError, RefusedError where there is nothing to do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from k9py.api.errors import RefusedError
from k9py.api.meta import ObjectKey
from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.cli.history import find_revision, load_revision_outcomes, require_revisions
from k9py.cli.session import CommandSession, explain_not_found
from k9py.cluster.workload_snapshot import WorkloadSnapshot, read_workload, worst_other_rollout
from k9py.operations.forced_rollback import stuck_pods
from k9py.operations.pause import plan_pause, plan_resume
from k9py.operations.plan import PreflightWarning, WarningLevel, WritePlan
from k9py.operations.restart import plan_restart
from k9py.operations.scale import plan_scale
from k9py.operations.set_image import plan_set_image
from k9py.operations.undo import no_revision_error, plan_undo, revision_template
from k9py.operations.warnings import loudest_first
from k9py.rollouts.revision_outcome import RevisionOutcomes
from k9py.rollouts.revisions import Revision, current_revision
from k9py.rollouts.semantic_diff import semantic_diff
from k9py.rollouts.undo_target import UndoTarget, is_starting, revision_label, undo_target
from k9py.runtime.clock import Clock
from k9py.views.current_state import CurrentState, current_status_state, did_you_mean


@dataclass(frozen=True, slots=True)
class Plan:
    """A change to one workload, and what has to be known of it.

    Args:
        change: what to write; None: the workload is as wished, and only stuck pods are left to delete.
        obj: the whole object it was planned from.
        stuck: pods a StatefulSet will not replace by itself, in the order to delete them.
        remarks: what could not be read, one clause each.
        state: how the workload stands now, None when that is not known.
    """

    change: WritePlan | None
    obj: Mapping[str, Any]
    stuck: tuple[Pod, ...] = ()
    remarks: tuple[str, ...] = ()
    state: CurrentState | None = None


Planner = Callable[[CommandSession, ObjectKey, Clock], Awaitable[Plan]]


def restarting() -> Planner:
    """Plan to replace every pod."""
    return _planner(lambda obj, clock: plan_restart(obj, clock.now()))


def scaling(replicas: int) -> Planner:
    """Plan to have that many pods."""
    return _planner(lambda obj, _: plan_scale(obj, replicas))


def setting_images(images: Mapping[str, str]) -> Planner:
    """Plan to give containers other images, by container name."""
    return _planner(lambda obj, _: plan_set_image(obj, images))


def pausing() -> Planner:
    """Plan to hold the rollout."""
    return _planner(lambda obj, _: plan_pause(obj))


def resuming() -> Planner:
    """Plan to let it go on."""
    return _planner(lambda obj, _: plan_resume(obj))


def undoing(number: int, *, delete_stuck: bool) -> Planner:
    """Plan to go back to a revision; 0: the one before that is best to go back to, where something is wrong."""

    async def plan(session: CommandSession, key: ObjectKey, clock: Clock) -> Plan:
        with explain_not_found(key):
            reading = await read_workload(session.connection, key, events=True)
        now, state = clock.now(), current_status_state(reading.status(clock.now()), clock.now())
        if delete_stuck and not number:
            _refuse_to_guess(reading)
        found = require_revisions(reading)
        pasts = await load_revision_outcomes(session, reading)
        chosen = await _chosen(session, reading, number, pasts, now)
        label = revision_label(found, chosen)
        pods = reading.pods or ()
        stuck = stuck_pods(reading.raw, chosen.name, pods)
        try:
            change = plan_undo(
                reading.raw,
                reading.revision_objects[chosen.name],
                pods=pods,
                present_number=_present_number(reading),
                label=label if chosen.number else "",
            )
        except RefusedError:
            # The pods that hold up an undo made earlier can still be deleted.
            if not (delete_stuck and stuck and chosen.is_current):
                raise
            return Plan(None, reading.raw, stuck, reading.missing, state)
        change = replace(change, cause=reading.status(now).cause_message)
        if said := pasts[chosen.uid].text(now) if chosen.uid in pasts else "":
            warning = PreflightWarning(WarningLevel.CAUTION, "left-revision", f"revision {label}: {said}")
            change = replace(change, warnings=loudest_first(change.warnings, (warning,)))
        return Plan(change, reading.raw, stuck, reading.missing, state)

    return plan


def _planner(plan: Callable[[Mapping[str, Any], Clock], WritePlan]) -> Planner:
    async def read_and_plan(session: CommandSession, key: ObjectKey, clock: Clock) -> Plan:
        with explain_not_found(key):
            reading = await read_workload(session.connection, key, events=True)
        return Plan(
            plan(reading.raw, clock), reading.raw, state=current_status_state(reading.status(clock.now()), clock.now())
        )

    return read_and_plan


def _refuse_to_guess(reading: WorkloadSnapshot) -> None:
    """Raise RefusedError when pods of another revision hold up the one in force: perhaps an undo was made already.

    The revision before would then be the broken one.
    """
    current = current_revision(require_revisions(reading))
    stuck = stuck_pods(reading.raw, current.name, reading.pods or ()) if current is not None else ()
    if current is not None and stuck:
        names = ", ".join(printable(one.name) for one in stuck)
        raise RefusedError(
            f"{names} of another revision holds up revision {current.number}: which one is meant is not plain",
            f"--to-revision {current.number} deletes what holds it up; another number goes back to that one",
        )


async def _refuse_if_well(
    session: CommandSession,
    reading: WorkloadSnapshot,
    target: UndoTarget | None,
    pasts: RevisionOutcomes,
    now: datetime,
) -> None:
    """Raise RefusedError when nothing is wrong with the workload: which revision is meant has to be said then."""
    status, name = reading.status(now), printable(str(reading.key))
    if target is None:
        return  # there is nothing to go back to
    force = f"--to-revision {target.revision.number} goes back all the same"
    if is_starting(status, require_revisions(reading), pasts):
        served = f"its revision served before and is getting its pods: {status.summary}"
        raise RefusedError(f"{name}: no release is to blame, {served}", force)
    if current_status_state(status, now).is_healthy:
        failing = await worst_other_rollout(session.connection, reading.key, now)
        meant = "" if failing is None else f"; {did_you_mean(failing)}"
        raise RefusedError(f"nothing is wrong with {name}{meant}", force)


def _present_number(reading: WorkloadSnapshot) -> int | None:
    """Return the number of the revision that is rolled out to; None when it is not known, or has none yet."""
    current = current_revision(reading.revisions or ())
    return None if current is None or _is_pending(reading, current) else current.number or None


def _is_pending(reading: WorkloadSnapshot, current: Revision) -> bool:
    """Tell whether what is wanted now has no revision yet: the controller has not seen the last change so far."""
    template = revision_template(reading.revision_objects[current.name])
    return bool(semantic_diff(template, reading.template))


async def _chosen(
    session: CommandSession, reading: WorkloadSnapshot, number: int, pasts: RevisionOutcomes, now: datetime
) -> Revision:
    found = require_revisions(reading)
    if number:
        return find_revision(reading, number)
    current = current_revision(found)
    if current is not None and _is_pending(reading, current):
        return current
    target = undo_target(found, pasts)
    await _refuse_if_well(session, reading, target, pasts, now)
    if target is None:
        left = [f"{one.number}: {said}" for one in found if one.number and (said := pasts[one.uid].text(now))]
        if left:
            raise RefusedError(
                f"no earlier revision of {printable(str(reading.key))} is known to be better ({'; '.join(left)})",
                f"--to-revision {left[0].partition(':')[0]} goes there all the same; kdash history shows them all",
            )
        raise no_revision_error(reading.raw, read=current is not None or bool(found))
    return target.revision
