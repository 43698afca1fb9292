"""Ctrl+Z gives the terminal back to the shell, and `fg` resumes, in a real shell with job control."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k9py.simulator.server import Simulator
from tests.cli.shell import edit
from tests.pty.terminal import Terminal, wait_until_gone

COMMAND = shutil.which("kdash", path=str(Path(sys.executable).parent)) or ""
BASH = shutil.which("bash") or ""
PROMPT = "here>"


class Job:
    """A shell that can start kdash, and the terminal modes before that."""

    def __init__(self, terminal: Terminal, home: Path) -> None:
        self.terminal = terminal
        self._home = home
        terminal.wait_for(PROMPT)
        self.modes = self.line_modes()

    def run(self, command: str) -> None:
        self.terminal.forget()
        self.terminal.press(f"{command}\r")

    def line_modes(self) -> str:
        """The modes of the terminal's line as the shell's own programs see them."""
        note = self._home / "modes"
        note.unlink(missing_ok=True)
        self.run("stty -g >modes; echo wri''tten")
        self.terminal.wait_for("written")
        return note.read_text()

    def start(self, options: str = "--demo") -> int:
        """Start the dashboard; return its process id."""
        self.run(f"{COMMAND} {options}")
        self.terminal.wait_for(is_live)
        (demo,) = self.children()
        return demo

    def children(self) -> list[int]:
        """Return the process ids of what the shell has started."""
        shell = self.terminal.child.pid
        return [int(pid) for pid in Path(f"/proc/{shell}/task/{shell}/children").read_text().split()]

    def is_given_back(self) -> None:
        """Wait for the shell's message about a stopped job; the terminal is as before."""
        self.terminal.wait_for("Stopped")
        self.terminal.wait_for(lambda text: PROMPT in text.rpartition("Stopped")[2], "a prompt")
        assert self.terminal.modes_left_on - {"bracketed paste"} == set()  # the shell's own
        assert self.line_modes() == self.modes

    def leave(self) -> None:
        self.terminal.press("\x03")
        self.terminal.wait_for(PROMPT)
        assert self.terminal.modes_left_on - {"bracketed paste"} == set()
        assert self.line_modes() == self.modes
        self.run("exit 7")
        assert self.terminal.wait_for_exit() == 7


def is_live(text: str) -> bool:
    return "● live" in text and "Help" in text.splitlines()[-1]


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    environ = {"PS1": PROMPT, "HISTFILE": "", "INPUTRC": "/dev/null"}
    argv = [BASH, "--norc", "--noprofile", "-i"]
    with Terminal(argv, columns=100, rows=30, home=tmp_path, environ=environ) as terminal:
        terminal.press(f"cd {tmp_path}\r")
        yield Job(terminal, tmp_path)


def test_ctrl_z_stops_it_and_fg_resumes_what_was_on_the_screen(job: Job) -> None:
    terminal = job.terminal
    job.start()
    terminal.press("2", "/", "cart", "\r")
    terminal.wait_for("1 of 16")
    for _ in range(2):
        terminal.press("\x1a")
        job.is_given_back()
        job.run("fg")
        terminal.wait_for(lambda text: is_live(text) and "1 of 16" in text, "the filtered rows, live")
    job.leave()


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ((":",), "shell"),
        (("F",), "127.0.0.1"),
    ],
    ids=["command line", "forward"],
)
def test_a_list_that_is_typed_into_is_drawn_again(job: Job, keys: tuple[str, ...], shown: str) -> None:
    terminal = job.terminal
    job.start()
    terminal.press("2", "/", "cart", "\r")
    terminal.wait_for("1 of 16")
    terminal.press(*keys)
    terminal.wait_for(shown)
    terminal.press("\x1a")
    job.is_given_back()
    job.run("fg")
    terminal.wait_for(lambda text: "● live" in text and shown in text, "the same screen, live")
    terminal.press("\x1b")
    job.leave()


def test_forwards_are_named_when_they_stand_still_and_when_they_end(job: Job) -> None:
    terminal = job.terminal
    job.start()
    terminal.press("2", "/", "cart", "\r")
    terminal.wait_for("1 of 16")
    terminal.press(*":forward :8080\r")
    terminal.wait_for("1 forward")
    terminal.press("\x1a")
    job.is_given_back()
    assert b"kdash: 1 forward stands still while kdash is stopped: fg resumes\r\n" in terminal.raw
    job.run("fg")
    terminal.wait_for(is_live)
    terminal.press("\x03")
    terminal.wait_for("kdash: 1 forward ended with kdash: http://127.0.0.1:")
    assert job.line_modes() == job.modes


def test_it_comes_back_at_the_size_the_terminal_has_then(job: Job) -> None:
    terminal = job.terminal
    job.start()
    terminal.press("\x1a")
    job.is_given_back()
    terminal.resize(120, 40)
    job.run("fg")
    terminal.wait_for(lambda text: is_live(text) and "Help" in terminal.lines[39], "120x40")
    job.leave()


def test_sigtstp_from_outside_gives_the_terminal_back_too(job: Job) -> None:
    demo = job.start()
    os.kill(demo, signal.SIGTSTP)
    job.is_given_back()
    job.run("fg")
    job.terminal.wait_for(is_live)
    job.leave()


def test_after_sigstop_all_of_the_screen_is_drawn_again(job: Job) -> None:
    terminal = job.terminal
    demo = job.start()
    os.kill(demo, signal.SIGSTOP)
    terminal.wait_for("Stopped")
    job.run("fg")
    terminal.wait_for(is_live)
    job.leave()


def test_continued_in_the_background_it_stops_again_and_leaves_the_terminal_alone(job: Job) -> None:
    terminal = job.terminal
    job.start()
    terminal.press("\x1a")
    job.is_given_back()
    job.run("bg; wait %1; jobs -l")
    terminal.wait_for("Stopped (tty input)")
    assert job.line_modes() == job.modes
    job.run("fg")
    terminal.wait_for(is_live)
    job.leave()


def test_started_in_the_background_it_waits_for_the_terminal(job: Job) -> None:
    terminal = job.terminal
    job.run(f"{COMMAND} --demo & wait %1; jo''bs")
    terminal.wait_for("Stopped")
    assert job.line_modes() == job.modes
    job.run("fg")
    terminal.wait_for(is_live)
    job.leave()


@pytest.mark.parametrize("stopped_by", ["\x1a", signal.SIGSTOP])
def test_a_stopped_process_can_be_killed(stopped_by: str | signal.Signals, job: Job) -> None:
    terminal = job.terminal
    demo = job.start()
    if isinstance(stopped_by, str):
        terminal.press(stopped_by)
    else:
        os.kill(demo, stopped_by)
    terminal.wait_for("Stopped")
    job.run("kill %1")
    wait_until_gone(demo)
    job.run("wait %1; echo co''de $?")
    terminal.wait_for("code 143")
    job.run("stty sane; exit 7")
    assert terminal.wait_for_exit() == 7


def test_the_log_screen_is_drawn_again_and_follows(job: Job) -> None:
    terminal = job.terminal
    job.start()
    terminal.press("2", "/", "cart", "\r")
    terminal.wait_for("1 of 16")
    terminal.press("l")
    terminal.wait_for(lambda text: "Logs · 3 containers" in text and "trace_id" in text, "the log")
    last = terminal.lines[-3]
    terminal.press("\x1a")
    job.is_given_back()
    job.run("fg")
    terminal.wait_for(
        lambda text: "Logs · 3 containers" in text and "Help" in terminal.lines[-1] and last not in text,
        "the log, with later lines only",
    )
    terminal.press("\x1b")
    terminal.wait_for(lambda text: is_live(text) and "1 of 16" in text, "the rows, live")
    job.leave()


def test_an_open_dialog_is_drawn_again_with_what_is_below(job: Job) -> None:
    terminal = job.terminal
    job.start()
    terminal.press("2", "/", "cart", "\r")
    terminal.wait_for("1 of 16")
    terminal.press("r")
    terminal.wait_for("Restart Deployment cart")
    terminal.press("\x1a")
    job.is_given_back()
    job.run("fg")
    terminal.wait_for(lambda text: "Restart Deployment cart" in text and "● live" in text, "the dialog")
    terminal.press("\x1b")
    terminal.wait_for(lambda text: is_live(text) and "1 of 16" in text, "the rows, live")
    job.leave()


def test_what_changed_meanwhile_is_shown(job: Job, tmp_path: Path) -> None:
    def more_replicas(spec: dict[str, Any]) -> None:
        spec["replicas"] = 5

    terminal = job.terminal
    with Simulator("shop-quiet") as simulator:
        config = simulator.write_kubeconfig(tmp_path / "config", namespace="shop")
        job.start(f"--kubeconfig {config}")
        terminal.press("2", "/", "cart", "\r")
        terminal.wait_for("3/3")
        terminal.press("\x1a")
        job.is_given_back()
        edit(simulator, more_replicas, ("Deployment", "shop", "cart"))
        job.run("fg")
        terminal.wait_for(lambda text: is_live(text) and "5/5" in text, "the new replicas, live")
        job.leave()


def test_a_handed_over_terminal_is_given_back_while_stopped(job: Job) -> None:
    terminal = job.terminal
    job.run(f"{COMMAND} exec --demo -it deploy/cart -- sh")
    terminal.wait_for(lambda text: "# " in text or text.rstrip().endswith("#"), "a prompt")
    (command,) = job.children()
    os.kill(command, signal.SIGTSTP)
    job.is_given_back()
    terminal.resize(90, 20)
    job.run("fg")
    terminal.wait_for("exec --demo")
    terminal.press("stty size\r")
    terminal.wait_for("20 90")
    terminal.press("exit 3\r")
    terminal.wait_for(lambda text: text.rstrip().endswith(PROMPT), "a prompt")
    assert job.line_modes() == job.modes
    job.run("exit 7")
    assert terminal.wait_for_exit() == 7


def test_without_a_shell_to_return_to_ctrl_z_says_so(tmp_path: Path) -> None:
    with Terminal([COMMAND, "--demo"], columns=100, rows=30, home=tmp_path) as terminal:
        terminal.wait_for(is_live)
        terminal.press("\x1a")
        terminal.wait_for("no shell with job control")
        terminal.press("\x03")
        assert terminal.wait_for_exit() == 0
