"""`kdash timeline`: what it prints, its JSON, and how it ends where something cannot be read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from k9py.cli.command_line import ScopeArguments
from k9py.cli.timeline import timeline
from k9py.simulator.apiserver.authorization import Rule
from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from k9py.views.exit_codes import ExitCode
from tests.cli.shell import Core, Shell, edit, image

HERE = ScopeArguments()
CHECKOUT = "deploy/checkout"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("shop-quiet", ManualClock()) as running:
        yield running


@pytest.fixture
def shell(simulator: Simulator, tmp_path: Path) -> Shell:
    return Shell(simulator, tmp_path)


def listing(*operands: str, scope: ScopeArguments = HERE, seconds: float = 3600) -> Core:
    return lambda its: timeline(its, operands, scope, seconds, headers=True)


async def roll_out(simulator: Simulator) -> None:
    await asyncio.to_thread(edit, simulator, image("registry.example.com/shop/checkout:9.9.9"))
    await asyncio.to_thread(simulator.advance, 120)


async def test_the_changes_of_an_object_are_listed_newest_first(simulator: Simulator, shell: Shell) -> None:
    await roll_out(simulator)
    result = await shell.run(listing(CHECKOUT))
    lines = result.out.splitlines()

    assert result.code == ExitCode.DONE
    assert lines[0].split() == ["AGE", "TIME", "(UTC)", "OBJECT", "WHAT", "BY", "SOURCE"]
    assert any("deploy/checkout" in line and "2.7.1 → 9.9.9" in line for line in lines)
    assert not any("deploy/cart" in line for line in lines)


async def test_the_json_has_a_version_and_the_difference(simulator: Simulator, shell: Shell) -> None:
    await roll_out(simulator)
    values = (await shell.run(listing("checkout"), json=True)).json

    assert values["schema"] == "kdash.timeline/v1"
    assert values["object"]["kind"] == "Deployment"
    assert values["complete"] is True
    [rollout] = [entry for entry in values["entries"] if entry["what"].startswith("revision ")]
    assert rollout["kind"] == "rollout"
    assert any("2.7.1 → " in line for line in rollout["details"])
    times = [entry["at"] for entry in values["entries"]]
    assert times == sorted(times, reverse=True)


async def test_a_quiet_namespace_is_no_error(shell: Shell) -> None:
    result = await shell.run(listing(CHECKOUT, seconds=5))

    assert (result.code, result.out) == (ExitCode.DONE, "")
    assert "no changes of Deployment shop/checkout" in result.err


async def test_what_may_not_be_read_is_named_and_the_rest_is_listed(simulator: Simulator, shell: Shell) -> None:
    await roll_out(simulator)
    readable = ("pods", "deployments", "replicasets", "namespaces")
    simulator.add_user("viewer", (Rule(("get", "list", "watch"), ("", "apps"), readable),))
    shell.user = "viewer"
    result = await shell.run(listing(CHECKOUT))

    assert result.code == ExitCode.DONE
    assert "9.9.9" in result.out
    assert "not readable: ConfigMap" in result.err


@pytest.mark.parametrize(
    ("operands", "scope", "message"),
    [
        (("deploy/nothing",), HERE, "not found"),
        (("nothing",), HERE, "no Deployment"),
        (("deploy/cart", "deploy/ads"), HERE, "name one object"),
        ((), ScopeArguments(("nowhere",)), "no such namespace: nowhere"),
    ],
)
async def test_what_does_not_exist_is_an_error(
    shell: Shell, operands: tuple[str, ...], scope: ScopeArguments, message: str
) -> None:
    result = await shell.run(listing(*operands, scope=scope))

    assert (result.code, result.out) == (ExitCode.UNKNOWN, "")
    assert message in result.err
