"""Exit codes of commands, and what container runtimes report about those that did not run."""

from __future__ import annotations

import pytest

from k9py.api.streams import CommandEnd
from k9py.remote.command_end import exit_code_of, failure_text, is_program_missing

MISSING = CommandEnd(
    None,
    "InternalError",
    "Internal error occurred: Internal error occurred: error executing command in container: "
    'exec: "nope": executable file not found in $PATH',
)


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (CommandEnd(0), 0),
        (CommandEnd(7, "NonZeroExitCode"), 7),
        (MISSING, 127),
        (CommandEnd(None, "InternalError", "fork/exec /etc/passwd: permission denied"), 126),
        (CommandEnd(None, "NoStatus", "The server did not report"), None),
    ],
)
def test_exit_codes_are_those_of_a_shell(end: CommandEnd, code: int | None) -> None:
    assert exit_code_of(end) == code


def test_a_missing_program_is_recognized_in_the_status_and_in_the_output() -> None:
    assert is_program_missing(MISSING)
    output = b'OCI runtime exec failed: exec failed: exec: "sh": executable file not found in $PATH: unknown\r\n'
    assert is_program_missing(CommandEnd(126, "NonZeroExitCode"), output)
    assert not is_program_missing(CommandEnd(127, "NonZeroExitCode"), b"sh: 1: nope: not found\r\n")
    assert not is_program_missing(CommandEnd(0), output)


def test_a_failure_has_no_repeated_prefix_and_no_control_characters() -> None:
    assert failure_text(MISSING).startswith("error executing command in container")
    assert "\x1b" not in failure_text(CommandEnd(None, "X", "\x1b[31mbad"))
    assert failure_text(CommandEnd(3, "NonZeroExitCode", "x")) == ""
