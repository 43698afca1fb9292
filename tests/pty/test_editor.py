"""The person's editor gets the terminal, alone, and kdash gets it back."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.pty.terminal import Terminal

COMMAND = shutil.which("kdash", path=str(Path(sys.executable).parent)) or ""
EDITOR = """#!/bin/sh
trap 'echo interrupted' INT
printf 'editing %s\\n' "${1##*/}"
while ! read answer; do :; done
sed -i "s/replicas: 3/replicas: $answer/" "$1"
"""


def is_live(text: str) -> bool:
    return "● live" in text and "Help" in text.splitlines()[-1]


def test_an_editor_has_the_terminal_until_it_ends(tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text(EDITOR)
    editor.chmod(0o700)
    argv = [COMMAND, "--demo=shop"]
    with Terminal(argv, columns=120, rows=40, home=tmp_path, environ={"EDITOR": str(editor)}) as terminal:
        terminal.wait_for(is_live)
        terminal.press("2", "/", "cart", "\r")
        terminal.wait_for("1 of 16")
        terminal.press("e")
        terminal.wait_for("editing deployment-shop-cart.yaml")
        assert "bracketed paste" not in terminal.modes_left_on
        terminal.press("\x03")
        terminal.wait_for("interrupted")
        terminal.press("4\r")
        terminal.wait_for(lambda text: "Save Deployment cart?" in text and "3 → 4" in text, "the confirmation")
        terminal.press("\t", "\r")
        terminal.wait_for(lambda text: is_live(text) and "Save Deployment cart?" not in text, "stored")
        terminal.press("\x03")
        terminal.wait_for_exit()
    drafts = tmp_path / ".local" / "state" / "kdash" / "drafts"
    assert list(drafts.iterdir()) == []
