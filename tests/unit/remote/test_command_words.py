"""What a typed command means: its words, or a shell."""

from __future__ import annotations

import pytest

from k9py.api.errors import RefusedError
from k9py.remote.command_words import command_words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("cat /etc/resolv.conf", ("cat", "/etc/resolv.conf")),
        ("  df  -h ", ("df", "-h")),
        ("grep 'a b' file", ("grep", "a b", "file")),
        ("awk '{print $1; exit}' x", ("awk", "{print $1; exit}", "x")),
        ('sh -c "echo a; echo b"', ("sh", "-c", "echo a; echo b")),
        (r"find . -name \*.py", ("find", ".", "-name", "*.py")),
        ("ls | wc -l", ("sh", "-c", "ls | wc -l")),
        ("echo $HOSTNAME", ("sh", "-c", "echo $HOSTNAME")),
        ('echo "$HOSTNAME"', ("sh", "-c", 'echo "$HOSTNAME"')),
        ("ls /tmp/*.log", ("sh", "-c", "ls /tmp/*.log")),
        ("echo a >/tmp/x", ("sh", "-c", "echo a >/tmp/x")),
        ("A=1 env", ("sh", "-c", "A=1 env")),
        ("cat ~/x", ("sh", "-c", "cat ~/x")),
    ],
)
def test_a_shell_runs_what_only_a_shell_understands(line: str, words: tuple[str, ...]) -> None:
    assert command_words(line) == words


@pytest.mark.parametrize(("line", "expected"), [("", "no command"), (" ", "no command"), ("ls 'a", "cannot be read")])
def test_what_is_no_command_is_refused(line: str, expected: str) -> None:
    with pytest.raises(RefusedError, match=expected) as caught:
        command_words(line)
    assert caught.value.hint
