"""How keys are written, and which key an action has under a keymap."""

from __future__ import annotations

import pytest

from k9py.actions.keys import KeyNames, key_display

NAMES = KeyNames(
    {"workload.undo": ("u",), "app.back": ("escape", "q"), "app.theme": (), "app.silent": ()},
    commands={"app.theme": "theme"},
)


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("u", "u"),
        ("P", "P"),
        ("shift+d", "D"),
        ("ctrl+s", "Ctrl+S"),
        ("ctrl+alt+x", "Ctrl+Alt+X"),
        ("shift+tab", "Shift+Tab"),
        ("escape", "Esc"),
        ("enter", "Enter"),
        ("space", "Space"),
        ("pagedown", "PgDn"),
        ("up", "↑"),
        ("f5", "F5"),
        ("slash", "/"),
        ("colon", ":"),
        ("question_mark", "?"),
        ("less_than_sign", "<"),
        ("left_square_bracket", "["),
        ("plus", "+"),
        ("minus", "-"),
        ("ampersand", "&"),
    ],
)
def test_a_key_is_written_as_people_write_it(key: str, written: str) -> None:
    assert key_display(key) == written


def test_a_text_names_the_keys_in_force() -> None:
    template = "{workload.undo} rolls back · {app.back} goes back · {braces} stay"
    assert NAMES.fill(template) == "u rolls back · Esc goes back · {braces} stay"
    remapped = KeyNames(NAMES.defaults, {"workload.undo": "f5", "app.back": "h, backspace"}, NAMES.commands)
    assert remapped.fill(template) == "F5 rolls back · h goes back · {braces} stay"
    assert remapped.keys("app.back") == ("h", "backspace")


def test_an_action_without_a_key_is_named_by_its_command() -> None:
    assert NAMES("app.theme") == ":theme"
    assert NAMES("app.silent") == "unbound"


def test_an_action_that_does_not_exist_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        NAMES.fill("{workload.explode} does it")
