"""Nodes that are not well, and pods that they ended, lost or cannot end."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.kinds import NODE, POD
from k9py.api.severity import Severity
from k9py.diagnosis.check import Check
from k9py.diagnosis.checks.nodes import node_cordoned, node_not_ready, node_pressure, node_version_skew
from k9py.diagnosis.checks.pod_disruptions import pod_evicted, pod_node_lost
from k9py.diagnosis.checks.pod_ends import pod_readiness_gate, pod_stuck_terminating
from k9py.diagnosis.finding import Finding
from tests.factories.graph import GraphOfObjects, findings_of
from tests.factories.meta import before
from tests.factories.placement import condition_json, node_json, pod_json, stamp

_SILENT = condition_json("Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")
_NO_ROUTE = condition_json("NetworkUnavailable", "True", "NoRouteCreated", "no route")
_NO_CNI = condition_json(
    "Ready", "False", "KubeletNotReady", "container runtime network not ready: cni plugin not initialized"
)


def _node(check: Check, node: Any, *others: Any) -> list[tuple[Severity, str]]:
    world = GraphOfObjects(node, *others)
    found = findings_of(check, world.subject(NODE, node["metadata"]["name"]), world)
    return [(each.severity, each.message) for each in found]


def _pod(check: Check, pod: Any, *others: Any) -> tuple[Finding, ...]:
    world = GraphOfObjects(pod, *others)
    return findings_of(check, world.subject(POD, "web-1", "shop"), world)


@pytest.mark.parametrize(
    ("check", "node", "severity", "message"),
    [
        (node_not_ready, node_json("a", conditions=[_SILENT]), Severity.DEGRADED,
         "is not ready: Kubelet stopped posting node status"),
        (node_not_ready, node_json("a", conditions=[_NO_CNI]), Severity.DEGRADED,
         "is not ready: container runtime network not ready: cni plugin not initialized"),
        (node_not_ready, node_json("a", conditions=[_NO_ROUTE]),
         Severity.DEGRADED, "has no network: no route"),
        (node_pressure, node_json("a", conditions=[condition_json("DiskPressure", "True", "KubeletHasDiskPressure")]),
         Severity.WARNING, "is short of disk (DiskPressure)"),
        (node_cordoned, node_json("a", cordoned=True), Severity.INFO, "is cordoned: new pods are not scheduled on it"),
    ],
)  # fmt: skip
def test_a_node_says_what_is_wrong(check: Check, node: Any, severity: Severity, message: str) -> None:
    assert _node(check, node) == [(severity, message)]


def test_a_cordon_names_who_set_it_and_when() -> None:
    owned: Any = {"f:spec": {"f:unschedulable": {}}}
    entry = {"manager": "kubectl-drain", "time": stamp(before(600)), "apiVersion": "v1", "fieldsV1": owned}
    world = GraphOfObjects(node_json("a", cordoned=True, managedFields=[entry]))

    (finding,) = findings_of(node_cordoned, world.subject(NODE, "a"), world)

    assert finding.message == "is cordoned by kubectl-drain: new pods are not scheduled on it"
    assert finding.since == before(600)


@pytest.mark.parametrize(
    "node",
    [
        node_json("a"),
        node_json("a", created=60, conditions=[condition_json("Ready", "False", "KubeletNotReady", "cni", since=60)]),
        node_json("a", conditions=[condition_json("Ready", "False", "KubeletNotReady", "starting", since=5)]),
        node_json("a", conditions=[_SILENT], taints=["ToBeDeletedByClusterAutoscaler=1:NoSchedule"]),
    ],
    ids=["ready", "joining", "kubelet restarts", "removed by the autoscaler"],
)
def test_a_node_that_joins_or_leaves_is_no_problem(node: Any) -> None:
    assert _node(node_not_ready, node) == []
    assert _node(node_pressure, node) == []


def test_an_old_kubelet_is_worth_knowing() -> None:
    old = node_json("a")
    old["status"]["nodeInfo"]["kubeletVersion"] = "v1.31.0"

    assert _node(node_version_skew, old, node_json("b")) == [
        (Severity.INFO, "its kubelet 1.31 is 5 minor versions older than 1.36 of others")
    ]
    assert _node(node_version_skew, node_json("b"), old) == []


_OWNED = {"ownerReferences": [{"kind": "ReplicaSet", "name": "web", "uid": "rs", "controller": True}]}


def _failed(message: str, reason: str = "Evicted", since: float = 120, *, owned: bool = True) -> Any:
    target = condition_json("DisruptionTarget", "True", "TerminationByKubelet", message, since)
    status = {"reason": reason, "message": message, "conditions": [target]}
    return pod_json("web-1", node="a", phase="Failed", meta=_OWNED if owned else {}, status=status)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("The node was low on resource: memory. Threshold quantity: 100Mi. Container app was using 2Gi.",
         "was evicted: its node was low on memory"),
        ("The node was low on resource: ephemeral-storage. ", "was evicted: its node was low on ephemeral-storage"),
        ("The node had condition: [DiskPressure]. ", "was evicted: node a had DiskPressure"),
        ('Container app exceeded its local ephemeral storage limit "2Gi". ',
         "was evicted: container app exceeded its ephemeral-storage limit of 2Gi"),
        ('Usage of EmptyDir volume "cache" exceeds the limit "1Gi". ',
         "was evicted: emptyDir volume cache exceeded its limit of 1Gi"),
        ("Pod ephemeral local storage usage exceeds the total limit of containers 3Gi. ",
         "was evicted: it used more ephemeral storage than all its limits together (3Gi)"),
    ],
)  # fmt: skip
def test_an_eviction_names_the_pressure(text: str, message: str) -> None:
    (finding,) = _pod(pod_evicted, _failed(text), node_json("a"))

    assert (finding.severity, finding.message) == (Severity.WARNING, message)


def test_what_is_left_of_a_replaced_pod_is_worth_knowing_only() -> None:
    (finding,) = _pod(pod_evicted, _failed("The node was low on resource: memory. ", since=9000))

    assert finding.severity is Severity.INFO


def test_a_pod_without_a_controller_does_not_come_back_after_a_shutdown() -> None:
    pod = _failed("Pod was terminated in response to imminent node shutdown.", "NodeShutdown", owned=False)

    (finding,) = _pod(pod_evicted, pod)

    assert (finding.severity, finding.message) == (Severity.DOWN, "was ended by the shutdown of node a")


def test_a_pod_that_failed_by_itself_was_not_evicted() -> None:
    ended = {"terminated": {"exitCode": 1, "reason": "Error"}}
    status = {"containerStatuses": [{"name": "app", "state": ended}]}

    assert _pod(pod_evicted, pod_json("web-1", node="a", phase="Failed", status=status)) == ()


def test_a_pod_of_a_lost_node_has_the_node_as_its_cause() -> None:
    pod = pod_json("web-1", node="a", phase="Running", status={"conditions": [condition_json("Ready", "False")]})

    (finding,) = _pod(pod_node_lost, pod, node_json("a", conditions=[_SILENT]))

    (cause,) = finding.caused_by
    assert isinstance(cause, Finding)
    assert (finding.message, str(cause.about)) == ("node a is not ready", "Node a")
    assert _pod(pod_node_lost, pod, node_json("a")) == ()
    (gone,) = _pod(pod_node_lost, pod)
    assert gone.message == "node a does not exist"


@pytest.mark.parametrize(
    ("pod", "node", "message"),
    [
        (pod_json("web-1", node="a", phase="Running", deleted=300, meta={"finalizers": ["x.io/hold"]}), node_json("a"),
         "is stuck terminating: kept by finalizer x.io/hold"),
        (pod_json("web-1", node="a", phase="Running", deleted=300), node_json("a", conditions=[_SILENT]),
         "is stuck terminating: node a is not ready and cannot confirm its end"),
        (pod_json("web-1", node="a", phase="Running", deleted=300), node_json("a"),
         "is stuck terminating: node a has not confirmed its end"),
    ],
)  # fmt: skip
def test_a_pod_that_does_not_end_says_what_keeps_it(pod: Any, node: Any, message: str) -> None:
    (finding,) = _pod(pod_stuck_terminating, pod, node)

    assert (finding.severity, finding.message) == (Severity.WARNING, message)


@pytest.mark.parametrize("deleted", [-25.0, 10.0], ids=["in its grace period", "just after it"])
def test_a_pod_that_is_ending_is_no_problem(deleted: float) -> None:
    pod = pod_json("web-1", node="a", phase="Running", deleted=deleted, meta={"finalizers": ["x.io/hold"]})

    assert _pod(pod_stuck_terminating, pod, node_json("a")) == ()


def test_a_pod_that_is_ending_on_a_lost_node_belongs_to_the_node_at_once() -> None:
    pod = pod_json("web-1", node="a", phase="Running", deleted=-25.0)

    (finding,) = _pod(pod_stuck_terminating, pod, node_json("a", conditions=[_SILENT]))

    assert finding.message == "is terminating: node a is not ready and cannot confirm its end"
    assert finding.since is None
    (cause,) = finding.caused_by
    assert isinstance(cause, Finding)
    assert str(cause.about) == "Node a"


def _gated(since: float, *more: Any) -> Any:
    conditions = [condition_json("Ready", "False", "ReadinessGatesNotReady", "…", since)]
    conditions += [condition_json("ContainersReady", "True", since=since), *more]
    gates = [{"conditionType": "target-health.elbv2.k8s.aws/tg"}]
    return pod_json("web-1", node="a", phase="Running", readinessGates=gates, status={"conditions": conditions})


@pytest.mark.parametrize(
    ("pod", "severity", "message"),
    [
        (_gated(300), Severity.DOWN, "readiness gate target-health.elbv2.k8s.aws/tg has not been set"),
        (_gated(20), Severity.INFO, "readiness gate target-health.elbv2.k8s.aws/tg has not been set"),
        (_gated(300, condition_json("target-health.elbv2.k8s.aws/tg", "False", "Unhealthy", "503")), Severity.DOWN,
         "readiness gate target-health.elbv2.k8s.aws/tg is False: 503"),
    ],
)  # fmt: skip
def test_a_readiness_gate_names_who_sets_it(pod: Any, severity: Severity, message: str) -> None:
    (finding,) = _pod(pod_readiness_gate, pod)

    assert (finding.severity, finding.message) == (severity, message)
    assert "AWS Load Balancer Controller" in finding.next_steps[0].text
