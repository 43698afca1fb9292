"""Pods that are Terminating when a drain begins: it waits for them, and never calls a Node drained while they run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from k9py.api.errors import NotFoundError
from k9py.api.meta import ObjectRef
from k9py.api.policy import PodDisruptionBudget
from k9py.operations.drain import Drain, DrainInputs
from k9py.operations.follow import FollowContext
from k9py.operations.track import TrackedEnd

Raw = dict[str, Any]


class Node:
    """A Node with one Terminating pod, as target, reader and clock; the pod is gone after a number of reads."""

    key = ObjectRef("Node", "", "node-1")

    def __init__(self, *, reads: int) -> None:
        self.raw: Mapping[str, Any] = {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": "node-1", "uid": "u", "resourceVersion": "1"},
            "spec": {"unschedulable": True},
        }
        self._pod = {
            "metadata": {
                "name": "cart-1",
                "namespace": "shop",
                "uid": "p",
                "resourceVersion": "1",
                "deletionTimestamp": "2026-11-30T12:00:00Z",
                "finalizers": ["example.com/wait"],
            }
        }
        self._reads = reads
        self._time = 0.0

    async def budgets_in(self, namespaces: Iterable[str]) -> list[PodDisruptionBudget]:
        return []

    async def pods_on_node(self) -> list[Raw]:
        return await self.list("Pod", "")

    async def list(self, kind: str, namespace: str, **selectors: str) -> list[Raw]:
        return [self._pod] if self._reads > 0 else []

    async def get(self, key: ObjectRef, subresource: str = "") -> Raw:
        self._reads -= 1
        if self._reads <= 0:
            raise NotFoundError("gone", code=404)
        return self._pod

    def monotonic(self) -> float:
        return self._time

    async def sleep(self, seconds: float) -> None:
        self._time += seconds


async def drained(node: Node, *, is_stopped: bool = False) -> TrackedEnd:
    planned = await Drain().plan(node, DrainInputs())  # type: ignore[arg-type]
    assert planned.plan is not None
    assert ("waits for", "", "1 Terminating pod") in planned.plan.before_after
    assert planned.follow is not None
    context = FollowContext(
        node,  # type: ignore[arg-type]
        node,  # type: ignore[arg-type]
        node,  # type: ignore[arg-type]
        60.0,
        lambda _: None,
        lambda: is_stopped,
    )
    return await planned.follow(context)


async def test_a_terminating_pod_is_waited_for() -> None:
    end = await drained(Node(reads=3))
    assert (end.outcome, end.text) == ("converged", "drained: 0 pods evicted, 1 Terminating pod gone")


@pytest.mark.parametrize(
    ("is_stopped", "outcome", "text"),
    [
        (False, "stalled", "left: shop/cart-1: still terminating after 60 s: waits for finalizer example.com/wait"),
        (True, "not-followed", "stopped: 0 of 0 pods evicted; left: shop/cart-1: terminating"),
    ],
)
async def test_a_terminating_pod_that_stays_is_reported(*, is_stopped: bool, outcome: str, text: str) -> None:
    end = await drained(Node(reads=1000), is_stopped=is_stopped)
    assert end.outcome == outcome
    assert end.text.endswith(text)
