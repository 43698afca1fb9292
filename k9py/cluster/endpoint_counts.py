"""What stands behind a Service, counted: the one place that says how many should serve and how many do.

Pure. Invariant: a Service and the workloads behind it agree: what is wanted is what they want, so a pod that surges or
is left over makes neither number larger. Pods of no workload we show (bare ones, a Job's) are wanted while they run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from k9py.api.meta import ObjectKey, find_condition
from k9py.api.pods import Pod
from k9py.api.services import EndpointSlice

_PUBLISHING: Final = timedelta(seconds=15)
"""A pod that became ready this short ago is about to be published as an endpoint."""


@dataclass(frozen=True, slots=True)
class Wants:
    """What a workload says of itself: pods it wants, and how many of them serve; None when unknown."""

    desired: int | None
    serving: int | None


@dataclass(frozen=True, slots=True)
class EndpointCounts:
    """Endpoints in numbers.

    Args:
        ready, total: endpoints that take traffic, and all that do not end.
        serving, wanted: those that serve of those that should.
        arriving: ready pods that are about to be published.
    """

    ready: int
    total: int
    serving: int
    wanted: int
    arriving: int = 0


def count_endpoints(
    slices: Iterable[EndpointSlice],
    pods: Sequence[Pod] | None,
    workloads: Mapping[ObjectKey, Wants],
    owners: Mapping[str, ObjectKey],
    now: datetime,
) -> EndpointCounts:
    """Count what is behind a service.

    Args:
        slices: of the service. A pod in two of them (IPv4 and IPv6) counts once.
        pods: those it selects; None when they are not known, or not what decides (no selector).
        workloads: those behind it.
        owners: the workload by the uid of the object that controls its pods.
    """
    ready: dict[str | tuple[str, ...], bool] = {}
    serving: set[str | tuple[str, ...]] = set()
    for part in slices:
        for one in part.endpoints or ():
            ref, conditions = one.target_ref, one.conditions
            which = ref.uid if ref is not None and ref.uid else one.backend_identity
            if one.is_serving:
                serving.add(which)
            if not conditions.terminating and not ready.get(which):
                ready[which] = conditions.ready is not False
    total = len(ready)
    if pods is None:
        whole = [one.desired for one in workloads.values() if one.desired is not None]
        least = sum(whole) if workloads and len(whole) == len(workloads) else max(total, len(serving))
        return EndpointCounts(sum(ready.values()), total, min(len(serving), least), least)
    # A service may have thousands of pods, and this is asked at each change: counted by owner first.
    published_by: Counter[str] = Counter()
    unpublished_by: Counter[str] = Counter()
    arriving = 0
    are_named = any(isinstance(which, tuple) for which in serving)  # by hand: without uids
    for pod in pods:
        if pod.metadata.uid in serving or (are_named and tuple(pod.key) in serving):
            published_by[pod.owner_uid] += 1
        elif not pod.is_terminating and pod.status.phase not in ("Succeeded", "Failed"):
            unpublished_by[pod.owner_uid] += 1
            arriving += _has_become_ready(pod, now)
    published: Counter[ObjectKey | None] = Counter()
    present: Counter[ObjectKey | None] = Counter()
    for owner, count in published_by.items():
        published[owners.get(owner)] += count
    for owner, count in (*published_by.items(), *unpublished_by.items()):
        present[owners.get(owner)] += count
    matched = published_by.total()
    strangers = max(len(serving) - matched, 0)
    serves, wants = 0, 0
    for key in {*workloads, None, *present}:
        wish = workloads.get(key) if key is not None else None
        number = present[key] if wish is None or wish.desired is None else wish.desired
        wants += number
        serves += min(published[key], number)
        if wish is not None and wish.serving and present[key] == published[key] > 0:
            # Pods the controller counts as ready and that have not been read yet: all that have been read serve.
            serves += max(min(wish.serving, number) - published[key], 0)
    # Endpoints of pods that have not been read yet, or that only somebody else knows.
    serves = min(serves + strangers, max(wants, strangers))
    return EndpointCounts(sum(ready.values()), total, serves, max(wants, serves), arriving)


def _has_become_ready(pod: Pod, now: datetime) -> bool:
    ready = find_condition(pod.status.conditions, "Ready")
    since = ready.last_transition_time if ready is not None and ready.status == "True" else None
    return since is not None and now - since < _PUBLISHING
