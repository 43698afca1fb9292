"""A new action is one module for the write and one for the key: the sample of `name_team.py` works in both front ends.

Nothing in kdash names it: keys, footer, help, palette, command line and shell take it from the registries.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from k9py.actions.registry import BUILT_IN
from k9py.api.meta import ObjectRef
from k9py.cli.operation_command import operation_command
from k9py.operations.registry import built_in_operations
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import by_kind
from k9py.simulator.server import Simulator
from k9py.tui.dialogs.command_line import CommandLine
from k9py.tui.key_bar import KeyBar
from k9py.tui.screens.help import HelpScreen
from tests.contract import name_team
from tests.contract.name_team import TEAM
from tests.tui.dashboard import AGENT, CART, Dashboard, dashboard

OPERATIONS = built_in_operations().extended(name_team.OPERATIONS)
ACTIONS = BUILT_IN.extended(name_team.ACTIONS)
[NAME_TEAM] = name_team.ACTIONS


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("shop-quiet", ManualClock()) as running:
        yield running


@pytest.fixture
async def kdash(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Dashboard]:
    async with dashboard(simulator, tmp_path, actions=ACTIONS, operations=OPERATIONS) as running:
        yield running


def team(simulator: Simulator, key: ObjectRef) -> str | None:
    def read(state: Any) -> str | None:
        obj = state.storage.get(by_kind(key.kind), key.namespace, key.name)
        annotations = obj["metadata"].get("annotations") or {}
        return annotations.get(TEAM)

    return simulator.call(read)


def outcomes(audit: Path) -> list[tuple[str, str, str | None]]:
    lines = [json.loads(line) for line in audit.read_text(encoding="utf-8").splitlines()]
    return [(line["action"], line["event"], line.get("outcome")) for line in lines]


def shell(simulator: Simulator, tmp_path: Path, *arguments: str) -> Any:
    config = simulator.write_kubeconfig(tmp_path / "config", namespace="shop")
    command = operation_command(NAME_TEAM, OPERATIONS)
    return command.main([*arguments, "--kubeconfig", str(config)], standalone_mode=False)


async def test_its_key_writes(kdash: Dashboard, simulator: Simulator) -> None:
    await kdash.select(CART)
    await kdash.press("ctrl+t")
    question = (await kdash.confirm()).question
    assert (question.verb, question.before_after) == ("Name team", (("team", "none", "shop"),))
    await kdash.press("tab", "enter")
    await kdash.until(lambda: team(simulator, CART) == "shop", "annotated")
    await kdash.advance_until(lambda: len(outcomes(kdash.audit)) == 3, "tracked to its end")
    expected = [("begin", None), ("write", "done"), ("followed", "converged")]
    assert outcomes(kdash.audit) == [("name-team", event, outcome) for event, outcome in expected]


async def test_footer_help_and_palette_list_it(kdash: Dashboard) -> None:
    kdash.app.set_keymap({NAME_TEAM.id: "f6"})
    await kdash.select(CART)
    bar = kdash.home.query_one(KeyBar)
    await kdash.until(lambda: ("F6", "Name team", True) in bar.keys, "in the footer")
    await kdash.select(AGENT)
    await kdash.until(lambda: ("F6", "Name team", False) in bar.keys, "greyed out in the footer")
    await kdash.press("f6")
    await kdash.until_said("a DaemonSet belongs to nobody")
    await kdash.press("question_mark")
    screen = await kdash.until_screen(HelpScreen)
    lines = {line.explanation: line.keys for group in screen.groups for line in group.keys}
    assert lines[NAME_TEAM.help] == ("F6",)
    await kdash.press("escape", "ctrl+p")
    await kdash.until_screen(CommandLine)
    await kdash.press(*"team")
    await kdash.until_text(f"{NAME_TEAM.help} · F6")


async def test_it_is_typed_with_its_argument(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("colon", *"team web", "enter")
    assert (await kdash.confirm()).question.before_after == (("team", "none", "web"),)


def test_its_verb_writes(
    simulator: Simulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    audit = tmp_path / "audit.jsonl"
    monkeypatch.setenv("KDASH_AUDIT_FILE", str(audit))
    assert shell(simulator, tmp_path, "deploy/cart", "team=web", "--yes") == 0
    assert team(simulator, CART) == "web"
    assert outcomes(audit) == [("name-team", "begin", None), ("name-team", "write", "done")]
    assert "name the team of Deployment shop/cart" in capsys.readouterr().out
    with pytest.raises(click.UsageError, match="Name one team"):
        shell(simulator, tmp_path, "deploy/cart")


async def test_nothing_else_knows_it(simulator: Simulator, tmp_path: Path) -> None:
    assert NAME_TEAM.id not in BUILT_IN.by_id
    assert "name-team" not in built_in_operations()
    async with dashboard(simulator, tmp_path) as other:
        await other.select(CART)
        assert "Name team" not in {title for _, title, _ in other.home.query_one(KeyBar).keys}
