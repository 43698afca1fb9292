"""`kdash exec --all`: results side by side and as JSON, the worst exit code; where -o has no meaning."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from k9py.cli.main import command
from k9py.cli.remote.everywhere import execute_everywhere
from k9py.cli.session import Invocation
from k9py.cli.targets import ObjectArgument
from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from tests.cli.shell import CommandResult, Shell

CART = ObjectArgument("Deployment", "cart")


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with Simulator("shop-quiet", ManualClock()) as simulator:
        simulator.advance(60)
        yield Shell(simulator, tmp_path)


async def run(shell: Shell, line: str, *, json: bool = False, read_only: bool = False) -> CommandResult:
    def core(invocation: Invocation) -> Any:
        return execute_everywhere(invocation, CART, "", ("sh", "-c", line), as_json=json)

    return await shell.run(core, json=json, read_only=read_only)


async def test_the_same_line_of_all_pods_is_a_table(shell: Shell) -> None:
    result = await run(shell, "echo hello")
    header, *rows = result.out.splitlines()
    assert result.code == 0, result.err
    assert header.split() == ["POD", "EXIT", "OUTPUT"]
    assert len(rows) == 3
    assert all(row.startswith("cart-") and row.split()[1:] == ["0", "hello"] for row in rows)


async def test_lines_that_pods_have_in_common_are_printed_once_below_their_rows(shell: Shell) -> None:
    result = await run(shell, "echo hello; echo world")
    _, *rows = result.out.splitlines()
    assert [row.partition(" ")[2].strip() for row in rows[:3]] == ["0  2 lines, as below"] * 3
    assert [row.strip() for row in rows[3:]] == ["hello", "world"]


async def test_the_container_is_reported_where_none_was_named(shell: Shell) -> None:
    checkout = ObjectArgument("Deployment", "checkout")
    for container, note in (("", "kdash: using container app of app, proxy; -c names another one\n"), ("proxy", "")):
        core = partial(execute_everywhere, named=checkout, container=container, command=("true",), as_json=False)
        result = await shell.run(core)
        assert result.err == f"{note}3 pods: 3 exit 0\n"


async def test_the_worst_exit_code_is_that_of_the_command_in_json_too(shell: Shell) -> None:
    result = await run(shell, "echo out; exit 4", json=True)
    assert result.code == 4
    assert result.json["exit_code"] == 4
    assert [pod["exit_code"] for pod in result.json["pods"]] == [4, 4, 4]


async def test_a_read_only_session_refuses_it(shell: Shell) -> None:
    result = await run(shell, "echo hello", read_only=True)
    assert result.code != 0
    assert result.out == ""
    assert "exec in the pods of Deployment shop/cart refused: kdash runs with --readonly" in result.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["exec", "web", "-o", "json", "--", "date"], "-o needs --all"),
        (["attach", "web", "-o", "json"], "No such option"),
        (["shell", "web", "-o", "json"], "No such option"),
        (["cp", "-o", "json", "web:/a", "b"], "No such option"),
    ],
)
def test_an_output_format_without_a_meaning_is_refused(words: list[str], message: str) -> None:
    result = CliRunner().invoke(command, words)
    assert result.exit_code == 2
    assert message in result.output


def test_a_shell_without_a_terminal_is_wrong_usage() -> None:
    result = CliRunner().invoke(command, ["shell", "web"])
    assert result.exit_code == 2
    assert "A shell needs a terminal; without one, run a command: kdash exec POD -- COMMAND" in result.output
