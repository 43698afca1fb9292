"""What a pane of many rows does for a change: it builds the rows that changed, and keeps one row for each object."""

from __future__ import annotations

from datetime import datetime

from textual.app import ComposeResult

from k9py.api.meta import ObjectRef
from k9py.runtime.clock import SystemClock
from k9py.tui.panes.table_pane import RowSource, TablePane
from k9py.tui.theme import ThemedApp
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.views.values import Row
from tests.tui.widgets.hosts import COLUMNS, key, row


class Objects:
    """Objects with a number each, and the rows that were built of them."""

    def __init__(self, count: int) -> None:
        self.numbers = {key(f"web-{at:04}"): 0 for at in range(count)}
        self.built: list[ObjectRef] = []

    def row(self, ref: ObjectRef, now: datetime) -> Row:
        self.built.append(ref)
        return row(ref.name, ready=self.numbers[ref])


class BuildingTime(SystemClock):
    """A monotonic clock by which each row takes a tenth of a millisecond, and nothing else takes time."""

    def __init__(self) -> None:
        self.objects = Objects(0)

    def monotonic(self) -> float:
        return len(self.objects.built) * 1e-4


class Host(ThemedApp[None]):
    def __init__(self) -> None:
        super().__init__()
        self.clock = BuildingTime()

    def compose(self) -> ComposeResult:
        self.pane = TablePane("Objects", COLUMNS, clock=self.clock, options=LineViewOptions())
        yield self.pane


async def test_rows_are_built_for_what_changed_and_equal_ones_are_not_kept_twice() -> None:
    objects, app = Objects(2_000), Host()
    async with app.run_test(size=(100, 20)) as pilot:
        pane = app.pane
        pane.set_source(RowSource(objects.numbers.keys, objects.row))
        while not pane.is_complete or pane.table.row_count < len(objects.numbers):
            await pilot.pause()
        assert len(objects.built) == len(objects.numbers)

        objects.built.clear()
        changed = key("web-0700")
        objects.numbers[changed] = 2
        pane.update_rows([changed])
        await pilot.pause()
        assert objects.built == [changed]
        assert pane.rows[changed].cells[1].text == "2/3"

        objects.built.clear()
        pane.update_rows(objects.numbers)
        while len(objects.built) < len(objects.numbers):
            pane.update_rows(())
        assert all(pane.table.row(ref) is pane.rows[ref] for ref in objects.numbers)

        pane.reload()
        while pane.is_loading or pane.table.is_building:
            await pilot.pause()
        assert all(pane.table.row(ref) is pane.rows[ref] for ref in objects.numbers)


async def test_a_covered_table_takes_less_of_each_tick() -> None:
    objects, app = Objects(200), Host()
    async with app.run_test(size=(100, 20)) as pilot:
        pane, app.clock.objects = app.pane, objects
        pane.set_source(RowSource(objects.numbers.keys, objects.row))
        while not pane.is_complete or pane.is_loading or pane.table.row_count < len(objects.numbers):
            await pilot.pause()
        objects.built.clear()
        pane.update_rows(objects.numbers, is_covered=True)
        assert 0 < len(objects.built) <= 21
        objects.built.clear()
        pane.update_rows(())
        assert len(objects.built) >= 40
        assert set(objects.built) >= set(pane.table.visible_keys()) - {key(f"web-{at:04}") for at in range(21)}
