"""A line in one row, and unfolded into many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from k9py.logs.parsing.level import Level
from k9py.logs.parsing.rendering import MAX_ROWS, LineSpan, RenderedLine, render_line, render_unfolded
from k9py.logs.parsing.sgr import SgrStyle

AT = datetime(2024, 1, 1, 12, 0, 0, tzinfo=UTC)
JSON = (
    '{"level":"warn","time":"2024-01-01T12:00:01Z","msg":"slow",'
    '"http":{"status":200,"path":"/a b"},"ids":[1,2],"x":null}'
)


def parts(row: RenderedLine) -> list[tuple[str, str]]:
    return [(span.kind, row.text[span.start : span.end]) for span in row.spans]


def test_a_record_is_rendered_as_level_message_and_fields() -> None:
    row = render_line(JSON, at=AT)
    assert row.text == 'WARN  slow  http.status=200 http.path="/a b" ids=[1,2] x=null'
    assert row.level is Level.WARN
    assert parts(row)[:4] == [("level", "WARN"), ("message", "slow"), ("key", "http.status="), ("value", "200")]
    assert ("quoted", '"/a b"') in parts(row)


def test_logfmt_is_rendered_in_the_same_way() -> None:
    assert render_line('time=2024-01-01T12:00:00Z level=error msg="no route" peer=10.0.0.1', at=AT).text == (
        "ERROR no route  peer=10.0.0.1"
    )


def test_a_record_of_an_unknown_level_has_none_before_it() -> None:
    assert render_line('{"msg":"hello","a":"b"}').text == "hello  a=b"
    assert render_line('{"a":""}').text == 'a=""'


def test_unparsed_it_is_as_it_was_written() -> None:
    assert render_line(JSON, parsed=False).text == JSON
    assert render_line(JSON, parsed=False).level is Level.WARN


@pytest.mark.parametrize(
    ("time", "left_out"),
    [
        ("2024-01-01T12:00:01.9Z", True),
        ("2024-01-01T14:00:00+02:00", True),
        ("2024-01-01 14:00:00,120", True),
        ("2024-01-01 17:30:01", True),
        ("2024-01-01 14:07:00", False),
        ("2024-01-01T14:00:00Z", False),
        ("2024-01-02T12:00:00", False),
        ("noon", False),
    ],
)
def test_a_record_time_equal_to_the_timestamp_is_omitted(time: str, left_out: bool) -> None:
    text = render_line(f'{{"msg":"m","time":"{time}"}}', at=AT).text
    assert text == ("m" if left_out else f"{time} m")


def test_a_time_without_a_year_is_of_the_nodes() -> None:
    line = 'I0101 12:00:00.100000       1 pod.go:7] "Synced" pod="shop/web"'
    assert render_line(line, at=AT).text == "INFO  Synced  pod=shop/web caller=pod.go:7"
    assert render_line(line, at=AT + timedelta(days=1)).text.startswith("INFO  0101 12:00:00.100000 Synced")


def test_without_a_stamp_its_time_is_shown() -> None:
    assert render_line('{"msg":"m","ts":1704110400}').text == "2024-01-01T12:00:00.000Z m"
    assert render_line('{"msg":"m","ts":1704110400}', at=AT + timedelta(seconds=1)).text == "m"


def test_an_ordinary_line_has_its_levels_word_marked() -> None:
    row = render_line("12:00 ERROR boom")
    assert row == RenderedLine("12:00 ERROR boom", (LineSpan(6, 11, "level"),), Level.ERROR)
    assert render_line("nothing special").spans == ()


def test_colours_are_kept_or_removed() -> None:
    line = "\x1b[31mERROR\x1b[0m boom"
    assert render_line(line) == RenderedLine(
        "ERROR boom", (LineSpan(0, 5, "text", SgrStyle(foreground=1)),), Level.ERROR
    )
    assert render_line(line, colours=False) == RenderedLine("ERROR boom", (LineSpan(0, 5, "level"),), Level.ERROR)


def test_colours_inside_a_record_keep_their_part() -> None:
    row = render_line('{"msg":"a \\u001b[31mred\\u001b[0m b"}')
    assert row.text == "a red b"
    assert row.spans == (
        LineSpan(0, 2, "message"),
        LineSpan(2, 5, "message", SgrStyle(foreground=1)),
        LineSpan(5, 7, "message"),
    )


def test_unfolded_it_has_a_row_for_each_field() -> None:
    assert [row.text for row in render_unfolded(JSON, AT)] == [
        "WARN  slow",
        "  http:",
        "    status: 200",
        "    path: /a b",
        "  ids:",
        "    - 1",
        "    - 2",
        "  x: null",
    ]


def test_lists_of_objects_and_empty_ones_are_unfolded() -> None:
    line = '{"msg":"m","l":[{"a":1,"b":{"c":2}},[3,[4]],{}],"e":[],"":"no name"}'
    assert [row.text for row in render_unfolded(line)] == [
        "m",
        "  l:",
        "    - a: 1",
        "      b:",
        "        c: 2",
        "    - - 3",
        "      - - 4",
        "    - {}",
        "  e: []",
        "  : no name",
    ]


def test_a_stack_trace_stands_on_rows_of_its_own() -> None:
    rows = render_unfolded(
        '{"level":"error","msg":"failed\\nbadly","stack":"Error: x\\n    at a.js:1\\n    at b.js:2"}'
    )
    assert [row.text for row in rows] == [
        "ERROR failed",
        "badly",
        "  stack:",
        "    Error: x",
        "        at a.js:1",
        "        at b.js:2",
    ]
    assert all(row.level is Level.ERROR for row in rows)


def test_an_escaped_trace_in_logfmt_is_unfolded_too() -> None:
    assert [row.text for row in render_unfolded('msg=m trace="a\\n\\tb"')] == [
        "m",
        "  trace:",
        "    a",
        "            b",
    ]


def test_what_is_not_structured_is_one_row() -> None:
    assert render_unfolded("plain ERROR") == (render_line("plain ERROR"),)


def test_a_line_with_too_many_fields_is_truncated_with_a_note() -> None:
    line = '{"l":[' + ",".join(["1"] * (MAX_ROWS * 2)) + "]}"
    rows = render_unfolded(line)
    assert len(rows) == MAX_ROWS + 1
    assert parts(rows[-1]) == [("cut", "  … (cut at 1,000 rows)")]
    many = render_line("{" + ",".join(f'"k{n}":{n}' for n in range(3_000)) + "}")
    assert parts(many)[-1] == ("cut", "… (cut: more fields)")
