"""Failing pods that no table of the first screen shows: bare pods, pods of Jobs, of operators' own types.

Nothing that runs in the cluster may fail unseen: the header counts them. Invariants: a pod is examined when it changes,
for the length of a slice on each tick; those that fail are examined again every few seconds, because what they belong
to changes too. Failing means a status that kubectl prints for a failure, or a finding that somebody should act on.

A pod of a Job that has failed for good counts only while it is the newest of its Job, or of all Jobs of its CronJob
(the controller names them `<cronjob>-<minutes>`): a later one has replaced it, and counts itself if it fails.
Source: kubernetes/pkg/controller/cronjob.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.cluster.change_feed import Changes
from k9py.cluster.cluster import Cluster
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlice
from k9py.views.pod_status import pod_status, pod_tone
from k9py.views.values import Tone

SLICE_SECONDS: Final = 0.003
"""Time for pods on each tick."""
AGAIN_SECONDS: Final = 5.0
"""After which failing pods are examined again."""
_SCHEDULED_JOB: Final = re.compile(r"(.+)-\d{6,}")
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


class OtherPods:
    """The failing pods of a cluster that belong to no Service or workload."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._cluster: Cluster | None = None
        self._waiting: dict[ObjectRef, None] = {}
        self._failing: dict[ObjectRef, None] = {}
        self._again_at = 0.0

    @property
    def failing(self) -> frozenset[ObjectRef]:
        """The pods."""
        return frozenset(self._failing)

    def update(self, cluster: Cluster | None, changes: Changes) -> None:
        """Examine what changed."""
        if cluster is not self._cluster:
            self._cluster = cluster
            self._waiting, self._failing = {}, {}
        if cluster is None:
            return
        if changes.everything:
            self._wait_for(cluster.stores.pods.keys())
            self._wait_for(self._failing)
        self._wait_for(changes.pods)
        now = self._clock.monotonic()
        if now >= self._again_at:
            self._again_at = now + AGAIN_SECONDS
            self._wait_for(self._failing)
        self._examine(cluster)

    def _wait_for(self, pods: Iterable[ObjectRef]) -> None:
        self._waiting.update(dict.fromkeys(pods))

    def _examine(self, cluster: Cluster) -> None:
        now, time_slice = self._clock.now(), TimeSlice(SLICE_SECONDS, self._clock.monotonic)
        while self._waiting:
            key = next(iter(self._waiting))
            del self._waiting[key]
            pod = cluster.stores.pods.get(key)
            if pod is not None and is_failing(pod, now, cluster) and is_other(pod, cluster):
                self._failing[key] = None
            else:
                self._failing.pop(key, None)
            if time_slice.is_over():
                return


def is_failing(pod: Pod, now: datetime, cluster: Cluster) -> bool:
    """Return whether a pod fails: by its printed status, or by a finding while it is not ready."""
    tone = pod_tone(pod, pod_status(pod))
    if tone is Tone.FAIL:
        return True
    if tone is not Tone.BUSY and tone is not Tone.UNKNOWN and tone is not Tone.WARN:
        return False
    return any(finding.severity.is_problem for finding in cluster.queries.pod_findings(pod.key, now))


def is_other(pod: Pod, cluster: Cluster) -> bool:
    """Return whether no Service or workload of the first screen shows a pod."""
    relations = cluster.queries.relations
    if relations.workload_of(pod) is not None or next(iter(relations.services_of_pod(pod)), None) is not None:
        return False
    return not is_replaced(pod, cluster.stores.pods.in_namespace(pod.namespace))


def is_replaced(pod: Pod, others: Iterable[Pod]) -> bool:
    """Return whether a pod of a Job has failed for good, and a later one of the same Job or CronJob exists.

    Args:
        others: The pods of its namespace.
    """
    owner = pod.metadata.controller
    if owner is None or owner.kind != "Job" or pod.status.phase != "Failed":
        return False
    family = job_family(owner.name)
    created = pod.metadata.creation_timestamp or _EARLIEST
    for other in others:
        controller = other.metadata.controller
        if controller is None or controller.kind != "Job" or job_family(controller.name) != family:
            continue
        if (other.metadata.creation_timestamp or _EARLIEST) > created:
            return True  # a later one is examined itself
    return False


def job_family(job: str) -> str:
    """Return what the Jobs of one CronJob have in common: the CronJob's name; a Job's own name without a CronJob."""
    match = _SCHEDULED_JOB.fullmatch(job)
    return match[1] if match else job
