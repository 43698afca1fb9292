"""`kdash delete` of what a selector, `--all` or files name: listed, confirmed by one answer, deleted in turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from k9py.cli.command_line import Arguments, WriteOptions
from k9py.cli.delete import delete
from k9py.cli.operation_targets import TypedName
from k9py.cli.operations import run_operation
from k9py.cli.selected_objects import run_on_selected
from k9py.cli.selection import Selection
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import CONFIGMAPS, NODES
from k9py.simulator.server import Simulator
from tests.cli.shell import CommandResult, Shell

YES = WriteOptions(yes=True)
ASKING = WriteOptions()
DELETE = {"cascade": "background"}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shell]:
    with Simulator("shop-quiet", ManualClock()) as simulator:
        shell = Shell(simulator, tmp_path)
        for namespace, count in (("shop", 12), ("data", 1)):
            for number in range(count):
                metadata = {"name": f"c-{number:02}", "namespace": namespace, "labels": {"kind": f"k{number % 2}"}}
                config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
                simulator.call(lambda state, config=config: state.storage.create(CONFIGMAPS, config))
        yield shell


def left(shell: Shell, namespace: str = "shop") -> list[str]:
    configs = shell.simulator.call(lambda state: list(state.storage.list(CONFIGMAPS, namespace)))
    return [config["metadata"]["name"] for config in configs if config["metadata"]["name"].startswith("c-")]


async def deleting(shell: Shell, selection: Selection, *answers: str, options: WriteOptions = ASKING) -> CommandResult:
    typed = iter([lambda answer=answer: answer for answer in answers]) if answers else None
    return await shell.run(lambda run: run_on_selected(run, selection, "delete", options, **DELETE), answers=typed)


async def test_a_selector_deletes_in_one_namespace_after_one_yes(shop: Shell) -> None:
    ran = await deleting(shop, Selection(["cm"], "kind=k0"), "y")
    assert ran.code == 0, ran.err
    assert left(shop) == [f"c-{number:02}" for number in range(1, 12, 2)]
    assert left(shop, "data") == ["c-00"]
    assert ran.err.count("delete ConfigMap shop/c-") == 6
    assert shop.prompts == ["Apply? [y/N] "]
    assert [line["name"] for line in shop.audit] == [f"c-{number:02}" for number in range(0, 12, 2)]


async def test_all_is_confirmed_by_the_number_alone(shop: Shell) -> None:
    ran = await deleting(shop, Selection(["cm"], "kind", is_all=False), "y")
    assert (ran.code, len(left(shop))) == (9, 12), "more than 10: y is not enough"
    assert "Type 12 to confirm:" in shop.prompts[0]
    assert "not tried" not in ran.err
    ran = await deleting(shop, Selection(["cm"], "kind"), "12")
    assert (ran.code, left(shop)) == (0, [])
    ran = await deleting(shop, Selection(["cm"], "kind", all_namespaces=True), "y")
    assert (ran.code, left(shop, "data")) == (0, [])
    await deleting(shop, Selection(["cm"], is_all=True), "n")
    assert shop.prompts[-1].startswith("Type ")


async def test_a_dry_run_lists_and_nothing_selected_is_said(shop: Shell) -> None:
    ran = await deleting(shop, Selection(["cm"], "kind"), options=WriteOptions(dry_run=True))
    assert (ran.code, len(left(shop)), ran.out.count("delete ConfigMap")) == (0, 12, 12)
    ran = await deleting(shop, Selection(["cm"], "kind=none"))
    assert (ran.code, ran.err) == (0, "kdash: no cm in shop that match kind=none\n")


async def test_files_name_what_is_deleted_and_what_is_gone_is_no_failure(shop: Shell, tmp_path: Path) -> None:
    documents = [
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n" for name in ("c-00", "c-01", "c-gone")
    ]
    (tmp_path / "all.yaml").write_text("---\n".join(documents))
    ran = await deleting(shop, Selection([], files=(str(tmp_path / "all.yaml"),)), options=YES)
    assert ran.code == 0, ran.err
    assert "ConfigMap shop/c-gone is gone already" in ran.err
    assert left(shop)[0] == "c-02"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["pods", "-A"], "-A needs -l"),
        (["pods", "web", "--all"], "Name the types alone"),
        (["--all"], "Name the types alone"),
        (["pods", "--all", "-l", "app=web"], "exclude each other"),
        (["pods", "--all", "-A", "-n", "shop"], "exclude each other"),
        (["pods", "-f", "app.yaml"], "-f names the objects"),
        (["pods"], "needs a name"),
        (["pod/web", "-R"], "-R is about -f"),
    ],
)
def test_what_the_options_mean_together_is_checked_without_a_cluster(words: list[str], problem: str) -> None:
    with pytest.raises(click.UsageError, match=problem):
        delete.main(words, standalone_mode=False, obj=Arguments())


async def test_cordoning_a_cordoned_node_is_no_failure(shop: Shell) -> None:
    node = shop.simulator.call(lambda state: state.storage.list(NODES)[0]["metadata"]["name"])
    cordon = [TypedName("node", node)]
    assert (await shop.run(lambda run: run_operation(run, cordon, "cordon", YES))).code == 0
    ran = await shop.run(lambda run: run_operation(run, cordon, "cordon", YES), json=True)
    assert ran.code == 0
    assert f"Node {node} is already cordoned" in ran.err
    assert ran.json["results"][0]["outcome"] == "unchanged"
