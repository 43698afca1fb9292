"""Which command opens a shell."""

from __future__ import annotations

import pytest

from k9py.remote.shell import shell_command


@pytest.mark.parametrize(
    ("environ", "term"),
    [
        ({}, "xterm-256color"),
        ({"TERM": "screen"}, "screen"),
        ({"TERM": "xterm-kitty"}, "xterm-256color"),
        ({"TERM": "x; rm -rf /"}, "xterm-256color"),
    ],
)
def test_the_shell_gets_a_type_of_terminal_that_images_know(environ: dict[str, str], term: str) -> None:
    program, option, line = shell_command(environ)
    assert (program, option) == ("sh", "-c")
    assert line.startswith(f"TERM={term}; export TERM; ")
    assert line.endswith("exec sh")


def test_windows_has_powershell() -> None:
    assert shell_command({"TERM": "xterm"}, is_windows=True) == ("powershell",)
