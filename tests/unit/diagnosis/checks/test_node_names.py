"""Workloads whose template names a node."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.kinds import DEPLOYMENT
from k9py.api.severity import Severity
from k9py.diagnosis.checks.node_names import workload_node_name
from tests.factories.graph import GraphOfObjects, findings_of
from tests.factories.placement import node_json


@pytest.mark.parametrize(
    ("node", "replicas", "unread", "message"),
    [
        ("node-999", 1, {}, "node node-999, which its pod template names, does not exist"),
        ("node-01", 1, {}, "node node-01, which its pod template names, does not exist; similar: node-001"),
        ("node-001", 1, {}, None),
        ("node-999", 0, {}, None),
        ("", 1, {}, None),
        ("node-999", 1, {"Node": "forbidden"}, None),
    ],
)
def test_a_template_that_names_a_missing_node(
    node: str, replicas: int, unread: dict[str, str], message: str | None
) -> None:
    pod: dict[str, Any] = {"containers": [{"name": "app", "image": "app:1"}], **({"nodeName": node} if node else {})}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "uid": "web"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": pod},
        },
    }
    graph = GraphOfObjects(deployment, node_json("node-001"), unread=unread)

    findings = findings_of(workload_node_name, graph.subject(DEPLOYMENT, "web", "shop"), graph)

    expected = [] if message is None else [(Severity.DOWN, message)]
    assert [(finding.severity, finding.message) for finding in findings] == expected
