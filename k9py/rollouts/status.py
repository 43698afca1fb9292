"""Where a workload's rollout stands, in one value and in words.

Follows `kubectl rollout status` (kubectl/pkg/polymorphichelpers/rollout_status.go), so COMPLETE is said exactly when
kubectl would say it, and adds what kubectl leaves out: the cause, named, as soon as it is plain.
Invariant: what is not known is never COMPLETE.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from k9py.objects.events import Event
from k9py.objects.meta import ObjectKey
from k9py.objects.pods import Pod
from k9py.objects.troubles import TroubleKind
from k9py.objects.workloads import Workload
from k9py.rollouts.revisions import Revision


class RolloutState(Enum):
    """Where a rollout stands; the value is a stable name for scripts."""

    COMPLETE = "complete"
    PROGRESSING = "progressing"
    STALLED = "stalled"  # will not get further by itself, as far as can be told
    PAUSED = "paused"  # held until a person acts: paused, or OnDelete
    SCALED_TO_ZERO = "scaled-to-zero"  # nothing is wanted and nothing runs
    UNKNOWN = "unknown"  # the controller has not seen this version yet


@dataclass(frozen=True, slots=True)
class RolloutStatus:
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
        changed_at: when the rollout last moved (start of the revision, or the controller's last progress).
        paused: the Deployment is paused.
    """

    key: ObjectKey
    uid: str
    state: RolloutState
    words: str
    reason: str
    cause: TroubleKind | None
    note: str
    desired: int | None
    ready: int
    updated: int
    available: int
    revision: int | None
    images: tuple[str, ...]
    changed_at: datetime | None
    paused: bool


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
    raise NotImplementedError
