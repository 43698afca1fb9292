"""Read from controllers' events how a workload was scaled: how many pods it wanted before, and when that changed.

Invariant: pure; every function takes the events about one workload. To read another controller's messages, add a
function.
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
"""Both word orders: servers before 1.32 use the second."""
_POD_DELETED: Final = re.compile(r"[dD]elete Pod \S+-(\d+) in StatefulSet \S+ successful$", re.A)
_SCALED: Final = re.compile(r"Scaled (up|down) replica set (\S+) (?:from \d+ to (\d+)|to (\d+)(?: from \d+)?)$", re.A)
_SIMULTANEOUS: Final = timedelta(seconds=2)
"""A Deployment's ReplicaSets are scaled down together; event times are whole seconds."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """A change of the number of wanted pods.

    Args:
        at: when, None if unknown.
    """

    before: int
    after: int
    at: datetime | None = None


def scale_up_from_zero(events: Sequence[Event], name: str, after: int) -> Scaling | None:
    """Return the scaling of a Deployment from zero to its current number; None if its last scaling was another.

    Its ReplicaSet was scaled to zero and back, and no other one in between: an update takes the pods from another.

    Args:
        name: of its current ReplicaSet.
        after: pods it wants.
    """
    scalings = sorted(
        (event.last_seen, match[1] == "up", match[2], int(match[3] or match[4]))
        for event in events
        if event.reason == "ScalingReplicaSet" and event.last_seen and (match := _SCALED.search(event.message))
    )
    if len(scalings) < 2 or not after:
        return None
    (_, _, down_name, down_to), (at, is_up, up_name, up_to) = scalings[-2:]
    is_back = is_up and (down_name, down_to) == (name, 0) and (up_name, up_to) == (name, after)
    return Scaling(0, after, at) if is_back else None


def scale_down_to_zero(events: Sequence[Event], max_surge: int | str | None = None) -> tuple[int, datetime] | None:
    """Return how many pods a Deployment wanted before it was last scaled to zero, and when that was.

    During a rollout it has pods of several ReplicaSets, together more than it wants by the surge.

    Args:
        max_surge: of its strategy; None for the default.
    """
    scalings = [
        (event.last_seen, match[1], int(match[2] or match[3]))
        for event in events
        if event.reason == "ScalingReplicaSet" and event.last_seen and (match := _TO_ZERO.search(event.message))
    ]
    if not scalings:
        return None
    at = max(time for time, _, _ in scalings)
    counts = {name: count for time, name, count in sorted(scalings) if at - time <= _SIMULTANEOUS}
    return _wanted(tuple(counts.values()), "25%" if max_surge is None else max_surge), at


def _wanted(counts: Sequence[int], max_surge: int | str) -> int:
    """Return the number of wanted pods whose total with surge is what the ReplicaSets had."""
    most, total = max(counts), sum(counts)
    if most == total:
        return most
    try:
        return next(
            number
            for number in range(most, total + 1)
            if number + resolve_int_or_percent(max_surge, number, round_up=True) == total
        )
    except (ValueError, StopIteration):
        return most  # a rollout that had just finished: the others were the last old pods


def stateful_set_scale_down(events: Sequence[Event], first: int = 0) -> tuple[int, datetime] | None:
    """Return how many pods a StatefulSet had before it deleted them, and when, from the highest deleted ordinal.

    Args:
        first: its lowest ordinal (`spec.ordinals.start`).
    """
    created = max(
        (event.last_seen for event in events if event.reason == "SuccessfulCreate" and event.last_seen), default=None
    )
    deleted = [
        (int(match[1]) - first + 1, event.last_seen)
        for event in events
        if event.reason == "SuccessfulDelete"
        and (match := _POD_DELETED.search(event.message))
        and event.last_seen is not None
        and (created is None or event.last_seen >= created)
    ]
    return (max(deleted)[0], min(at for _, at in deleted)) if deleted else None
