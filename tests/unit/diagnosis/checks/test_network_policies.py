"""NetworkPolicies that may explain timeouts."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.kinds import NETWORK_POLICY
from k9py.api.severity import Severity
from k9py.diagnosis.checks.network_policies import network_policy
from tests import factories as make
from tests.factories.graph import GraphOfObjects, findings_of


def _policy(name: str = "deny-all", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": "shop", "uid": name},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], **spec},
    }


FAILING = make.pod("front-1", labels={"app": "front"}, ready=False)
TIMEOUT = make.event(FAILING, "Unhealthy", "Readiness probe failed: upstream timed out")
REFUSED = make.event(FAILING, "Unhealthy", "Readiness probe failed: connection refused")


@pytest.mark.parametrize(
    ("policies", "objects", "logs", "is_suspected"),
    [
        ([_policy()], [FAILING, TIMEOUT], {}, True),
        ([_policy()], [FAILING], {"shop/front-1/app": ["dial tcp 10.0.0.1:80: i/o timeout"]}, True),
        ([_policy(podSelector={"matchLabels": {"app": "front"}})], [FAILING, TIMEOUT], {}, True),
        ([_policy(podSelector={"matchLabels": {"app": "db"}})], [FAILING, TIMEOUT], {}, False),
        ([_policy()], [FAILING, REFUSED], {}, False),
        ([_policy()], [make.pod("front-1"), TIMEOUT], {}, False),
        ([_policy(policyTypes=["Ingress"])], [FAILING, TIMEOUT], {}, False),
        ([_policy(egress=[{"to": []}])], [FAILING, TIMEOUT], {}, False),
        # What another policy allows is allowed.
        ([_policy(), _policy("dns", egress=[{"ports": [{"port": 53}]}])], [FAILING, TIMEOUT], {}, False),
    ],
)
def test_a_policy_is_only_suspected(
    policies: list[Any], objects: list[Any], logs: dict[str, list[str]], is_suspected: bool
) -> None:
    graph = GraphOfObjects(*policies, *objects, logs=logs)

    findings = findings_of(network_policy, graph.subject(NETWORK_POLICY, "deny-all", "shop"), graph)

    assert [finding.severity for finding in findings] == ([Severity.INFO] if is_suspected else [])
