"""The pods that a rollback of a StatefulSet leaves stuck, in the order of deletion."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.pods import Pod
from k9py.operations.stuck_pods import stuck_pods
from tests import factories as make


def workload(kind: str = "StatefulSet", **spec: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": "db"}, "spec": spec}


def pod(ordinal: int, revision: str = "db-bad", *, ready: bool = False) -> Pod:
    return make.pod(f"db-{ordinal}", revision_hash=revision, ready=ready)


def test_the_lowest_ordinal_goes_first_by_number_since_a_higher_one_waits_for_it() -> None:
    pods = [pod(2), pod(10), pod(9), pod(0)]
    assert [pod.name for pod in stuck_pods(workload(), "db-good", pods)] == ["db-0", "db-2", "db-9", "db-10"]


def test_pods_that_serve_that_end_or_that_are_of_the_target_are_not_stuck() -> None:
    ending = make.pod("db-3", revision_hash="db-bad", ready=False, deleted=make.NOW)
    unlabelled = make.pod("db-4", ready=False)
    assert stuck_pods(workload(), "db-good", [pod(1, ready=True), pod(2, "db-good"), ending, unlabelled]) == ()


@pytest.mark.parametrize(
    "obj",
    [
        workload("DaemonSet"),
        workload("Deployment"),
        workload(podManagementPolicy="Parallel"),
        workload(updateStrategy={"type": "OnDelete"}),
    ],
)
def test_only_a_stateful_set_that_goes_in_order_leaves_pods_stuck(obj: dict[str, Any]) -> None:
    assert stuck_pods(obj, "db-good", [pod(1)]) == ()
