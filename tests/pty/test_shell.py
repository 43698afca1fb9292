"""A shell in a container has the terminal alone, and leaves nothing behind in it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from k9py.simulator.server import Simulator
from tests.pty.terminal import Terminal

COMMAND = shutil.which("kdash", path=str(Path(sys.executable).parent)) or ""


def in_shell(home: Path) -> Terminal:
    words = [COMMAND, "exec", "--demo", "-it", "deploy/cart", "--", "sh"]
    return Terminal(words, columns=80, rows=24, home=home)


def has_prompt(text: str) -> bool:
    return any(line.rstrip().endswith(("#", "$")) for line in text.splitlines())


def test_exec_passes_size_resize_and_keys_and_returns_the_exit_code(tmp_path: Path) -> None:
    with in_shell(tmp_path) as terminal:
        before = terminal.attributes
        terminal.wait_for(has_prompt, "a prompt")
        assert terminal.attributes != before
        terminal.press("stty size\r")
        terminal.wait_for("24 80")
        terminal.resize(100, 30)
        terminal.press("stty size\r")
        terminal.wait_for("30 100")
        terminal.press("sleep 1000\r", "\x03", "echo inter''rupted\r")
        terminal.wait_for("interrupted")
        terminal.press("exit 7\r")
        terminal.wait_for_restored(before)
        assert terminal.wait_for_exit() == 7


def test_a_hostile_program_leaves_no_mode_behind(tmp_path: Path) -> None:
    with in_shell(tmp_path) as terminal:
        before = terminal.attributes
        terminal.wait_for(has_prompt, "a prompt")
        terminal.press("hostile; exit 0\r")
        terminal.wait_for_restored(before)
        assert terminal.wait_for_exit() == 0
        assert terminal.modes_left_on == set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_restores_the_terminal(tmp_path: Path, number: signal.Signals) -> None:
    with in_shell(tmp_path) as terminal:
        before = terminal.attributes
        terminal.wait_for(has_prompt, "a prompt")
        os.kill(terminal.child.pid, number)
        terminal.wait_for_restored(before)
        assert terminal.wait_for_exit() == 128 + number


def test_a_shell_of_the_dashboard_hands_the_terminal_over_and_back(tmp_path: Path) -> None:
    with Terminal([COMMAND, "--demo"], columns=100, rows=30, home=tmp_path) as terminal:
        before = terminal.attributes
        terminal.wait_for(lambda text: "● live" in text and "Help" in text.splitlines()[-1], "the dashboard")
        terminal.press("2", "/", "cart", "\r")
        terminal.wait_for("1 of 16")
        terminal.press("S")
        terminal.wait_for("leaves it")
        terminal.wait_for(lambda text: "root@cart" in text.rpartition("leaves it")[2], "a prompt")
        terminal.forget()
        terminal.press("hostile; exit 3\r")
        terminal.wait_for(lambda text: "1 of 16" in text and "● live" in text, "the whole dashboard again")
        terminal.press("\x03")
        terminal.wait_for_restored(before)
        terminal.wait_for_exit()
        assert terminal.modes_left_on == set()


def test_a_lost_server_restores_the_terminal_of_exec(tmp_path: Path) -> None:
    with Simulator("shop-quiet") as simulator:
        config = simulator.write_kubeconfig(tmp_path / "config", namespace="shop")
        words = [COMMAND, "exec", "--kubeconfig", str(config), "-it", "deploy/cart", "--", "sh"]
        with Terminal(words, columns=80, rows=24, home=tmp_path) as terminal:
            before = terminal.attributes
            terminal.wait_for(has_prompt, "a prompt")
            assert terminal.attributes != before
            terminal.press("hostile\r")
            assert simulator.break_streams() == 1
            terminal.wait_for_restored(before)
            assert terminal.wait_for_exit() not in (0, 1)
            assert "kdash: " in terminal.text
            assert "Traceback" not in terminal.text
            assert terminal.modes_left_on == set()


def test_a_shell_whose_server_is_lost_returns_to_the_dashboard(tmp_path: Path) -> None:
    with Simulator("shop-quiet") as simulator:
        config = simulator.write_kubeconfig(tmp_path / "config", namespace="shop")
        words = [COMMAND, "--kubeconfig", str(config)]
        with Terminal(words, columns=100, rows=30, home=tmp_path) as terminal:
            before = terminal.attributes
            terminal.wait_for(lambda text: "● live" in text and "Help" in text.splitlines()[-1], "the dashboard")
            in_dashboard = terminal.attributes
            terminal.press("2", "/", "cart", "\r")
            terminal.wait_for("1 of ")
            terminal.press("S")
            terminal.wait_for("leaves it")
            terminal.wait_for(lambda text: "root@cart" in text.rpartition("leaves it")[2], "a prompt")
            terminal.forget()
            assert simulator.break_streams() == 1
            terminal.wait_for(lambda text: "1 of " in text and "● live" in text, "the whole dashboard again")
            terminal.wait_for("shell in cart")
            assert terminal.attributes == in_dashboard
            terminal.press("\x03")
            terminal.wait_for_restored(before)
            assert terminal.wait_for_exit() == 0
            assert terminal.modes_left_on == set()
