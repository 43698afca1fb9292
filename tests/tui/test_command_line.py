"""The command line, which is the palette: what is typed, found, completed and run; no more power than the keys."""

from __future__ import annotations

from typing import Any

import pytest
from textual.widgets import Input, OptionList

from k9py.api.meta import ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.kube import discovery
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.registry.resources import CUSTOMRESOURCEDEFINITIONS
from k9py.tui.dialogs.choose import ChooseDialog
from k9py.tui.dialogs.command_line import CommandLine
from k9py.tui.screens.resources import ResourceScreen
from k9py.tui.screens.rollout import RolloutScreen
from tests.tui.dashboard import CHECKOUT, Dashboard


def typed(kdash: Dashboard) -> str:
    return kdash.app.screen.query_one(Input).value


async def test_colon_q_leaves(kdash: Dashboard) -> None:
    await kdash.press("colon", "q", "enter")
    await kdash.until(lambda: kdash.app._exit, "left")
    assert kdash.app.return_code == 0


async def test_colon_ns_shows_one_namespace(kdash: Dashboard) -> None:
    await kdash.press("colon", *"ns shop", "enter")
    await kdash.until(lambda: kdash.connected.cluster.scope.namespaces == ("shop",), "the namespace")


async def test_an_unknown_word_runs_nothing_and_shows_what_is_near(kdash: Dashboard) -> None:
    await kdash.press("colon", *"restrat", "enter")
    await kdash.until_text('unknown command or type "restrat": nearest: restart')
    assert isinstance(kdash.app.screen, CommandLine), "the line stays"
    await kdash.press("backspace")
    await kdash.until(lambda: "unknown command or type" not in kdash.text, "the problem is gone with the next key")
    await kdash.press("escape")


async def test_a_type_that_is_newer_than_the_dashboard_opens_with_enter(
    kdash: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "MISS_SECONDS", 0.0)
    await kdash.until(lambda: kdash.connected.cluster.discovery.is_complete, "the first discovery")
    names = {"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"}
    schema = {"openAPIV3Schema": {"type": "object"}}
    versions = [{"name": "v1", "served": True, "storage": True, "schema": schema}]
    definition = {
        "metadata": {"name": "gadgets.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": names, "versions": versions},
    }
    kdash.simulator.call(lambda state: create_object(state, CUSTOMRESOURCEDEFINITIONS, definition))
    await kdash.press("colon", *"gadgets", "enter")
    await kdash.until_screen(ResourceScreen)
    await kdash.until_text("no gadgets")


async def test_ctrl_p_opens_the_same_list_with_the_keys(kdash: Dashboard) -> None:
    await kdash.press("ctrl+p")
    await kdash.until_screen(CommandLine)
    await kdash.press(*"describe")
    await kdash.until_text("Describe: status, findings, events · d")


async def test_ctrl_c_quits_from_anywhere(kdash: Dashboard) -> None:
    await kdash.press("colon", "ctrl+c")
    await kdash.until(lambda: kdash.app._exit, "left")


async def test_the_beginning_of_a_name_opens_the_object(kdash: Dashboard) -> None:
    await kdash.press("colon", *"chec")
    await kdash.until_text("Deployment in shop")
    await kdash.until(lambda: kdash.app.screen.query_one(OptionList).highlighted == 0, "the first is marked")
    await kdash.press("enter")
    screen = await kdash.until_screen(RolloutScreen)
    assert screen.target() == CHECKOUT


async def test_tab_completes_the_word_and_ctrl_r_takes_a_recent_line(kdash: Dashboard) -> None:
    await kdash.press("colon", *"ns sho", "tab")
    assert typed(kdash) == "ns shop "
    await kdash.press("enter")
    await kdash.until(lambda: kdash.connected.cluster.scope.namespaces == ("shop",), "the namespace")
    await kdash.press("colon", "ctrl+r")
    assert typed(kdash) == "ns shop"
    await kdash.press("escape")


@pytest.mark.parametrize(
    ("line", "plural", "options"),
    [
        ("po data -l app=db", "pods", {"namespaces": ("data",), "label_selector": "app=db"}),
        ("deploy checkout", "deployments", {"select": CHECKOUT}),
        ("cm settings -A", "configmaps", {"namespaces": (), "field_selector": "metadata.name=settings"}),
    ],
)
async def test_a_type_is_listed(
    kdash: Dashboard, monkeypatch: pytest.MonkeyPatch, line: str, plural: str, options: dict[str, Any]
) -> None:
    opened: list[tuple[str, dict[str, Any]]] = []

    def open_resources(resource_type: ResourceType, **given: Any) -> None:
        opened.append((resource_type.plural, {name: value for name, value in given.items() if value or value == ()}))

    monkeypatch.setattr(kdash.app.navigator, "open_resources", open_resources)
    await kdash.press("colon", *line, "enter")
    await kdash.until(lambda: bool(opened), "the list")
    assert opened == [(plural, options)]


async def test_a_category_asks_which_of_its_types(kdash: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[str, ObjectRef | None]] = []
    monkeypatch.setattr(
        kdash.app.navigator, "open_resources", lambda resource_type, **_: opened.append((resource_type.plural, None))
    )
    await kdash.press("colon", *"all", "enter")
    await kdash.until_screen(ChooseDialog)
    await kdash.press(*"cronj", "enter")
    await kdash.until(lambda: opened == [("cronjobs", None)], "its list")
