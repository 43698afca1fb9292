"""On a terminal without Unicode every symbol has its own ASCII form, and nothing else is written."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.pty.terminal import Terminal

COMMAND = shutil.which("kdash", path=str(Path(sys.executable).parent)) or ""


@pytest.mark.parametrize("environ", [{"LANG": "C"}, {"LC_ALL": "POSIX"}, {"PYTHONIOENCODING": "ascii"}], ids=str)
def test_a_terminal_of_ascii_is_written_ascii_alone(environ: dict[str, str], tmp_path: Path) -> None:
    with Terminal(
        [COMMAND, "--demo=bad-release"], columns=120, rows=40, home=tmp_path, environ={"LANG": "", **environ}
    ) as terminal:
        terminal.wait_for(lambda text: "o live" in text and "checkout" in text, "rows")
        terminal.press("?")
        terminal.wait_for(lambda text: "Open the selected object" in text and "Down j" in text, "all keys")
        terminal.press("\x1b")
        terminal.wait_for(lambda text: "Open the selected object" not in text, "the help is closed")
        terminal.press("u")
        terminal.wait_for("Roll back")
        terminal.press("\x03")
        assert terminal.wait_for_exit() == 0
        assert terminal.raw.isascii()
        assert "?" not in [line.strip()[:1] for line in terminal.lines]


def test_no_locale_at_all_is_a_terminal_of_unicode(tmp_path: Path) -> None:
    with Terminal([COMMAND, "--demo"], columns=120, rows=40, home=tmp_path, environ={"LANG": ""}) as terminal:
        terminal.wait_for("● live")
        terminal.press("\x03")
        assert terminal.wait_for_exit() == 0


@pytest.mark.parametrize("keys", ["/caf\xe9", "/caf\xe9\xe9\xe9", "\xff\xfe"])
def test_undecodable_key_bytes_are_ignored(keys: str, tmp_path: Path) -> None:
    with Terminal([COMMAND, "--demo"], columns=120, rows=40, home=tmp_path) as terminal:
        terminal.wait_for("● live")
        terminal.child.send(keys.encode("latin-1"))
        terminal.press("\x0c")
        terminal.press("\x03")
        assert terminal.wait_for_exit() == 0
