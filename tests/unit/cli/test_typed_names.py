"""The objects of commands that take any type: with their type, or without one where only one makes sense."""

from __future__ import annotations

import click
import pytest

from k9py.cli.operation_targets import TypedName, parse_typed_names


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("node-1",), ("node/node-1",)),
        (("node-1", "node-2"), ("node/node-1", "node/node-2")),
        (("node", "node-1"), ("node/node-1",)),
        (("no/node-1", "node-2"), ("no/node-1", "node/node-2")),
    ],
)
def test_where_only_one_type_makes_sense_its_name_may_be_left_out(
    words: tuple[str, ...], named: tuple[str, ...]
) -> None:
    assert tuple(map(str, parse_typed_names(words, bare_type="node"))) == named


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("nightly",), "'nightly' is no type and name: use TYPE/NAME"),
        (("pods",), "'pods' needs a name: pods/NAME"),
        (("cm/a", "b"), "'b' needs a type and one name"),
    ],
)
def test_a_missing_type_and_a_missing_name_are_told_apart(words: tuple[str, ...], problem: str) -> None:
    with pytest.raises(click.UsageError, match=problem):
        parse_typed_names(words)


def test_a_type_that_is_not_built_in_may_come_first() -> None:
    assert parse_typed_names(("gizmo", "a")) == (TypedName("gizmo", "a"),)
