"""What is known of a terminal's clipboard, and how much of a log is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from k9py.api.errors import ConfigError
from k9py.config.clipboard import detect_clipboard
from k9py.config.log_buffer import log_buffer_bytes
from k9py.config.paths import log_directory


@pytest.mark.parametrize(
    ("environ", "answer"),
    [
        ({}, "unknown"),
        ({"TERM": "xterm-256color", "SSH_CONNECTION": "a b c d"}, "unknown"),
        ({"TERM_PROGRAM": "WezTerm"}, "taken"),
        ({"TERM": "xterm-kitty"}, "taken"),
        ({"TERM": "xterm-256color", "WT_SESSION": "1"}, "taken"),
        ({"TERM_PROGRAM": "iTerm.app"}, "unknown"),
        ({"TERM_PROGRAM": "Apple_Terminal"}, "refused"),
        ({"TERM": "linux"}, "refused"),
        ({"TERM_PROGRAM": "WezTerm", "TMUX": "/tmp/tmux"}, "unknown"),
        ({"TERM": "screen.xterm-256color", "STY": "1.pts"}, "refused"),
    ],
)
def test_no_more_is_said_of_a_clipboard_than_is_known(environ: dict[str, str], answer: str) -> None:
    found = detect_clipboard(environ)
    assert found.support == answer
    assert found.why or not environ or answer == "unknown"


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (None, 64 << 20),
        ("", 64 << 20),
        ("128MB", 128 << 20),
        ("1 GiB", 1 << 30),
        ("1.5g", 3 << 29),
        ("2097152", 2 << 20),
        ("2048k", 2 << 20),
    ],
)
def test_the_size_of_the_buffer_is_read(value: str | None, size: int) -> None:
    assert log_buffer_bytes({} if value is None else {"KDASH_LOG_BUFFER": value}) == size


@pytest.mark.parametrize("value", ["lots", "-1MB", "10", "9GB", "1TB", "٣MB", "1MB2"])
def test_what_is_no_size_is_refused_with_a_hint(value: str) -> None:
    with pytest.raises(ConfigError) as raised:
        log_buffer_bytes({"KDASH_LOG_BUFFER": value})
    assert "KDASH_LOG_BUFFER" in raised.value.message
    assert "MB" in raised.value.hint


def test_logs_are_saved_in_the_state_directory_or_where_it_is_said(tmp_path: Path) -> None:
    assert log_directory({}).parts[-2:] == ("kdash", "logs")
    assert log_directory({"KDASH_LOG_DIRECTORY": str(tmp_path)}) == tmp_path
