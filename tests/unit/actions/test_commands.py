"""Typed commands: names, arguments, refusals."""

from __future__ import annotations

import pytest

from k9py.actions.commands import COMMANDS, matching, parse
from k9py.api.errors import RefusedError


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
def test_an_unknown_command_is_refused_with_a_hint(line: str) -> None:
    with pytest.raises(RefusedError) as refused:
        parse(line)
    assert refused.value.hint


def test_names_and_aliases_are_distinct() -> None:
    names = [word for command in COMMANDS for word in (command.name, *command.aliases)]
    assert len(names) == len(set(names))


def test_the_list_narrows_while_typing() -> None:
    assert matching("") == COMMANDS
    assert [command.name for command in matching("na")] == ["ns"]
    assert [command.name for command in matching("ns sh")] == ["ns"]


def test_an_unknown_command_is_refused_with_all_there_are() -> None:
    with pytest.raises(RefusedError, match='unknown command "pods"') as refused:
        parse("pods")
    assert refused.value.hint.startswith("Open a rollout to see its pods. Available: help, ns,")


def test_an_ambiguous_beginning_is_refused_with_what_it_may_mean() -> None:
    with pytest.raises(RefusedError, match='ambiguous command "re"') as refused:
        parse("re")
    assert {"restart", "resume", "redraw"} <= set(
        refused.value.hint.removeprefix("Available: ").removesuffix(".").split(", ")
    )


def test_the_list_begins_with_what_does_no_harm() -> None:
    assert COMMANDS[0].name == "help"
