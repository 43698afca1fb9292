"""The plan of a drain: which pods are evicted, and which budgets refuse that now."""

from __future__ import annotations

from typing import Any

from k9py.api.kinds import POD_DISRUPTION_BUDGET
from k9py.api.policy import PodDisruptionBudget
from k9py.operations.drain import DrainInputs, plan_drain
from k9py.operations.plan import WritePlan
from k9py.operations.pods_on_node import sort_pods

NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "uid": "u", "resourceVersion": "1"}}


def pod(name: str, *, namespace: str = "shop", app: str = "cart") -> dict[str, Any]:
    owner = {"kind": "ReplicaSet", "name": "rs", "uid": "r", "controller": True}
    metadata = {"name": name, "namespace": namespace, "labels": {"app": app}, "ownerReferences": [owner]}
    return {"metadata": metadata, "status": {"phase": "Running"}}


def budget(allowed: int, *, namespace: str = "shop", app: str = "cart") -> PodDisruptionBudget:
    return POD_DISRUPTION_BUDGET.decode(
        b"""{"metadata": {"name": "cart", "namespace": "%s"}, "spec": {"selector": {"matchLabels": {"app": "%s"}}},
        "status": {"disruptionsAllowed": %d}}"""
        % (namespace.encode(), app.encode(), allowed)
    )


def plan(pods: list[dict[str, Any]], budgets: list[PodDisruptionBudget] | None) -> WritePlan:
    return plan_drain(NODE, sort_pods(pods), DrainInputs(), budgets)[0]


def test_the_pods_that_are_evicted_are_named() -> None:
    shown = {label: new for label, _, new in plan([pod("a"), pod("b")], []).before_after}
    assert shown["evicts"] == "2 pods: shop/a, shop/b"
    many = {label: new for label, _, new in plan([pod(f"p{n}") for n in range(25)], []).before_after}
    assert many["evicts"].startswith("25 pods: shop/p0, ")
    assert many["evicts"].endswith(", shop/p19 and 5 more")


def test_a_budget_that_allows_no_eviction_now_is_a_warning_with_its_pods() -> None:
    [warning] = plan([pod("a"), pod("b", app="ads")], [budget(0), budget(0, namespace="other")]).warnings
    assert warning.message == "disruption budget shop/cart allows no eviction now: pod shop/a"


def test_a_budget_that_allows_one_is_none() -> None:
    assert plan([pod("a")], [budget(1)]).warnings == ()


def test_budgets_that_cannot_be_read_are_unknown() -> None:
    [warning] = plan([pod("a")], None).warnings
    assert warning.message == "disruption budgets cannot be read: evictions may be refused"
