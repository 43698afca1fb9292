"""Typed commands and the palette: one list, no more power than the keys."""

from __future__ import annotations

import pytest
from textual.command import CommandPalette

from k9py.actions.commands import COMMANDS, matching, parse
from k9py.api.errors import RefusedError
from tests.tui.dashboard import Dashboard


@pytest.mark.parametrize(
    ("line", "name", "argument"),
    [
        (":q", "q", ""),
        ("quit", "q", ""),
        ("ns shop", "ns", "shop"),
        ("namespace  shop ", "ns", "shop"),
        ("ctx staging", "ctx", "staging"),
        ("scale 3", "scale", "3"),
        ("sca 3", "scale", "3"),
        ("rollback 4", "undo", "4"),
        ("HELP", "help", ""),
    ],
)
def test_a_line_names_a_command_and_its_argument(line: str, name: str, argument: str) -> None:
    command, given = parse(line)
    assert (command.name, given) == (name, argument)


@pytest.mark.parametrize("line", ["", "nonsense", "q now", "re 3 4 5x"])
def test_a_line_that_means_nothing_is_refused_with_a_hint(line: str) -> None:
    with pytest.raises(RefusedError) as refused:
        parse(line)
    assert refused.value.hint


def test_names_and_aliases_are_told_apart() -> None:
    words = [word for command in COMMANDS for word in (command.name, *command.aliases)]
    assert len(words) == len(set(words))


def test_the_list_narrows_while_typing() -> None:
    assert matching("") == COMMANDS
    assert [command.name for command in matching("na")] == ["ns"]
    assert [command.name for command in matching("ns sh")] == ["ns"]


async def test_colon_q_leaves(kdash: Dashboard) -> None:
    await kdash.press("colon", "q", "enter")
    await kdash.until(lambda: kdash.app._exit, "left")
    assert kdash.app.return_code == 0


async def test_colon_ns_shows_one_namespace(kdash: Dashboard) -> None:
    await kdash.press("colon", *"ns shop", "enter")
    await kdash.until(lambda: kdash.connected.cluster.scope.namespaces == ("shop",), "the namespace")


async def test_an_unknown_command_is_told(kdash: Dashboard) -> None:
    await kdash.press("colon", *"dance", "enter")
    await kdash.until_text('unknown command "dance"')


async def test_the_palette_finds_the_same_commands(kdash: Dashboard) -> None:
    await kdash.press("ctrl+p")
    await kdash.until_screen(CommandPalette)
    await kdash.press(*"describe")
    await kdash.until_text("Describe: status, findings, events")


async def test_ctrl_c_quits_from_anywhere(kdash: Dashboard) -> None:
    await kdash.press("colon", "ctrl+c")
    await kdash.until(lambda: kdash.app._exit, "left")
