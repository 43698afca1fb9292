"""`kdash debug` without a terminal: what it creates, prints and refuses; `--list`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from k9py.api.kinds import POD
from k9py.cli.command_line import WriteOptions
from k9py.cli.debug import debug, list_leftovers
from k9py.cli.debug_command import debug as command
from k9py.cli.debug_options import DebugOptions
from k9py.cli.operation_targets import NamedTarget, TypedName
from k9py.cli.remote.targets import parse_container_target
from k9py.cli.session import Invocation
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import PODS
from k9py.simulator.server import Simulator
from k9py.views.pod_status import pod_status
from tests.cli.shell import CommandResult, Shell

YES = WriteOptions(yes=True)
Raw = dict[str, Any]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("shop", ManualClock()) as running:
        running.advance(60)
        yield running


@pytest.fixture
def shell(simulator: Simulator, tmp_path: Path) -> Shell:
    return Shell(simulator, tmp_path)


async def run(
    shell: Shell,
    target: NamedTarget,
    options: DebugOptions | None = None,
    write: WriteOptions = YES,
    *,
    read_only: bool = False,
    config_path: Path | None = None,
    namespace: str | None = None,
) -> CommandResult:
    """Run it without a terminal."""

    def core(invocation: Invocation) -> Any:
        return debug(replace(invocation, config_path=config_path), target, options or DebugOptions(), write)

    return await shell.run(core, read_only=read_only, namespace=namespace)


def pods(simulator: Simulator) -> dict[str, Raw]:
    return {pod["metadata"]["name"]: pod for pod in simulator.call(lambda state: [*state.storage.list(PODS, "shop")])}


def created(simulator: Simulator) -> Raw:
    """Return the only pod that was created for debugging."""
    [pod] = [
        pod
        for pod in pods(simulator).values()
        if (pod["metadata"].get("labels") or {}).get("app.kubernetes.io/managed-by") == "kdash-debug"
    ]
    return pod


async def test_a_pod_on_a_node_is_created_and_listed(simulator: Simulator, shell: Shell) -> None:
    node = next(iter(pods(simulator).values()))["spec"]["nodeName"]
    result = await run(shell, TypedName("node", node))
    assert result.code == 0, result.err
    pod = created(simulator)
    assert pod["spec"]["hostPID"]
    assert pod["spec"]["nodeName"] == node
    assert pod["spec"]["containers"][0]["image"] == "busybox:1.37"
    assert f"Pod shop/{pod['metadata']['name']} created" in result.out
    assert "securityContext" not in pod["spec"]["containers"][0]  # general, as kubectl debug node/ creates it
    name = pod["metadata"]["name"]
    assert "profile: general: sees all processes of the node" in result.err
    assert "it stays until it is deleted" in result.err
    assert "start it with -- sleep 1d" in result.err
    assert "to enter it: kdash exec" not in result.err
    assert f"to remove it: kdash delete pod/{name} -n shop" in result.err
    listed = await shell.run(lambda invocation: list_leftovers(invocation, ""))
    [line] = [line for line in listed.out.splitlines() if name in line]
    assert line.split()[3] == pod_status(POD.decode(msgspec.json.encode(pods(simulator)[name]))).text


async def test_a_debug_container_is_added_without_a_terminal(simulator: Simulator, shell: Shell) -> None:
    name = next(name for name in pods(simulator) if name.startswith("checkout-"))
    options = DebugOptions(command=("sleep", "9"), profile="netadmin", target="")
    result = await run(shell, TypedName("pod", name), options)
    assert result.code == 0, result.err
    [added] = pods(simulator)[name]["spec"]["ephemeralContainers"]
    assert added["command"] == ["sleep", "9"]
    assert added["securityContext"]["capabilities"]["add"] == ["NET_ADMIN", "NET_RAW"]
    assert "stdin" not in added
    assert f"debug container {added['name']} added to Pod shop/{name}" in result.out


async def test_a_copy_of_the_newest_ready_pod_of_a_workload(simulator: Simulator, shell: Shell) -> None:
    options = DebugOptions(copy_to="checkout-debug", images=(("*", "registry.example.com/other:1"),))
    result = await run(shell, TypedName("deploy", "checkout"), options)
    assert result.code == 0, result.err
    assert pods(simulator)["checkout-debug"]["spec"]["containers"][0]["image"] == "registry.example.com/other:1"


async def test_the_image_and_the_profile_come_from_the_config_file(
    simulator: Simulator, shell: Shell, tmp_path: Path
) -> None:
    node = next(iter(pods(simulator).values()))["spec"]["nodeName"]
    config = tmp_path / "config.toml"
    config.write_text('[debug]\nnode_image = "registry.example.com/tools:1"\nnode_profile = "baseline"\n')
    result = await run(shell, TypedName("node", node), config_path=config)
    assert result.code == 0, result.err
    assert created(simulator)["spec"]["containers"][0]["image"] == "registry.example.com/tools:1"
    assert "hostPID" not in created(simulator)["spec"]


async def test_the_profile_of_the_config_file_is_that_of_nodes_too(
    simulator: Simulator, shell: Shell, tmp_path: Path
) -> None:
    node = next(iter(pods(simulator).values()))["spec"]["nodeName"]
    config = tmp_path / "config.toml"
    config.write_text('[debug]\nprofile = "sysadmin"\n')
    result = await run(shell, TypedName("node", node), config_path=config)
    assert result.code == 0, result.err
    assert created(simulator)["spec"]["containers"][0]["securityContext"] == {"privileged": True}


@pytest.mark.parametrize(("given", "expected"), [(None, "monitoring"), ("shop", "shop")])
async def test_pods_on_nodes_are_created_in_the_namespace_of_the_config_file_unless_one_is_named(
    simulator: Simulator, shell: Shell, tmp_path: Path, given: str | None, expected: str
) -> None:
    node = next(iter(pods(simulator).values()))["spec"]["nodeName"]
    config = tmp_path / "config.toml"
    config.write_text('[debug]\nnode_namespace = "monitoring"\n')
    result = await run(shell, TypedName("node", node), config_path=config, namespace=given)
    assert result.code == 0, result.err
    assert f"Pod {expected}/node-debugger-" in result.out


async def test_a_dry_run_shows_what_happens_to_the_pod_of_a_session(simulator: Simulator, shell: Shell) -> None:
    node = next(iter(pods(simulator).values()))["spec"]["nodeName"]
    dry_run = WriteOptions(dry_run=True)
    attached = await run(shell, TypedName("node", node), DebugOptions(attaches=True), dry_run)
    assert "it is removed when the shell ends; the kubelet ends it after 8 hours" in attached.err + attached.out
    alone = await run(shell, TypedName("node", node), DebugOptions(attaches=False), dry_run)
    assert "it stays until it is deleted; the kubelet ends it after 8 hours" in alone.err + alone.out
    assert "to enter it" not in alone.err
    for removes, end in (
        (True, "it is removed at the end of the session"),
        (None, "at the end of the session you are asked whether to delete it"),
        (False, "it stays until it is deleted"),
    ):
        options = DebugOptions(attaches=True, copy_to="c", removes=removes)
        copied = await run(shell, TypedName("deploy", "checkout"), options, dry_run)
        assert f"afterwards: {end}" in copied.err + copied.out


async def test_a_removal_needs_a_session(shell: Shell) -> None:
    result = await run(shell, TypedName("deploy", "checkout"), DebugOptions(copy_to="c", removes=True))
    assert result.code == 9
    assert "--rm removes the pod after a session, which needs a terminal" in result.err


async def test_a_bare_name_is_that_of_a_pod_else_of_a_workload(simulator: Simulator, shell: Shell) -> None:
    result = await run(shell, parse_container_target(["checkout"]), DebugOptions(target="app"))
    assert result.code == 0, result.err
    [name] = re.findall(r"kdash: pod (checkout-[^\s:]+)", result.err)
    assert pods(simulator)[name]["spec"]["ephemeralContainers"]
    assert "to remove it" not in result.err  # a debug container cannot be removed
    again = await run(shell, parse_container_target([name]))
    assert again.code == 0, again.err
    assert len(pods(simulator)[name]["spec"]["ephemeralContainers"]) == 2


async def test_a_dry_run_creates_nothing(simulator: Simulator, shell: Shell) -> None:
    before = pods(simulator)
    options = DebugOptions(copy_to="checkout-debug")
    result = await run(shell, TypedName("deploy", "checkout"), options, WriteOptions(dry_run=True))
    assert result.code == 0, result.err
    assert "dry run: nothing was changed" in result.out
    assert pods(simulator).keys() == before.keys()


async def test_a_read_only_session_refuses_it(simulator: Simulator, shell: Shell) -> None:
    before = pods(simulator)
    options = DebugOptions(copy_to="checkout-debug")
    result = await run(shell, TypedName("deploy", "checkout"), options, read_only=True)
    assert result.code != 0
    assert "--readonly" in result.err
    assert pods(simulator).keys() == before.keys()


async def test_nothing_is_created_without_a_confirmation(simulator: Simulator, shell: Shell) -> None:
    before = pods(simulator)
    result = await run(shell, TypedName("deploy", "checkout"), DebugOptions(copy_to="c"), WriteOptions())
    assert result.code != 0
    assert "--yes" in result.err
    assert pods(simulator).keys() == before.keys()


async def test_attaching_needs_a_terminal(simulator: Simulator, shell: Shell) -> None:
    before = pods(simulator)
    result = await run(shell, TypedName("deploy", "checkout"), DebugOptions(attaches=True))
    assert "needs a terminal" in result.err
    assert pods(simulator).keys() == before.keys()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Name a pod, a workload or a node"),
        (["web", "sh"], "the command after --"),
        (["web", "--same-node"], "--same-node needs --copy-to"),
        (["web", "--replace"], "--replace needs --copy-to"),
        (["web", "--set-image", "app=a:1"], "--set-image needs --copy-to"),
        (["web", "--keep-labels"], "needs --copy-to"),
        (["node/n", "--copy-to", "x"], "a node has no copy"),
        (["node/n", "--target", "app"], "--target is for a debug container"),
        (["web", "--copy-to", "x", "--target", "app"], "--target is for a debug container"),
        (["web", "-t"], "-t needs -i"),
        (["web", "-i", "--no-attach"], "exclude each other"),
        (["web", "--env", "A"], "is not NAME=VALUE"),
        (["web", "--copy-to", "x", "--set-image", "app"], "is not CONTAINER=IMAGE"),
        (["web", "--profile", "legacy"], "'legacy' is not one of"),
        (["web", "--copy-to", "x", "--rm", "--no-attach"], "--rm and --no-attach exclude each other"),
        (["--list", "web"], "--list takes no object"),
    ],
)
def test_options_without_a_meaning_are_refused(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert message in result.output
