"""Aligned text tables: columns line up whatever the cells hold, and a terminal loses the least important ones first."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len

from k9py.api.kinds import TableKind
from k9py.api.resource_type import ResourceType
from k9py.cli.console import Console
from k9py.cli.objects.rows import RowSource, type_name
from k9py.cli.objects.text_table import NOTHING, TextTable, print_table
from k9py.views.values import Cell, Column, Tone
from tests.factories.meta import NOW

COLUMNS = (
    Column("name", "NAME"),
    Column("ready", "READY", align_right=True),
    Column("node", "NODE", priority=4),
    Column("age", "AGE", priority=1),
)
WIDGETS = ResourceType("example.com", "v1", "widgets", "Widget", ref_group="example.com")


def printed(table: TextTable, *, colour: bool = False, headers: bool = True) -> list[str]:
    out = io.StringIO()

    async def nobody() -> str:
        raise AssertionError("nobody is asked")

    print_table(Console(out, io.StringIO(), nobody, is_interactive=False, colour=colour), table, headers=headers)
    return out.getvalue().splitlines()


def row(*texts: str) -> tuple[Cell, ...]:
    return tuple(map(Cell, texts))


def test_cells_line_up_and_none_is_empty() -> None:
    lines = printed(TextTable(COLUMNS, [row("a", "1/1", "", "5m"), row("日本", "10/10", "node-1", "3d")]))
    assert lines == [
        "NAME   READY   NODE     AGE",
        "a        1/1   <none>   5m",
        "日本   10/10   node-1   3d",
    ]
    assert len({cell_len(line.rsplit("   ", 1)[0]) for line in lines}) == 1
    assert NOTHING in lines[1]


@pytest.mark.parametrize(
    ("room", "titles"),
    [
        (None, ["NAME", "READY", "NODE", "AGE"]),
        (27, ["NAME", "READY", "NODE", "AGE"]),
        (26, ["NAME", "READY", "AGE"]),
        (16, ["NAME", "READY"]),
        (3, ["NAME", "READY"]),
    ],
)
def test_a_narrow_terminal_loses_the_least_important_columns(room: int | None, titles: list[str]) -> None:
    [header, line] = printed(TextTable(COLUMNS, [row("long", "10/10", "node-1", "5m")], room))
    assert header.split() == titles
    assert "long" in line, "a name is never cut"


def test_rows_that_are_printed_later_keep_the_columns() -> None:
    table = TextTable(COLUMNS, [row("checkout", "1/1", "node-1", "5m")], 40)
    first = printed(table)
    table.rows = [row("a", "1/1", "n", "5m")]
    [second] = printed(table, headers=False)
    assert second.index("1/1") == first[1].index("1/1")


def test_colours_do_not_move_cells() -> None:
    table = TextTable(COLUMNS, [(Cell("web"), Cell("0/1", Tone.FAIL), Cell("n"), Cell("1m"))])
    assert "\x1b[1;31m0/1\x1b[0m" in printed(table, colour=True)[1]


def test_a_servers_cells_are_printable_and_on_one_line() -> None:
    source = RowSource(None, WIDGETS, wide=False, namespaced=True, prefixed=True)
    kind = source.kind
    assert isinstance(kind, TableKind)
    kind.learn_columns(b'{"columnDefinitions":[{"name":"Name","type":"string"},{"name":"Note","type":"string"}]}')
    value = kind.decode(
        b'{"cells":["w\\u202e1","a\\u001b[31mb\\nsecond"],"object":{"metadata":{"name":"w1","namespace":"shop"}}}'
    )
    lines = printed(source.table([value], NOW))
    assert len(lines) == 2
    assert lines[0].split() == ["NAMESPACE", "NAME", "NOTE"]
    assert all(line.isprintable() for line in lines)
    assert lines[1].startswith("shop        widget.example.com/w")


def test_a_type_is_named_as_kubectl_names_it() -> None:
    assert type_name(WIDGETS) == "widget.example.com"
