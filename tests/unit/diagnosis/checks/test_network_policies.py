"""NetworkPolicies that may explain timeouts."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.kinds import NETWORK_POLICY, POD
from k9py.api.severity import Severity
from k9py.diagnosis.checks.crashes import container_crash
from k9py.diagnosis.checks.network_policies import network_policy
from k9py.diagnosis.finding import Finding
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


def _crashing(line: str, **env: str) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """A pod that crashes after this line, and its logs."""
    ended = {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2026-11-22T11:59:30Z"}}
    status = {
        "name": "app",
        "ready": False,
        "restartCount": 5,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}},
        "lastState": ended,
    }
    variables = [{"name": name, "value": value} for name, value in env.items()]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "front-1", "namespace": "shop", "uid": "front-1", "labels": {"app": "front"}},
        "spec": {"containers": [{"name": "app", "image": "front:1", "env": variables}], "nodeName": "a"},
        "status": {"phase": "Running", "containerStatuses": [status]},
    }
    return pod, {"shop/front-1/app": [line], "shop/front-1/app/previous": [line]}


_DB_POD = make.pod("db-1", labels={"app": "db"})
_DB: list[Any] = [
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "db", "namespace": "shop", "uid": "db"},
        "spec": {"selector": {"app": "db"}, "clusterIP": "10.0.3.4", "ports": [{"port": 5432}]},
    },
    _DB_POD,
    make.endpoint_slice(make.service("db"), [_DB_POD]),
]
_OF_DB: dict[str, Any] = {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"]}


def _from(**labels: str) -> list[dict[str, Any]]:
    return [{"from": [{"podSelector": {"matchLabels": labels}}]}]


@pytest.mark.parametrize(
    ("line", "env", "policies", "message"),
    [
        (
            "dial tcp 10.0.3.4:5432: i/o timeout",
            {"DB_HOST": "db"},
            [_policy(**_OF_DB)],
            "allows no ingress from pod front-1 to the pods of Service db, which time out for it",
        ),
        (
            "connect to db:5432 timed out",
            {},
            [_policy(**_OF_DB, ingress=_from(app="api"))],
            "allows no ingress from pod front-1 to the pods of Service db, which time out for it",
        ),
        ("connect to db:5432 timed out", {}, [_policy(**_OF_DB, ingress=_from(app="front"))], None),
        ("connect to db:5432 timed out", {}, [_policy(**_OF_DB), _policy("front", **_OF_DB, ingress=[{}])], None),
        ("connect to db:5432: connection refused", {}, [_policy(**_OF_DB)], None),
        ("connect to 10.9.9.9:5432 timed out", {"DB_HOST": "db"}, [_policy(**_OF_DB)], None),
        (
            "lookup api.example.com: i/o timeout",
            {},
            [_policy()],
            "allows its pods no egress, and they time out",
        ),
        ("lookup api.example.com: i/o timeout", {}, [_policy(egress=[{"to": []}])], None),
        ("lookup api.example.com: i/o timeout", {}, [_policy(podSelector={"matchLabels": {"app": "db"}})], None),
    ],
)
def test_a_crash_after_a_timeout_is_caused_by_the_policy_that_forbids_the_traffic(
    line: str, env: dict[str, str], policies: list[Any], message: str | None
) -> None:
    pod, logs = _crashing(line, **env)
    graph = GraphOfObjects(pod, *_DB, *policies, logs=logs)

    (finding,) = findings_of(container_crash, graph.subject(POD, "front-1", "shop"), graph)

    causes = [cause for cause in finding.caused_by if isinstance(cause, Finding)]
    assert [cause.message for cause in causes] == ([] if message is None else [message])
