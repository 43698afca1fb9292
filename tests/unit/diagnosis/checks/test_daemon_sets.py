"""DaemonSets: nodes that they do not reach, and those that they leave out on purpose."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.kinds import DAEMON_SET
from k9py.api.severity import Severity
from k9py.diagnosis.checks.daemon_sets import misscheduled, not_reached
from k9py.diagnosis.finding import Finding
from tests.factories.graph import GraphOfObjects, findings_of


def _node(name: str, *taints: tuple[str, str], **labels: str) -> dict[str, Any]:
    listed = [{"key": key, "effect": effect} for key, effect in taints]
    metadata = {"name": name, "uid": name, "labels": {"kubernetes.io/os": "linux"} | labels}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {"taints": listed}}


def _daemon_set(status: Any = None, **spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "agent"}}, "spec": {"containers": [{"name": "app"}]} | spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {
            "name": "agent",
            "namespace": "shop",
            "uid": "agent",
            "generation": 1,
            "creationTimestamp": "2026-11-22T11:00:00Z",
        },
        "spec": {"selector": {"matchLabels": {"app": "agent"}}, "template": template},
        "status": {"observedGeneration": 1} | (status or {}),
    }


def _pod(node: str) -> dict[str, Any]:
    owner = {"kind": "DaemonSet", "name": "agent", "uid": "agent", "controller": True}
    metadata = {"name": f"agent-{node}", "namespace": "shop", "uid": node + "-pod", "labels": {"app": "agent"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata | {"ownerReferences": [owner]}} | {
        "spec": {"nodeName": node}
    }


def _found(check: Any, *objects: Any, **options: Any) -> tuple[Finding, ...]:
    graph = GraphOfObjects(*objects, **options)
    return findings_of(check, graph.subject(DAEMON_SET, "agent", "shop"), graph)


@pytest.mark.parametrize(
    ("spec", "nodes", "severity", "message"),
    [
        (
            {},
            [_node("a"), _node("b", ("dedicated", "NoSchedule"))],
            Severity.WARNING,
            "1 node is left out: it does not tolerate taint dedicated:NoSchedule (b)",
        ),
        (
            {},
            [_node("b", ("gpu", "NoExecute")), _node("c", ("gpu", "NoExecute")), _node("d", ("spot", "NoSchedule"))],
            Severity.WARNING,
            "3 nodes are left out: it does not tolerate taints gpu:NoExecute (b, c), spot:NoSchedule (d)",
        ),
        (
            {},
            [_node("a"), _node("m", ("node-role.kubernetes.io/control-plane", "NoSchedule"))],
            Severity.INFO,
            "1 node is left out: it does not tolerate taint node-role.kubernetes.io/control-plane:NoSchedule (m)",
        ),
        (
            {"nodeSelector": {"disk": "ssd"}},
            [_node("a", disk="sdd"), _node("b", disk="hdd")],
            Severity.WARNING,
            "runs nowhere: no node matches its nodeSelector disk=ssd; 1 node with disk=sdd",
        ),
        # healthy
        ({}, [_node("a"), _node("b", ("dedicated", "PreferNoSchedule"))], None, ""),
        ({}, [_node("a"), _node("b", ("node.kubernetes.io/unschedulable", "NoSchedule"))], None, ""),
        ({"tolerations": [{"operator": "Exists"}]}, [_node("b", ("dedicated", "NoSchedule"))], None, ""),
        ({"nodeSelector": {"disk": "ssd"}}, [_node("a", disk="ssd"), _node("b", ("x", "NoSchedule"))], None, ""),
    ],
)
def test_nodes_without_a_pod(spec: Any, nodes: list[Any], severity: Severity | None, message: str) -> None:
    found = _found(not_reached, _daemon_set(**spec), *nodes)

    assert [(finding.severity, finding.message) for finding in found] == ([(severity, message)] if severity else [])


def _writer(name: str, at: str, **fields: Any) -> dict[str, Any]:
    return {"manager": name, "operation": "Update", "time": at, "fieldsV1": fields}


_TAINTS: dict[str, Any] = {"f:spec": {"f:taints": {}}}
_TEMPLATE: dict[str, Any] = {"f:spec": {"f:template": {}}}
_LABELS: dict[str, Any] = {"f:metadata": {"f:labels": {}}}
_LATE, _EARLY = "2026-11-22T11:30:00Z", "2026-11-12T11:30:00Z"


@pytest.mark.parametrize(
    ("of_daemon_set", "of_node", "severity"),
    [
        (_writer("kubectl", _EARLY, **_TEMPLATE), _writer("kubectl", _EARLY, **_TAINTS), Severity.INFO),
        (_writer("kubectl", _LATE, **_TEMPLATE), _writer("kubectl", _EARLY, **_TAINTS), Severity.WARNING),
        (_writer("kubectl", _EARLY, **_TEMPLATE), _writer("kubectl-taint", _LATE, **_TAINTS), Severity.WARNING),
        (_writer("kubectl", _EARLY, **_TEMPLATE), _writer("kube-controller-manager", _LATE, **_TAINTS), Severity.INFO),
    ],
)
def test_left_out_nodes_are_a_warning_while_that_is_new(of_daemon_set: Any, of_node: Any, severity: Severity) -> None:
    daemon_set, node = _daemon_set(), _node("b", ("dedicated", "NoSchedule"))
    daemon_set["metadata"] |= {"creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": [of_daemon_set]}
    node["metadata"] |= {"creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": [of_node]}

    assert [finding.severity for finding in _found(not_reached, daemon_set, node)] == [severity]


def test_the_taints_and_labels_of_a_new_node_are_no_change() -> None:
    daemon_set, node = _daemon_set(), _node("b", ("dedicated", "NoSchedule"))
    daemon_set["metadata"] |= {"creationTimestamp": "2026-01-01T00:00:00Z"}
    node["metadata"] |= {
        "creationTimestamp": "2026-11-22T11:29:00Z",
        "managedFields": [_writer("karpenter", _LATE, **_TAINTS)],
    }

    assert [finding.severity for finding in _found(not_reached, daemon_set, node)] == [Severity.INFO]


def test_a_selector_that_matches_no_node_is_a_warning_while_labels_are_new() -> None:
    daemon_set, node = _daemon_set(nodeSelector={"disk": "ssd"}), _node("b")
    daemon_set["metadata"] |= {"creationTimestamp": "2026-01-01T00:00:00Z"}
    node["metadata"] |= {"creationTimestamp": "2026-01-01T00:00:00Z"}
    for at, severity in ((_LATE, Severity.WARNING), (_EARLY, Severity.INFO)):
        node["metadata"]["managedFields"] = [_writer("kubectl-label", at, **_LABELS)]

        assert [finding.severity for finding in _found(not_reached, daemon_set, node)] == [severity]


def test_nodes_that_cannot_be_read_prove_nothing() -> None:
    assert _found(not_reached, _daemon_set(nodeSelector={"x": "y"}), unread={"Node": "forbidden"}) == ()


def test_pods_on_the_wrong_nodes_are_named() -> None:
    nodes = [_node("a"), _node("b", ("dedicated", "NoSchedule"))]

    (finding,) = _found(misscheduled, _daemon_set({"numberMisscheduled": 1}), *nodes, _pod("a"), _pod("b"))

    assert finding.message == "1 pod on nodes that should not run it: b"
    assert _found(misscheduled, _daemon_set(), *nodes) == ()
