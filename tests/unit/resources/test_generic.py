"""Rows of types without a descriptor: what their server prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from k9py.actions.action import ActionScope
from k9py.actions.registry import BUILT_IN
from k9py.api.kinds import TableKind
from k9py.api.meta import Meta
from k9py.api.resource_type import ResourceType
from k9py.api.table import CellValue, TableColumn, TableRow
from k9py.api.times import parse_rfc3339
from k9py.resources.generic import RESERVED_LETTERS, generic_columns, generic_row, sort_letters
from k9py.views.values import Tone
from tests.unit.resources.recorded import near, recorded
from tests.unit.resources.sample_kind import WIDGETS

TABLES: dict[str, Any] = json.loads((Path(__file__).parents[2] / "data" / "server_tables.json").read_text())


def rows_of(name: str, resource_type: ResourceType) -> tuple[tuple[TableColumn, ...], list[TableRow]]:
    table = TABLES[name]["table"]
    kind = TableKind(resource_type)
    kind.learn_columns(json.dumps(table).encode())
    return kind.columns, [kind.decode(json.dumps(row).encode()) for row in table["rows"]]


def test_the_cells_of_custom_resources_are_those_that_kubectl_printed() -> None:
    columns, rows = rows_of("widgets", WIDGETS)
    printed = {line.name: line for line in recorded() if line.resource == "widgets"}
    shown = generic_columns(columns)
    assert [column.title for column in shown] == ["NAME", "READY", "SIZE", "PAUSED", "SINCE", "DETAIL", "AGE"]
    for row in (generic_row(row, columns) for row in rows):
        line = printed[row.key.name]
        for column, cell in zip(shown, row.cells, strict=True):
            texts = [column.live(row, now) if column.live else cell.text for now in near(line.now)]
            if column.id != "since":  # a time of the server's own, printed when the Table was requested
                assert line.cells[column.title] in texts


def test_the_priority_of_a_column_makes_it_wide() -> None:
    columns, _ = rows_of("widgets", WIDGETS)
    assert [column.title for column in generic_columns(columns) if column.wide] == ["DETAIL"]


def test_numbers_sort_as_numbers_and_the_age_is_live() -> None:
    columns, rows = rows_of("widgets", WIDGETS)
    shown = generic_columns(columns)
    row = generic_row(rows[0], columns)
    by_id = dict(zip([column.id for column in shown], row.cells, strict=True))
    assert by_id["size"].sort == 12
    assert by_id["paused"].text == "true"
    assert by_id["paused"].sort is None
    now = parse_rfc3339(TABLES["widgets"]["now"])
    assert now is not None
    assert shown[-1].live is not None
    assert shown[-1].live(row, now) == "2m7s"


def test_only_a_column_about_the_state_changes_the_tone() -> None:
    columns, rows = rows_of("widgets", WIDGETS)
    tones = {row.key.name: generic_row(row, columns).tone for row in rows}
    assert tones == {"big": Tone.PLAIN, "broken": Tone.WARN, "small": Tone.PLAIN}


@pytest.mark.parametrize(
    ("title", "value", "tone"),
    [
        ("Ready", "False", Tone.WARN),
        ("Ready", False, Tone.WARN),
        ("Ready", "True", Tone.PLAIN),
        ("Ready", "Unknown", Tone.UNKNOWN),
        ("Ready", "", Tone.PLAIN),
        ("Ready", None, Tone.PLAIN),
        ("Status", "Failed", Tone.WARN),
        ("Status", "False", Tone.PLAIN),
        ("Phase", "Degraded", Tone.WARN),
        ("Phase", "Pending", Tone.PLAIN),
        ("Suspended", "False", Tone.PLAIN),
        ("Attached", False, Tone.PLAIN),
        ("Message", "Error", Tone.PLAIN),
    ],
)
def test_the_tone_of_a_cell(title: str, value: CellValue, tone: Tone) -> None:
    columns = (TableColumn("Name", "string"), TableColumn(title, "string"))
    assert generic_row(TableRow(Meta("a"), "Thing", "example.com", ("a", value)), columns).tone is tone


def test_the_name_is_first_and_columns_with_one_title_are_two() -> None:
    columns = (TableColumn("Last Seen"), TableColumn("Name"), TableColumn("Type"), TableColumn("type"))
    shown = generic_columns(columns)
    assert [column.id for column in shown] == ["name", "last_seen", "type", "type_2"]
    row = generic_row(TableRow(Meta("a"), "Thing", "", ("5m", "a", "x", "y")), columns)
    assert [cell.text for cell in row.cells] == ["a", "5m", "x", "y"]


def test_cells_that_were_not_sent_are_unknown_and_hostile_text_is_harmless() -> None:
    columns = (TableColumn("Name"), TableColumn("A\x1b[2J"), TableColumn("B"))
    row = generic_row(TableRow(Meta("a"), "Thing", "", ("a\x1b[2J", "b\x07")), columns)
    assert [cell.text for cell in row.cells] == ["a", "b\N{REPLACEMENT CHARACTER}", "–"]
    assert generic_columns(columns)[1].title == "A"


def test_letters_are_those_of_the_titles() -> None:
    assert sort_letters(["Name", "Ready", "Age", "Reason", "Desired", "GG"]) == ("N", "R", "A", "E", "I", "")


def test_the_reserved_letters_are_those_of_the_actions_on_tables() -> None:
    scopes = (ActionScope.WORKLOAD, ActionScope.POD, ActionScope.OBJECT, ActionScope.CLUSTER, ActionScope.TABLE)
    bound = {key for action in BUILT_IN.in_scope(*scopes) for key in action.keys if key.isupper() and len(key) == 1}
    assert bound <= RESERVED_LETTERS
