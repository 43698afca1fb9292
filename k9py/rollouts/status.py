"""Summarize a workload's rollout in one value and one line.

Follows `kubectl rollout status` (kubectl/pkg/polymorphichelpers/rollout_status.go): COMPLETE is returned when kubectl
reports success and no pods beyond the wanted number are left. It adds what kubectl leaves out, the cause, which
`diagnosis.rollouts` finds. Invariant: an unknown status is never COMPLETE.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import msgspec

from k9py.api.causes import Cause, CauseKind
from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.api.workloads import DaemonSet, StatefulSet, Workload
from k9py.rollouts.cohorts import Cohort
from k9py.rollouts.progress import RolloutProgress
from k9py.rollouts.revisions import Revision, current_revision
from k9py.rollouts.template_change import TemplateWrite


class RolloutState(Enum):
    """The state of a rollout; the value is a stable name for scripts."""

    COMPLETE = "complete"
    PROGRESSING = "progressing"
    STALLED = "stalled"  # will not finish without intervention, as far as known
    PAUSED = "paused"  # waits for a person: paused, or OnDelete
    SCALED_TO_ZERO = "scaled-to-zero"  # no pods are wanted and none run
    UNKNOWN = "unknown"  # the controller has not observed this generation yet


@dataclass(frozen=True, slots=True)
class RolloutBlocker:
    """What keeps a rollout from completing.

    Args:
        pod: the pod that shows the cause, None if no pod could be created.
        is_old: the pod belongs to an old revision.
    """

    cause: Cause
    pod: Pod | None = None
    is_old: bool = False


class RolloutStatus(msgspec.Struct, frozen=True, gc=False):
    """The status of a rollout.

    Args:
        state: for colour, sorting, exit codes.
        summary: one line: `rolling out 3/5`, `healthy`, `stuck: image x cannot be pulled`, `paused at 1/3` ...
        cause_message: the cause alone, "" if there is none; may be set while progressing too (a slow probe).
        cause_kind: None if there is no cause.
        note: what else matters, "" if nothing: `still served by 4 old pods`.
        desired: pods wanted, None if unknown.
        ready, updated, available: pods as the controller counts them (old and new; `updated`: new ones).
        revision: the current revision's number, None if unknown.
        images: of the pod template's main containers.
        changed_at: when the pod template last changed, None if unknown.
        changed_by: the field manager that changed it, "" if unknown.
        paused: the Deployment is paused.
        is_blocked: it will not finish without intervention, or has a cause that does not pass by itself.
    """

    key: ObjectRef
    uid: str
    state: RolloutState
    summary: str
    cause_message: str
    cause_kind: CauseKind | None
    note: str
    desired: int | None
    ready: int
    updated: int
    available: int
    revision: int | None
    images: tuple[str, ...]
    changed_at: datetime | None
    paused: bool
    is_blocked: bool = False
    changed_by: str = ""

    @property
    def serving(self) -> int | None:
        """Ready pods of those wanted: surge and leftover pods do not count. None if unknown."""
        if self.desired is None or self.state is RolloutState.UNKNOWN:
            return None
        return min(self.ready, self.desired)


def rollout_status(
    workload: Workload,
    progress: RolloutProgress,
    revisions: Sequence[Revision],
    groups: Sequence[Cohort],
    blocker: RolloutBlocker | None,
    change: TemplateWrite,
) -> RolloutStatus:
    """Return the status of a rollout from what is known about it.

    Args:
        revisions: of this workload; empty if not read.
        groups: its pods by revision; empty if not read: then only counts and conditions are used.
        change: the last change of its pod template.
    """
    current = current_revision(revisions)
    state = _state(progress, blocker)
    cause_message = blocker.cause.message if blocker else ""
    is_desired_known = progress.is_observed or not isinstance(workload, DaemonSet)
    return RolloutStatus(
        key=workload.key,
        uid=workload.uid,
        state=state,
        summary=_summary(workload, state, progress, groups, current, cause_message),
        cause_message=cause_message,
        cause_kind=blocker.cause.kind if blocker else None,
        note=_note(workload, state, progress, groups, revisions, blocker),
        desired=progress.desired if is_desired_known else None,
        ready=progress.ready,
        updated=progress.updated,
        available=progress.available,
        revision=current.number if current else None,
        images=workload.spec.template.images,
        changed_at=change.at,
        changed_by=change.by,
        paused=progress.paused,
        is_blocked=state is RolloutState.STALLED or (blocker is not None and blocker.cause.is_blocking),
    )


def _state(progress: RolloutProgress, blocker: RolloutBlocker | None) -> RolloutState:
    if not progress.is_observed:
        return RolloutState.UNKNOWN
    if progress.desired == 0 and progress.total == 0:
        return RolloutState.SCALED_TO_ZERO
    if progress.paused:
        return RolloutState.PAUSED
    if progress.is_complete:
        # kubectl is done here. After a scale down a person still waits for the surplus pods, which a StatefulSet
        # terminates one by one.
        return RolloutState.PROGRESSING if progress.total > progress.desired else RolloutState.COMPLETE
    if progress.timed_out or (blocker is not None and blocker.cause.is_blocking):
        return RolloutState.STALLED
    if progress.on_delete and progress.updated < progress.desired:
        return RolloutState.PAUSED
    return RolloutState.PROGRESSING


def _summary(
    workload: Workload,
    state: RolloutState,
    progress: RolloutProgress,
    groups: Sequence[Cohort],
    current: Revision | None,
    cause_message: str,
) -> str:
    if workload.metadata.deletion_timestamp is not None:
        return "being deleted"
    match state:
        case RolloutState.UNKNOWN:
            return "waiting for the controller"
        case RolloutState.SCALED_TO_ZERO:
            text = "no matching nodes" if isinstance(workload, DaemonSet) else "scaled to 0"
            return f"{text}, paused" if progress.paused else text
        case RolloutState.PAUSED:
            at = f" at {progress.updated}/{progress.desired}" if not progress.is_complete else ""
            text = f"waiting for pod deletion (OnDelete){at}" if progress.on_delete else f"paused{at}"
            return f"{text}: {cause_message}" if cause_message else text
        case RolloutState.STALLED:
            return f"stuck: {cause_message}"
        case RolloutState.COMPLETE:
            return "healthy"
        case RolloutState.PROGRESSING:
            return _progress_text(progress, groups, current)


def _progress_text(progress: RolloutProgress, groups: Sequence[Cohort], current: Revision | None) -> str:
    if progress.desired == 0:
        return f"scaling down, {progress.total} left"
    if progress.is_complete:
        return f"scaling down, {progress.total - progress.desired} to go"
    wanted = max(progress.desired - progress.partition, 0) or progress.desired
    reached = min(_new_ready(progress, groups, current), wanted)
    text = f"rolling out {reached}/{wanted}"
    if reached < wanted:
        return text
    if progress.total > progress.updated:
        return f"{text}, {count_noun(progress.total - progress.updated, 'old pod')} terminating"
    return f"{text}, not available yet"


def _new_ready(progress: RolloutProgress, groups: Sequence[Cohort], current: Revision | None) -> int:
    """Return how many pods of the new revision are ready, from the most precise source available."""
    if current is not None and current.ready is not None:
        return current.ready
    for cohort in groups:
        if cohort.is_current and cohort.pods:
            return cohort.ready
    return min(progress.updated, progress.ready)


def _note(
    workload: Workload,
    state: RolloutState,
    progress: RolloutProgress,
    groups: Sequence[Cohort],
    revisions: Sequence[Revision],
    blocker: RolloutBlocker | None,
) -> str:
    if state is RolloutState.COMPLETE and progress.partition:
        return f"partition keeps {count_noun(progress.partition, 'pod')} on the old revision"
    if state in (RolloutState.COMPLETE, RolloutState.SCALED_TO_ZERO, RolloutState.UNKNOWN):
        return ""
    notes = []
    # On a lost node a deleted pod would stay in Terminating.
    if (
        isinstance(workload, StatefulSet)
        and blocker is not None
        and blocker.is_old
        and blocker.pod is not None
        and blocker.cause.kind is not CauseKind.NODE
    ):
        notes.append(f"delete the old pod {printable(blocker.pod.name)} to continue")
    if state is not RolloutState.PROGRESSING and progress.ready == 0 and progress.desired > 0:
        notes.append("no pod is serving")
    elif any(cohort.is_current for cohort in groups) or any(revision.is_current for revision in revisions):
        old = sum(cohort.ready for cohort in groups if not cohort.is_current)
        if not any(cohort.pods for cohort in groups):
            old = sum(revision.ready or 0 for revision in revisions if not revision.is_current)
        if old:
            notes.append(f"still served by {count_noun(old, 'old pod')}")
    return "; ".join(notes)
