"""The model and view of a table without a screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k9py.api.meta import ObjectRef
from k9py.tui.widgets.live_table.live_rows import BULK_CHANGES, LiveRows
from k9py.tui.widgets.live_table.order import Order, sort_key_of
from k9py.tui.widgets.live_table.row_filter import RowFilter, search_text
from k9py.views.values import Cell, Column, Row
from tests.tui.widgets.hosts import COLUMNS, key, row, rows


def never() -> bool:
    return False


def always() -> bool:
    return True


def settled(live: LiveRows) -> list[Row]:
    """Return the shown rows after everything pending is applied."""
    live.apply_pending()
    live.advance(never)
    live.apply_pending()
    live.advance(never)
    return live.view.rows()


def expected(live: LiveRows, model: dict[ObjectRef, Row]) -> list[Row]:
    """Return what a table of that model must show, worked out the plain way."""
    accepted = [row for row in model.values() if live.filter.accepts(search_text(row))]
    return sorted(accepted, key=sort_key_of(live.order, COLUMNS), reverse=live.order.reverse)


def names(shown: list[Row]) -> list[str]:
    return [row.key.name for row in shown]


_NAMES = st.sampled_from([f"{word}-{number}" for word in ("web", "api", "job") for number in range(6)])
_ROWS = st.builds(
    lambda name, ready, rank, image: row(name, ready=ready, rank=rank, image=image),
    _NAMES,
    st.integers(0, 3),
    st.integers(0, 2),
    st.sampled_from(["v1", "v2", ""]),
)
_STEPS = st.one_of(
    st.tuples(st.just("upsert"), _ROWS),
    st.tuples(st.just("remove"), _NAMES),
    st.tuples(st.just("replace"), st.lists(_ROWS, max_size=12)),
    st.tuples(st.just("filter"), st.sampled_from(["", "w", "we", "web", "!web", "web !1", "v2", "api 0", "!"])),
    st.tuples(
        st.just("order"), st.builds(Order, st.sampled_from([None, "name", "ready", "image", "age"]), st.booleans())
    ),
    st.tuples(st.just("apply"), st.none()),
    st.tuples(st.just("slice"), st.none()),
)


@settings(max_examples=250, deadline=None)
@given(st.lists(_STEPS, max_size=40))
def test_the_view_is_the_sorted_filtered_model_whatever_happened(steps: list[tuple[str, object]]) -> None:
    live, model = LiveRows(COLUMNS), dict[ObjectRef, Row]()
    for what, value in steps:
        match what, value:
            case "upsert", Row() as one:
                live.upsert(one)
                model[one.key] = one
            case "remove", str() as name:
                live.remove(key(name))
                model.pop(key(name), None)
            case "replace", list() as several:
                live.replace_all(several)
                model = {row.key: row for row in several}
            case "filter", str() as text:
                live.set_filter(RowFilter.parse(text))
            case "order", Order() as order:
                live.set_order(order)
            case "apply", _:
                live.apply_pending()
            case "slice", _:
                live.advance(always)
    assert settled(live) == expected(live, model)
    assert not live.building


def test_many_changes_at_once_are_built_aside_while_the_old_view_stays_whole() -> None:
    live = LiveRows(COLUMNS)
    live.upsert(row("web-000", ready=1))
    assert names(settled(live)) == ["web-000"]
    for new_row in rows(BULK_CHANGES + 10):
        live.upsert(new_row)
    live.apply_pending()
    assert live.building
    assert names(live.view.rows()) == ["web-000"]
    live.remove(key("web-005"))
    live.apply_pending()
    live.advance(never)
    assert len(live.view) == BULK_CHANGES + 9
    assert key("web-005") not in live.view


def test_building_pauses_when_told_to_and_ends_with_every_row() -> None:
    live = LiveRows(COLUMNS)
    live.replace_all(rows(5000))
    slices = 1
    while not live.advance(always):
        slices += 1
    assert slices > 15
    assert live.view.rows() == sorted(rows(5000), key=sort_key_of(Order(), COLUMNS))


def test_a_change_during_a_whole_new_list_wins_over_the_list() -> None:
    live = LiveRows(COLUMNS)
    live.replace_all(rows(3))
    live.upsert(row("web-001", state="changed since"))
    live.remove(key("web-002"))
    shown = settled(live)
    assert names(shown) == ["web-000", "web-001"]
    assert shown[1].cells[2].text == "changed since"


def test_the_same_row_again_is_no_change() -> None:
    live = LiveRows(COLUMNS)
    assert live.upsert(row("web"))
    settled(live)
    assert not live.upsert(row("web"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ["api", "web-1", "web-2"]),
        ("WEB", ["web-1", "web-2"]),
        ("!web", ["api"]),
        ("web !2", ["web-1"]),
        ("!", ["api", "web-1", "web-2"]),
        ("shop api", ["api"]),
        ("apiv1", []),
        ("^web", ["web-1", "web-2"]),
        ("web-[13]$", ["web-1"]),
        ("^API|-2$", ["api", "web-2"]),
        ("!^web", ["api"]),
        (r"web-\d !2", ["web-1"]),
        ("web.1", []),
        ("(", []),
        ("^b", []),
        ("~wb2", ["web-2"]),
        ("!~wb", ["api"]),
        ("~shop", []),
        ("-l app=web", ["web-1", "web-2"]),
        ("-l app!=web", ["api"]),
        ("-l app in (web, api),tier -1", ["web-1"]),
        ("2 -l tier", ["web-2"]),
        ("-l !tier", ["api"]),
        ("-l", ["api", "web-1", "web-2"]),
        ("-l a=b=c", ["api", "web-1", "web-2"]),
    ],
)
def test_filter_terms(text: str, shown: list[str]) -> None:
    labels = {"api": {"app": "api"}, "web-1": {"app": "web", "tier": "front"}, "web-2": {"app": "web", "tier": ""}}
    live = LiveRows(COLUMNS)
    live.labels_of = lambda key: labels[key.name]
    for name in labels:
        live.upsert(row(name))
    live.set_filter(RowFilter.parse(text))
    assert names(settled(live)) == shown


@pytest.mark.parametrize(
    ("earlier", "later", "narrower"),
    [
        ("we", "web", True),
        ("web", "web !a", True),
        ("web !a", "web !ab", False),
        ("web", "we", False),
        ("", "web", False),
        ("!a", "!a b", True),
        ("web", "api web", True),
        ("^w", "^we", False),
        ("^w", "^w api", True),
        ("w", "^we", False),
        ("!^w", "!^w a", True),
        ("~we", "~web", True),
        ("~we", "we", False),
        ("-l app=a", "-l app=a we", True),
        ("x -l app=a", "xy -l app=a", True),
        ("x -l app=a", "x -l app=b", False),
    ],
)
def test_a_filter_narrows_only_when_nothing_new_can_pass(earlier: str, later: str, narrower: bool) -> None:
    assert RowFilter.parse(later).narrows(RowFilter.parse(earlier)) is narrower


def test_a_row_whose_object_has_other_labels_now_is_filtered_by_them() -> None:
    labels = {"web": {"app": "web"}}
    live = LiveRows(COLUMNS)
    live.labels_of = lambda key: labels[key.name]
    live.upsert(row("web"))
    live.set_filter(RowFilter.parse("-l app=web"))
    assert names(settled(live)) == ["web"]
    labels["web"] = {"app": "canary"}
    live.upsert(row("web"))
    assert names(settled(live)) == []


@pytest.mark.parametrize(("text", "fault"), [("-l", "type a label"), ("-l a=b=c", "="), ("(", "matched literally")])
def test_a_filter_explains_what_it_cannot_read(text: str, fault: str) -> None:
    assert fault in RowFilter.parse(text).fault


@pytest.mark.parametrize(
    ("order", "shown"),
    [
        (Order(), ["failing", "b", "a", "c"]),
        (Order("name"), ["a", "b", "c", "failing"]),
        (Order("ready", reverse=True), ["c", "a", "b", "failing"]),
        (Order("age"), ["failing", "c", "b", "a"]),
    ],
)
def test_orders(order: Order, shown: list[str]) -> None:
    live = LiveRows(COLUMNS)
    live.upsert(row("a", ready=2, rank=2, age_minutes=40))
    live.upsert(row("b", ready=1, rank=1, age_minutes=30))
    live.upsert(row("c", ready=3, rank=3, age_minutes=20))
    live.upsert(row("failing", ready=0, rank=0, age_minutes=10))
    live.set_order(order)
    assert names(settled(live)) == shown


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(KeyError):
        LiveRows(COLUMNS).set_order(Order("nope"))


def test_pausing_is_asked_for_between_slices_only() -> None:
    asked = 0

    def count() -> bool:
        nonlocal asked
        asked += 1
        return False

    pause: Callable[[], bool] = count
    live = LiveRows(COLUMNS)
    live.replace_all(rows(1024))
    live.advance(pause)
    assert 2 <= asked <= 16


def test_columns_come_back_once_what_took_their_room_is_over() -> None:
    columns = (
        Column("name", "NAME", min_width=4, max_width=20),
        Column("state", "STATE", min_width=6, max_width=60, grow=True),
        Column("image", "IMAGE", min_width=5, max_width=20, priority=2),
    )

    def one(name: str, state: str) -> Row:
        return Row(key=key(name), cells=(Cell(name), Cell(state), Cell("2.7.1")))

    def shown(live: LiveRows) -> list[str]:
        settled(live)
        return [columns[slot.index].id for slot in live.fit(40).slots]

    live = LiveRows(columns)
    live.replace_all([one("web", ""), one("api", "")])
    assert shown(live) == ["name", "state", "image"]
    for state, expected_columns in (
        ("stuck: image checkout:2.8.0 cannot be pulled (not found)", ["name", "state"]),
        ("rolling out 1/3", ["name", "state"]),
        ("", ["name", "state", "image"]),
    ):
        live.upsert(one("web", state))
        assert shown(live) == expected_columns


def test_columns_of_the_metrics_api_are_left_out_where_it_is_not_installed() -> None:
    columns = (Column("name", "NAME"), Column("cpu", "CPU", measured=True), Column("node", "NODE", priority=4))
    live = LiveRows(columns)

    def shown() -> list[str]:
        return [columns[slot.index].id for slot in live.fit(80).slots]

    assert shown() == ["name", "cpu", "node"]
    live.leaves_out_measured = True
    assert shown() == ["name", "node"]
    assert [column.id for column in columns if live.shows(column)] == ["name", "node"]
    live.leaves_out_measured = False
    assert shown() == ["name", "cpu", "node"]
