"""What was created for debugging is removed whatever ends the session, or kdash says what is left."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k9py.simulator.faults import Hang, RequestMatch, Slow
from k9py.simulator.registry.resources import NODES, PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.pty.terminal import Terminal

COMMAND = shutil.which("kdash", path=str(Path(sys.executable).parent)) or ""
DELETION = RequestMatch("delete", "pods")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("shop") as simulator:
        yield simulator


def debugging(simulator: Simulator, home: Path, *words: str) -> Terminal:
    config = str(simulator.write_kubeconfig(home / "config", namespace="shop"))
    argv = [COMMAND, "debug", "--kubeconfig", config, "--yes", "--image", "busybox", *words]
    return Terminal(argv, columns=100, rows=30, home=home)


def pods_of(state: SimulatorState) -> list[Any]:
    return [pod["metadata"]["name"] for pod in state.storage.list(PODS, "shop")]


def names(simulator: Simulator, prefix: str) -> list[str]:
    return [name for name in simulator.call(pods_of) if name.startswith(prefix)]


def first_node(simulator: Simulator) -> str:
    return str(simulator.call(lambda state: state.storage.list(NODES)[0]["metadata"]["name"]))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_copy_that_is_to_be_removed_goes_with_the_session(
    simulator: Simulator, tmp_path: Path, number: signal.Signals
) -> None:
    with debugging(simulator, tmp_path, "deploy/cart", "--copy-to", "cart-copy", "--rm") as terminal:
        terminal.wait_for("it is removed at the end of the session")
        terminal.wait_for("root@cart-copy")
        os.kill(terminal.child.pid, number)
        assert terminal.wait_for_exit() == 128 + number
        assert "pod cart-copy removed" in terminal.text
    simulator.wait_until(lambda state: state.storage.get(PODS, "shop", "cart-copy") is None)


def test_a_pod_that_is_kept_is_named_with_its_removal(simulator: Simulator, tmp_path: Path) -> None:
    with debugging(simulator, tmp_path, f"node/{first_node(simulator)}", "--no-rm") as terminal:
        terminal.wait_for("it stays until it is deleted")
        terminal.wait_for("root@node-")
        assert "three times quickly leaves it" in terminal.text
        terminal.press("exit\r")
        assert terminal.wait_for_exit() == 0
        [name] = names(simulator, "node-debugger")
        shown = "".join(terminal.text.split())  # folded anywhere
        assert f"toremoveit:kdashdeletepod/{name}-nshop" in shown


def test_a_pod_that_has_not_started_goes_when_the_terminal_is_closed(simulator: Simulator, tmp_path: Path) -> None:
    simulator.inject(Slow(2.5), DELETION)  # longer than a process without anything to put back would wait
    with debugging(simulator, tmp_path, f"node/{first_node(simulator)}", "--image", "no/such:badimage") as terminal:
        terminal.wait_for("waits for the kubelet")
        terminal.hang_up()
        assert terminal.wait_for_exit_unread() == 128 + signal.SIGHUP
    simulator.wait_until(lambda state: not any("debugger" in name for name in pods_of(state)))


def test_a_slow_server_is_waited_for(simulator: Simulator, tmp_path: Path) -> None:
    with debugging(simulator, tmp_path, f"node/{first_node(simulator)}") as terminal:
        terminal.wait_for("root@node-")
        simulator.inject(Slow(2.5), DELETION)
        os.kill(terminal.child.pid, signal.SIGTERM)
        assert terminal.wait_for_exit() == 128 + signal.SIGTERM
        assert " removed" in terminal.text


def test_a_server_that_never_answers_leaves_word_of_the_pod(simulator: Simulator, tmp_path: Path) -> None:
    with debugging(simulator, tmp_path, f"node/{first_node(simulator)}") as terminal:
        terminal.wait_for("root@node-")
        simulator.inject(Hang(), DELETION, times=None)
        os.kill(terminal.child.pid, signal.SIGTERM)
        assert terminal.wait_for_exit() == 128 + signal.SIGTERM
        assert "is left over in namespace shop" in " ".join(terminal.text.split())
        assert "kdash delete pod/" in " ".join(terminal.text.split())
    assert names(simulator, "node-debugger")


def test_a_quit_at_once_names_the_pod_that_is_left(simulator: Simulator, tmp_path: Path) -> None:
    with debugging(simulator, tmp_path, f"node/{first_node(simulator)}") as terminal:
        terminal.wait_for("root@node-")
        os.kill(terminal.child.pid, signal.SIGQUIT)
        assert terminal.wait_for_signal() == signal.SIGQUIT
        [name] = names(simulator, "node-debugger")
        assert f"pod{name}isleftover" in "".join(terminal.text.split())  # folded anywhere
