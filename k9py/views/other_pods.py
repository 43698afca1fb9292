"""Failing pods that belong to no Service or workload: bare pods, pods of Jobs, of operators' own types.

Nothing that runs in the cluster may fail unseen: the header and `kdash --once` count them by the rule here. Failing
means a status that kubectl prints for a failure, or a finding that somebody should act on.

A pod of a Job that has failed for good counts only while it is the newest of its Job, or of all Jobs of its CronJob
(the controller names them `<cronjob>-<minutes>`): a later one has replaced it, and counts itself if it fails.
Source: kubernetes/pkg/controller/cronjob.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.cluster.queries import Queries
from k9py.views.pod_status import pod_status, pod_tone
from k9py.views.values import Tone

MAX_NAMED: Final = 10
"""How many failing pods a sentence names."""
_SCHEDULED_JOB: Final = re.compile(r"(.+)-\d{6,}")
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OtherPod:
    """A failing pod that belongs to no Service or workload.

    Args:
        reason: its status as kubectl prints it, printable.
        owner: kind and name of what controls it, printable; None for a bare pod.
    """

    key: ObjectRef
    reason: str
    owner: tuple[str, str] | None


def failing_other_pods(queries: Queries, now: datetime) -> tuple[OtherPod, ...] | None:
    """Return the failing pods, by namespace and name; None while the pods have not been read."""
    if not queries.has_synced(Pod.KIND):
        return None
    failing = [pod for pod in queries.pods() if is_failing(pod, now, queries) and is_other(pod, queries)]
    return tuple(_other_pod(pod) for pod in sorted(failing, key=lambda pod: (pod.namespace, pod.name)))


def _other_pod(pod: Pod) -> OtherPod:
    owner = pod.metadata.controller
    controller = None if owner is None else (printable(owner.kind), printable(owner.name))
    return OtherPod(pod.key, printable(pod_status(pod).text), controller)


def other_pods_text(pods: Sequence[OtherPod]) -> str:
    """Return how many fail, and which: `2 other pods failing: batch/a (Error), batch/b (OOMKilled)`; "" for none."""
    if not pods:
        return ""
    names = [f"{printable(pod.key.namespace)}/{printable(pod.key.name)} ({pod.reason})" for pod in pods[:MAX_NAMED]]
    more = f" and {len(pods) - MAX_NAMED} more" if len(pods) > MAX_NAMED else ""
    return f"{count_noun(len(pods), 'other pod')} failing: {', '.join(names)}{more}"


def other_pod_values(pods: Sequence[OtherPod] | None) -> list[dict[str, Any]] | None:
    """Return the pods as JSON values; None: unknown."""
    if pods is None:
        return None
    return [
        {
            "namespace": printable(pod.key.namespace),
            "name": printable(pod.key.name),
            "reason": pod.reason,
            "owner": {"kind": pod.owner[0], "name": pod.owner[1]} if pod.owner else None,
        }
        for pod in pods
    ]


def is_failing(pod: Pod, now: datetime, queries: Queries) -> bool:
    """Return whether a pod fails: by its printed status, or by a finding while it is not ready."""
    tone = pod_tone(pod, pod_status(pod))
    if tone is Tone.FAIL:
        return True
    if tone is not Tone.BUSY and tone is not Tone.UNKNOWN and tone is not Tone.WARN:
        return False
    return any(finding.severity.is_problem for finding in queries.pod_findings(pod.key, now))


def is_other(pod: Pod, queries: Queries) -> bool:
    """Return whether no Service or workload of the first screen shows a pod."""
    relations = queries.relations
    if relations.workload_of(pod) is not None or next(iter(relations.services_of_pod(pod)), None) is not None:
        return False
    return not is_replaced(pod, queries.pods_in(pod.namespace))


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
