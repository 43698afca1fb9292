"""What the environment decides."""

from pathlib import Path

import pytest

from k9py.api.errors import ConfigError
from k9py.config.paths import audit_file
from k9py.config.terminal import NotificationMode, notification_mode, redraws_per_second, wants_colour


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, True),
        ({"TERM": "xterm-256color"}, True),
        ({"NO_COLOR": ""}, True),
        ({"NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colour_is_welcome_unless_the_environment_says_no(environ: dict[str, str], wanted: bool) -> None:
    assert wants_colour(environ) is wanted


def test_over_ssh_the_screen_redraws_less_often() -> None:
    assert redraws_per_second({"SSH_CONNECTION": "a b c d"}) < redraws_per_second({})


def test_the_audit_file_can_be_put_elsewhere(tmp_path: Path) -> None:
    chosen = tmp_path / "audit.jsonl"
    assert audit_file({"KDASH_AUDIT_FILE": str(chosen)}) == chosen
    assert audit_file({}).name == "audit.jsonl"


@pytest.mark.parametrize(
    ("value", "bell", "osc9"),
    [(None, True, False), ("none", False, False), ("osc9", False, True), ("both", True, True), ("BELL", True, False)],
)
def test_how_the_terminal_is_notified_is_chosen_by_the_environment(value: str | None, bell: bool, osc9: bool) -> None:
    environ = {} if value is None else {"KDASH_NOTIFY": value}
    assert notification_mode(environ) == NotificationMode(bell=bell, osc9=osc9)


def test_an_unknown_way_to_notify_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError) as raised:
        notification_mode({"KDASH_NOTIFY": "trumpet"})
    assert "osc9" in raised.value.hint
