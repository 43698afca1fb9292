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

from k9py.objects.meta import ObjectKey, condition
from k9py.objects.pods import Pod
from k9py.objects.services import EndpointSlice

_PUBLISHING: Final = timedelta(seconds=15)
"""A pod that became ready this short ago is about to be published as an endpoint."""


@dataclass(frozen=True, slots=True)
class Wants:
    """What a workload says of itself: pods it wants, and how many of them serve; None when unknown."""

    desired: int | None
    serving: int | None


@dataclass(frozen=True, slots=True)
class Counted:
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


def counted(
    slices: Iterable[EndpointSlice],
    pods: Sequence[Pod] | None,
    workloads: Mapping[ObjectKey, Wants],
    owners: Mapping[str, ObjectKey],
    now: datetime,
) -> Counted:
    """Count what is behind a service.

    Args:
        slices: of the service. A pod in two of them (IPv4 and IPv6) counts once.
        pods: those it selects; None when they are not known, or not what decides (no selector).
        workloads: those behind it.
        owners: the workload by the uid of the object that controls its pods.
    """
    ready: dict[tuple[str, ...], bool] = {}
    serving: set[tuple[str, ...]] = set()
    for part in slices:
        for one in part.endpoints or ():
            if one.is_serving:
                serving.add(one.identity)
            if not one.conditions.terminating:
                ready[one.identity] = ready.get(one.identity, False) or one.conditions.ready is not False
    total = len(ready)
    if pods is None:
        whole = [one.desired for one in workloads.values() if one.desired is not None]
        least = sum(whole) if workloads and len(whole) == len(workloads) else max(total, len(serving))
        return Counted(sum(ready.values()), total, min(len(serving), least), least)
    published: Counter[ObjectKey | None] = Counter()
    present: Counter[ObjectKey | None] = Counter()
    arriving = 0
    strangers = set(serving)
    for pod in pods:
        workload = owners.get(pod.owner_uid)
        names = {(pod.uid,), (pod.KIND, pod.namespace, pod.name)} & serving
        strangers -= names
        is_running = not pod.is_terminating and pod.status.phase not in ("Succeeded", "Failed")
        if names:
            published[workload] += 1
        elif is_running and _has_become_ready(pod, now):
            arriving += 1
        if names or is_running:
            present[workload] += 1
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
    serves = min(serves + len(strangers), max(wants, len(strangers)))
    return Counted(sum(ready.values()), total, serves, max(wants, serves), arriving)


def _has_become_ready(pod: Pod, now: datetime) -> bool:
    ready = condition(pod.status.conditions, "Ready")
    since = ready.last_transition_time if ready is not None and ready.status == "True" else None
    return since is not None and now - since < _PUBLISHING
