"""Where a workload's rollout stands, in one value and in words.

Follows `kubectl rollout status` (kubectl/pkg/polymorphichelpers/rollout_status.go), so COMPLETE is said when kubectl
would say it (and no pods beyond the wanted number are left), and adds what kubectl leaves out: the cause, named, as
soon as it is plain.
Invariant: what is not known is never COMPLETE.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

import msgspec

from k9py.api.causes import CauseKind
from k9py.api.events import Event
from k9py.api.meta import ObjectKey
from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.api.workloads import DaemonSet, StatefulSet, Workload
from k9py.rollouts.causes import RolloutBlocker, rollout_cause
from k9py.rollouts.cohorts import Cohort, cohorts
from k9py.rollouts.progress import RolloutProgress, rollout_progress
from k9py.rollouts.revisions import Revision, current_revision
from k9py.rollouts.template_change import template_change


class RolloutState(Enum):
    """Where a rollout stands; the value is a stable name for scripts."""

    COMPLETE = "complete"
    PROGRESSING = "progressing"
    STALLED = "stalled"  # will not get further by itself, as far as can be told
    PAUSED = "paused"  # held until a person acts: paused, or OnDelete
    SCALED_TO_ZERO = "scaled-to-zero"  # nothing is wanted and nothing runs
    UNKNOWN = "unknown"  # the controller has not seen this version yet


class RolloutStatus(msgspec.Struct, frozen=True, gc=False):
    """Where a rollout stands.

    Args:
        state: for colour, sorting, exit codes.
        words: for a person: `progressing 3/5`, `complete`, `stalled: image x cannot be pulled`, `paused at 1/3` ...
        reason: the cause alone, "" when there is none; it can be set while progressing too (a slow probe).
        cause: the cause's family, None when there is none.
        note: what else a person should know, "" when nothing: `4 old pods still serve`.
        desired: pods wanted, None when unknown.
        ready, updated, available: pods as the controller counts them (old and new; `updated`: new ones).
        revision: the current revision's number, None when unknown.
        images: of the pod template, main containers.
        changed_at: when the pod template last changed, None when unknown.
        changed_by: the field manager that changed it, "" when unknown.
        paused: the Deployment is paused.
        is_blocked: it has a cause that will not pass by itself.
    """

    key: ObjectKey
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
        """Pods that serve of those wanted: what surges, or is left over, counts for nothing. None when unknown."""
        if self.desired is None or self.state is RolloutState.UNKNOWN:
            return None
        return min(self.ready, self.desired)


def rollout_status(
    workload: Workload,
    revisions: Sequence[Revision],
    pods: Sequence[Pod],
    now: datetime,
    *,
    events: Sequence[Event] = (),
) -> RolloutStatus:
    """Return where the rollout stands.

    Args:
        revisions: of this workload (`rollouts.revisions`), may be empty when not read.
        pods: of this workload, may be empty when not read: then only the counts and conditions speak.
        events: about the workload, its ReplicaSets and pods, for causes no status field tells (FailedMount, probes).
    """
    counts = rollout_progress(workload)
    current = current_revision(revisions)
    # A rollout that is through has nothing to say of its pods: nine in ten are, and some have thousands of pods.
    groups = () if counts.is_complete and not counts.paused else cohorts(revisions, pods)
    cause = (
        None if counts.is_complete or not counts.is_observed else rollout_cause(workload, counts, groups, events, now)
    )
    state = _state(counts, cause)
    change = template_change(workload, revisions, pods, events)
    reason = cause.cause.message if cause else ""
    known = counts.is_observed or not isinstance(workload, DaemonSet)
    return RolloutStatus(
        key=workload.key,
        uid=workload.uid,
        state=state,
        summary=_words(workload, state, counts, groups, current, reason),
        cause_message=reason,
        cause_kind=cause.cause.kind if cause else None,
        note=_note(workload, state, counts, groups, revisions, cause),
        desired=counts.desired if known else None,
        ready=counts.ready,
        updated=counts.updated,
        available=counts.available,
        revision=current.number if current else None,
        images=workload.spec.template.images,
        changed_at=change.at,
        changed_by=change.by,
        paused=counts.paused,
        is_blocked=state is RolloutState.STALLED or (cause is not None and cause.cause.is_blocking),
    )


def _state(counts: RolloutProgress, cause: RolloutBlocker | None) -> RolloutState:
    if not counts.is_observed:
        return RolloutState.UNKNOWN
    if counts.desired == 0 and counts.total == 0:
        return RolloutState.SCALED_TO_ZERO
    if counts.paused:
        return RolloutState.PAUSED
    if counts.is_complete:
        # kubectl is through here. A person who scaled down is when the pods beyond the number are gone, which a
        # StatefulSet ends one by one.
        return RolloutState.PROGRESSING if counts.total > counts.desired else RolloutState.COMPLETE
    if counts.timed_out or (cause is not None and cause.cause.is_blocking):
        return RolloutState.STALLED
    if counts.on_delete and counts.updated < counts.desired:
        return RolloutState.PAUSED
    return RolloutState.PROGRESSING


def _words(
    workload: Workload,
    state: RolloutState,
    counts: RolloutProgress,
    groups: Sequence[Cohort],
    current: Revision | None,
    reason: str,
) -> str:
    if workload.metadata.deletion_timestamp is not None:
        return "being deleted"
    match state:
        case RolloutState.UNKNOWN:
            return "waiting for the controller"
        case RolloutState.SCALED_TO_ZERO:
            where = "no node wants it" if isinstance(workload, DaemonSet) else "scaled to zero"
            return f"{where}, paused" if counts.paused else where
        case RolloutState.PAUSED:
            at = f" at {counts.updated}/{counts.desired}" if not counts.is_complete else ""
            words = f"waiting for deletes (OnDelete){at}" if counts.on_delete else f"paused{at}"
            return f"{words}: {reason}" if reason else words
        case RolloutState.STALLED:
            return f"stalled: {reason}"
        case RolloutState.COMPLETE:
            return f"complete, {counts.partition} kept by partition" if counts.partition else "complete"
        case RolloutState.PROGRESSING:
            return _progress_words(counts, groups, current)


def _progress_words(counts: RolloutProgress, groups: Sequence[Cohort], current: Revision | None) -> str:
    if counts.desired == 0:
        return f"scaling down, {counts.total} left"
    if counts.is_complete:
        return f"scaling down, {counts.total - counts.desired} to go"
    wanted = max(counts.desired - counts.partition, 0) or counts.desired
    reached = min(_new_ready(counts, groups, current), wanted)
    words = f"progressing {reached}/{wanted}"
    if reached < wanted:
        return words
    if counts.total > counts.updated:
        return f"{words}, {_pods(counts.total - counts.updated, 'old')} ending"
    return f"{words}, not available yet"


def _new_ready(counts: RolloutProgress, groups: Sequence[Cohort], current: Revision | None) -> int:
    """Return how many pods of the new revision are ready, by the best source there is."""
    if current is not None and current.ready is not None:
        return current.ready
    for one in groups:
        if one.is_current and one.pods:
            return one.ready
    return min(counts.updated, counts.ready)


def _note(
    workload: Workload,
    state: RolloutState,
    counts: RolloutProgress,
    groups: Sequence[Cohort],
    revisions: Sequence[Revision],
    cause: RolloutBlocker | None,
) -> str:
    if state in (RolloutState.COMPLETE, RolloutState.SCALED_TO_ZERO, RolloutState.UNKNOWN):
        return ""
    notes = []
    # On a lost node a deleted pod would only stay, ending for ever.
    mends = cause is not None and cause.is_old and cause.cause.kind is not CauseKind.NODE
    if mends and cause is not None and cause.pod is not None and isinstance(workload, StatefulSet):
        notes.append(f"delete pod {printable(cause.pod.name)} of an old revision to let it go on")
    if state is not RolloutState.PROGRESSING and counts.ready == 0 and counts.desired > 0:
        notes.append("no pod serves")
    elif any(one.is_current for one in groups) or any(one.is_current for one in revisions):
        old = sum(one.ready for one in groups if not one.is_current)
        if not any(one.pods for one in groups):
            old = sum(one.ready or 0 for one in revisions if not one.is_current)
        if old:
            notes.append(f"{_pods(old, 'old')} still {'serves' if old == 1 else 'serve'}")
    return "; ".join(notes)


def _pods(count: int, which: str) -> str:
    return f"{count} {which} pod{'' if count == 1 else 's'}"
