"""Check rollouts: stuck or merely slow, paused while a change waits, not observed by the controller, held by hand.

Rules: pkg/controller/deployment (progress.go, util), statefulset and daemon controllers, as `rollouts/` reads them.
Invariant: a rollout whose pods still become ready is never stuck; what keeps a pod from being ready is found there, and
explains the rollout.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from k9py.api.causes import CauseKind
from k9py.api.kinds import DAEMON_SET, DEPLOYMENT, REPLICA_SET, STATEFUL_SET
from k9py.api.meta import find_condition
from k9py.api.plural import count_noun
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.api.workloads import DaemonSet, Deployment, ReplicaSet, StatefulSet, Workload
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.proof import condition_evidence, field
from k9py.diagnosis.settling import is_recent, latest
from k9py.diagnosis.undo_steps import undo_steps
from k9py.rollouts.cohorts import cohorts
from k9py.rollouts.progress import RolloutProgress, rollout_progress
from k9py.rollouts.revisions import Revision, current_revision
from k9py.rollouts.status import RolloutState
from k9py.rollouts.strategy_limits import NEW_REPLICA_SET_AVAILABLE
from k9py.rollouts.template_change import template_change

_DEPLOYMENTS: Final = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/"
_WORKLOADS: Final = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET)
_SLOW: Final = timedelta(minutes=2)
"""A rollout that takes longer is worth a line; it is no problem."""
_OBSERVED: Final = timedelta(seconds=60)
"""A controller that runs observes a change within a second, also in a large cluster within this time."""
_MAX_CAUSES: Final = 50


@check(
    "rollout-stuck",
    "a rollout makes no progress",
    subjects=_WORKLOADS,
    reads=("Pod", "ReplicaSet", "ControllerRevision", "Event"),
    source=_DEPLOYMENTS + "#failed-deployment",
    remedy="roll back, or repair what its new pods report",
)
def stuck(workload: Workload, graph: Graph) -> Iterator[Finding]:
    """Yield that a rollout has stalled, with the pods that hold it."""
    health = graph.workload_health(workload.key)
    progress = rollout_progress(workload)
    if health is None or workload.metadata.deletion_timestamp is not None or not progress.is_observed:
        return
    if not progress.timed_out and health.status.state is not RolloutState.STALLED:
        return
    if progress.desired == 0 or progress.replica_failure is not None or progress.paused:
        return  # what refuses the pods is found by `creation-refused`
    revisions = graph.revisions_of(workload.key)
    current = current_revision(revisions)
    new = _new_pods(workload, revisions, graph)
    unready = [pod for pod in new if not pod.is_ready and not pod.is_terminating]
    ready = sum(pod.is_ready for pod in new)
    if not progress.timed_out and (not unready or not _is_updating(workload, progress)):
        return  # pods that fail after their rollout are no failed rollout
    evidence: list[Evidence] = [
        field(workload, "status", f"{ready} of {count_noun(progress.desired, 'pod')} updated and ready")
    ]
    since, reason = health.status.changed_at, "RolloutStuck"
    message = f"rollout{_of(current)} is stuck"
    if progress.timed_out and isinstance(workload, Deployment):
        condition = find_condition(workload.status.conditions, "Progressing")
        if condition is not None:
            evidence.insert(0, condition_evidence(workload, condition))
            since, reason = condition.last_transition_time, condition.reason
        message = f"rollout{_of(current)} made no progress within its deadline of {progress.deadline}s"
    yield Finding(
        health.severity if health.severity.is_problem else Severity.WARNING,
        reason,
        message,
        workload.key,
        since,
        CauseKind.DEADLINE,
        evidence=tuple(evidence),
        caused_by=tuple(pod.key for pod in unready[:_MAX_CAUSES]),
        next_steps=undo_steps(workload.key, graph),
    )


def _is_updating(workload: Workload, progress: RolloutProgress) -> bool:
    """Return whether pods of the current revision are missing, or pods of others are left."""
    if progress.updated < progress.desired or progress.total > progress.updated:
        return True
    condition = find_condition(workload.status.conditions, "Progressing")
    return condition is not None and condition.reason != NEW_REPLICA_SET_AVAILABLE


@check(
    "rollout-slow",
    "a rollout takes its time, and makes progress",
    subjects=_WORKLOADS,
    reads=("Pod", "ReplicaSet", "ControllerRevision"),
    source=_DEPLOYMENTS + "#progressing-deployment",
    remedy="wait; lower minReadySeconds or raise maxSurge if it should be faster",
)
def slow(workload: Workload, graph: Graph) -> Iterator[Finding]:
    """Yield that a rollout is under way for minutes, and how far it is."""
    health = graph.workload_health(workload.key)
    progress = rollout_progress(workload)
    if health is None or health.status.state is not RolloutState.PROGRESSING or health.severity.is_problem:
        return
    if progress.is_complete or not progress.desired or health.status.is_blocked or progress.timed_out:
        return
    revisions = graph.revisions_of(workload.key)
    # An older revision that is used again was created long ago.
    written = template_change(workload, revisions, graph.pods_of(workload.key), graph.events(workload)).at
    changed = latest(health.status.changed_at, written)
    if changed is None or is_recent(changed, graph, _SLOW):
        return
    ready = sum(pod.is_ready for pod in _new_pods(workload, revisions, graph))
    wait = workload.spec.min_ready_seconds
    why = f", each pod must be ready for {wait}s (minReadySeconds)" if wait else ""
    evidence = [field(workload, "status", f"{ready} of {count_noun(progress.desired, 'pod')} updated and ready")]
    if progress.last_progress_at is not None:
        evidence.append(
            field(workload, "status.conditions[Progressing].lastUpdateTime", "last progress", progress.last_progress_at)
        )
    message = f"rollout{_of(current_revision(revisions))} is slow but makes progress{why}"
    yield Finding(Severity.INFO, "Progressing", message, workload.key, changed, evidence=tuple(evidence))


@check(
    "rollout-paused",
    "a Deployment is paused, and a change waits",
    subjects=(DEPLOYMENT,),
    reads=("ReplicaSet",),
    source=_DEPLOYMENTS + "#pausing-and-resuming-a-deployment",
    remedy="resume it",
)
def paused(deployment: Deployment, graph: Graph) -> Iterator[Finding]:
    """Yield that a Deployment is paused: a warning only while its template waits."""
    if not deployment.spec.paused or deployment.metadata.deletion_timestamp is not None:
        return
    progress = rollout_progress(deployment)
    health = graph.workload_health(deployment.key)
    owners = [entry for entry in deployment.metadata.managed_fields or () if entry.owns_pause]
    owner = owners[0] if len(owners) == 1 else None
    condition = find_condition(deployment.status.conditions, "Progressing")
    is_reported = condition is not None and condition.reason == "DeploymentPaused"
    since = condition.last_update_time if condition is not None and is_reported else None
    since = since or (owner.time if owner is not None else None)
    waits = (
        progress.is_observed
        and progress.desired > 0
        and not progress.is_complete
        and _template_waits(deployment, graph)
    )
    felt = health.severity if health is not None and health.severity.is_problem else Severity.WARNING
    by = f" by {printable(owner.manager)}" if owner is not None else ""
    evidence = [field(deployment, "spec.paused", "true", owner.time if owner is not None else None)]
    if condition is not None and is_reported:
        evidence.append(condition_evidence(deployment, condition))
    if waits:
        updated = count_noun(progress.updated, "pod")
        evidence.append(field(deployment, "status.updatedReplicas", f"{updated} of {progress.desired}"))
    yield Finding(
        felt if waits else Severity.INFO,
        "DeploymentPaused",
        f"paused{by}: {'its changed template waits' if waits else 'changes will wait'} until it is resumed",
        deployment.key,
        since,
        evidence=tuple(evidence),
        next_steps=(NextStep("resume the rollout", "workload.resume"),),
    )


def _template_waits(deployment: Deployment, graph: Graph) -> bool:
    """Return whether pods of the current template are missing while it is paused."""
    owned = graph.owned(deployment, REPLICA_SET)
    if isinstance(owned, Unread):
        return deployment.status.updated_replicas == 0
    return rollout_progress(deployment).updated < rollout_progress(deployment).desired


@check(
    "generation-not-observed",
    "a controller has not observed a change",
    subjects=(*_WORKLOADS, REPLICA_SET),
    source="https://kubernetes.io/docs/reference/using-api/api-concepts/",
    remedy="look at whether kube-controller-manager runs",
)
def not_observed(subject: Workload | ReplicaSet, graph: Graph) -> Iterator[Finding]:
    """Yield that the controller of an object does not do its work: nothing of its status describes the spec."""
    generation, observed = subject.metadata.generation, subject.status.observed_generation
    if observed >= generation or subject.metadata.deletion_timestamp is not None:
        return
    changed = _changed_at(subject)
    if changed is None or is_recent(changed, graph, _OBSERVED):
        return
    health = None if isinstance(subject, ReplicaSet) else graph.workload_health(subject.key)
    felt = health.severity if health is not None and health.severity.is_problem else Severity.WARNING
    seen = f"generation {observed}" if observed else "no generation"
    yield Finding(
        felt,
        "NotObserved",
        f"the {subject.KIND} controller has not observed its generation {generation}: the change has no effect",
        subject.key,
        changed,
        evidence=(
            field(subject, "metadata.generation", generation, changed),
            field(subject, "status.observedGeneration", seen),
        ),
    )


def _changed_at(subject: Workload | ReplicaSet) -> datetime | None:
    """Return the last time at which the spec may have changed, as far as it is known."""
    times = [entry.time for entry in getattr(subject.metadata, "managed_fields", None) or () if entry.time is not None]
    created = subject.metadata.creation_timestamp
    return max([*times, *([created] if created is not None else [])], default=None)


@check(
    "update-by-hand",
    "updated pods wait for somebody: OnDelete, or a partition",
    subjects=(STATEFUL_SET, DAEMON_SET),
    reads=("Pod", "ControllerRevision"),
    source="https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#update-strategies",
    remedy="delete the old pods, or lower the partition",
)
def by_hand(workload: StatefulSet | DaemonSet, graph: Graph) -> Iterator[Finding]:
    """Yield that pods of an old revision stay on purpose."""
    progress = rollout_progress(workload)
    old = _old_count(workload, progress)
    if not progress.is_observed or old <= 0 or workload.metadata.deletion_timestamp is not None:
        return
    spec = workload.spec.update_strategy
    if progress.on_delete:
        message = f"{count_noun(old, 'pod')} keep the old revision until somebody deletes them (OnDelete)"
        evidence = field(workload, "spec.updateStrategy.type", spec.type)
    elif progress.partition and old <= progress.partition:
        message = f"a partition keeps {count_noun(old, 'pod')} on the old revision"
        evidence = field(workload, "spec.updateStrategy.rollingUpdate.partition", progress.partition)
    else:
        return
    yield Finding(Severity.INFO, "OldRevision", message, workload.key, evidence=(evidence,))


def _old_count(workload: StatefulSet | DaemonSet, progress: RolloutProgress) -> int:
    """Return how many pods have an old revision."""
    if isinstance(workload, StatefulSet) and workload.status.update_revision == workload.status.current_revision:
        return 0
    return progress.total - progress.updated


def _new_pods(workload: Workload, revisions: tuple[Revision, ...], graph: Graph) -> tuple[Pod, ...]:
    """Return the pods of the current revision; all, where revisions are unknown."""
    pods = graph.pods_of(workload.key)
    groups = cohorts(revisions, pods)
    current = next((group for group in groups if group.is_current), None)
    return current.pods if current is not None else pods


def _of(revision: Revision | None) -> str:
    return f" of revision {revision.number}" if revision is not None and revision.number else ""
