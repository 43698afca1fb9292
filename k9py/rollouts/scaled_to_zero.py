"""Why a workload wants no pods: it never wanted any, an autoscaler took them away, or somebody did.

Invariant: ALWAYS is said only where the objects show it; what cannot be told is UNKNOWN. To use another sign that it
ran before, add it to `_signs_of_pods`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from k9py.api.events import Event
from k9py.api.policy import HorizontalPodAutoscaler
from k9py.api.text import printable
from k9py.api.workloads import (
    REVISION_HISTORY,
    ControllerRevision,
    DaemonSet,
    Deployment,
    ReplicaSet,
    StatefulSet,
    Workload,
)
from k9py.rollouts.scaling_events import scale_down_to_zero, stateful_set_scale_down

DESIRED_REPLICAS: Final = "deployment.kubernetes.io/desired-replicas"
"""The Deployment controller keeps spec.replicas here on each ReplicaSet it scales (deployment/util)."""
_KNATIVE: Final = ("autoscaling.knative.dev/", "serving.knative.dev/")
_SCALED: Final = re.compile(
    r"Scaled (?:up|down) replica set \S+ (?:from (\d+) to (\d+)|to (\d+)(?: from (\d+))?)$", re.A
)
"""Both orders: the second is that of servers before 1.32 (which leave out "from 0")."""


class ZeroReason(Enum):
    """Why no pods are wanted."""

    ALWAYS = "always"  # created with none and never scaled
    AUTOSCALED = "autoscaled"  # an autoscaler that scales to zero brings them back when needed
    SCALED_DOWN = "scaled-down"  # it ran before
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ScaledToZero:
    """Why a workload is at zero.

    Args:
        former: pods it wanted before, None when unknown.
        at: when it was scaled to zero, None when unknown.
        by: the field manager that did so, printable, "" when unknown.
        scaler: the autoscaler in words, "" when none.
    """

    reason: ZeroReason
    previous_replicas: int | None = None
    at: datetime | None = None
    scaler: str = ""
    by: str = ""

    @property
    def text(self) -> str:
        """Return it for a person: `scaled to zero by kubectl, was 3`."""
        match self.reason:
            case ZeroReason.ALWAYS:
                return "created with no replicas and never scaled"
            case ZeroReason.AUTOSCALED:
                return f"scaled to zero by {self.scaler} until it is needed"
            case ZeroReason.UNKNOWN:
                return "wants no pods; whether it ran before is not known"
        who = f" by {self.by}" if self.by else ""
        return f"scaled to zero{who}" + (f", was {self.previous_replicas}" if self.previous_replicas else "")


def scaled_to_zero(
    workload: Workload,
    owned: Sequence[ReplicaSet | ControllerRevision] | None,
    events: Sequence[Event] = (),
    *,
    autoscaler: HorizontalPodAutoscaler | None = None,
    last_seen_replicas: int | None = None,
) -> ScaledToZero | None:
    """Return why a workload wants no pods; None when it wants some, or is a DaemonSet that no node wants.

    Args:
        owned: its ReplicaSets or ControllerRevisions, None when they have not been read.
        events: of any object; those about this one count.
        autoscaler: the one that targets it.
        seen: pods it was last seen to want in this session, None when none were.
    """
    if isinstance(workload, DaemonSet) or workload.spec.replicas != 0:
        return None
    scaler = _scaler(workload, autoscaler)
    if scaler:
        return ScaledToZero(ZeroReason.AUTOSCALED, scaler=scaler)
    former, at = _scaled_away(workload, events)
    if at is None:
        scales = (one.time for one in workload.metadata.managed_fields or () if one.subresource == "scale")
        at = max((one for one in scales if one is not None), default=None)
    if former is None and last_seen_replicas:
        former = last_seen_replicas
    if former or autoscaler is not None or any(_signs_of_pods(workload, owned or (), events)):
        return ScaledToZero(ZeroReason.SCALED_DOWN, former, at, by=_who_set_replicas(workload))
    if workload.metadata.generation == 1 or any(_is_first(one) for one in owned or () if isinstance(one, ReplicaSet)):
        return ScaledToZero(ZeroReason.ALWAYS)
    return ScaledToZero(ZeroReason.UNKNOWN)


def _who_set_replicas(workload: Workload) -> str:
    """Return who set the number last: an update takes the field from all others, so it is its only owner."""
    owners = {one.manager for one in workload.metadata.managed_fields or () if one.owns_replicas}
    return printable(owners.pop()) if len(owners) == 1 else ""


def _is_first(replica_set: ReplicaSet) -> bool:
    """Tell whether it is the Deployment's first revision: with it there, none that had pods has been cleaned up."""
    return replica_set.revision == 1 or "1" in replica_set.metadata.annotation(REVISION_HISTORY).split(",")


def _scaler(workload: Workload, autoscaler: HorizontalPodAutoscaler | None) -> str:
    """Return who scales it to zero and back."""
    if autoscaler is not None:
        if autoscaler.scaled_object:
            return f"KEDA's ScaledObject {printable(autoscaler.scaled_object)}"
        if autoscaler.spec.min_replicas == 0:
            return f"autoscaler {printable(autoscaler.name)}"
    notes = (*(workload.metadata.annotations or ()), *(workload.metadata.labels or ()))
    return "Knative" if any(note.startswith(_KNATIVE) for note in notes) else ""


def _signs_of_pods(
    workload: Deployment | StatefulSet, owned: Sequence[ReplicaSet | ControllerRevision], events: Sequence[Event]
) -> Iterator[bool]:
    """Yield what shows that it wanted pods at some time."""
    yield workload.status.replicas > 0
    yield any(one.subresource == "scale" for one in workload.metadata.managed_fields or ())
    for one in owned:
        if isinstance(one, ReplicaSet):
            # A ReplicaSet begins at generation 1; each scaling counts it up.
            yield one.metadata.generation > 1 or (one.spec.replicas or 0) > 0 or one.status.replicas > 0
            noted = one.metadata.annotation(DESIRED_REPLICAS)
            yield noted.isascii() and noted.isdigit() and int(noted) > 0
    for event in events:
        if event.involved_object.uid == workload.uid:
            yield event.reason in ("SuccessfulCreate", "SuccessfulDelete") or max(_scaling(event), default=0) > 0


def _scaled_away(workload: Deployment | StatefulSet, events: Sequence[Event]) -> tuple[int | None, datetime | None]:
    """Return the count before the last scaling to zero, and when that was, as the controllers' events tell."""
    own = [one for one in events if one.involved_object.uid == workload.uid]
    if isinstance(workload, StatefulSet):
        ordinals = workload.spec.ordinals
        found = stateful_set_scale_down(own, ordinals.start if ordinals is not None else 0)
    else:
        rolling = workload.spec.strategy.rolling_update
        found = scale_down_to_zero(own, rolling.max_surge if rolling is not None else None)
    return found if found is not None else (None, None)


def _scaling(event: Event) -> tuple[int, ...]:
    """Return (from, to) of a scaling event, (to,) where it does not say from what, () of another one."""
    match = _SCALED.search(event.message) if event.reason == "ScalingReplicaSet" else None
    if match is None:
        return ()
    before, after = (match[1], match[2]) if match[2] is not None else (match[4], match[3])
    return (int(after),) if before is None else (int(before), int(after))
