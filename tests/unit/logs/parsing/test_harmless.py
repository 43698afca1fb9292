"""No line, whatever it contains and however it is wrapped, reaches a row as anything a terminal acts on."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.logs.parsing.level import level_of
from k9py.logs.parsing.record import parse_record
from k9py.logs.parsing.rendering import MAX_ROWS, MAX_SHOWN, RenderedLine, render_line, render_text, render_unfolded
from tests.unit.logs.parsing.hostile import hostile_text, is_harmless

AT = datetime(2024, 1, 1, tzinfo=UTC)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | hostile_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(hostile_text, inner, max_size=4),
    max_leaves=10,
)
names = st.sampled_from(["level", "msg", "time", "ts", "@timestamp", "severity", "a", "b.c"])
records = st.dictionaries(names | hostile_text, values, max_size=6)
lines = st.one_of(
    hostile_text,
    st.builds(lambda record, ascii_only: json.dumps(record, ensure_ascii=ascii_only), records, st.booleans()),
    st.lists(st.tuples(names, hostile_text), max_size=6).map(lambda pairs: " ".join(f"{k}={v}" for k, v in pairs)),
    st.lists(st.tuples(names, hostile_text), max_size=6).map(
        lambda pairs: " ".join(f"{k}={json.dumps(v)}" for k, v in pairs)
    ),
)


def check(row: RenderedLine) -> None:
    assert is_harmless(row.text)
    at = 0
    for start, end, _, _ in row.spans:
        assert at <= start < end <= len(row.text)
        at = end


@given(lines, st.booleans(), st.booleans())
def test_every_row_is_harmless_and_its_spans_lie_in_it(line: str, parsed: bool, colours: bool) -> None:
    check(render_line(line, parsed=parsed, colours=colours, at=AT))
    rows = render_unfolded(line, AT)
    assert rows
    for row in rows:
        check(row)
    level_of(line)


@given(lines)
def test_colours_alone_change_no_text(line: str) -> None:
    assert render_line(line, colours=False).text == render_line(line).text
    assert render_text(line, AT) == render_line(line, at=AT).text
    assert all(span.colour is None for span in render_line(line, colours=False).spans)


@pytest.mark.parametrize(
    "line",
    [
        "x" * 70_000,
        "\x1b[31ma" * 10_000,
        "\x1b" * 65_536,
        "漢" * 65_536,
        '{"a":' * 20_000,
        "[" * 65_536,
        '{"a":' + "[" * 900 + "]" * 900 + "}",
        '{"a":' + '{"b":' * 500 + "1" + "}" * 501,
        json.dumps({f"k{number}": number for number in range(5_000)}),
        json.dumps({"msg": "\n" * 60_000}),
        json.dumps({"ts": 10**400, "level": 10**30}),
        '{"ts":1e999,"level":NaN}',
        '{"msg":"\\ud800"}',
        "a=b " * 16_000,
        'a="' + "x" * 65_000,
        "a=b " + "x " * 30_000,
    ],
    ids=lambda line: repr(line[:16]),
)
def test_a_huge_value_is_truncated_with_a_note(line: str) -> None:
    row = render_line(line)
    check(row)
    assert len(row.text) <= MAX_SHOWN + 100
    if len(row.text) > MAX_SHOWN:
        assert row.spans[-1].kind == "cut"
        assert row.text.endswith(" more characters)")
    rows = render_unfolded(line)
    assert len(rows) <= MAX_ROWS + 1
    for entry in rows:
        check(entry)
    parse_record(line)
