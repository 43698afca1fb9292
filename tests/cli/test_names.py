"""Objects that a command line names without their kind, and kinds whose pods have logs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k9py.cli.resolve import resolve_argument
from k9py.cli.session import Invocation, open_session
from k9py.cli.status import status
from k9py.cli.targets import ObjectArgument, parse_log_target, parse_target
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import by_kind
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.cli.log_shell import LogShell
from tests.cli.shell import Shell


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("shop-quiet", ManualClock()) as running:
        yield running


def names_of(simulator: Simulator, kind: str, namespace: str, **labels: str) -> list[str]:
    def read(state: SimulatorState) -> list[str]:
        objects = state.storage.list(by_kind(kind), namespace)
        return sorted(
            item["metadata"]["name"]
            for item in objects
            if labels.items() <= (item["metadata"].get("labels") or {}).items()
        )

    return simulator.call(read)


def workload(name: str) -> dict[str, Any]:
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "app", "image": "registry.example.com/x:1"}]},
    }
    return {
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"replicas": 0, "selector": {"matchLabels": {"app": name}}, "template": template, "serviceName": name},
    }


async def test_a_bare_name_is_the_only_workload_that_has_it(simulator: Simulator, tmp_path: Path) -> None:
    result = await Shell(simulator, tmp_path).run(
        lambda its: status(its, parse_target(("checkout",)), wait=False, timeout=1)
    )
    assert result.code == 0
    assert result.out.startswith("Deployment shop/checkout: ")


async def test_a_name_that_several_workloads_have_lists_them(simulator: Simulator, tmp_path: Path) -> None:
    simulator.call(create_object, by_kind("StatefulSet"), workload("checkout"))
    result = await Shell(simulator, tmp_path).run(
        lambda its: status(its, parse_target(("checkout",)), wait=False, timeout=1)
    )
    assert (result.code, result.out) == (2, "")
    assert "checkout in shop is a Deployment and a StatefulSet" in result.err
    assert "name one: deploy/checkout or sts/checkout" in result.err


async def test_a_name_that_nothing_has_says_where_it_was_looked_for(simulator: Simulator, tmp_path: Path) -> None:
    result = await Shell(simulator, tmp_path).run(
        lambda its: status(its, parse_target(("chekout",)), wait=False, timeout=1)
    )
    assert result.code == 2
    assert "no Deployment, StatefulSet or DaemonSet chekout in shop" in result.err


async def test_of_a_workload_and_its_service_logs_are_those_of_the_workload(
    simulator: Simulator, tmp_path: Path
) -> None:
    code, run = await LogShell(simulator, tmp_path).ran(parse_log_target(("cart",)))
    assert code == 0
    assert "reading Deployment cart" in run.err.getvalue()
    pod = names_of(simulator, "Pod", "shop", app="cart")[0]
    code, run = await LogShell(simulator, tmp_path).ran(parse_log_target((pod,)))
    assert code == 0
    assert f"reading Pod {pod}" in run.err.getvalue()


async def test_a_replica_set_has_the_logs_of_its_own_pods(simulator: Simulator, tmp_path: Path) -> None:
    name = next(
        name for name in names_of(simulator, "ReplicaSet", "shop", app="cart")
        if any(pod.startswith(name) for pod in names_of(simulator, "Pod", "shop"))
    )  # fmt: skip
    code, run = await LogShell(simulator, tmp_path).ran(ObjectArgument("ReplicaSet", name))
    assert code == 0
    sources = {line.split("/")[0] for line in run.lines}
    assert sources == {pod for pod in names_of(simulator, "Pod", "shop") if pod.startswith(name)}


async def test_a_kind_that_may_not_be_read_is_named(simulator: Simulator, tmp_path: Path) -> None:
    async def core(invocation: Invocation) -> int:
        async with open_session(invocation) as session:
            await resolve_argument(session, ObjectArgument("", "gone", ("Deployment", "Secret")))
        return 0

    result = await Shell(simulator, tmp_path, user="viewer").run(core)
    assert result.code == 2
    assert "no permission to read Secret: name the kind" in result.err
