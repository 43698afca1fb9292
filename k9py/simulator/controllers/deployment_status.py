"""A Deployment's status: its counts and conditions, from its ReplicaSets.

Pure. `rollout_status` also judges progress (complete, progressing, timed out); `scaled_status` only counts, as the
real controller does while a Deployment is paused or being scaled.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from k9py.simulator.controllers import conditions as rules
from k9py.simulator.controllers.replicasets import asked, reported
from k9py.simulator.controllers.rolling import max_unavailable, replicas_of

Object = dict[str, Any]


def scaled_status(
    deployment: Mapping[str, Any], replica_sets: Sequence[Object], new: Object | None, now: datetime
) -> Object:
    """Return the status with fresh counts and availability."""
    before: Object = deployment.get("status") or {}
    available = reported(replica_sets, "availableReplicas")
    counts = {
        "observedGeneration": deployment["metadata"].get("generation", 0),
        "replicas": reported(replica_sets, "replicas"),
        "updatedReplicas": reported([new], "replicas"),
        "readyReplicas": reported(replica_sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, asked(replica_sets) - available),
    }
    status: Object = {name: count for name, count in counts.items() if count}
    status["terminatingReplicas"] = reported(replica_sets, "terminatingReplicas")
    enough = available >= replicas_of(deployment) - max_unavailable(deployment)
    status["conditions"] = rules.with_condition(before.get("conditions") or (), rules.availability(enough, now))
    if before.get("collisionCount") is not None:
        status["collisionCount"] = before["collisionCount"]
    return status


def rollout_status(
    deployment: Mapping[str, Any], replica_sets: Sequence[Object], new: Object | None, now: datetime
) -> Object:
    """Return the status in the course of a rollout, with its Progressing and ReplicaFailure conditions."""
    before: Object = deployment.get("status") or {}
    status = scaled_status(deployment, replica_sets, new, now)
    conditions: list[Object] = status["conditions"]
    progressing = rules.find(before.get("conditions") or (), rules.PROGRESSING)
    if rules.progress_deadline(deployment) is None:
        conditions = rules.without(conditions, rules.PROGRESSING)
    elif not _was_complete(status, progressing):
        conditions = _judged(deployment, status, conditions, new, progressing, now)
    failure = _replica_failure(replica_sets, new)
    if failure is None:
        conditions = rules.without(conditions, rules.REPLICA_FAILURE)
    else:
        conditions = rules.with_condition(conditions, failure)
    status["conditions"] = conditions
    return status


def _was_complete(status: Mapping[str, Any], progressing: Object | None) -> bool:
    return (
        status.get("replicas", 0) == status.get("updatedReplicas", 0)
        and progressing is not None
        and progressing["reason"] == rules.NEW_REPLICA_SET_AVAILABLE
    )


def _judged(
    deployment: Mapping[str, Any],
    status: Object,
    conditions: list[Object],
    new: Object | None,
    progressing: Object | None,
    now: datetime,
) -> list[Object]:
    who = f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{deployment["metadata"]["name"]}"'
    if rules.is_complete(deployment, status):
        message = f"{who} has successfully progressed."
        done = rules.condition(rules.PROGRESSING, "True", rules.NEW_REPLICA_SET_AVAILABLE, message, now)
        return rules.with_condition(conditions, done)
    if rules.is_progressing(deployment.get("status") or {}, status):
        message = f"{who} is progressing."
        step = rules.condition(rules.PROGRESSING, "True", rules.REPLICA_SET_UPDATED, message, now)
        if progressing is not None and progressing["status"] == "True":
            step["lastTransitionTime"] = progressing["lastTransitionTime"]
        # Each step renews lastUpdateTime, from which the deadline counts: so the condition is replaced outright.
        return [*rules.without(conditions, rules.PROGRESSING), step]
    if rules.is_timed_out(deployment, rules.find(conditions, rules.PROGRESSING), now):
        message = f"{who} has timed out progressing."
        late = rules.condition(rules.PROGRESSING, "False", rules.TIMED_OUT, message, now)
        return rules.with_condition(conditions, late)
    return conditions


def _replica_failure(replica_sets: Sequence[Object], new: Object | None) -> Object | None:
    for replica_set in [*([new] if new else ()), *replica_sets]:
        for condition in (replica_set.get("status") or {}).get("conditions") or ():
            if condition["type"] == rules.REPLICA_FAILURE:
                moment = condition["lastTransitionTime"]
                return {
                    "type": rules.REPLICA_FAILURE,
                    "status": condition["status"],
                    "lastUpdateTime": moment,
                    "lastTransitionTime": moment,
                    "reason": condition["reason"],
                    "message": condition["message"],
                }
    return None
