"""A drain against the simulator, with pods that come to the Node or are Terminating while it is confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k9py.cli.command_line import WriteOptions
from k9py.cli.operation_targets import parse_typed_names
from k9py.cli.operations import run_operation
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.clock import RealClock
from k9py.simulator.registry.resources import by_kind
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.cli.shell import CommandResult, Shell
from tests.contract.scene import QuickTime

PODS = by_kind("Pod")
LATE = "late"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shell]:
    with Simulator("shop-quiet", RealClock(speed=50)) as simulator:
        yield Shell(simulator, tmp_path, clock=QuickTime(simulator))


def node_of_cart(shop: Shell) -> str:
    pods = shop.simulator.call(lambda state: state.storage.list(PODS, "shop"))
    return next(str(pod["spec"]["nodeName"]) for pod in pods if pod["metadata"]["labels"].get("app") == "cart")


def bind_pod(shop: Shell, node: str, *, controlled: bool, **metadata: Any) -> None:
    """Create a pod that runs on a Node, with a controller or without."""

    def create(state: SimulatorState) -> None:
        service = state.storage.get(by_kind("Service"), "shop", "cart")
        assert service is not None
        owner = {"apiVersion": "v1", "kind": "Service", "name": "cart", "uid": service["metadata"]["uid"]}
        owners = {"ownerReferences": [owner | {"controller": True}]} if controlled else {}
        whole = {"name": LATE, "namespace": "shop", **owners, **metadata}
        spec = {"nodeName": node, "containers": [{"name": "app", "image": "app:1"}]}
        create_object(state, PODS, {"metadata": whole, "spec": spec})

    shop.simulator.call(create)


def late_pod(shop: Shell) -> dict[str, Any] | None:
    obj: dict[str, Any] | None = shop.simulator.call(lambda state: state.storage.get(PODS, "shop", LATE))
    return obj


async def drain(shop: Shell, node: str, *, controlled: bool, **inputs: Any) -> CommandResult:
    """Drain a Node; a pod is bound to it while the question is open."""

    def confirm() -> str:
        bind_pod(shop, node, controlled=controlled)
        return "y"

    options = WriteOptions(timeout=600)
    given = {"deletes_data": True, **inputs}
    return await shop.run(
        lambda invocation: run_operation(invocation, parse_typed_names([f"node/{node}"]), "drain", options, **given),
        json=True,
        answers=iter([confirm]),
    )


@pytest.mark.parametrize(("controlled", "force"), [(True, None), (False, True)])
async def test_a_pod_that_came_before_the_cordon_is_evicted_too(
    shop: Shell, *, controlled: bool, force: bool | None
) -> None:
    result = await drain(shop, node_of_cart(shop), controlled=controlled, force=force)
    assert result.code == 0, result.err
    assert late_pod(shop) is None
    [drained] = result.json["results"]
    evicted = [line["name"] for line in shop.audit if (line["action"], line["event"]) == ("evict", "write")]
    assert LATE in evicted
    assert drained["words"] == f"drained: {len(evicted)} pods evicted"


async def test_a_pod_that_nobody_confirmed_to_lose_stays_and_is_reported(shop: Shell) -> None:
    result = await drain(shop, node_of_cart(shop), controlled=False)
    assert result.code != 0
    assert late_pod(shop) is not None
    [drained] = result.json["results"]
    assert drained["outcome"] == "stalled"
    assert f"left: shop/{LATE}: not evicted: no controller recreates it" in drained["words"]
