"""Determine why a workload wants no pods: it never wanted any, an autoscaler removed them, or a person did.

Invariant: ALWAYS is returned only if the objects prove it; otherwise the reason is UNKNOWN. To use another sign
that it ran before, add it to `_signs_of_pods`.
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
"""The Deployment controller stores spec.replicas in this annotation of each ReplicaSet it scales (deployment/util)."""
SCALED_TO_ZERO: Final = "ScaledToZero"
"""Reason of the finding that a workload wants no pods."""
_DOWNSCALER: Final = ("downscaler/", "kube-downscaler/")
"""Annotations of kube-downscaler, which keeps the number of replicas there for the morning."""
_ON_PURPOSE: Final = re.compile(
    r"(?:scaled?-?(?:down|to-?zero)|original-replicas|hibernat|idled-at|maintenance|decommission|sleep(?:ing)?$)",
    re.A | re.I,
)
"""In the name of an annotation or label, these say that zero is wanted."""
_KNATIVE: Final = ("autoscaling.knative.dev/", "serving.knative.dev/")
_SCALED: Final = re.compile(
    r"Scaled (?:up|down) replica set \S+ (?:from (\d+) to (\d+)|to (\d+)(?: from (\d+))?)$", re.A
)
"""Both word orders: servers before 1.32 use the second (and leave out "from 0")."""


class ZeroReason(Enum):
    """Why no pods are wanted."""

    ALWAYS = "always"  # created with none and never scaled
    ON_PURPOSE = "on-purpose"  # an annotation or label says so
    AUTOSCALED = "autoscaled"  # an autoscaler that scales to zero restores them when needed
    SCALED_DOWN = "scaled-down"  # it ran before
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ScaledToZero:
    """Why a workload wants no pods.

    Args:
        previous_replicas: pods it wanted before, None if unknown.
        at: when it was scaled to zero, None if unknown.
        scaler: the autoscaler's name, or what says that it is on purpose; "" if there is none.
        by: the field manager that scaled it, printable, "" if unknown.
    """

    reason: ZeroReason
    previous_replicas: int | None = None
    at: datetime | None = None
    scaler: str = ""
    by: str = ""

    @property
    def text(self) -> str:
        """The reason on one line: `scaled to 0 by kubectl, was 3`."""
        match self.reason:
            case ZeroReason.ALWAYS:
                return "created with 0 replicas and never scaled"
            case ZeroReason.AUTOSCALED:
                return f"scaled to 0 by {self.scaler} until it is needed"
            case ZeroReason.ON_PURPOSE:
                return f"scaled to 0 on purpose: {self.scaler}"
            case ZeroReason.UNKNOWN:
                return "wants 0 pods; whether it ran before is unknown"
        who = f" by {self.by}" if self.by else ""
        return f"scaled to 0{who}" + (f", was {self.previous_replicas}" if self.previous_replicas else "")


def scaled_to_zero(
    workload: Workload,
    owned: Sequence[ReplicaSet | ControllerRevision] | None,
    events: Sequence[Event] = (),
    *,
    autoscaler: HorizontalPodAutoscaler | None = None,
    last_seen_replicas: int | None = None,
) -> ScaledToZero | None:
    """Return why a workload wants no pods; None if it wants some, or is a DaemonSet without matching nodes.

    Args:
        owned: its ReplicaSets or ControllerRevisions, None if they have not been read.
        events: of any object; those about this one count.
        autoscaler: the one that targets it.
        last_seen_replicas: pods it was last seen to want in this session, None if never any.
    """
    if isinstance(workload, DaemonSet) or workload.spec.replicas != 0:
        return None
    scaler = _scaler(workload, autoscaler)
    if scaler:
        return ScaledToZero(ZeroReason.AUTOSCALED, scaler=scaler)
    purpose = _purpose(workload)
    if purpose:
        return ScaledToZero(ZeroReason.ON_PURPOSE, scaler=purpose, by=_replicas_owner(workload))
    previous, at = _scale_down(workload, events)
    if at is None:
        writes = (entry.time for entry in workload.metadata.managed_fields or () if entry.subresource == "scale")
        at = max((time for time in writes if time is not None), default=None)
    if previous is None and last_seen_replicas:
        previous = last_seen_replicas
    if previous or autoscaler is not None or any(_signs_of_pods(workload, owned or (), events)):
        return ScaledToZero(ZeroReason.SCALED_DOWN, previous, at, by=_replicas_owner(workload))
    replica_sets = (obj for obj in owned or () if isinstance(obj, ReplicaSet))
    if workload.metadata.generation == 1 or any(_is_first(replica_set) for replica_set in replica_sets):
        return ScaledToZero(ZeroReason.ALWAYS)
    return ScaledToZero(ZeroReason.UNKNOWN)


def _replicas_owner(workload: Workload) -> str:
    """Return who last set the number: an update takes the field from all others, so there is one owner."""
    owners = {entry.manager for entry in workload.metadata.managed_fields or () if entry.owns_replicas}
    return printable(owners.pop()) if len(owners) == 1 else ""


def _is_first(replica_set: ReplicaSet) -> bool:
    """Return whether it is the Deployment's first revision: while it exists, no revision with pods was pruned."""
    return replica_set.revision == 1 or "1" in replica_set.metadata.annotation(REVISION_HISTORY).split(",")


def _scaler(workload: Workload, autoscaler: HorizontalPodAutoscaler | None) -> str:
    """Return who scales it to zero and back, "" if nobody does."""
    if autoscaler is not None:
        if autoscaler.scaled_object:
            return f"KEDA's ScaledObject {printable(autoscaler.scaled_object)}"
        if autoscaler.spec.min_replicas == 0:
            return f"autoscaler {printable(autoscaler.name)}"
    keys = (*(workload.metadata.annotations or ()), *(workload.metadata.labels or ()))
    if any(key.startswith(_KNATIVE) for key in keys):
        return "Knative"
    return "kube-downscaler" if any(key.startswith(_DOWNSCALER) for key in keys) else ""


def _purpose(workload: Workload) -> str:
    """Return the annotation or label that says that zero is wanted, "" when there is none."""
    for values, what in ((workload.metadata.annotations, "annotation"), (workload.metadata.labels, "label")):
        for key, value in sorted((values or {}).items()):
            if _ON_PURPOSE.search(key.rpartition("/")[2]) and value.lower() not in ("false", "0", "no", ""):
                return f"{what} {printable(key)}"
    return ""


def _signs_of_pods(
    workload: Deployment | StatefulSet, owned: Sequence[ReplicaSet | ControllerRevision], events: Sequence[Event]
) -> Iterator[bool]:
    """Yield whether each sign shows that it once wanted pods."""
    yield workload.status.replicas > 0
    yield any(entry.subresource == "scale" for entry in workload.metadata.managed_fields or ())
    for obj in owned:
        if isinstance(obj, ReplicaSet):
            # A ReplicaSet starts at generation 1; each scaling increments it.
            yield obj.metadata.generation > 1 or (obj.spec.replicas or 0) > 0 or obj.status.replicas > 0
            desired = obj.metadata.annotation(DESIRED_REPLICAS)
            yield desired.isascii() and desired.isdigit() and int(desired) > 0
    for event in events:
        if event.involved_object.uid == workload.uid:
            yield event.reason in ("SuccessfulCreate", "SuccessfulDelete") or max(_scaling(event), default=0) > 0


def _scale_down(workload: Deployment | StatefulSet, events: Sequence[Event]) -> tuple[int | None, datetime | None]:
    """Return the number before the last scaling to zero, and its time, from the controllers' events."""
    own = [event for event in events if event.involved_object.uid == workload.uid]
    if isinstance(workload, StatefulSet):
        ordinals = workload.spec.ordinals
        scaling = stateful_set_scale_down(own, ordinals.start if ordinals is not None else 0)
    else:
        rolling = workload.spec.strategy.rolling_update
        scaling = scale_down_to_zero(own, rolling.max_surge if rolling is not None else None)
    return scaling if scaling is not None else (None, None)


def _scaling(event: Event) -> tuple[int, ...]:
    """Return (from, to) of a scaling event, (to,) if it does not state the former, () for another event."""
    match = _SCALED.search(event.message) if event.reason == "ScalingReplicaSet" else None
    if match is None:
        return ()
    before, after = (match[1], match[2]) if match[2] is not None else (match[4], match[3])
    return (int(after),) if before is None else (int(before), int(after))
