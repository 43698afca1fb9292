"""Limits of an update strategy, as the controllers resolve them, and the progress deadline."""

from __future__ import annotations

import msgspec
import pytest

from k9py.api.workloads import Deployment, RollingUpdate, Strategy, Workload
from k9py.rollouts.strategy_limits import ProgressDeadline, progress_deadline, strategy_limits
from tests.factories.meta import NOW, before, condition
from tests.factories.workloads import daemon_set, deployment, stateful_set


def rolling(surge: int | str | None, unavailable: int | str | None, partition: int | None = None) -> Strategy:
    return Strategy(rolling_update=RollingUpdate(max_surge=surge, max_unavailable=unavailable, partition=partition))


def of_deployment(replicas: int, strategy: Strategy, seconds: int = 0) -> Deployment:
    workload = deployment(replicas=replicas)
    spec = msgspec.structs.replace(workload.spec, strategy=strategy, min_ready_seconds=seconds)
    return msgspec.structs.replace(workload, spec=spec)


@pytest.mark.parametrize(
    ("workload", "surge", "unavailable"),
    [
        (of_deployment(10, rolling("25%", "25%")), 3, 2),
        (of_deployment(3, Strategy()), 1, 0),
        (of_deployment(3, rolling("0%", "25%")), 0, 1),
        (of_deployment(4, rolling(0, 0)), 0, 1),
        (of_deployment(2, rolling(2, 9)), 2, 2),
        (of_deployment(3, rolling("many", 1)), None, 1),
        (of_deployment(3, Strategy(type="Recreate")), None, None),
        (stateful_set(replicas=10, strategy=rolling(None, None)), 0, 1),
        (stateful_set(replicas=10, strategy=rolling(None, "35%")), 0, 3),
        (stateful_set(replicas=2, strategy=rolling(None, "10%")), 0, 1),
        (stateful_set(strategy=Strategy(type="OnDelete")), None, None),
        (daemon_set(desired=10), 0, 1),
        (daemon_set(desired=10, strategy=rolling(None, "25%")), 0, 3),
        (daemon_set(desired=10, strategy=rolling("11%", 0)), 2, 0),
        (daemon_set(strategy=Strategy(type="OnDelete")), None, None),
    ],
)
def test_limits_are_resolved_as_the_controller_does(
    workload: Workload, surge: int | None, unavailable: int | None
) -> None:
    limits = strategy_limits(workload)
    assert (limits.surge, limits.unavailable) == (surge, unavailable)


@pytest.mark.parametrize(
    ("workload", "message"),
    [
        (of_deployment(3, rolling(1, 0), 10), "maxSurge 1, maxUnavailable 0, minReadySeconds 10"),
        (of_deployment(3, Strategy(type="Recreate")), "Recreate: old pods terminate before new ones start"),
        (
            stateful_set(replicas=3, strategy=rolling(None, None, 2)),
            "maxSurge 0, maxUnavailable 1, partition keeps 2 on the old revision",
        ),
        (daemon_set(strategy=Strategy(type="OnDelete")), "OnDelete: pods are replaced when deleted by hand"),
        (of_deployment(3, rolling("x", "y")), "maxSurge ?, maxUnavailable ?"),
    ],
)
def test_the_limits_are_rendered_as_text(workload: Workload, message: str) -> None:
    assert strategy_limits(workload).text == message


MOVING = condition("Progressing", "True", "ReplicaSetUpdated", since=100)


def test_the_deadline_counts_from_the_last_progress() -> None:
    assert progress_deadline(deployment(updated=1, conditions=[MOVING]), NOW) == ProgressDeadline(600, 500.0)


def test_a_deadline_that_has_passed_has_nothing_left() -> None:
    late = condition("Progressing", "True", "ReplicaSetUpdated", since=900)
    gone = condition("Progressing", "False", "ProgressDeadlineExceeded", since=5)
    assert progress_deadline(deployment(updated=1, conditions=[late]), NOW) == ProgressDeadline(600, 0.0)
    assert progress_deadline(deployment(updated=1, conditions=[gone]), NOW) == ProgressDeadline(600, 0.0)


@pytest.mark.parametrize(
    "workload",
    [
        deployment(conditions=[MOVING]),
        deployment(updated=1, paused=True, conditions=[MOVING]),
        deployment(updated=1, generation=2, observed=1, conditions=[MOVING]),
        deployment(updated=1),
        deployment(available=1, conditions=[condition("Progressing", "True", "NewReplicaSetAvailable")]),
        stateful_set(ready=0),
        daemon_set(ready=0),
    ],
    ids=["complete", "paused", "not seen yet", "no condition", "lost pods later", "StatefulSet", "DaemonSet"],
)
def test_no_deadline_is_counted_where_there_is_none(workload: Workload) -> None:
    assert progress_deadline(workload, before(-5)) is None
