"""What controllers' events tell of a workload being scaled: how many pods it wanted before, and when that was.

Invariant: pure. Events are those about the one workload. To read another controller's words, add a function.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from k9py.api.events import Event
from k9py.api.quantities import resolve_int_or_percent

_TO_ZERO: Final = re.compile(r"Scaled down replica set (\S+) (?:from (\d+) to 0|to 0 from (\d+))$", re.A)
"""Both orders: the second is that of servers before 1.32."""
_POD_TAKEN: Final = re.compile(r"[dD]elete Pod \S+-(\d+) in StatefulSet \S+ successful$", re.A)
_SCALED: Final = re.compile(r"Scaled (up|down) replica set (\S+) (?:from \d+ to (\d+)|to (\d+)(?: from \d+)?)$", re.A)
_TOGETHER: Final = timedelta(seconds=2)
"""A Deployment's ReplicaSets are scaled down in one go; times are whole seconds."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """The number of pods wanted, set anew.

    Args:
        at: when, None when unknown.
    """

    before: int
    after: int
    at: datetime | None = None


def scale_up_from_zero(events: Sequence[Event], name: str, after: int) -> Scaling | None:
    """Return the scaling of a Deployment from zero to its present number; None when its last scaling was another.

    Its ReplicaSet was scaled to zero and back, and no other one meanwhile: an update takes the pods from another.

    Args:
        name: of its current ReplicaSet.
        after: pods it wants.
    """
    told = sorted(
        (event.last_seen, match[1] == "up", match[2], int(match[3] or match[4]))
        for event in events
        if event.reason == "ScalingReplicaSet" and event.last_seen and (match := _SCALED.search(event.message))
    )
    if len(told) < 2 or not after:
        return None
    (_, _, gone, left), (at, is_up, back, reached) = told[-2:]
    is_back = is_up and (gone, left) == (name, 0) and (back, reached) == (name, after)
    return Scaling(0, after, at) if is_back else None


def scale_down_to_zero(events: Sequence[Event], max_surge: int | str | None = None) -> tuple[int, datetime] | None:
    """Return how many pods a Deployment wanted before it was last scaled to zero, and when that was.

    In the middle of a rollout it has pods of several ReplicaSets, and together the surge more than it wants.

    Args:
        max_surge: of its strategy; None: the default.
    """
    told = [
        (event.last_seen, match[1], int(match[2] or match[3]))
        for event in events
        if event.reason == "ScalingReplicaSet" and event.last_seen and (match := _TO_ZERO.search(event.message))
    ]
    if not told:
        return None
    at = max(when for when, _, _ in told)
    counts = {name: count for when, name, count in sorted(told) if at - when <= _TOGETHER}
    return _wanted(tuple(counts.values()), "25%" if max_surge is None else max_surge), at


def _wanted(counts: Sequence[int], max_surge: int | str) -> int:
    most, total = max(counts), sum(counts)
    if most == total:
        return most
    try:
        return next(
            n for n in range(most, total + 1) if n + resolve_int_or_percent(max_surge, n, round_up=True) == total
        )
    except (ValueError, StopIteration):
        return most  # a rollout just through: the rest was the last of the old pods


def stateful_set_scale_down(events: Sequence[Event], first: int = 0) -> tuple[int, datetime] | None:
    """Return how many pods a StatefulSet gave up since it last made one, and when, by the highest ordinal.

    Args:
        first: its lowest ordinal (`spec.ordinals.start`).
    """
    made = max((one.last_seen for one in events if one.reason == "SuccessfulCreate" and one.last_seen), default=None)
    taken = [
        (int(match[1]) - first + 1, one.last_seen)
        for one in events
        if one.reason == "SuccessfulDelete"
        and (match := _POD_TAKEN.search(one.message))
        and one.last_seen is not None
        and (made is None or one.last_seen >= made)
    ]
    return (max(taken)[0], min(at for _, at in taken)) if taken else None
