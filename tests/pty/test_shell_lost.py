"""The server is lost in the middle of a shell: the terminal is as it was before, and the dashboard goes on."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from k9py.simulator.server import Simulator
from tests.pty.terminal import Terminal

COMMAND = shutil.which("kdash", path=str(Path(sys.executable).parent)) or ""


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("shop") as simulator:
        yield simulator


def test_the_dashboard_goes_on_when_the_server_is_lost_in_a_shell_and_comes_back(
    simulator: Simulator, tmp_path: Path
) -> None:
    config = str(simulator.write_kubeconfig(tmp_path / "config", namespace="shop"))
    with Terminal([COMMAND, "--kubeconfig", config], columns=100, rows=30, home=tmp_path) as terminal:
        before = terminal.attributes
        terminal.wait_for(lambda text: "● live" in text and "Help" in text.splitlines()[-1], "the dashboard")
        terminal.press("2", "/", "cart", "\r")
        terminal.wait_for("1 of ")
        terminal.press("S")
        terminal.wait_for(lambda text: "root@cart" in text.rpartition("leaves it")[2], "a prompt")
        terminal.press("vi\r")
        terminal.wait_for(lambda _: "alternate screen" in terminal.modes_left_on, "vi")
        terminal.forget()
        simulator.stop_listening()
        terminal.wait_for(lambda text: "1 of " in text and "● live" not in text, "the dashboard without a connection")
        simulator.listen_again()
        terminal.wait_for(lambda text: "● live" in text, "the connection again")
        terminal.press("\x03")
        terminal.wait_for_restored(before)
        assert terminal.wait_for_exit() == 0
        assert terminal.modes_left_on == set()
