"""Which columns fit, and how wide each is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.api.meta import ObjectRef
from k9py.tui.panes.row_sources import rollout_columns
from k9py.tui.widgets.live_table.fitting import COLUMN_GAP, COLUMN_PADDING, fit_columns
from k9py.tui.widgets.live_table.live_rows import LiveRows
from k9py.tui.widgets.live_table.shared_names import SharedNames
from k9py.views import pods, services
from k9py.views.values import Column, Row

NAME = Column("name", "NAME", min_width=10, max_width=40)
READY = Column("ready", "READY", align_right=True, min_width=3, max_width=9)
STATE = Column("state", "STATE", min_width=14, max_width=100, grow=True)
AGE = Column("age", "AGE", align_right=True, min_width=3, max_width=5)
COLUMNS = (NAME, READY, STATE, AGE)


def widths(columns: tuple[Column, ...], content: list[int], room: int, **how: object) -> dict[str, int]:
    fit = fit_columns(columns, content, room, **how)  # type: ignore[arg-type]
    return {columns[slot.index].id: slot.width for slot in fit.slots}


@given(
    st.lists(st.integers(0, 300), min_size=4, max_size=4),
    st.integers(20, 400),
)
def test_no_cell_is_left_empty_beside_a_sentence_that_is_cut(content: list[int], room: int) -> None:
    fitted = widths(COLUMNS, content, room)
    if fitted["state"] < content[2]:
        used = sum(fitted.values()) + COLUMN_GAP * (len(fitted) - 1)
        assert used >= room, "every cell is used"
        others = {"name": (content[0], NAME), "ready": (content[1], READY), "age": (content[3], AGE)}
        for name, (cells, column) in others.items():
            assert fitted[name] <= max(cells, len(column.title), column.min_width), f"{name} takes what it needs"


@given(st.lists(st.integers(0, 60), min_size=4, max_size=4), st.integers(120, 400))
def test_a_short_text_is_not_followed_by_a_wide_gap(content: list[int], room: int) -> None:
    fitted = widths(COLUMNS, content, room)
    for column, cells in zip(COLUMNS, content, strict=True):
        needed = max(cells, len(column.title), column.min_width)
        assert fitted[column.id] <= needed + COLUMN_PADDING


def test_a_sentence_longer_than_its_column_usually_is_gets_the_room_there_is() -> None:
    assert widths(COLUMNS, [10, 3, 180, 3], 250)["state"] >= 180


REST = Column("rest", "REST", min_width=10, max_width=60, priority=5, grow=True, rest=True, optional=True)


def test_a_column_for_the_rest_takes_nothing_from_a_sentence() -> None:
    columns = (NAME, STATE, REST)
    assert widths(columns, [10, 60, 60], 120) == {"name": 10, "state": 60, "rest": 46}
    assert widths(columns, [10, 60, 60], 90) == {"name": 10, "state": 60, "rest": 16}
    assert "rest" not in widths(columns, [10, 60, 60], 80), "the sentence would be cut"


def test_an_optional_column_without_texts_takes_no_room() -> None:
    assert "rest" not in widths((NAME, STATE, REST), [10, 60, 0], 200)
    assert "rest" in widths((NAME, STATE, REST), [10, 60, 0], 200, sorted_by="rest")


def test_only_the_column_sorted_by_keeps_room_for_its_mark() -> None:
    assert widths(COLUMNS, [10, 3, 200, 3], 80)["ready"] == len("READY")
    assert widths(COLUMNS, [10, 3, 200, 3], 80, sorted_by="ready")["ready"] == len("READY ▲")


@pytest.mark.parametrize("is_ambiguous", [True, False])
def test_the_kind_is_kept_at_80_columns_where_two_kinds_share_a_name(is_ambiguous: bool) -> None:
    columns = rollout_columns(one_namespace=False).columns
    cells = {"namespace": 11, "kind": 6, "name": 15, "image": 9, "state": 90, "changed_by": 12}
    fitted = widths(columns, [cells.get(column.id, 4) for column in columns], 76, is_ambiguous=is_ambiguous)
    assert ("kind" in fitted) is is_ambiguous


@pytest.mark.parametrize("room", [50, 54, 72, 100])
def test_restarts_are_never_dropped(room: int) -> None:
    content = [28, 1, 10, 3, 28, 2, 4, 8]
    assert {"name", "ready", "status", "restarts"} <= set(widths(pods.COLUMNS, content, room))


def test_a_service_sentence_is_whole_as_soon_as_it_fits() -> None:
    content = [11, 15, 3, 4, 22, 80, 4]
    needed = 11 + 15 + len("READY") + len("PORTS") + 22 + 80 + 4 + 6 * COLUMN_GAP
    assert widths(services.COLUMNS, content, needed)["why"] >= 80


def row(kind: str, name: str) -> Row:
    return Row(ObjectRef(kind, "shop", name), ())


def ambiguous(rows: LiveRows) -> bool:
    assert rows.advance(lambda: False)
    return rows.is_ambiguous


def test_names_are_shared_while_two_kinds_have_one() -> None:
    rows = LiveRows(())
    assert not ambiguous(rows)
    rows.upsert(row("Deployment", "web"))
    rows.upsert(row("Deployment", "web"))
    rows.upsert(row("StatefulSet", "db"))
    assert not ambiguous(rows), "one object, however often it changes"
    rows.upsert(row("StatefulSet", "web"))
    assert ambiguous(rows)
    rows.remove(ObjectRef("Deployment", "shop", "web"))
    assert not ambiguous(rows)


def test_what_comes_while_a_list_is_taken_in_shares_names_too() -> None:
    rows = LiveRows(())
    rows.replace_all([row("Deployment", "a"), row("DaemonSet", "a"), row("Deployment", "a")])
    rows.upsert(row("StatefulSet", "b"))
    rows.remove(ObjectRef("DaemonSet", "shop", "a"))
    rows.upsert(row("Deployment", "b"))
    assert ambiguous(rows)
    rows.remove(ObjectRef("StatefulSet", "shop", "b"))
    assert not ambiguous(rows)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc"), st.sampled_from("xyz"))))
def test_shared_names_are_counted_as_a_set_would(steps: list[tuple[bool, str, str]]) -> None:
    names, present = SharedNames(), set[ObjectRef]()
    for adds, kind, name in steps:
        key = ObjectRef(kind, "shop", name)
        if adds and key not in present:
            names.add(key, present)
            present.add(key)
        elif not adds and key in present:
            names.remove(key)
            present.remove(key)
    assert names.shared == sum(sum(present_name.name == name for present_name in present) > 1 for name in "xyz")


def test_names_of_one_kind_are_not_kept() -> None:
    rows = LiveRows(())
    rows.replace_all([row("Pod", "a"), row("Pod", "b")])
    assert not ambiguous(rows)
    assert not rows._names.is_counting
    rows.upsert(row("Job", "b"))
    assert ambiguous(rows)
