"""Terminal capabilities as the environment shows them: colour, redraw rate, notifications, clipboard."""

from __future__ import annotations

import pytest

from k9py.api.errors import ConfigError
from k9py.config.terminal import (
    NotificationMode,
    detect_clipboard,
    is_dumb,
    notification_mode,
    redraws_per_second,
    wants_color,
)


@pytest.mark.parametrize(
    ("environ", "no_color", "expected"),
    [
        ({}, False, True),
        ({"TERM": "xterm-256color"}, False, True),
        ({"NO_COLOR": ""}, False, True),
        ({"NO_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, False, False),
        ({}, True, False),
    ],
)
def test_colour_is_used_unless_flag_environment_or_terminal_forbid_it(
    environ: dict[str, str], no_color: bool, expected: bool
) -> None:
    assert wants_color(environ, no_color=no_color) is expected


def test_only_a_dumb_terminal_is_dumb() -> None:
    assert is_dumb({"TERM": "dumb"})
    assert not is_dumb({"TERM": "xterm"})
    assert not is_dumb({})


@pytest.mark.parametrize("variable", ["SSH_CONNECTION", "SSH_TTY"])
def test_over_ssh_the_screen_redraws_less_often(variable: str) -> None:
    assert redraws_per_second({variable: "a b c d"}) < redraws_per_second({})


@pytest.mark.parametrize(
    ("value", "bell", "osc9"),
    [(None, True, False), ("none", False, False), ("osc9", False, True), ("both", True, True), ("BELL", True, False)],
)
def test_the_environment_chooses_how_the_terminal_notifies(value: str | None, bell: bool, osc9: bool) -> None:
    environ = {} if value is None else {"KDASH_NOTIFY": value}
    assert notification_mode(environ) == NotificationMode(bell=bell, osc9=osc9)


def test_an_unknown_notification_mode_is_refused_with_the_valid_ones() -> None:
    with pytest.raises(ConfigError) as raised:
        notification_mode({"KDASH_NOTIFY": "trumpet"})
    assert "osc9" in raised.value.hint


@pytest.mark.parametrize(
    ("environ", "support"),
    [
        ({}, "unknown"),
        ({"TERM": "xterm-256color", "SSH_CONNECTION": "a b c d"}, "unknown"),
        ({"TERM_PROGRAM": "WezTerm"}, "supported"),
        ({"TERM": "xterm-kitty"}, "supported"),
        ({"TERM": "xterm-256color", "WT_SESSION": "1"}, "supported"),
        ({"TERM_PROGRAM": "iTerm.app"}, "unknown"),
        ({"TERM_PROGRAM": "Apple_Terminal"}, "unsupported"),
        ({"TERM": "linux"}, "unsupported"),
        ({"TERM_PROGRAM": "WezTerm", "TMUX": "/tmp/tmux"}, "unknown"),
        ({"TERM": "screen.xterm-256color", "STY": "1.pts"}, "unsupported"),
    ],
)
def test_clipboard_support_is_only_claimed_where_it_is_known(environ: dict[str, str], support: str) -> None:
    clipboard = detect_clipboard(environ)
    assert clipboard.support == support
    assert clipboard.reason or not environ or support == "unknown"
