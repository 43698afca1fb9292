"""Writing only the changed cells results in the same screen as writing everything."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.pty.terminal import Terminal

REDRAW = "\x0c"


def below_the_header(screen: str) -> list[str]:
    """The lines that time alone does not change."""
    return screen.split("\n")[1:]


def is_full_of_yaml(screen: str) -> bool:
    """A frame may arrive in two reads: it is complete when each line has its part of the scrollbar."""
    lines = screen.split("\n")
    return "apiVersion" in screen and all(line.endswith(("┃│", "││")) for line in lines[2:-2])


def test_the_screen_kept_by_differences_is_the_one_drawn_whole(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "k9py", "--demo=shop"]
    with Terminal(argv, columns=120, rows=40, home=tmp_path) as terminal:
        terminal.wait_for(lambda text: "● live" in text and "containers" in text, "rows and a log")
        terminal.press("y")
        terminal.wait_for(is_full_of_yaml, "an object as YAML")
        kept = below_the_header(terminal.text)
        terminal.forget()
        terminal.press(REDRAW)
        terminal.wait_for(lambda text: below_the_header(text) == kept, "\n".join(kept))
