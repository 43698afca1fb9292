"""Every binding of ours is an action's, and a remapped key is named correctly wherever keys are named."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from textual.binding import Binding
from textual.dom import DOMNode

import k9py.tui
from k9py.actions.registry import BY_ID
from k9py.tui.bindings import textual_action
from k9py.tui.dialogs.command_line import CommandLine
from k9py.tui.dialogs.confirm import ConfirmDialog
from k9py.tui.key_bar import KeyBar
from k9py.tui.screens.difference import DifferenceScreen
from k9py.tui.screens.help import HelpScreen
from k9py.tui.screens.yaml import YamlScreen
from tests.tui.dashboard import CART, CHECKOUT, Dashboard


def bound_classes() -> Iterator[type[DOMNode]]:
    """Yield the apps, screens, dialogs, panes and widgets of ours that bind keys."""
    for module in pkgutil.walk_packages(k9py.tui.__path__, "k9py.tui."):
        for value in vars(importlib.import_module(module.name)).values():
            is_ours = isinstance(value, type) and issubclass(value, DOMNode) and value.__module__ == module.name
            if is_ours and "BINDINGS" in vars(value):
                yield value


def test_every_binding_has_the_id_of_an_action_and_runs_it() -> None:
    classes = list(bound_classes())
    assert len(classes) > 25
    for owner in classes:
        for binding in vars(owner)["BINDINGS"]:
            assert isinstance(binding, Binding), (owner, binding)
            action = BY_ID.get(binding.id or "")
            assert action is not None, (owner, binding)
            assert binding.action == textual_action(action), (owner, binding)


async def test_a_remapped_key_acts_and_the_former_one_does_not(kdash: Dashboard) -> None:
    kdash.app.set_keymap({"object.yaml": "f6"})
    await kdash.select(CART)
    await kdash.press("y")
    await kdash.until_said("y: no such key here · ? lists the keys")
    await kdash.press("f6")
    await kdash.until_screen(YamlScreen)


async def test_footer_help_and_palette_name_the_remapped_keys(kdash: Dashboard) -> None:
    kdash.app.set_keymap({"workload.scale": "f2", "app.help": "f1", "workload.mark": "f3", "object.describe": "ctrl+y"})
    bar = kdash.home.query_one(KeyBar)
    await kdash.until(lambda: {("F2", "Scale", True), ("F1", "Help", True)} <= set(bar.keys), "footer")
    await kdash.press("f9")
    await kdash.press("semicolon")
    await kdash.until_said(";: no such key here · F1 lists the keys")
    await kdash.press("f1")
    screen = await kdash.until_screen(HelpScreen)
    lines = {line.explanation: line.keys for group in screen.groups for line in group.keys}
    assert lines["Scale: set the number of replicas"] == ("F2",)
    assert lines["Describe: status, findings, events"] == ("Ctrl+Y",)
    marks = next(text for text in lines if text.startswith("Select for"))
    assert "F2 and r" in marks
    assert lines[marks] == ("F3",)
    await kdash.press("escape")
    await kdash.press("ctrl+p")
    await kdash.until_screen(CommandLine)
    await kdash.press(*"describe")
    await kdash.until_text("Describe: status, findings, events · Ctrl+Y")


async def test_a_key_shared_by_two_actions_keeps_the_other_when_one_is_remapped(kdash: Dashboard) -> None:
    kdash.app.set_keymap({"workload.mark": "f3"})
    await kdash.select(CART)
    await kdash.press("f3")
    assert set(kdash.home.marked()) == {CART}
    await kdash.press("escape", "1", "space")
    await kdash.until(lambda: kdash.home.service is not None, "narrowed by Space")


async def test_hints_on_screens_name_the_remapped_keys(kdash: Dashboard) -> None:
    kdash.app.update_keymap({"diff.switch": "f4"})
    kdash.app.update_keymap({"workload.undo": "f5", "app.back": "f8"})
    await kdash.select(CHECKOUT)
    await kdash.until_text("F5 roll back")
    await kdash.press("D")
    await kdash.until_screen(DifferenceScreen)
    await kdash.until_text("F4 YAML", "F5 roll back")
    await kdash.press("f8")
    await kdash.until(lambda: kdash.app.screen is kdash.home, "back at home")
    await kdash.press("1", "down")
    await kdash.until_text("F8: show all")


async def test_dialogs_name_and_take_the_remapped_keys(kdash: Dashboard) -> None:
    kdash.app.set_keymap({"workload.restart": "f7", "dialog.cancel": "f8", "dialog.confirm": "f10"})
    await kdash.select(CART)
    await kdash.press("f7")
    await kdash.until_screen(ConfirmDialog)
    await kdash.until_text("F10 Enter", "F8")
    await kdash.press("f8")
    await kdash.until(lambda: kdash.app.screen is kdash.home, "cancelled")
