"""Describe, YAML and copy of objects of any type, live, over the simulated cluster."""

from __future__ import annotations

import copy
import json
from base64 import b64encode
from typing import Any

import pytest

from k9py.api.meta import ObjectRef
from k9py.simulator.faults import Refuse, RequestMatch
from k9py.simulator.registry.resources import by_kind
from k9py.simulator.state import SimulatorState
from k9py.tui.dialogs.choose import ChooseDialog
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.screens.describe import DescribeScreen
from k9py.tui.screens.yaml import YamlScreen
from tests.tui.dashboard import CART, CHECKOUT, Dashboard

SECRET = ObjectRef("Secret", "shop", "vault")
CONFIG = ObjectRef("ConfigMap", "shop", "flags")


def create(kdash: Dashboard, ref: ObjectRef, **fields: Any) -> None:
    body = {"metadata": {"name": ref.name, "namespace": ref.namespace}, **fields}
    kdash.simulator.call(lambda state: state.storage.create(by_kind(ref.kind), body))


def update(kdash: Dashboard, ref: ObjectRef, **fields: Any) -> None:
    def change(state: SimulatorState) -> None:
        stored = state.storage.get(by_kind(ref.kind), ref.namespace, ref.name)
        assert stored is not None
        changed = copy.deepcopy(stored)
        metadata = {**changed["metadata"], **fields.pop("metadata", {})}
        state.storage.update(by_kind(ref.kind), {**changed, **fields, "metadata": metadata})

    kdash.simulator.call(change)


async def described(kdash: Dashboard, ref: ObjectRef, *texts: str) -> DescribeScreen:
    kdash.app.navigator.open_description(ref)
    screen = await kdash.until_screen(DescribeScreen)
    await kdash.until(lambda: all(text in screen.pane.text.text for text in texts), f"{texts}")
    return screen


async def test_an_object_that_no_table_lists_is_described_and_follows_its_changes(kdash: Dashboard) -> None:
    create(kdash, CONFIG, data={"mode": "slow"})
    screen = await described(kdash, CONFIG, "ConfigMap shop/flags", "slow")
    await kdash.until(lambda: "none (the server keeps" in screen.pane.text.text, "its events were read")
    update(kdash, CONFIG, data={"mode": "fast"})
    await kdash.until(lambda: "fast" in screen.pane.text.text, "the change")
    kdash.simulator.call(lambda state: state.storage.delete(by_kind("ConfigMap"), "shop", "flags"))
    await kdash.until(lambda: "was deleted: this is its last state" in screen.pane.text.text, "deleted")
    assert "fast" in screen.pane.text.text


async def test_what_does_not_exist_is_said(kdash: Dashboard) -> None:
    await described(kdash, CONFIG, "ConfigMap shop/flags does not exist")


async def test_sections_are_folded_and_stay_folded(kdash: Dashboard) -> None:
    screen = await described(kdash, CHECKOUT, "Findings", "Pods by revision", "Metadata")
    await kdash.press("right_square_bracket", "enter")
    await kdash.until(lambda: "▸ Findings" in screen.pane.text.text, "folded")
    assert "rollout made no progress" not in screen.pane.text.text
    update(kdash, CHECKOUT, metadata={"labels": {"new": "label"}})
    await kdash.until(lambda: "new=label" in screen.pane.text.text, "redrawn")
    assert "▸ Findings" in screen.pane.text.text
    await kdash.press("enter", "z")
    await kdash.until(lambda: "new=label" not in screen.pane.text.text, "all folded")
    await kdash.press("z")
    await kdash.until(lambda: "rollout made no progress" in screen.pane.text.text, "all unfolded")


async def test_a_change_above_does_not_move_what_is_read(kdash: Dashboard) -> None:
    screen = await described(kdash, CHECKOUT, "Findings", "Metadata")
    await kdash.press("pagedown")
    text = screen.pane.text
    before = text.text.splitlines()[text.top]
    assert text.top > 0
    owner = {"apiVersion": "example.com/v1", "kind": "Shop", "name": "main", "uid": "u", "controller": True}
    update(kdash, CHECKOUT, metadata={"ownerReferences": [owner]})
    await kdash.until(lambda: "Shop/main" in text.text, "a line more at the top")
    assert text.text.splitlines()[text.top] == before


async def test_what_may_only_be_read_is_read_once(kdash: Dashboard) -> None:
    create(kdash, CONFIG, data={"mode": "slow"})
    for verb in ("list", "watch"):
        kdash.simulator.inject(
            Refuse(403, "Forbidden", "you may not list configmaps"), RequestMatch(verb, "configmaps")
        )
    screen = await described(kdash, CONFIG, "slow", "not live")
    assert "you may not list configmaps" in screen.pane.text.text


async def test_what_may_not_be_read_at_all_is_said_with_the_reason(kdash: Dashboard) -> None:
    for verb in ("list", "watch", "get"):
        kdash.simulator.inject(Refuse(403, "Forbidden", "you may not see configmaps"), RequestMatch(verb, "configmaps"))
    screen = await described(kdash, CONFIG, "you may not see configmaps")
    assert "does not exist" not in screen.pane.text.text


async def test_the_leases_end_with_the_screen(kdash: Dashboard) -> None:
    screen = await described(kdash, CHECKOUT, "Metadata")
    live = screen.live
    assert live is not None
    await kdash.press("escape")
    await kdash.until(lambda: kdash.app.screen is kdash.home, "home")
    await kdash.until(lambda: screen.live is None, "closed")


# -- YAML -------------------------------------------------------------------------------------------------------------


async def yaml_of(kdash: Dashboard, ref: ObjectRef, *texts: str) -> YamlScreen:
    kdash.app.navigator.open_yaml(ref)
    screen = await kdash.until_screen(YamlScreen)
    await kdash.until(lambda: all(text in screen.pane.text.text for text in texts), f"{texts}")
    return screen


async def test_yaml_is_live_and_unfolds_managed_fields(kdash: Dashboard) -> None:
    create(kdash, CONFIG, data={"mode": "slow"})
    update(
        kdash,
        CONFIG,
        metadata={"managedFields": [{"manager": "helm", "operation": "Apply"}]},
    )
    screen = await yaml_of(kdash, CONFIG, "mode: slow", "# managedFields: 1 entry · m unfolds")
    await kdash.press("m")
    await kdash.until(lambda: "manager: helm" in screen.pane.text.text, "unfolded")
    update(kdash, CONFIG, data={"mode": "fast"})
    await kdash.until(lambda: "mode: fast" in screen.pane.text.text, "the change")


def audited(kdash: Dashboard) -> list[dict[str, Any]]:
    return [json.loads(line) for line in kdash.audit.read_text().splitlines()] if kdash.audit.exists() else []


async def secret_yaml(kdash: Dashboard) -> YamlScreen:
    data = {"password": b64encode(b"hunter2").decode(), "user": b64encode(b"shop-user").decode()}
    create(kdash, SECRET, data=data, type="Opaque")
    return await yaml_of(kdash, SECRET, "password: •••• 7 bytes", "user: •••• 9 bytes")


async def test_one_value_of_a_secret_is_revealed_and_audited(kdash: Dashboard) -> None:
    screen = await secret_yaml(kdash)
    await kdash.press("V")
    await kdash.until_said("v shows one value of a Secret")
    await kdash.press("v")
    await kdash.until_screen(ChooseDialog)
    await kdash.press("enter")
    await kdash.until(lambda: "password: hunter2" in screen.pane.text.text, "revealed")
    assert "user: •••• 9 bytes" in screen.pane.text.text
    (line,) = audited(kdash)
    assert (line["event"], line["namespace"], line["name"], line["key"]) == ("reveal", "shop", "vault", "password")
    assert "hunter2" not in kdash.audit.read_text()
    await kdash.press("v")
    await kdash.until(lambda: "hunter2" not in screen.pane.text.text, "hidden again")


async def test_a_revealed_value_that_changes_is_hidden_again(kdash: Dashboard) -> None:
    screen = await secret_yaml(kdash)
    await kdash.press("v", "enter")
    await kdash.until(lambda: "password: hunter2" in screen.pane.text.text, "revealed")
    update(kdash, SECRET, data={"password": b64encode(b"another secret").decode()})
    await kdash.until(lambda: "password: •••• 14 bytes" in screen.pane.text.text, "hidden")
    assert "another secret" not in screen.pane.text.text
    assert len(audited(kdash)) == 1


async def test_a_value_is_not_revealed_when_it_cannot_be_audited(kdash: Dashboard) -> None:
    screen = await secret_yaml(kdash)
    kdash.audit.mkdir(parents=True)
    await kdash.press("v", "enter")
    dialog = await kdash.until_screen(MessageDialog)
    assert "cannot be written" in dialog.message
    assert "hunter2" not in screen.pane.text.text
    assert screen.revealed == ""


# -- copy -------------------------------------------------------------------------------------------------------------


def copied(kdash: Dashboard, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    texts: list[str] = []
    monkeypatch.setattr(kdash.app, "copy_to_clipboard", texts.append)
    return texts


async def test_the_name_the_command_and_the_yaml_of_a_row_are_copied(
    kdash: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = copied(kdash, monkeypatch)
    await kdash.select(CART)
    await kdash.press("c")
    await kdash.until_screen(ChooseDialog)
    await kdash.press("enter")
    await kdash.until(lambda: texts == ["cart"], "the name")
    await kdash.press("c", *"kubectl", "enter")
    await kdash.until(lambda: len(texts) == 2, "the command")
    assert texts[1].endswith("-n shop get deployments.apps cart -o yaml")
    await kdash.press("c", *"yaml", "enter")
    await kdash.until(lambda: len(texts) == 3, "the YAML")
    assert "kind: Deployment" in texts[2]


async def test_marked_objects_are_copied_one_per_line(kdash: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = copied(kdash, monkeypatch)
    await kdash.select(CART)
    await kdash.press("space")
    await kdash.select(CHECKOUT)
    await kdash.press("space", "c", "down", "enter")
    await kdash.until(lambda: texts == ["shop/cart\nshop/checkout"], "both")


async def test_the_yaml_of_a_secret_is_copied_as_it_is_shown(kdash: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = copied(kdash, monkeypatch)
    await secret_yaml(kdash)
    await kdash.press("c", *"yaml", "enter")
    await kdash.until(lambda: len(texts) == 1, "copied")
    assert "•••• 7 bytes" in texts[0]
    assert "hunter2" not in texts[0]
