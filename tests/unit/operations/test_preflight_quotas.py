"""Quotas before a rollout or a scale: new pods times the usage of one, compared with what is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from k9py.operations.plan import WritePlan
from k9py.operations.preflight.facts import Unknown
from k9py.operations.preflight.pod_demand import pod_demand, unasked
from k9py.operations.restart import plan_restart
from k9py.operations.scale import plan_scale
from k9py.operations.undo import plan_undo
from tests import factories as make
from tests.unit.operations.preflights import preflight_messages, quota

CPU = {"requests": {"cpu": "500m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}}


def workload(
    *, replicas: int = 4, present: int | None = None, resources: Mapping[str, Any] = CPU, **limits: Any
) -> dict[str, Any]:
    obj = make.raw_deployment(replicas=replicas)
    obj["spec"]["strategy"] = {"type": "RollingUpdate", "rollingUpdate": limits or {"maxSurge": 2, "maxUnavailable": 0}}
    obj["spec"]["template"]["spec"]["containers"][0]["resources"] = dict(resources)
    obj["status"]["replicas"] = replicas if present is None else present
    return obj


def restart(obj: dict[str, Any]) -> WritePlan:
    return plan_restart(obj, make.NOW)


# --- rollouts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "hard", "used"),
    [
        ("requests.cpu", "3", "2"),
        ("cpu", "3", "2000m"),
        ("requests.memory", "768Mi", "512Mi"),
        ("memory", "805306368", "512Mi"),
        ("limits.cpu", "6", "4"),
        ("limits.memory", "1536Mi", "1Gi"),
        ("pods", "6", "4"),
        ("count/pods", "6", "4"),
        ("requests.storage", "1Gi", "1Gi"),
        ("services", "1", "1"),
    ],
)
def test_a_quota_with_enough_room_gives_no_warning(entry: str, hard: str, used: str) -> None:
    obj = workload()
    assert preflight_messages(obj, restart(obj), quotas=[quota({entry: hard}, {entry: used})]) == []


@pytest.mark.parametrize(
    ("entry", "hard", "used"),
    [
        ("requests.cpu", "2999m", "2"),
        ("cpu", "2999m", "2"),
        ("requests.memory", "767Mi", "512Mi"),
        ("limits.cpu", "5", "4"),
        ("limits.memory", "1535Mi", "1Gi"),
        ("pods", "5", "4"),
        ("count/pods", "5", "4"),
    ],
)
def test_a_quota_too_small_for_the_surge_is_named_with_its_entry(entry: str, hard: str, used: str) -> None:
    obj = workload()
    roomy = {"requests.cpu": ("99", "0")} if entry != "requests.cpu" else {}
    hards = {**{name: amounts[0] for name, amounts in roomy.items()}, entry: hard}
    useds = {**{name: amounts[1] for name, amounts in roomy.items()}, entry: used}
    assert preflight_messages(obj, restart(obj), quotas=[quota(hards, useds)]) == [
        ("quota", f"quota compute has room for 1 of 2 surge pods ({entry}: {used} of {hard} used): it goes slower")
    ]


def test_with_nothing_unavailable_and_no_room_a_rollout_cannot_begin() -> None:
    obj = workload()
    message = "quota compute refuses every surge pod (pods: 4 of 4 used), so it cannot begin"
    full = [quota({"pods": "4"}, {"pods": "4"})]
    assert preflight_messages(obj, restart(obj), quotas=full) == [
        ("no-room", f"maxUnavailable 0 and no room: {message}")
    ]


def test_with_some_unavailable_and_no_room_old_pods_end_first() -> None:
    obj = workload(maxSurge=1, maxUnavailable=1)
    over = [quota({"pods": "4"}, {"pods": "5"})]
    message = "quota compute has room for 0 of 1 surge pods (pods: 5 of 4 used): old pods must terminate first"
    assert preflight_messages(obj, restart(obj), quotas=over) == [("quota", message)]


def test_in_the_middle_of_a_rollout_the_surge_is_there_already() -> None:
    full = [quota({"pods": "6"}, {"pods": "6"})]
    assert preflight_messages(workload(present=6), restart(workload(present=6)), quotas=full) == []


def test_kinds_and_strategies_without_a_surge_ask_no_quota() -> None:
    full = [quota({"pods": "4"}, {"pods": "4"})]
    recreate = workload()
    recreate["spec"]["strategy"] = {"type": "Recreate"}
    assert preflight_messages(recreate, restart(recreate), quotas=full) == []
    stateful = {**workload(), "kind": "StatefulSet"}
    assert preflight_messages(stateful, restart(stateful), quotas=full) == []
    daemon = {**workload(), "kind": "DaemonSet"}
    daemon["status"] = {"desiredNumberScheduled": 4}
    assert preflight_messages(daemon, restart(daemon), quotas=full) == []
    daemon["spec"]["updateStrategy"] = {"rollingUpdate": {"maxSurge": "50%"}}
    [(code, message)] = preflight_messages(daemon, restart(daemon), quotas=full)
    assert (code, "refuses every surge pod" in message) == ("no-room", True)


def test_an_undo_is_counted_with_the_template_it_puts_back() -> None:
    obj = workload()
    template = {
        "metadata": {"labels": {"app": "checkout"}},
        "spec": {"containers": [{"name": "app", "image": "x:2", "resources": {"requests": {"cpu": "2"}}}]},
    }
    revision = {
        "metadata": {
            "name": "checkout-abc",
            "ownerReferences": [{"uid": obj["metadata"]["uid"]}],
            "annotations": {"deployment.kubernetes.io/revision": "1"},
        },
        "spec": {"template": template},
    }
    roomy = [quota({"requests.cpu": "4"}, {"requests.cpu": "2"})]
    assert preflight_messages(obj, restart(obj), quotas=roomy) == []
    [(code, message)] = preflight_messages(obj, plan_undo(obj, revision), quotas=roomy)
    assert (code, message) == (
        "quota",
        "quota compute has room for 1 of 2 surge pods (requests.cpu: 2 of 4 used): it goes slower",
    )


# --- scale ---------------------------------------------------------------------------------------------------------


def test_a_scale_up_beyond_the_quota_says_how_many_get_in() -> None:
    obj = workload()
    little = [quota({"requests.cpu": "3"}, {"requests.cpu": "2"})]
    message = "requests.cpu: 2 of 3 used"
    assert preflight_messages(obj, plan_scale(obj, 6), quotas=little) == []
    assert preflight_messages(obj, plan_scale(obj, 8), quotas=little) == [
        ("quota", f"quota compute has room for 2 of 4 new pods ({message})")
    ]
    full = [quota({"requests.cpu": "2"}, {"requests.cpu": "2"})]
    assert preflight_messages(obj, plan_scale(obj, 5), quotas=full) == [
        ("quota", "quota compute is full: 0 of 1 new pods fit (requests.cpu: 2 of 2 used)")
    ]


def test_a_scale_down_asks_no_quota_not_even_an_unknown_one() -> None:
    obj = workload()
    assert preflight_messages(obj, plan_scale(obj, 2), quotas=Unknown("you may not list resourcequotas")) == []


# --- what is counted -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"scopes": ["Terminating"]}, []),
        ({"scopes": ["BestEffort"]}, []),
        ({"scopes": ["NotTerminating", "NotBestEffort"]}, ["no-room"]),
        ({"scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "Exists"}]}}, []),
        (
            {"scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "DoesNotExist"}]}},
            ["no-room"],
        ),
        (
            {
                "scopeSelector": {
                    "matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}]
                }
            },
            [],
        ),
        ({"scopes": ["CrossNamespacePodAffinity"]}, ["unknown"]),
    ],
)
def test_a_quota_counts_only_the_pods_in_its_scope(spec: dict[str, Any], expected: Sequence[str]) -> None:
    obj = workload()
    warnings = preflight_messages(obj, restart(obj), quotas=[quota({"pods": "4"}, {"pods": "4"}, **spec)])
    assert [code for code, _ in warnings] == list(expected)


def test_a_container_without_a_counted_resource_is_named() -> None:
    obj = workload(resources={})
    counted = [quota({"limits.cpu": "9"}, {"limits.cpu": "0"})]
    message = "quota compute counts limits.cpu, and container app names none"
    assert preflight_messages(obj, restart(obj), quotas=counted) == [
        ("quota", f"{message}: without a LimitRange that fills it in, new pods are refused")
    ]


def test_an_amount_nobody_understands_is_unknown_where_a_quota_counts() -> None:
    obj = workload(resources={"requests": {"cpu": "lots"}})
    assert preflight_messages(obj, restart(obj)) == []
    warnings = preflight_messages(obj, restart(obj), quotas=[quota({"pods": "4"}, {"pods": "0"})])
    assert [code for code, _ in warnings] == ["unknown"]


def test_an_entry_that_has_not_been_counted_yet_claims_nothing() -> None:
    obj = workload()
    assert preflight_messages(obj, restart(obj), quotas=[quota({"pods": "4"}, {})]) == []


@pytest.mark.parametrize(
    ("spec", "cpu", "memory"),
    [
        ({"containers": [{"resources": {"limits": {"cpu": "1"}}}]}, "1", None),
        (
            {
                "initContainers": [
                    {"restartPolicy": "Always", "resources": {"requests": {"cpu": "100m"}}},
                    {"resources": {"requests": {"cpu": "2", "memory": "1Gi"}}},
                ],
                "containers": [
                    {"resources": {"requests": {"cpu": "500m", "memory": "128Mi"}}},
                    {"resources": {"requests": {"cpu": "250m"}}},
                ],
            },
            "2.1",
            str(2**30),
        ),
        (
            {
                "containers": [{"resources": {"requests": {"cpu": "1"}}}],
                "resources": {"requests": {"cpu": "3"}},
                "overhead": {"cpu": "250m"},
            },
            "3.25",
            None,
        ),
    ],
    ids=["limits are requests", "sidecar and init", "pod level and overhead"],
)
def test_a_pod_takes_what_the_scheduler_would_count(spec: dict[str, Any], cpu: str, memory: str | None) -> None:
    demand = pod_demand({"spec": spec})
    assert demand["requests.cpu"] == demand["cpu"] == Decimal(cpu)
    assert demand.get("requests.memory") == (None if memory is None else Decimal(memory))
    assert demand["pods"] == 1


def test_only_compute_entries_must_be_asked_for() -> None:
    template = {"spec": {"containers": [{"name": "app"}]}}
    assert [unasked(template, name) for name in ("cpu", "requests.memory", "limits.cpu")] == ["app"] * 3
    assert [unasked(template, name) for name in ("pods", "requests.nvidia.com/gpu", "requests.storage")] == [""] * 3
