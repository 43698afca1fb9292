"""The installed `kdash --demo` in a real terminal, operated by keys as a user would."""

import json
import os
import re
import shutil
import signal
import stat
import sys
from pathlib import Path

import pytest

from tests.pty.terminal import Terminal

COMMAND = shutil.which("kdash", path=str(Path(sys.executable).parent)) or ""


@pytest.fixture
def command() -> str:
    assert COMMAND, "kdash is not installed beside this Python"
    return COMMAND


def test_a_person_sees_the_failure_scales_and_undoes_it(command: str, tmp_path: Path) -> None:
    audit = tmp_path / "audit.jsonl"
    with Terminal(
        [command, "--demo=bad-release"],
        columns=160,
        rows=45,
        home=tmp_path,
        environ={"KDASH_AUDIT_FILE": str(audit)},
    ) as terminal:
        # The three panes are live, failing rows first, with their cause.
        terminal.wait_for(lambda text: all(word in text for word in ("Services", "Rollouts", "Logs", "live")), "panes")
        terminal.wait_for("stuck: image")
        assert "checkout:2.8.0" in terminal.text

        # Scale the one that fails: 3 -> 4.
        terminal.press("2", "g", "s")
        terminal.wait_for("Scale")
        terminal.press("4", "\r")
        terminal.wait_for("3 → 4")
        terminal.press("\t", "\r")
        terminal.wait_for(lambda text: "checkout" in text and "/4" in text, "4 wanted")

        # Undo it: revisions, difference, confirm.
        terminal.press("u")
        terminal.wait_for(lambda text: "Continue" in text and "2.7.1" in text, "the revisions")
        terminal.press("\r")
        terminal.wait_for(lambda text: re.search("dry.run passed", text) is not None, "the confirmation")
        terminal.press("\t", "\r")
        terminal.wait_for(lambda text: re.search(r"revision \d+ +done", text) is not None, "the outcome")
        terminal.wait_for(lambda text: "16 healthy" in text, "nothing is wrong any more")

        terminal.press(":q\r")
        assert terminal.wait_for_exit() == 0

    lines = [json.loads(line) for line in audit.read_text().splitlines()]
    writes = [line for line in lines if line["event"] == "write"]
    assert [line["action"] for line in writes] == ["scale", "undo"]
    ended = {line["id"]: line["outcome"] for line in lines if line["event"] == "followed"}
    assert ended[writes[1]["id"]] == "converged"
    assert stat.S_IMODE(os.stat(audit).st_mode) == 0o600


def test_a_service_scaled_to_zero_is_down_immediately(command: str, tmp_path: Path) -> None:
    with Terminal([command, "--demo"], columns=160, rows=45, home=tmp_path) as terminal:
        terminal.wait_for("16 healthy")
        terminal.press("2", "/", *"cart", "\r", "Z")
        terminal.wait_for(lambda text: re.search("dry.run passed", text) is not None, "the confirmation")
        terminal.press("\t", "\r")
        terminal.wait_for("✗ 1 down")
        terminal.wait_for(lambda text: "✗ shop" in text and "scaled to 0 by kdash, was 3" in text, "cart, down")


def test_ctrl_c_leaves_at_once_and_restores_the_terminal(command: str, tmp_path: Path) -> None:
    with Terminal([command, "--demo"], columns=80, rows=24, home=tmp_path) as terminal:
        terminal.wait_for("live")
        terminal.press("\x03")
        assert terminal.wait_for_exit() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_sigterm_leaves_nothing_behind(command: str, tmp_path: Path, number: signal.Signals) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with Terminal(
        [command, "--demo"], columns=80, rows=24, home=tmp_path, environ={"TMPDIR": str(scratch)}
    ) as terminal:
        terminal.wait_for("live")
        assert list(scratch.glob("kdash-demo-*"))
        terminal.child.kill(number)
        assert terminal.wait_for_exit() == 128 + number
    assert not list(scratch.glob("kdash-demo-*"))


def test_a_log_buffer_of_no_size_is_refused_at_the_start(command: str, tmp_path: Path) -> None:
    with Terminal(
        [command, "--demo"], columns=80, rows=24, home=tmp_path, environ={"KDASH_LOG_BUFFER": "lots"}
    ) as terminal:
        terminal.child.expect("KDASH_LOG_BUFFER is 'lots'")
        terminal.child.expect("128MB")
        assert terminal.wait_for_exit() == 2
