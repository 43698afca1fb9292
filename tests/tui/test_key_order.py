"""Keys that come in one burst, as over a slow link, do what they would have done typed slowly."""

from __future__ import annotations

from textual import events

from k9py.tui.dialogs.command_line import CommandLine
from k9py.tui.screens.yaml import YamlScreen
from tests.tui.dashboard import CHECKOUT, Dashboard

NAMES = {"/": "slash", ":": "colon", "\r": "enter"}


def type_at_once(kdash: Dashboard, text: str) -> None:
    """Hand all keys to the app before it has handled any."""
    for character in text:
        is_printable = character.isprintable()
        kdash.app.post_message(events.Key(NAMES.get(character, character), character if is_printable else None))


async def test_a_filter_typed_in_one_burst_is_a_filter(kdash: Dashboard) -> None:
    await kdash.press("2")
    type_at_once(kdash, "/check")
    await kdash.until(lambda: kdash.home.rollouts.table.filter_text == "check", "the filter")
    assert kdash.app.screen is kdash.home
    assert [row.key for row in kdash.home.rollouts.table.shown_rows] == [CHECKOUT]


async def test_a_command_typed_in_one_burst_runs(kdash: Dashboard) -> None:
    type_at_once(kdash, ":nope")
    await kdash.until(lambda: isinstance(kdash.app.screen, CommandLine), "the command line")
    await kdash.until_text("nope")
    await kdash.press("escape")
    type_at_once(kdash, ":q\r")
    await kdash.until(lambda: kdash.app._exit, "leaving")


async def test_a_burst_of_moves_moves_as_often(kdash: Dashboard) -> None:
    await kdash.press("2", "g")
    table = kdash.home.rollouts.table
    type_at_once(kdash, "j" * 9)
    await kdash.until(lambda: table.cursor_key == table.shown_rows[9].key, "nine rows down")


async def test_a_key_typed_right_after_a_filter_acts_on_what_is_left(kdash: Dashboard) -> None:
    await kdash.press("2")
    type_at_once(kdash, "/cart\ry")
    await kdash.until_screen(YamlScreen)
    assert kdash.home.rollouts.table.filter_text == "cart"


async def test_what_answers_a_key_goes_with_the_next_one_and_what_is_not_to_be_missed_stays(kdash: Dashboard) -> None:
    await kdash.press("ctrl+x")
    await kdash.until(lambda: len(kdash.app._notifications) == 1, "why x does nothing")
    await kdash.press("down")
    await kdash.until(lambda: not len(kdash.app._notifications), "taken away by the next key")
    kdash.app.show_message("the audit file could not be completed", failed=True, stays=True)
    await kdash.press("down")
    assert [notification.message for notification in kdash.app._notifications] == [
        "the audit file could not be completed"
    ]
