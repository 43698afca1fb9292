"""Typed commands: names are distinct, and what may follow them."""

from __future__ import annotations

import pytest

from k9py.actions.commands import COMMANDS, CommandEntry, parse_argument
from k9py.api.errors import RefusedError


def command(name: str) -> CommandEntry:
    return next(entry for entry in COMMANDS if entry.answers_to(name))


def test_names_and_aliases_are_distinct() -> None:
    names = [word for entry in COMMANDS for word in entry.names]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("name", "argument"), [("ns", "shop"), ("ns", ""), ("q", ""), ("scale", "3")])
def test_an_argument_is_taken_as_typed(name: str, argument: str) -> None:
    assert parse_argument(command(name), argument) == argument


def test_an_argument_too_many_is_refused_with_how_it_is_typed() -> None:
    with pytest.raises(RefusedError, match="q takes no argument") as refused:
        parse_argument(command("q"), "now")
    assert refused.value.hint == "type: q"


def test_the_list_begins_with_what_does_no_harm() -> None:
    assert COMMANDS[0].name == "help"
