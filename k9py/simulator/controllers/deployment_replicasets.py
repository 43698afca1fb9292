"""The ReplicaSets of a Deployment: which is new, which are old, their annotations and sums.

Pure. Rules: Kubernetes' `pkg/controller/deployment/util`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from k9py.simulator.controllers.hashing import comparable_template
from k9py.simulator.controllers.rolling_update import DESIRED_REPLICAS, MAX_REPLICAS, max_surge, replicas_of

Object = dict[str, Any]

REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
_HISTORY_CHARACTERS = 2000
_NOT_COPIED = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        REVISION_HISTORY,
        DESIRED_REPLICAS,
        MAX_REPLICAS,
        "deprecated.deployment.rollback.to",
    }
)


def revision_of(obj: Mapping[str, Any]) -> int:
    """Return the revision annotation as a number; 0 where there is none."""
    text = (obj["metadata"].get("annotations") or {}).get(REVISION, "")
    return int(text) if text.isdigit() else 0


def oldest_first(replica_sets: Iterable[Object]) -> list[Object]:
    return sorted(replica_sets, key=lambda rs: (rs["metadata"]["creationTimestamp"], rs["metadata"]["name"]))


def find_new(deployment: Mapping[str, Any], replica_sets: Iterable[Object]) -> Object | None:
    """Return the ReplicaSet with the Deployment's current template (the oldest of several), or None."""
    template = comparable_template(deployment["spec"]["template"])
    for replica_set in oldest_first(replica_sets):
        if comparable_template(replica_set["spec"]["template"]) == template:
            return replica_set
    return None


def active(replica_sets: Iterable[Object]) -> list[Object]:
    """Return the ReplicaSets with replicas above 0."""
    return [rs for rs in replica_sets if replicas_of(rs) > 0]


def total_spec_replicas(replica_sets: Iterable[Object]) -> int:
    """Return the sum of spec.replicas."""
    return sum(replicas_of(rs) for rs in replica_sets)


def total_status_count(replica_sets: Iterable[Object | None], count: str) -> int:
    """Return the sum of a status count, such as `availableReplicas`."""
    return sum((rs.get("status") or {}).get(count) or 0 for rs in replica_sets if rs is not None)


def active_or_latest(new: Object | None, old: Sequence[Object]) -> Object | None:
    """Return the only active ReplicaSet, or the newest if none is active; None if several are."""
    candidates = active([*old, *([new] if new else ())])
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        return None
    if new is not None:
        return new
    return oldest_first(old)[-1] if old else None


def is_saturated(deployment: Mapping[str, Any], replica_set: Object | None) -> bool:
    """Return whether one ReplicaSet has all the replicas the Deployment wants."""
    if replica_set is None:
        return False
    wanted = replicas_of(deployment)
    annotation = (replica_set["metadata"].get("annotations") or {}).get(DESIRED_REPLICAS)
    return (
        annotation == str(wanted)
        and replicas_of(replica_set) == wanted
        and (replica_set.get("status") or {}).get("availableReplicas", 0) == wanted
    )


def replica_annotations(deployment: Mapping[str, Any]) -> dict[str, str]:
    wanted = replicas_of(deployment)
    return {DESIRED_REPLICAS: str(wanted), MAX_REPLICAS: str(wanted + max_surge(deployment))}


def with_deployment_annotations(
    deployment: Mapping[str, Any], replica_set: Object, revision: int, *, exists: bool
) -> Object:
    """Return the new ReplicaSet with up-to-date annotations; the same object if they are.

    A ReplicaSet that becomes the new one again gets the next revision and keeps the old one in its history.
    """
    current: dict[str, str] = replica_set["metadata"].get("annotations") or {}
    annotations = dict(current)
    own = deployment["metadata"].get("annotations") or {}
    annotations.update((key, value) for key, value in own.items() if key not in _NOT_COPIED)
    old_revision = current.get(REVISION)
    if (int(old_revision) if old_revision and old_revision.isdigit() else 0) < revision:
        annotations[REVISION] = str(revision)
        if old_revision:
            annotations[REVISION_HISTORY] = _append_revision(current.get(REVISION_HISTORY, ""), old_revision)
    if not exists:
        annotations.update(replica_annotations(deployment))
    if annotations == current:
        return replica_set
    return {**replica_set, "metadata": {**replica_set["metadata"], "annotations": annotations}}


def _append_revision(history: str, revision: str) -> str:
    revisions = [*(history.split(",") if history else ()), revision]
    while len(",".join(revisions)) > _HISTORY_CHARACTERS:
        revisions.pop(0)
    return ",".join(revisions)
