"""Count the endpoints of a Service: how many should serve and how many do. The only place that decides both numbers.

Pure. Invariant: a Service and its backends agree: it wants what they want, so a surge pod or a left-over pod makes
neither number larger. Pods without a workload that is shown (bare pods, pods of a Job) are wanted while they run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from k9py.api.meta import ObjectRef, find_condition
from k9py.api.pods import Pod
from k9py.api.services import EndpointSlice

_PUBLISHING: Final = timedelta(seconds=15)
"""A pod that became ready less than this ago is about to be published as an endpoint."""


@dataclass(frozen=True, slots=True)
class WorkloadCounts:
    """The pods a backend wants, and how many of them serve; None when unknown."""

    desired: int | None
    serving: int | None


@dataclass(frozen=True, slots=True)
class EndpointCounts:
    """The endpoints of a Service in numbers.

    Args:
        ready, total: endpoints that receive traffic, and all that are not terminating.
        serving, desired: those that serve of those that should.
        arriving: ready pods that are about to be published.
    """

    ready: int
    total: int
    serving: int
    desired: int
    arriving: int = 0


def count_endpoints(
    slices: Iterable[EndpointSlice],
    pods: Sequence[Pod] | None,
    workloads: Mapping[ObjectRef, WorkloadCounts],
    owners: Mapping[str, ObjectRef],
    now: datetime,
) -> EndpointCounts:
    """Count the endpoints of a Service.

    Args:
        slices: of the Service. A pod in two of them (IPv4 and IPv6) counts once.
        pods: those it selects; None when they are not known, or do not decide (no selector).
        workloads: its backends.
        owners: the workload by the uid of the object that controls its pods.
    """
    ready: dict[str | tuple[str, ...], bool] = {}
    serving: set[str | tuple[str, ...]] = set()
    for endpoint_slice in slices:
        for endpoint in endpoint_slice.endpoints or ():
            ref, conditions = endpoint.target_ref, endpoint.conditions
            identity = ref.uid if ref is not None and ref.uid else endpoint.backend_identity
            if endpoint.is_serving:
                serving.add(identity)
            if not conditions.terminating and not ready.get(identity):
                ready[identity] = conditions.ready is not False
    total = len(ready)
    if pods is None:
        known = [counts.desired for counts in workloads.values() if counts.desired is not None]
        desired = sum(known) if workloads and len(known) == len(workloads) else max(total, len(serving))
        return EndpointCounts(sum(ready.values()), total, min(len(serving), desired), desired)
    # A Service may have thousands of pods, and this runs at each change: counted by owner first.
    published_by: Counter[str] = Counter()
    unpublished_by: Counter[str] = Counter()
    arriving = 0
    has_names = any(isinstance(identity, tuple) for identity in serving)  # maintained manually: without uids
    for pod in pods:
        if pod.metadata.uid in serving or (has_names and tuple(pod.key) in serving):
            published_by[pod.owner_uid] += 1
        elif not pod.is_terminating and pod.status.phase not in ("Succeeded", "Failed"):
            unpublished_by[pod.owner_uid] += 1
            arriving += _became_ready(pod, now)
    published: Counter[ObjectRef | None] = Counter()
    present: Counter[ObjectRef | None] = Counter()
    for owner, count in published_by.items():
        published[owners.get(owner)] += count
    for owner, count in (*published_by.items(), *unpublished_by.items()):
        present[owners.get(owner)] += count
    # Endpoints of pods that have not been read yet, or that the Service does not select.
    unmatched = max(len(serving) - published_by.total(), 0)
    serves, wants = 0, 0
    for key in {*workloads, None, *present}:
        counts = workloads.get(key) if key is not None else None
        replicas = present[key] if counts is None or counts.desired is None else counts.desired
        wants += replicas
        serves += min(published[key], replicas)
        if counts is not None and counts.serving and present[key] == published[key] > 0:
            # Pods that the controller counts as ready and that have not been read yet: all that were read serve.
            serves += max(min(counts.serving, replicas) - published[key], 0)
    serves = min(serves + unmatched, max(wants, unmatched))
    return EndpointCounts(sum(ready.values()), total, serves, max(wants, serves), arriving)


def _became_ready(pod: Pod, now: datetime) -> bool:
    """Return whether a pod became ready a moment ago, so that its endpoint is about to be published."""
    ready = find_condition(pod.status.conditions, "Ready")
    since = ready.last_transition_time if ready is not None and ready.status == "True" else None
    return since is not None and now - since < _PUBLISHING
