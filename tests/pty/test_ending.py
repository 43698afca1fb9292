"""In any state, a signal or a closed terminal ends kdash, and the terminal is restored."""

from __future__ import annotations

import shutil
import signal
import sys
from pathlib import Path

import pytest

from tests.pty.stuck import WAYS
from tests.pty.terminal import Terminal, wait_until_gone

COMMAND = shutil.which("kdash", path=str(Path(sys.executable).parent)) or ""
TREE = Path(__file__).parents[2]
REDRAW = "\x0c"


def demo(home: Path, columns: int = 100, rows: int = 30, **environ: str) -> Terminal:
    return Terminal([COMMAND, "--demo"], columns=columns, rows=rows, home=home, environ=environ)


# -- the size ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_an_unknown_terminal_is_drawn_at_its_size_and_accepts_keys(term: str, tmp_path: Path) -> None:
    with demo(tmp_path, columns=100, rows=30, TERM=term) as terminal:
        terminal.wait_for(lambda text: "live" in text and "Help" in terminal.lines[-1], "the key bar in the last line")
        terminal.press("\x03")
        assert terminal.wait_for_exit() == 0
        assert terminal.modes_left_on == set()


def test_a_terminal_that_does_not_know_its_size_gets_one_and_the_real_one_later(tmp_path: Path) -> None:
    with demo(tmp_path, columns=0, rows=0) as terminal:
        terminal.show_as(80, 24)
        terminal.wait_for(lambda text: "live" in text and "Help" in terminal.lines[23], "80x24")
        terminal.resize(120, 40)
        terminal.wait_for(lambda _: "Help" in terminal.lines[39], "120x40")
        terminal.child.kill(signal.SIGTERM)
        assert terminal.wait_for_exit() == 128 + signal.SIGTERM


def test_exported_columns_and_lines_do_not_beat_the_terminal(tmp_path: Path) -> None:
    with demo(tmp_path, columns=100, rows=30, COLUMNS="40", LINES="10") as terminal:
        terminal.wait_for(lambda text: "live" in text and "Help" in terminal.lines[29], "100x30")
        terminal.press("\x03")
        assert terminal.wait_for_exit() == 0


def test_ctrl_c_during_the_import_of_the_screen_ends_it_silently(tmp_path: Path) -> None:
    interrupted = (
        "import os, signal, rich\ntry: os.kill(os.getpid(), signal.SIGINT)\nexcept KeyboardInterrupt: rich.gone"
    )
    (tmp_path / "textual.py").write_text(interrupted)
    with demo(tmp_path, PYTHONPATH=str(tmp_path)) as terminal:
        assert terminal.wait_for_signal() == signal.SIGINT
        assert b"Traceback" not in terminal.raw


# -- signals and hang-ups ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_with_its_own_exit_code_and_restores_the_terminal(
    number: signal.Signals, tmp_path: Path
) -> None:
    with demo(tmp_path) as terminal:
        before = terminal.attributes
        terminal.wait_for("live")
        assert terminal.modes_left_on
        terminal.child.kill(number)
        terminal.wait_for_restored(before)
        assert terminal.wait_for_exit() == 128 + number
        assert terminal.modes_left_on == set()


def test_sigquit_restores_the_terminal_and_ends_it_by_the_signal(tmp_path: Path) -> None:
    with demo(tmp_path) as terminal:
        before = terminal.attributes
        terminal.wait_for("live")
        terminal.child.kill(signal.SIGQUIT)
        terminal.wait_for_restored(before)
        assert terminal.wait_for_signal() == signal.SIGQUIT
        assert terminal.modes_left_on == set()


def test_a_closed_terminal_leaves_no_process_and_nothing_on_the_disk(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    # The shell ignores SIGHUP for the program: only the closed terminal itself shows it.
    with Terminal(
        ["/bin/sh", "-c", f"trap '' HUP; exec {COMMAND} --demo"],
        columns=80,
        rows=24,
        home=tmp_path,
        environ={"TMPDIR": str(scratch)},
    ) as terminal:
        terminal.wait_for("live")
        assert list(scratch.glob("kdash-demo-*"))
        terminal.hang_up()
        wait_until_gone(terminal.child.pid)
    assert not list(scratch.glob("kdash-demo-*"))


def test_no_orphan_remains_when_the_shell_dies(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    script = f"{COMMAND} --demo & echo $! >{note}; fg; true"
    with Terminal(["bash", "-m", "-c", script], columns=80, rows=24, home=tmp_path) as terminal:
        terminal.wait_for("live")
        terminal.child.kill(signal.SIGKILL)
        wait_until_gone(int(note.read_text()))


def test_a_terminal_that_is_not_read_does_not_keep_it_alive(tmp_path: Path) -> None:
    with demo(tmp_path, columns=160, rows=45) as terminal:
        terminal.wait_for("live")
        terminal.press(*[REDRAW] * 200)
        terminal.wait_until_full()
        terminal.child.kill(signal.SIGTERM)
        assert terminal.wait_for_exit_unread() == 128 + signal.SIGTERM


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("how", WAYS)
def test_a_stuck_event_loop_does_not_keep_it_alive(how: str, number: signal.Signals, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "tests.pty.stuck", how]
    with Terminal(argv, columns=80, rows=24, home=tmp_path, environ={"PYTHONPATH": str(TREE)}) as terminal:
        before = terminal.attributes
        terminal.wait_for("ready")
        terminal.press("x")
        terminal.wait_for("stuck")
        terminal.child.kill(number)
        terminal.wait_for_restored(before)
        assert terminal.wait_for_exit() == 128 + number
        assert terminal.modes_left_on == set()


@pytest.mark.parametrize("how", WAYS)
def test_a_stuck_event_loop_ends_with_its_terminal(how: str, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "tests.pty.stuck", how]
    with Terminal(argv, columns=80, rows=24, home=tmp_path, environ={"PYTHONPATH": str(TREE)}) as terminal:
        terminal.wait_for("ready")
        terminal.press("x")
        terminal.wait_for("stuck")
        terminal.hang_up()
        wait_until_gone(terminal.child.pid)
