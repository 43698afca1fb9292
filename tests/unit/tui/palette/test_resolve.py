"""What a typed line means, before anything runs."""

from __future__ import annotations

import pytest

from k9py.actions.commands import COMMANDS
from k9py.api.errors import KdashError
from k9py.api.resource_types import STANDARD
from k9py.resources.query import ResourceQuery
from k9py.tui.palette.resolve import CommandLineRun, LineMeaning, resolve_line


def meaning(line: str) -> LineMeaning:
    return resolve_line(line, COMMANDS, STANDARD, is_namespace={"shop"}.__contains__)


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
        ("0", "all-namespaces", ""),
    ],
)
def test_a_line_names_a_command_and_its_argument(line: str, name: str, argument: str) -> None:
    run = meaning(line)
    assert isinstance(run, CommandLineRun)
    assert (run.entry.name, run.argument) == (name, argument)


@pytest.mark.parametrize(
    ("line", "plural", "namespaces"),
    [
        (":po", "pods", ()),
        ("pods shop", "pods", ("shop",)),
        ("dp", "deployments", ()),
        ("ev", "events", ()),
        ("cj", "cronjobs", ()),
        ("namespaces", "namespaces", ()),
        ("networkp", "networkpolicies", ()),
        ("statef shop", "statefulsets", ("shop",)),
    ],
)
def test_a_line_names_a_type(line: str, plural: str, namespaces: tuple[str, ...]) -> None:
    query = meaning(line)
    assert isinstance(query, ResourceQuery)
    assert (query.type.plural, query.namespaces) == (plural, namespaces)


def test_a_category_is_several_types() -> None:
    query = meaning("all")
    assert isinstance(query, ResourceQuery)
    assert len(query.types) > 5


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("", "nothing was typed", "type a command"),
        ("zzz", 'unknown command or type "zzz"', "type a command"),
        ("restrat", 'unknown command or type "restrat"', "nearest: restart"),
        ("podz", 'unknown command or type "podz"', "nearest: pods"),
        ("re", 'ambiguous: "re"', "restart, resume, redraw"),
        ("pers", 'ambiguous: "pers"', "persistentvolumeclaims, persistentvolumes"),
        ("exi", 'unknown command or type "exi"', "q"),
        ("q now", "q takes no argument", "type: q"),
        ("pods -x", 'unknown option "-x"', "-n NAMESPACE"),
    ],
)
def test_a_line_that_means_nothing_runs_nothing_and_says_what_is_near(line: str, message: str, hint: str) -> None:
    with pytest.raises(KdashError) as refused:
        meaning(line)
    assert message in refused.value.message
    assert all(word in refused.value.hint for word in hint.split(", "))
