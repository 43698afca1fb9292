"""Commands that change objects of any type, against the simulator: drain with budgets, delete, apply, jobs, labels."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k9py.cli.apply import apply_files
from k9py.cli.command_line import WriteOptions
from k9py.cli.operation_targets import TypedName, parse_typed_names
from k9py.cli.operations import run_operation
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.clock import RealClock
from k9py.simulator.registry.resources import by_kind
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.cli.shell import CommandResult, Shell
from tests.cli.writes import says
from tests.contract.scene import QuickTime

YES = WriteOptions(yes=True)
Raw = dict[str, Any]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shell]:
    with Simulator("shop-quiet", RealClock(speed=50)) as simulator:
        yield Shell(simulator, tmp_path, clock=QuickTime(simulator))


async def run(shop: Shell, operation: str, *names: str, options: WriteOptions = YES, **inputs: Any) -> CommandResult:
    targets = parse_typed_names(names)
    return await shop.run(
        lambda invocation: run_operation(invocation, targets, operation, options, **inputs), json=options.yes
    )


def stored(shop: Shell, kind: str, namespace: str, name: str) -> Raw | None:
    obj: Raw | None = shop.simulator.call(lambda state: state.storage.get(by_kind(kind), namespace, name))
    return obj


def create(shop: Shell, kind: str, name: str, spec: Raw, namespace: str = "shop") -> None:
    def fill(state: SimulatorState) -> None:
        metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
        create_object(state, by_kind(kind), {"metadata": metadata, "spec": spec})

    shop.simulator.call(fill)


def pods_on(shop: Shell, node: str) -> list[str]:
    """Return the pods of a Node that a drain evicts."""
    pods = shop.simulator.call(lambda state: state.storage.list(by_kind("Pod"), ""))
    return [
        pod["metadata"]["name"]
        for pod in pods
        if pod["spec"].get("nodeName") == node
        and pod["metadata"].get("ownerReferences", [{}])[0].get("kind") != "DaemonSet"
        and pod["status"].get("phase") == "Running"
    ]


def node_of_cart(shop: Shell) -> str:
    pods = shop.simulator.call(lambda state: state.storage.list(by_kind("Pod"), "shop"))
    [first, *_] = [pod for pod in pods if pod["metadata"]["labels"].get("app") == "cart"]
    return str(first["spec"]["nodeName"])


def refuse_evictions_of_cart(shop: Shell) -> None:
    create(shop, "PodDisruptionBudget", "cart-stays", {"minAvailable": 3, "selector": {"matchLabels": {"app": "cart"}}})


async def test_a_drain_waits_for_a_budget_and_goes_on_when_it_allows(shop: Shell) -> None:
    node = node_of_cart(shop)
    refuse_evictions_of_cart(shop)
    options = WriteOptions(yes=True, timeout=3600)
    draining = asyncio.ensure_future(run(shop, "drain", f"no/{node}", options=options, deletes_data=True))

    def asked() -> int:
        return sum("eviction" in request.path and "cart-" in request.path for request in shop.simulator.requests)

    async with asyncio.timeout(30):
        while asked() < 3:
            shop.simulator.call(lambda _: None)
            await asyncio.sleep(0.01)
    assert not draining.done()
    shop.simulator.call(lambda state: state.storage.delete(by_kind("PodDisruptionBudget"), "shop", "cart-stays"))
    result = await draining
    assert result.code == 0, result.err
    [drained] = result.json["results"]
    assert drained["outcome"] == "converged"
    assert drained["words"].startswith("drained: ")
    assert pods_on(shop, node) == []
    assert (stored(shop, "Node", "", node) or {})["spec"]["unschedulable"] is True
    of_cart = [line for line in shop.audit if line["action"] == "evict" and line["name"].startswith("cart-")]
    assert {line["outcome"] for line in of_cart} == {"done", "gone"}


async def test_a_drain_that_a_budget_blocks_names_it(shop: Shell) -> None:
    node = node_of_cart(shop)
    refuse_evictions_of_cart(shop)
    result = await run(shop, "drain", f"node/{node}", options=WriteOptions(yes=True, timeout=60), deletes_data=True)
    assert result.code != 0
    [drained] = result.json["results"]
    assert drained["outcome"] == "stalled"
    assert "cart-stays allows no disruptions" in drained["words"]


async def test_a_drain_refuses_to_lose_pods_that_nothing_recreates(shop: Shell) -> None:
    node = node_of_cart(shop)
    create(shop, "Pod", "bare", {"nodeName": node, "containers": [{"name": "app", "image": "app:1"}]})
    result = await run(shop, "drain", f"node/{node}", force=False, deletes_data=True)
    assert result.code == 9
    assert "shop/bare would be lost" in result.err
    assert "--force" in result.err
    assert shop.writes() == 0


async def test_deleting_shows_what_is_taken_along_and_waits_until_it_is_gone(shop: Shell) -> None:
    result = await run(shop, "delete", "deploy/cart", options=WriteOptions(yes=True, wait=True), cascade="background")
    assert result.code == 0, result.err
    [deleted] = result.json["results"]
    assert deleted["outcome"] == "gone"
    warnings = {warning["code"]: warning["message"] for warning in deleted["plan"]["warnings"]}
    assert "3 Pods" in warnings["dependents"]
    assert stored(shop, "Deployment", "shop", "cart") is None


async def test_a_namespace_is_deleted_only_when_its_name_is_typed(shop: Shell) -> None:
    def core(invocation: Any) -> Any:
        return run_operation(invocation, (TypedName("ns", "data"),), "delete", WriteOptions(), cascade="background")

    refused = await shop.run(core, answers=iter([lambda: "y"]))
    assert refused.code == 9
    assert shop.writes() == 0
    assert shop.prompts or "data" in refused.err
    assert (await shop.run(core, answers=iter([lambda: "data"]))).code == 0


async def test_an_unknown_type_names_those_that_are_like_it(shop: Shell) -> None:
    result = await run(shop, "delete", "deploymint/cart", cascade="background")
    assert result.code != 0
    assert "deployments" in result.err


async def test_labels_are_set_and_removed_on_several_objects(shop: Shell) -> None:
    values = {"tier": "web", "app.kubernetes.io/part-of": None}
    result = await run(shop, "label", "deploy/cart", "svc/cart", values=values)
    assert result.code == 0, result.err
    for kind in ("Deployment", "Service"):
        assert (stored(shop, kind, "shop", "cart") or {})["metadata"]["labels"]["tier"] == "web"


class OtherWriter:
    """Somebody else who sets a label of the ConfigMap `settings` when a prompt appears."""

    def __init__(self, shop: Shell) -> None:
        self._shop = shop

        def fill(state: SimulatorState) -> None:
            body = {"metadata": {"name": "settings", "namespace": "shop"}, "data": {"mode": "fast"}}
            create_object(state, by_kind("ConfigMap"), body)

        shop.simulator.call(fill)

    def labels(self) -> Raw:
        return dict((stored(self._shop, "ConfigMap", "shop", "settings") or {})["metadata"].get("labels") or {})

    def writes_first(self) -> str:
        def write(state: SimulatorState) -> None:
            obj = copy.deepcopy(state.storage.get(by_kind("ConfigMap"), "shop", "settings"))
            assert obj is not None
            obj["metadata"]["labels"] = {"owner": "theirs"}
            state.storage.update(by_kind("ConfigMap"), obj)

        self._shop.simulator.call(write)
        return "y"


async def label_meanwhile(shop: Shell, other: OtherWriter, *answers: str) -> CommandResult:
    def core(invocation: Any) -> Any:
        values = {"owner": "mine"}
        return run_operation(invocation, parse_typed_names(["cm/settings"]), "label", WriteOptions(), values=values)

    return await shop.run(core, answers=says(other.writes_first, *answers))


async def test_what_others_changed_is_shown_and_confirmed_again(shop: Shell) -> None:
    other = OtherWriter(shop)
    result = await label_meanwhile(shop, other, "y", "y")
    assert result.code == 0, result.err
    assert "was changed since you confirmed" in result.err
    assert "metadata.labels.owner: absent → theirs" in result.err
    assert "owner: theirs → mine" in result.err
    assert other.labels() == {"owner": "mine"}


async def test_what_others_changed_stays_when_nobody_wants_to_start_over(shop: Shell) -> None:
    other = OtherWriter(shop)
    result = await label_meanwhile(shop, other, "n")
    assert result.code == 9
    assert result.err.count("was changed since you confirmed") == 1
    assert other.labels() == {"owner": "theirs"}


APP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: app, namespace: later}
data: {mode: fast}
---
apiVersion: v1
kind: Namespace
metadata: {name: later}
"""


async def test_manifests_are_applied_in_the_order_they_need(shop: Shell, tmp_path: Path) -> None:
    file = tmp_path / "app.yaml"
    file.write_text(APP)
    result = await shop.run(lambda invocation: apply_files(invocation, [str(file)], YES), json=True)
    assert result.code == 0, result.err
    assert [item["kind"] for item in result.json["results"]] == ["Namespace", "ConfigMap"]
    assert (stored(shop, "ConfigMap", "later", "app") or {})["data"] == {"mode": "fast"}
    again = await shop.run(lambda invocation: apply_files(invocation, [str(file)], YES), json=True)
    assert again.code == 0, again.err


async def test_nothing_is_sent_before_all_manifests_are_read(shop: Shell, tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "a.yaml").write_text(APP)
    (tmp_path / "manifests" / "b.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n")
    result = await shop.run(lambda invocation: apply_files(invocation, [str(tmp_path / "manifests")], YES))
    assert "b.yaml:1: metadata.name is missing" in result.err
    assert shop.writes() == 0


async def test_a_field_of_another_manager_is_taken_over_only_by_force(shop: Shell, tmp_path: Path) -> None:
    file = tmp_path / "cart.yaml"
    file.write_text(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart, namespace: shop}\nspec: {replicas: 5}\n"
    )

    async def apply(**options: Any) -> CommandResult:
        return await shop.run(lambda invocation: apply_files(invocation, [str(file)], YES, **options), json=True)

    refused = await apply()
    assert refused.code == 9
    assert ".spec.replicas" in refused.err
    assert "--force-conflicts" in refused.err
    assert (await apply(force=True)).code == 0
    assert (stored(shop, "Deployment", "shop", "cart") or {})["spec"]["replicas"] == 5


async def test_without_a_terminal_what_is_wrong_is_said_before_that_nobody_can_confirm(shop: Shell) -> None:
    asking = WriteOptions()
    create(shop, "ConfigMap", "settings", {})

    async def refused(operation: str, name: str, **inputs: Any) -> CommandResult:
        targets = parse_typed_names((name,))
        return await shop.run(lambda its: run_operation(its, targets, operation, asking, **inputs))

    assert "ConfigMap shop/settings cannot be scaled" in (await refused("scale", "cm/settings", replicas=2)).err
    missing = await refused("delete", "pod/nope", cascade="background")
    assert (missing.code, "Pod shop/nope not found" in missing.err) == (2, True)
    unconfirmed = await refused("delete", "cm/settings", cascade="background")
    assert unconfirmed.code == 9
    assert "not confirmed: no terminal to ask on; nothing was written" in unconfirmed.err
    assert stored(shop, "ConfigMap", "shop", "settings") is not None


THREE = """
apiVersion: v1
kind: ConfigMap
metadata: {name: new-one, namespace: shop}
data: {a: b}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {replicas: 5}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: bad, namespace: shop}
spec:
  foo: 1
  selector: {matchLabels: {a: b}}
  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: x}]}}
"""


async def test_every_manifest_is_tried_and_nothing_is_stored_when_some_are_refused(shop: Shell, tmp_path: Path) -> None:
    file = tmp_path / "three.yaml"
    file.write_text(THREE)
    result = await shop.run(lambda invocation: apply_files(invocation, [str(file)], YES))
    assert result.code != 0
    assert f"{file}:7: Deployment shop/cart: other managers own 1 field of it: .spec.replicas" in result.err
    assert "--force-conflicts takes these fields over" in result.err
    assert f"{file}:12: Deployment shop/bad: .spec.foo: field not declared in schema" in result.err
    assert "correct the fields" in result.err
    assert "has a problem" not in result.err
    assert "+   a: b" in result.err
    assert "2 of 3 objects were refused; nothing was written" in result.err
    assert "not tried" not in result.err
    assert stored(shop, "ConfigMap", "shop", "new-one") is None
    assert shop.audit == []


async def test_each_manifest_has_one_result_when_some_are_refused(shop: Shell, tmp_path: Path) -> None:
    file = tmp_path / "three.yaml"
    file.write_text(THREE)
    result = await shop.run(lambda invocation: apply_files(invocation, [str(file)], YES), json=True)
    outcomes = {item["name"]: item["outcome"] for item in result.json["results"]}
    assert outcomes == {"new-one": "dry-run", "cart": "failed", "bad": "failed"}
    assert result.json["not_tried"] == []
    assert result.json["exit_code"] == result.code != 0
