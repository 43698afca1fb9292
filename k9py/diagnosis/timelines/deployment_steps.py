"""Read what the steps of the Deployment controller (events ScalingReplicaSet) belong to: rollout, rollback, scaling.

A rollout begins with the creation of its ReplicaSet; a rollback with an old one that is scaled up from zero while
another one goes. A step after the end of both is a scaling. Invariant: reporters drop and join events ("combined from
similar events"), so steps may be missing: a step that may belong to a rollout is never called a scaling.
Source of the messages: pkg/controller/deployment/sync.go, scaleReplicaSetAndRecordEvent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from k9py.api.events import Event

SCALING_REASON: Final = "ScalingReplicaSet"
_STEP: Final = re.compile(r"Scaled (up|down) replica set (\S+) (?:from (\d+) to (\d+)|to (\d+)(?: from (\d+))?)$", re.A)
"""Both word orders: servers before 1.32 use the second (and leave out "from 0")."""
_COMBINED: Final = "(combined from similar events)"
"""Begins the message of an event whose repetitions had other messages (client-go/tools/record/events_cache.go)."""
_LONGEST: Final = timedelta(minutes=10)
"""A rollout of which no end was seen is taken for over after this: the default progress deadline."""
_AHEAD: Final = timedelta(seconds=60)
"""A rollback scales another ReplicaSet down within this time."""
_AT_ONCE: Final = timedelta(seconds=10)
"""A ReplicaSet gets its first pods within seconds of its creation."""
_ONE_CHANGE: Final = timedelta(seconds=5)
"""Scalings that follow each other this closely are one."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the controller."""

    at: datetime
    replica_set: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Rollback:
    """An old ReplicaSet is used again.

    Args:
        former: the ReplicaSet that was used until then, "" when unknown.
    """

    at: datetime
    replica_set: str
    former: str


@dataclass(frozen=True, slots=True)
class Scaling:
    """The number of wanted pods was changed."""

    at: datetime
    replica_set: str
    before: int
    after: int


@dataclass(slots=True)
class _Rollout:
    """A rollout to a ReplicaSet, and what the others had last."""

    target: str
    at: datetime
    others: dict[str, int] = field(default_factory=dict)

    def is_over(self, at: datetime) -> bool:
        """Return whether it has ended: every other ReplicaSet that took part is at zero."""
        return at - self.at > _LONGEST or (bool(self.others) and not any(self.others.values()))


def steps(events: Sequence[Event]) -> list[Step]:
    """Return the steps that events report, oldest first; of a repeated one the first and the last time."""
    found: list[tuple[datetime, str, Step]] = []
    for event in events:
        match = _STEP.search(event.message) if event.reason == SCALING_REASON else None
        if match is None:
            continue
        before, after = int(match[3] or match[6] or "0"), int(match[4] or match[5])
        is_combined = event.message.startswith(_COMBINED)
        times = {event.last_seen, event.last_seen if is_combined else event.first_seen}
        # Names of events end with their time in nanoseconds: they order those of one second.
        found += [(at, event.name, Step(at, match[2], before, after)) for at in times if at is not None]
    return [step for _, _, step in sorted(found, key=lambda each: each[:2])]


def story(all_steps: Sequence[Step], created: Mapping[str, datetime], current: str) -> Iterator[Rollback | Scaling]:
    """Yield the rollbacks and scalings that steps show, oldest first.

    Args:
        all_steps: oldest first.
        created: when each ReplicaSet that exists was created.
        current: name of the one that is in use, "" when unknown.
    """
    rollout: _Rollout | None = None
    begun = sorted((at, name) for name, at in created.items())
    scaling: Scaling | None = None
    for place, step in enumerate(all_steps):
        while begun and begun[0][0] <= step.at:
            at, name = begun.pop(0)
            has_others = any(other != name and other_at < at for other, other_at in created.items())
            rollout = _Rollout(name, at) if has_others else None
        if rollout is not None and not rollout.is_over(step.at):
            if step.replica_set == rollout.target:
                continue
            if not (step.before == 0 and _takes_over(step, all_steps[place + 1 :])):
                rollout.others[step.replica_set] = step.after
                continue
        if _is_first(step, created):
            continue
        if step.before == 0 and (former := _takes_over(step, all_steps[place + 1 :])):
            rollout = _Rollout(step.replica_set, step.at)
            yield Rollback(step.at, step.replica_set, former)
            continue
        if step.replica_set != (rollout.target if rollout is not None else current):
            continue
        if scaling is not None and step.at - scaling.at <= _ONE_CHANGE and scaling.after == step.before:
            scaling = Scaling(step.at, step.replica_set, scaling.before, step.after)
            continue
        if scaling is not None:
            yield scaling
        scaling = Scaling(step.at, step.replica_set, step.before, step.after)
    if scaling is not None:
        yield scaling


def _is_first(step: Step, created: Mapping[str, datetime]) -> bool:
    """Return whether a ReplicaSet gets its first pods."""
    at = created.get(step.replica_set)
    return step.before == 0 and at is not None and abs(step.at - at) <= _AT_ONCE


def _takes_over(step: Step, following: Sequence[Step]) -> str:
    """Return the ReplicaSet that is scaled down in favour of this one, "" when none is."""
    return next(
        (
            other.replica_set
            for other in following
            if other.at - step.at <= _AHEAD and other.replica_set != step.replica_set and other.after < other.before
        ),
        "",
    )
