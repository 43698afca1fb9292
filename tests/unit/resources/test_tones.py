"""What rows of each kind report as failing, and how much of an amount is too much."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from k9py.api.metrics import Usage
from k9py.api.pods import Container, PodSpec, ResourceRequirements
from k9py.api.resource_types import STANDARD
from k9py.resources.cells import percent_cell
from k9py.resources.pod_resources import pod_limit, pod_request
from k9py.resources.registry import built_in_resources
from k9py.views.values import Cell, Row, Tone
from tests.unit.resources.recorded import Context

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
EARLIER = "2026-11-30T10:00:00Z"
JUST_NOW = "2026-11-30T11:59:00Z"


def row_of(name: str, body: dict[str, Any], context: Context | None = None) -> Row:
    resource_type = STANDARD.find(name)
    assert resource_type is not None
    resource = built_in_resources().of(resource_type)
    assert resource is not None
    metadata = {"name": "a", "namespace": "b", "creationTimestamp": EARLIER} | body.get("metadata", {})
    return resource.row(
        resource.kind.decode(json.dumps({**body, "metadata": metadata}).encode()), context or Context(NOW)
    )


def cell(name: str, row: Row, id_: str) -> Cell:
    resource_type = STANDARD.find(name)
    assert resource_type is not None
    resource = built_in_resources().of(resource_type)
    assert resource is not None
    return row.cells[[column.id for column in resource.columns].index(id_)]


def condition(type_: str, status: str = "True", reason: str = "", at: str = EARLIER) -> dict[str, str]:
    return {"type": type_, "status": status, "reason": reason, "lastTransitionTime": at}


def deployment(
    ready: int, *, wanted: int = 2, updated: int = 2, reason: str = "NewReplicaSetAvailable"
) -> dict[str, Any]:
    return {
        "metadata": {"generation": 1},
        "spec": {"replicas": wanted},
        "status": {
            "observedGeneration": 1,
            "replicas": 2,
            "updatedReplicas": updated,
            "readyReplicas": ready,
            "availableReplicas": ready,
            "conditions": [condition("Progressing", "False" if "Exceeded" in reason else "True", reason)],
        },
    }


def running_pod(*, ready: bool, changed: str, started: str = EARLIER) -> dict[str, Any]:
    return {
        "metadata": {"creationTimestamp": started},
        "spec": {"containers": [{"name": "app"}], "nodeName": "node-1"},
        "status": {
            "phase": "Running",
            "conditions": [
                condition("Ready", str(ready), "" if ready else "ContainersNotReady", changed),
                condition("ContainersReady", str(ready), "" if ready else "ContainersNotReady", changed),
            ],
            "containerStatuses": [{"name": "app", "ready": ready, "state": {"running": {"startedAt": started}}}],
        },
    }


def node(ready: str, *others: dict[str, str], cordoned: bool = False) -> dict[str, Any]:
    return {"spec": {"unschedulable": cordoned}, "status": {"conditions": [condition("Ready", ready), *others]}}


def autoscaler(*conditions: dict[str, str], current: int = 2, desired: int = 2) -> dict[str, Any]:
    status = {"currentReplicas": current, "desiredReplicas": desired, "conditions": list(conditions)}
    return {"spec": {"minReplicas": 1, "maxReplicas": 4}, "status": status}


def quota(used: str | None, hard: str = "10") -> dict[str, Any]:
    return {
        "spec": {"hard": {"pods": hard}},
        "status": {"hard": {"pods": hard}, "used": {"pods": used} if used else {}},
    }


def budget(healthy: int, allowed: int, expected: int = 3) -> dict[str, Any]:
    counts = {"currentHealthy": healthy, "desiredHealthy": 2, "disruptionsAllowed": allowed, "expectedPods": expected}
    return {"status": counts}


ABLE, ACTIVE = condition("AbleToScale"), condition("ScalingActive")

TONES: list[tuple[str, str, dict[str, Any], Tone]] = [
    ("deploy", "serving", deployment(2), Tone.OK),
    ("deploy", "lost a pod", deployment(1), Tone.DEGRADED),
    ("deploy", "lost all pods", deployment(0), Tone.FAIL),
    ("deploy", "rolling out", deployment(0, reason="ReplicaSetUpdated"), Tone.BUSY),
    (
        "deploy",
        "rollout failed, old pods serve",
        deployment(2, updated=1, reason="ProgressDeadlineExceeded"),
        Tone.STUCK,
    ),
    ("deploy", "rollout failed, nothing serves", deployment(0, reason="ProgressDeadlineExceeded"), Tone.FAIL),
    ("deploy", "not observed", {"metadata": {"generation": 2}, "status": {"observedGeneration": 1}}, Tone.UNKNOWN),
    ("po", "ready", running_pod(ready=True, changed=EARLIER), Tone.OK),
    ("po", "starting", running_pod(ready=False, changed=JUST_NOW, started=JUST_NOW), Tone.BUSY),
    ("po", "never ready for hours", running_pod(ready=False, changed=EARLIER), Tone.WARN),
    ("po", "not ready any more", running_pod(ready=False, changed="2026-11-30T11:59:30Z", started=JUST_NOW), Tone.WARN),
    ("po", "pending for hours", {"status": {"phase": "Pending"}}, Tone.WARN),
    (
        "po",
        "fits on no node",
        {
            "metadata": {"creationTimestamp": JUST_NOW},
            "status": {"phase": "Pending", "conditions": [condition("PodScheduled", "False", "Unschedulable")]},
        },
        Tone.WARN,
    ),
    (
        "po",
        "ends although it should serve",
        {
            "status": {
                "phase": "Running",
                "containerStatuses": [{"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}],
            }
        },
        Tone.WARN,
    ),
    ("po", "done", {"status": {"phase": "Succeeded"}}, Tone.MUTED),
    ("po", "evicted", {"status": {"phase": "Failed", "reason": "Evicted"}}, Tone.FAIL),
    ("po", "terminating in time", {"metadata": {"deletionTimestamp": "2026-11-30T11:59:50Z"}}, Tone.BUSY),
    ("po", "terminating too long", {"metadata": {"deletionTimestamp": "2026-11-30T11:50:00Z"}}, Tone.WARN),
    ("no", "ready", node("True"), Tone.OK),
    ("no", "not ready", node("False"), Tone.FAIL),
    ("no", "lost", node("Unknown"), Tone.FAIL),
    ("no", "never reported", {}, Tone.UNKNOWN),
    ("no", "cordoned", node("True", cordoned=True), Tone.WARN),
    ("no", "not ready and cordoned", node("False", cordoned=True), Tone.FAIL),
    ("no", "short of memory", node("True", condition("MemoryPressure")), Tone.WARN),
    ("job", "running", {"status": {"active": 1}}, Tone.BUSY),
    ("job", "retrying", {"status": {"active": 1, "failed": 1}}, Tone.WARN),
    ("job", "failed", {"status": {"conditions": [condition("Failed")]}}, Tone.FAIL),
    ("job", "complete", {"status": {"conditions": [condition("Complete")]}}, Tone.MUTED),
    ("cj", "waiting", {"spec": {"schedule": "@hourly"}}, Tone.OK),
    ("cj", "suspended", {"spec": {"schedule": "@hourly", "suspend": True}}, Tone.MUTED),
    ("cj", "unreadable", {"spec": {"schedule": "often"}}, Tone.UNKNOWN),
    ("cj", "failed", {"spec": {"schedule": "@hourly"}, "status": {"lastScheduleTime": EARLIER}}, Tone.WARN),
    ("pvc", "bound", {"status": {"phase": "Bound"}}, Tone.OK),
    ("pvc", "pending", {"status": {"phase": "Pending"}, "metadata": {"creationTimestamp": JUST_NOW}}, Tone.BUSY),
    ("pvc", "pending for hours", {"status": {"phase": "Pending"}}, Tone.WARN),
    ("pvc", "lost", {"status": {"phase": "Lost"}}, Tone.FAIL),
    ("pv", "released", {"status": {"phase": "Released"}}, Tone.WARN),
    ("pv", "failed", {"status": {"phase": "Failed"}}, Tone.FAIL),
    ("hpa", "scaling", autoscaler(ABLE, ACTIVE), Tone.OK),
    ("hpa", "changing", autoscaler(ABLE, ACTIVE, desired=3), Tone.BUSY),
    (
        "hpa",
        "without metrics",
        autoscaler(ABLE, condition("ScalingActive", "False", "FailedGetResourceMetric")),
        Tone.WARN,
    ),
    ("hpa", "at its maximum", autoscaler(ABLE, ACTIVE, condition("ScalingLimited"), current=4, desired=4), Tone.WARN),
    ("hpa", "at its minimum", autoscaler(ABLE, ACTIVE, condition("ScalingLimited"), current=1, desired=1), Tone.OK),
    ("hpa", "never evaluated", autoscaler(), Tone.UNKNOWN),
    ("pdb", "allows one", budget(3, 1), Tone.OK),
    ("pdb", "allows none", budget(2, 0), Tone.WARN),
    ("pdb", "too few healthy", budget(1, 0), Tone.DEGRADED),
    ("pdb", "without pods", budget(0, 0, 0), Tone.MUTED),
    ("quota", "with room", quota("5"), Tone.OK),
    ("quota", "nearly full", quota("9"), Tone.WARN),
    ("quota", "full", quota("10"), Tone.WARN),
    ("quota", "not counted yet", quota(None), Tone.UNKNOWN),
    ("quota", "not a quantity", quota("many"), Tone.UNKNOWN),
    ("ns", "active", {"status": {"phase": "Active"}}, Tone.OK),
    (
        "ns",
        "blocked",
        {"status": {"phase": "Terminating", "conditions": [condition("NamespaceContentRemaining")]}},
        Tone.WARN,
    ),
    ("svc", "without a load balancer", {"spec": {"type": "LoadBalancer"}}, Tone.WARN),
    ("ep", "none", {}, Tone.WARN),
    ("ep", "none ready", {"subsets": [{"notReadyAddresses": [{"ip": "10.0.0.1"}]}]}, Tone.FAIL),
    (
        "endpointslices",
        "half",
        {"endpoints": [{"conditions": {"serving": True}}, {"conditions": {"serving": False}}]},
        Tone.DEGRADED,
    ),
    ("endpointslices", "none serves", {"endpoints": [{"conditions": {"ready": False}}]}, Tone.FAIL),
    ("crd", "served", {"status": {"conditions": [condition("Established")]}}, Tone.OK),
    ("crd", "name taken", {"status": {"conditions": [condition("NamesAccepted", "False", "NameConflict")]}}, Tone.FAIL),
    ("cm", "being deleted", {"metadata": {"deletionTimestamp": EARLIER}}, Tone.BUSY),
]


@pytest.mark.parametrize(
    ("name", "body", "tone"),
    [(name, body, tone) for name, _, body, tone in TONES],
    ids=[f"{name} {what}" for name, what, _, _ in TONES],
)
def test_the_tone_of_a_row(name: str, body: dict[str, Any], tone: Tone) -> None:
    assert row_of(name, body).tone is tone


def test_failing_rows_come_first() -> None:
    ranks = [row_of("no", body).rank for body in (node("False"), {}, node("True", cordoned=True), node("True"))]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == 4


@pytest.mark.parametrize(
    ("used", "available", "text", "tone"),
    [
        (50, 100, "50%", Tone.PLAIN),
        (90, 100, "90%", Tone.WARN),
        (99.9, 100, "99%", Tone.WARN),
        (100, 100, "100%", Tone.FAIL),
        (None, 100, "–", Tone.MUTED),
        (50, None, "–", Tone.MUTED),
        (50, 0, "–", Tone.MUTED),
    ],
)
def test_percent_of_a_bound(used: float | None, available: float | None, text: str, tone: Tone) -> None:
    shown = percent_cell(used, available)
    assert (shown.text, shown.tone) == (text, tone)


def test_a_pod_at_its_memory_limit_fails_but_cpu_only_warns() -> None:
    resources = {"requests": {"cpu": "100m", "memory": "50Mi"}, "limits": {"cpu": "200m", "memory": "100Mi"}}
    body = {"spec": {"containers": [{"name": "app", "resources": resources}]}}
    row = row_of("po", body, Context(NOW, Usage(0.2, 100 * 2**20)))
    shown = {id_: cell("po", row, id_) for id_ in ("cpu", "cpu_request", "cpu_limit", "memory", "memory_limit")}
    assert {id_: (each.text, each.tone) for id_, each in shown.items()} == {
        "cpu": ("200m", Tone.PLAIN),
        "cpu_request": ("200%", Tone.ACCENT),
        "cpu_limit": ("100%", Tone.WARN),
        "memory": ("100Mi", Tone.PLAIN),
        "memory_limit": ("100%", Tone.FAIL),
    }
    unknown = row_of("po", body)
    assert cell("po", unknown, "cpu") == cell("po", unknown, "memory_limit") == Cell("–", Tone.MUTED)


def test_a_node_shows_its_pods_of_those_it_has_room_for() -> None:
    body = {"status": {"allocatable": {"pods": "110", "cpu": "2", "memory": "4Gi"}}}
    row = row_of("no", body, Context(NOW, Usage(1, 2**31), pods=31))
    assert [cell("no", row, id_).text for id_ in ("pods", "cpu", "cpu_percent", "memory", "memory_percent")] == [
        "31/110",
        "1000m",
        "50%",
        "2048Mi",
        "50%",
    ]
    assert cell("no", row_of("no", body), "pods").text == "–"


def container(name: str, cpu: str | None, limit: str | None = None, **more: Any) -> Container:
    resources = ResourceRequirements({"cpu": cpu} if cpu else None, {"cpu": limit} if limit else None)
    return Container(name, resources=resources, **more)


def test_what_a_pod_requests_is_the_sum_of_the_containers_that_run_together() -> None:
    init = (container("migrate", "4"), container("proxy", "50m", "1", restart_policy="Always"))
    spec = PodSpec((container("app", "100m", "1"), container("log", None, "250m")), init)
    assert pod_request(spec, "cpu") == pytest.approx(0.4)
    assert pod_limit(spec, "cpu") == pytest.approx(2.25)
    assert pod_request(spec, "memory") is None


def test_a_pod_has_no_limit_if_one_of_its_containers_has_none() -> None:
    assert pod_limit(PodSpec((container("app", "1", "1"), container("log", "1"))), "cpu") is None
    assert pod_limit(PodSpec((container("app", "1", "many"),)), "cpu") is None


def test_resources_of_the_whole_pod_replace_the_sums() -> None:
    whole = ResourceRequirements({"cpu": "3"}, {"cpu": "4"})
    spec = PodSpec((container("app", "1", "1"),), resources=whole)
    assert (pod_request(spec, "cpu"), pod_limit(spec, "cpu")) == (3, 4)


def test_no_value_of_a_secret_is_kept() -> None:
    resource_type = STANDARD.find("secrets")
    assert resource_type is not None
    resource = built_in_resources().of(resource_type)
    assert resource is not None
    body = {
        "metadata": {
            "name": "db",
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": '{"stringData":{"password":"hunter2"}}'
            },
        },
        "type": "Opaque",
        "data": {"password": "aHVudGVyMg==", "ca.crt": "QUJD", "empty": ""},
    }
    secret = resource.kind.decode(json.dumps(body).encode())
    row = resource.row(secret, Context(NOW))
    assert secret.sizes == (("ca.crt", 3), ("empty", 0), ("password", 7))
    assert cell("secrets", row, "keys").text == "ca.crt 3, empty 0, password 7"
    assert cell("secrets", row, "data").text == "3"
    held = _reachable(secret) + _reachable(row)
    assert not any("aHVudGVyMg" in text or "hunter2" in text for text in held)


def _reachable(value: Any) -> list[str]:
    """Return the texts that a value holds at any depth; structs that are not tracked by the collector included."""
    match value:
        case msgspec.Raw():
            return [bytes(value).decode()]
        case str() | bytes():
            return [str(value)]
        case msgspec.Struct():
            return [text for field in value.__struct_fields__ for text in _reachable(getattr(value, field))]
        case dict():
            return [text for item in value.items() for text in _reachable(item)]
        case tuple() | list():
            return [text for item in value for text in _reachable(item)]
    return []


def test_the_sizes_of_a_config_map_are_those_of_its_values() -> None:
    row = row_of("cm", {"data": {"a": "é\n", "b": "12345"}, "binaryData": {"c": "AA=="}})
    assert cell("cm", row, "keys").text == "a 3, b 5, c 1"
    assert cell("cm", row, "size").sort == 9
