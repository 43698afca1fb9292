"""`kdash get`: what is printed of objects of any type, what is refused, and the exit codes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from k9py.cli.command_line import ScopeArguments
from k9py.cli.objects.get import get
from k9py.cli.objects.options import GetOptions
from k9py.cli.session import Invocation
from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from tests.cli.shell import CommandResult, Core, Shell, edit

HERE = ScopeArguments()
EVERYWHERE = ScopeArguments(all_namespaces=True)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("shop-quiet", ManualClock()) as running:
        yield running


@pytest.fixture
def shell(simulator: Simulator, tmp_path: Path) -> Shell:
    return Shell(simulator, tmp_path)


def getting(*operands: str, scope: ScopeArguments = HERE, **options: Any) -> Core:
    async def core(invocation: Invocation) -> int:
        return await get(invocation, operands, scope, GetOptions(**options))

    return core


def columns(result: CommandResult) -> list[str]:
    return result.out.splitlines()[0].split()


def first_fields(result: CommandResult) -> list[str]:
    return [line.split()[0] for line in result.out.splitlines()[1:]]


async def test_a_type_is_listed_in_its_columns_in_the_servers_order(shell: Shell) -> None:
    result = await shell.run(getting("deploy"))
    assert result.code == 0
    assert columns(result)[:2] == ["NAME", "READY"]
    names = first_fields(result)
    assert "checkout" in names
    assert names == sorted(names)
    assert not result.err


async def test_objects_of_several_namespaces_have_it_in_front(shell: Shell) -> None:
    result = await shell.run(getting("po", scope=EVERYWHERE))
    assert columns(result)[:2] == ["NAMESPACE", "NAME"]
    assert {"shop", "data"} < set(first_fields(result))
    named = await shell.run(getting("po", scope=ScopeArguments(("shop", "data"))))
    assert set(first_fields(named)) == {"shop", "data"}


async def test_several_types_are_several_tables_with_the_type_before_the_name(shell: Shell) -> None:
    result = await shell.run(getting("deploy,svc"))
    assert "deployment.apps/checkout" in result.out
    assert "\n\nNAME" in result.out
    assert "service/checkout" in result.out


async def test_named_objects_are_printed_and_a_missing_one_is_reported(shell: Shell) -> None:
    result = await shell.run(getting("deploy", "checkout", "gone"))
    assert first_fields(result) == ["checkout"]
    assert "Deployment gone not found in shop" in result.err
    assert result.code == 2
    slashed = await shell.run(getting("deploy/checkout", "svc/cart", output="name"))
    assert slashed.out.split() == ["deployment.apps/checkout", "service/cart"]


async def test_nothing_to_list_is_said_on_standard_error(shell: Shell) -> None:
    result = await shell.run(getting("pods", label_selector="app=none"))
    assert (result.code, result.out) == (0, "")
    assert result.err == "kdash: no pods that match in shop\n"


async def test_one_object_as_json_is_the_servers_and_several_are_a_list(shell: Shell) -> None:
    one = await shell.run(getting("deploy", "checkout", output="json"))
    assert one.json["kind"] == "Deployment"
    assert one.json["apiVersion"] == "apps/v1"
    assert "managedFields" not in one.json["metadata"]
    several = await shell.run(getting("deploy,svc", output="json"))
    assert several.json["kind"] == "List"
    assert {item["kind"] for item in several.json["items"]} == {"Deployment", "Service"}
    as_yaml = await shell.run(getting("deploy", "checkout", output="yaml"))
    assert yaml.safe_load(as_yaml.out) == one.json


async def test_a_missing_object_has_no_json(shell: Shell) -> None:
    result = await shell.run(getting("deploy", "gone", output="json"))
    assert (result.code, result.out) == (2, "")


async def test_a_table_is_sorted_by_a_column_and_backwards(shell: Shell) -> None:
    forward = first_fields(await shell.run(getting("deploy", sort_by="name")))
    assert first_fields(await shell.run(getting("deploy", sort_by="-NAME"))) == forward[::-1]
    refused = await shell.run(getting("deploy", sort_by="nosuch"))
    assert refused.code == 2
    assert "no column 'nosuch' to sort by" in refused.err
    assert "columns: name, ready" in refused.err


async def test_kubectls_json_paths_sort_too(shell: Shell) -> None:
    forward = first_fields(await shell.run(getting("deploy", sort_by="name")))
    assert first_fields(await shell.run(getting("deploy", sort_by="{.metadata.name}", reverse=True))) == forward[::-1]
    events = await shell.run(getting("events", sort_by="-.lastTimestamp", output="wide"))
    seen = [await shell.run(getting("events", sort_by=path)) for path in (".lastTimestamp", ".firstTimestamp")]
    assert [result.code for result in (events, *seen)] == [0, 0, 0]
    raw = await shell.run(getting("pods", output="json"))
    created = {item["metadata"]["name"]: item["metadata"]["creationTimestamp"] for item in raw.json["items"]}
    oldest_first = first_fields(await shell.run(getting("pods", sort_by=".metadata.creationTimestamp")))
    assert [created[name] for name in oldest_first] == sorted(created.values())
    refused = await shell.run(getting("deploy", sort_by=".lastTimestamp"))
    assert refused.code == 2
    assert ".metadata.creationTimestamp" in refused.err
    assert "Timestamp," not in refused.err.replace(".metadata.creationTimestamp,", ""), (
        "those of events are not offered"
    )


async def test_labels_are_columns(shell: Shell) -> None:
    result = await shell.run(
        getting("deploy", "checkout", label_columns=("app", "example.com/team"), shows_labels=True)
    )
    assert columns(result)[-3:] == ["APP", "TEAM", "LABELS"]
    app, team, every = result.out.splitlines()[1].split()[-3:]
    assert (app, team) == ("checkout", "<none>")
    assert "app=checkout" in every.split(",")


@pytest.mark.parametrize(
    ("operands", "options", "problem"),
    [
        (("podz",), {}, 'unknown resource type "podz"'),
        (("foo",), {}, "kdash api-resources lists the types"),
        (("deploy/a", "b"), {}, "mixes two forms"),
        (("deploy", "svc/b"), {}, "mixes two forms"),
        (("deploy", ".."), {}, "not a valid name"),
        (("deploy", "a"), {"label_selector": "x=y"}, "names and selectors exclude each other"),
        (("deploy", "a"), {"scope": EVERYWHERE}, "a name needs one namespace"),
        (("deploy", "a", "b"), {"watch": True}, "-w follows one object"),
        (("deploy", "gone"), {"watch": True}, "Deployment gone not found"),
        (("deploy",), {"output": "json", "sort_by": "name"}, "--sort-by is for tables"),
        (("deploy",), {"output": "name", "shows_labels": True}, "--show-labels is for tables"),
        (("bindings",), {}, "bindings cannot be listed"),
    ],
)
async def test_what_does_not_fit_together_is_refused(
    shell: Shell, operands: tuple[str, ...], options: dict[str, Any], problem: str
) -> None:
    result = await shell.run(getting(*operands, **options))
    assert result.code == 2
    assert problem in result.err
    assert "hint:" in result.err


async def test_what_may_not_be_read_is_refused_and_the_rest_is_printed(simulator: Simulator, tmp_path: Path) -> None:
    shell = Shell(simulator, tmp_path, user="viewer")
    result = await shell.run(getting("secrets"))
    assert result.code == 9
    assert "list secrets in the namespace shop" in result.err
    both = await shell.run(getting("secrets,deploy"))
    assert both.code == 9
    assert "deployment.apps/checkout" in both.out


async def test_changes_are_printed_until_the_end(simulator: Simulator, tmp_path: Path) -> None:
    shell = Shell(simulator, tmp_path)
    listed, changed = asyncio.Event(), asyncio.Event()

    async def core(invocation: Invocation) -> int:
        written = invocation.console.out.write

        def write(text: str) -> int:
            (changed if "/4" in text else listed).set()
            return written(text)

        invocation.console.out.write = write  # type: ignore[method-assign]
        task = asyncio.create_task(get(invocation, ("deploy", "checkout"), HERE, GetOptions(watch=True)))
        async with asyncio.timeout(20):
            await listed.wait()
            await asyncio.to_thread(edit, simulator, lambda spec: spec.update(replicas=4))
            await changed.wait()
        task.cancel()
        await asyncio.wait({task})
        return 0

    result = await shell.run(core)
    lines = result.out.splitlines()
    assert columns(result)[0] == "NAME"
    assert len([line for line in lines if line.startswith("NAME")]) == 1
    assert all(line.startswith("checkout ") for line in lines[1:])
