"""Which columns of a table are shown, and the letters that sort by them."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.tui.widgets.live_table import LiveTable
from k9py.tui.widgets.live_table.column_choice import ColumnChoice
from k9py.tui.widgets.live_table.fitting import fit_columns
from k9py.tui.widgets.live_table.keys import with_sort_keys
from k9py.views.values import Cell, Column, Row
from tests.tui.widgets.hosts import HostApp, key, screen_text

COLUMNS = (
    Column("name", "NAME", sort_key="N"),
    Column("ready", "READY", sort_key="R"),
    Column("ip", "IP", wide=True),
    Column("node", "NODE", wide=True, sort_key="N"),
)


def shown(choice: ColumnChoice) -> list[str]:
    return [column.id for column in COLUMNS if choice.shows(column)]


def test_wide_columns_are_shown_on_request() -> None:
    assert shown(ColumnChoice()) == ["name", "ready"]
    assert shown(ColumnChoice(wide=True)) == ["name", "ready", "ip", "node"]


@pytest.mark.parametrize("wanted", [{"name", "node"}, {"ip"}, {"name", "ready", "ip", "node"}])
def test_exactly_the_chosen_columns_are_shown_also_in_the_next_session(wanted: set[str]) -> None:
    choice = ColumnChoice(wide=True).choosing(COLUMNS, frozenset(wanted))
    assert set(shown(choice)) == wanted
    assert ColumnChoice.from_json(choice.to_json()) == choice


@pytest.mark.parametrize(
    "stored", [{}, {"wide": "yes"}, {"hidden": {"a": 1}}, {"shown": [1, None]}, {"hidden": "name"}]
)
def test_a_broken_choice_is_the_default(stored: dict[str, Any]) -> None:
    assert ColumnChoice.from_json(stored) == ColumnChoice()


def test_a_table_never_has_no_column() -> None:
    none = ColumnChoice(hidden=frozenset({"name", "ready"}))
    assert none.hidden_indexes(COLUMNS) == frozenset()


def test_the_column_that_is_sorted_by_is_shown() -> None:
    fit = fit_columns(COLUMNS, [4, 4, 4, 4], 80, sorted_by="node", hidden={2, 3})
    assert [slot.index for slot in fit.slots] == [0, 1, 3]
    assert fit.hidden == 0


def test_every_column_gets_a_letter_that_nothing_else_uses() -> None:
    columns = (*COLUMNS, Column("zip", "ZIP"), Column("p", "P"))
    letters = [column.sort_key for column in with_sort_keys(columns, {"P", "O", "R"})]
    assert letters == ["N", "E", "I", "D", "Z", ""]


async def test_w_shows_the_wide_columns_and_is_not_bound_without_any() -> None:
    def make() -> LiveTable:
        table = LiveTable(COLUMNS)
        table.replace_all([Row(key("web"), (Cell("web"), Cell("1/1"), Cell("10.1.2.3"), Cell("node-7")))])
        return table

    app = HostApp(make)
    async with app.run_test(size=(80, 6)) as pilot:
        await pilot.press("w")
        assert screen_text(app.widget)[0].split() == ["↑", "NAME", "READY", "IP", "NODE"]
        await pilot.press("w")
        assert screen_text(app.widget)[0].split() == ["↑", "NAME", "READY"]
        app.widget.replace_all([], COLUMNS[:2])
        await pilot.pause()
        assert app.widget.check_action("toggle_wide", ()) is False
