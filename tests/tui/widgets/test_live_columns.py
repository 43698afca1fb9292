"""A value that changes with time is never cut where there is room."""

from __future__ import annotations

from k9py.tui.widgets.live_table import LiveTable
from k9py.views.values import Cell, Column, Row
from tests.tui.widgets.hosts import NOW, HostApp, key, screen_text


async def test_a_live_column_is_as_wide_as_the_text_on_the_screen() -> None:
    columns = (Column("name", "NAME"), Column("age", "AGE", max_width=12, live=lambda row, now: "12m34s"))

    def make() -> LiveTable:
        table = LiveTable(columns, now=lambda: NOW)
        table.replace_all([Row(key("web"), (Cell("web"), Cell("")))])
        return table

    app = HostApp(make)
    async with app.run_test(size=(40, 5)):
        assert screen_text(app.widget)[1].split() == ["▌", "web", "12m34s"]
