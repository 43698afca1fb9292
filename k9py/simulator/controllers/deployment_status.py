"""A Deployment's status: counts and conditions, computed from its ReplicaSets.

Pure: conditions go in as a list and come out as a new one. `rollout_status` also evaluates progress (complete,
progressing, timed out); `scaled_status` only counts, as the real controller does while a Deployment is paused or being
scaled. Rules (a condition with the same status and reason stays, a changed one moves to the end): Kubernetes'
`deployment/util`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from k9py.simulator.clock import parse_timestamp, timestamp
from k9py.simulator.controllers.deployment_replicasets import total_spec_replicas, total_status_count
from k9py.simulator.controllers.rolling_update import max_unavailable, replicas_of

Object = dict[str, Any]


def scaled_status(
    deployment: Mapping[str, Any], replica_sets: Sequence[Object], new: Object | None, now: datetime
) -> Object:
    """Return the status with updated counts and availability."""
    before: Object = deployment.get("status") or {}
    available = total_status_count(replica_sets, "availableReplicas")
    counts = {
        "observedGeneration": deployment["metadata"].get("generation", 0),
        "replicas": total_status_count(replica_sets, "replicas"),
        "updatedReplicas": total_status_count([new], "replicas"),
        "readyReplicas": total_status_count(replica_sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, total_spec_replicas(replica_sets) - available),
    }
    status: Object = {name: count for name, count in counts.items() if count}
    status["terminatingReplicas"] = total_status_count(replica_sets, "terminatingReplicas")
    enough = available >= replicas_of(deployment) - max_unavailable(deployment)
    status["conditions"] = with_condition(before.get("conditions") or (), availability(enough, now))
    if before.get("collisionCount") is not None:
        status["collisionCount"] = before["collisionCount"]
    return status


def rollout_status(
    deployment: Mapping[str, Any], replica_sets: Sequence[Object], new: Object | None, now: datetime
) -> Object:
    """Return the status during a rollout, with its Progressing and ReplicaFailure conditions."""
    before: Object = deployment.get("status") or {}
    status = scaled_status(deployment, replica_sets, new, now)
    conditions: list[Object] = status["conditions"]
    progressing = find(before.get("conditions") or (), PROGRESSING)
    if progress_deadline(deployment) is None:
        conditions = without(conditions, PROGRESSING)
    elif not _was_complete(status, progressing):
        conditions = _with_progress(deployment, status, conditions, new, progressing, now)
    failure = _replica_failure(replica_sets, new)
    others = without(conditions, REPLICA_FAILURE)
    status["conditions"] = others if failure is None else with_condition(conditions, failure)
    return status


def _was_complete(status: Mapping[str, Any], progressing: Object | None) -> bool:
    return (
        status.get("replicas", 0) == status.get("updatedReplicas", 0)
        and progressing is not None
        and progressing["reason"] == NEW_REPLICA_SET_AVAILABLE
    )


def _with_progress(
    deployment: Mapping[str, Any],
    status: Object,
    conditions: list[Object],
    new: Object | None,
    progressing: Object | None,
    now: datetime,
) -> list[Object]:
    who = f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{deployment["metadata"]["name"]}"'
    if is_complete(deployment, status):
        message = f"{who} has successfully progressed."
        done = condition(PROGRESSING, "True", NEW_REPLICA_SET_AVAILABLE, message, now)
        return with_condition(conditions, done)
    if is_progressing(deployment.get("status") or {}, status):
        message = f"{who} is progressing."
        step = condition(PROGRESSING, "True", REPLICA_SET_UPDATED, message, now)
        if progressing is not None and progressing["status"] == "True":
            step["lastTransitionTime"] = progressing["lastTransitionTime"]
        # Each step renews lastUpdateTime, from which the deadline counts, so the condition is replaced.
        return [*without(conditions, PROGRESSING), step]
    if is_timed_out(deployment, find(conditions, PROGRESSING), now):
        message = f"{who} has timed out progressing."
        late = condition(PROGRESSING, "False", TIMED_OUT, message, now)
        return with_condition(conditions, late)
    return conditions


def _replica_failure(replica_sets: Sequence[Object], new: Object | None) -> Object | None:
    for replica_set in [*([new] if new else ()), *replica_sets]:
        for condition in (replica_set.get("status") or {}).get("conditions") or ():
            if condition["type"] == REPLICA_FAILURE:
                moment = condition["lastTransitionTime"]
                return {
                    "type": REPLICA_FAILURE,
                    "status": condition["status"],
                    "lastUpdateTime": moment,
                    "lastTransitionTime": moment,
                    "reason": condition["reason"],
                    "message": condition["message"],
                }
    return None


AVAILABLE = "Available"
PROGRESSING = "Progressing"
REPLICA_FAILURE = "ReplicaFailure"

NEW_REPLICA_SET_AVAILABLE = "NewReplicaSetAvailable"
REPLICA_SET_UPDATED = "ReplicaSetUpdated"
TIMED_OUT = "ProgressDeadlineExceeded"
PAUSED = "DeploymentPaused"

_MAX_DEADLINE = 2**31 - 1  # the largest int32 means no deadline


def find(conditions: Sequence[Object], kind: str) -> Object | None:
    return next((condition for condition in conditions if condition["type"] == kind), None)


def without(conditions: Sequence[Object], kind: str) -> list[Object]:
    return [condition for condition in conditions if condition["type"] != kind]


def condition(kind: str, status: str, reason: str, message: str, now: datetime) -> Object:
    """Return a new Deployment condition that changed just now."""
    moment = timestamp(now)
    return {
        "type": kind,
        "status": status,
        "lastUpdateTime": moment,
        "lastTransitionTime": moment,
        "reason": reason,
        "message": message,
    }


def with_condition(conditions: Sequence[Object], new: Object) -> list[Object]:
    """Return the conditions with one set: unchanged if already set, else moved to the end."""
    current = find(conditions, new["type"])
    if current is not None and (current["status"], current["reason"]) == (new["status"], new["reason"]):
        return list(conditions)
    if current is not None and current["status"] == new["status"]:
        new = {**new, "lastTransitionTime": current["lastTransitionTime"]}
    return [*without(conditions, new["type"]), new]


def availability(available: bool, now: datetime) -> Object:
    if available:
        message = "Deployment has minimum availability."
        return condition(AVAILABLE, "True", "MinimumReplicasAvailable", message, now)
    message = "Deployment does not have minimum availability."
    return condition(AVAILABLE, "False", "MinimumReplicasUnavailable", message, now)


def progress_deadline(deployment: Mapping[str, Any]) -> int | None:
    """Return `spec.progressDeadlineSeconds`, or None where there is no deadline."""
    seconds = deployment["spec"].get("progressDeadlineSeconds")
    return None if seconds is None or seconds >= _MAX_DEADLINE else int(seconds)


def is_complete(deployment: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    """Return whether all replicas are updated and available and the controller has observed the last change."""
    wanted = replicas_of(deployment)
    counts = ("updatedReplicas", "replicas", "availableReplicas")
    is_observed = int(status.get("observedGeneration", 0)) >= int(deployment["metadata"].get("generation", 0))
    return is_observed and all(status.get(count, 0) == wanted for count in counts)


def is_progressing(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Return whether a status shows progress since the one before."""
    old_before = before.get("replicas", 0) - before.get("updatedReplicas", 0)
    old_after = after.get("replicas", 0) - after.get("updatedReplicas", 0)
    growing = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return bool(old_after < old_before) or any(after.get(count, 0) > before.get(count, 0) for count in growing)


def is_timed_out(deployment: Mapping[str, Any], progressing: Object | None, now: datetime) -> bool:
    deadline = progress_deadline(deployment)
    if deadline is None or progressing is None or progressing["reason"] == NEW_REPLICA_SET_AVAILABLE:
        return False
    if progressing["reason"] == TIMED_OUT:
        return True
    return parse_timestamp(progressing["lastUpdateTime"]) + timedelta(seconds=deadline) < now


def seconds_until_deadline(
    deployment: Mapping[str, Any], status: Mapping[str, Any], progressing: Object | None, now: datetime
) -> float | None:
    """Return the seconds until a rollout may time out, or None."""
    deadline = progress_deadline(deployment)
    if deadline is None or progressing is None:
        return None
    if progressing["reason"] in (TIMED_OUT, NEW_REPLICA_SET_AVAILABLE):
        return None
    if is_complete(deployment, status):
        return None
    due = parse_timestamp(progressing["lastUpdateTime"]) + timedelta(seconds=deadline)
    # One second more, as in the real controller: timestamps have whole seconds only.
    return max(1.0, (due - now).total_seconds() + 1.0)
