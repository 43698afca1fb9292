"""Disruption budgets: that allow nothing, select nothing, overlap; and those that only wait for a rollout."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.kinds import POD_DISRUPTION_BUDGET
from k9py.api.severity import Severity
from k9py.diagnosis.check import Check
from k9py.diagnosis.checks.budgets import blocks, overlaps, selects_nothing
from k9py.diagnosis.finding import Finding
from tests import factories as make
from tests.factories.graph import GraphOfObjects, findings_of


def _budget(name: str = "web", *, created: int = 3600, app: str = "web", **content: Any) -> dict[str, Any]:
    at = f"{make.before(created):%Y-%m-%dT%H:%M:%SZ}"
    spec = {"selector": {"matchLabels": {"app": app}}} | content.get("spec", {"minAvailable": 2})
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": "shop", "uid": name, "creationTimestamp": at},
        "spec": spec,
        "status": content.get("status", {}),
    }


def _counts(allowed: int, healthy: int, desired: int, expected: int, reason: str = "") -> dict[str, Any]:
    at = f"{make.before(500):%Y-%m-%dT%H:%M:%SZ}"
    condition = {"type": "DisruptionAllowed", "status": "False", "reason": reason or "InsufficientPods"}
    return {
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "expectedPods": expected,
        "conditions": [condition | {"lastTransitionTime": at, "message": "no scale found"}],
    }


def _found(check: Check, *objects: Any, name: str = "web") -> tuple[Finding, ...]:
    graph = GraphOfObjects(*objects)
    return findings_of(check, graph.subject(POD_DISRUPTION_BUDGET, name, "shop"), graph)


def _workload(ready: int = 3, replicas: int = 3) -> list[Any]:
    deployment = make.deployment("web", replicas=replicas, ready=ready, available=ready)
    replica_set = make.replica_set(deployment, replicas=replicas, ready=ready)
    pods = [
        make.pod(f"web-{number}", owner=replica_set, labels={"app": "web"}, ready=number < ready)
        for number in range(replicas)
    ]
    return [deployment, replica_set, *pods]


@pytest.mark.parametrize(
    ("spec", "status", "ready", "severity", "message"),
    [
        (
            {"minAvailable": 3},
            _counts(0, 3, 3, 3),
            3,
            Severity.WARNING,
            "never allows a disruption: minAvailable 3 of 3 pods, no node with them can be drained",
        ),
        (
            {"maxUnavailable": 0},
            _counts(0, 3, 3, 3),
            3,
            Severity.WARNING,
            "never allows a disruption: maxUnavailable 0 of 3 pods, no node with them can be drained",
        ),
        (
            {"maxUnavailable": 1},
            _counts(0, 1, 2, 3),
            1,
            Severity.WARNING,
            "allows no disruption now: too few healthy pods (maxUnavailable 1)",
        ),
        (
            {"maxUnavailable": 1},
            _counts(0, 2, 2, 3),
            3,
            Severity.INFO,
            "allows no disruption now: too few healthy pods (maxUnavailable 1)",
        ),
        (
            {"maxUnavailable": 1},
            _counts(0, 0, 0, 3, "SyncFailed"),
            3,
            Severity.WARNING,
            "is not enforced as wanted, no disruptions are allowed: no scale found",
        ),
        ({"maxUnavailable": 1}, _counts(1, 3, 2, 3), 3, None, ""),
        ({"minAvailable": 1}, _counts(0, 0, 1, 0), 3, None, ""),
    ],
)
def test_a_budget_that_allows_nothing(
    spec: Any, status: Any, ready: int, severity: Severity | None, message: str
) -> None:
    found = _found(blocks, _budget(spec=spec, status=status), *_workload(ready))

    assert [(finding.severity, finding.message) for finding in found] == ([(severity, message)] if severity else [])
    if "now" in message and severity is Severity.WARNING:
        assert [str(cause) for cause in found[0].caused_by] == ["Pod shop/web-1", "Pod shop/web-2"]


def test_a_new_budget_has_not_been_counted_yet() -> None:
    assert _found(blocks, _budget(created=10, status=_counts(0, 0, 3, 3)), *_workload()) == ()


@pytest.mark.parametrize(
    ("app", "objects", "expected"),
    [
        (
            "wbe",
            _workload(),
            "protects nothing: its selector app=wbe matches no pod; 3 pods of Deployment web have app=web",
        ),
        ("other", [], "protects nothing: its selector app=other matches no pod"),
        ("web", _workload(), ""),
        ("web", [make.deployment("web", replicas=0)], ""),  # scaled to zero
    ],
)
def test_a_budget_that_selects_nothing(app: str, objects: list[Any], expected: str) -> None:
    found = _found(selects_nothing, _budget(app=app), *objects)

    assert [finding.message for finding in found] == ([expected] if expected else [])


def test_what_is_unread_is_not_claimed_to_be_nothing() -> None:
    graph = GraphOfObjects(_budget(app="other"), unread={"Deployment": "forbidden"})

    assert findings_of(selects_nothing, graph.subject(POD_DISRUPTION_BUDGET, "web", "shop"), graph) == ()


def test_two_budgets_of_one_pod_are_reported_once() -> None:
    objects = [_budget("web"), _budget("zeb"), _budget("far", app="far"), *_workload()]

    (finding,) = _found(overlaps, *objects)

    assert finding.message == "covers the same pods as PodDisruptionBudget zeb: they cannot be evicted at all"
    assert _found(overlaps, *objects, name="zeb") == ()
    assert _found(overlaps, *objects, name="far") == ()
