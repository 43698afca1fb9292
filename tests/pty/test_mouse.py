"""Clicks that a real terminal reports: they reach their target, and motion reports are never requested."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.pty.terminal import Terminal

COMMAND = shutil.which("kdash", path=str(Path(sys.executable).parent)) or ""


@pytest.fixture
def command() -> str:
    assert COMMAND, "kdash is not installed beside this Python"
    return COMMAND


def click(terminal: Terminal, text: str) -> None:
    """Press and release the left button on the first cell of a text (SGR mouse reports)."""
    row = next(index for index, line in enumerate(terminal.lines) if text in line)
    column = terminal.lines[row].index(text)
    terminal.press(*(f"\x1b[<0;{column + 1};{row + 1}{end}" for end in "Mm"))


def test_a_click_on_a_title_sorts_and_one_on_a_key_presses_it(command: str, tmp_path: Path) -> None:
    with Terminal([command, "--demo=bad-release"], columns=120, rows=30, home=tmp_path) as terminal:
        terminal.wait_for(lambda text: "checkout" in text and "STATE" in text, "the tables")
        click(terminal, "NAME  ")
        terminal.wait_for("NAME ↑")
        click(terminal, "? Help")
        terminal.wait_for("Esc close")
        terminal.press("\x1b")
        terminal.wait_for(lambda text: "Esc close" not in text, "help is gone")
        terminal.press(":q\r")
        assert terminal.wait_for_exit() == 0
    assert b"\x1b[?1000h" in terminal.raw
    assert b"1003h" not in terminal.raw
    assert not terminal.modes_left_on


def test_without_the_mouse_the_terminal_keeps_its_own_selection(command: str, tmp_path: Path) -> None:
    with Terminal([command, "--demo", "--no-mouse"], columns=100, rows=30, home=tmp_path) as terminal:
        terminal.wait_for("checkout")
        terminal.press(":q\r")
        assert terminal.wait_for_exit() == 0
    assert b"\x1b[?1000h" not in terminal.raw
