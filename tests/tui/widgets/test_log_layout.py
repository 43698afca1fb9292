"""Laying out log lines: rows hold the whole text, none is too wide, whatever the text is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from k9py.api.search_pattern import compile_search
from k9py.api.text import printable
from k9py.logs.line import WHOLE_STREAM, LogLine, Marker
from k9py.logs.parsing.rendering import render_line
from k9py.logs.source import LogTarget
from k9py.tui.palettes import DARK
from k9py.tui.widgets.log_view.columns import SourceColors
from k9py.tui.widgets.log_view.layout import LogLayout, fit_label, rows_of
from k9py.tui.widgets.log_view.painting import Highlight, LinePainter, RowLook

WEB = LogTarget("shop", "web", "app", "u1")
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
hostile = st.one_of(
    st.text(max_size=300),
    st.lists(
        st.sampled_from(
            ["\x1b[31m", "\x1b[0m", "\x1b]52;c;YQ==\x07", "\x1b[2J", "\x9b5A", "日本", "e\u0301", "\u202e", "\ud800",
             "\t", "\r\n", "👩‍👩‍👧", "plain ", '{"a":', '"}', "level=error ", "msg=x ", "\x00"]
        ),
        max_size=40,
    ).map("".join),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(hostile, st.integers(3, 60), st.booleans())
def test_wrapped_rows_hold_the_whole_text_and_fit(text: str, width: int, late: bool) -> None:
    layout = LogLayout(width=width, wrap=True)
    rows = rows_of(LogLine(WEB, NOW, text, late=late), layout)
    assert rows
    assert "".join(row.piece.text[row.start : row.end] for row in rows) == rows[0].piece.text
    assert all(cell_len(row.piece.text[row.start : row.end]) <= max(2, layout.room) for row in rows)


@settings(max_examples=300, deadline=None)
@given(
    hostile,
    st.integers(3, 60),
    st.integers(0, 40),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "gap", "start"]),
    st.sampled_from(["", ".", "a|e", "日"]),
)
def test_every_row_is_exactly_as_wide_as_the_view_and_harmless(
    text: str, width: int, left: int, wrap: bool, unfolded: bool, marker: Marker, search: str
) -> None:
    painter = LinePainter(lambda number: LogLine(WEB, NOW, text, marker), lambda number: unfolded)
    painter.set_layout(LogLayout(width=width, left=0 if wrap else left, wrap=wrap, prefix=4 if width > 20 else 0))
    pattern = compile_search(search)
    painter.set_highlights([] if pattern is None else [Highlight(pattern, -1)])
    palette = DARK
    for row in range(painter.row_count(0)):
        look = RowLook(cursor=row == 0, context=unfolded)
        strip = painter.paint(0, row, look, "web", palette.source(0), palette, palette.status)
        assert strip.cell_length == width
        assert sum(cell_len(segment.text) for segment in strip) == width
        assert printable(strip.text) == strip.text


def test_a_giant_line_is_cut_and_says_so_when_unfolded() -> None:
    rows = rows_of(LogLine(WEB, NOW, "x" * 60_000), LogLayout(width=80), open_=True)
    text = "".join(row.piece.text[row.start : row.end] for row in rows)
    assert text.startswith("x" * 32_768)
    assert text.endswith("more characters)")


def test_what_is_far_out_of_sight_of_a_coloured_giant_is_not_read() -> None:
    text = "\x1b[31mred\x1b[0m " * 5000
    (row,) = rows_of(LogLine(WEB, NOW, text), LogLayout(width=80))
    assert row.piece.text.startswith("red red red")
    assert len(row.piece.text) > 80
    assert len(row.piece.text) < len(render_line(text).text)
    assert row.piece.text.endswith("…")


def test_markers_about_the_whole_stream_name_no_source() -> None:
    (row,) = rows_of(LogLine(WHOLE_STREAM, None, "5 lines dropped", "gap"), LogLayout(width=80))
    assert row.piece.text == "── 5 lines dropped"


@pytest.mark.parametrize(
    ("label", "cells", "fitted"),
    [("web", 5, "web  "), ("web-7d9f-abcde", 6, "…abcde"), ("日本語", 5, "日本 "), ("", 2, "  ")],
)
def test_labels_keep_their_end(label: str, cells: int, fitted: str) -> None:
    assert fit_label(label, cells) == fitted


def test_sources_keep_their_colour_and_share_one_only_when_all_are_taken() -> None:
    colors = SourceColors(lambda: 12)
    first = {f"pod-{number}": colors.index(f"pod-{number}") % 12 for number in range(12)}
    assert len(set(first.values())) == 12
    assert {name: colors.index(name) % 12 for name in first} == first
    assert SourceColors(lambda: 12).index("pod-0") % 12 == first["pod-0"]


def test_a_line_of_combining_characters_alone_ends_and_is_not_piled_up() -> None:
    rows = rows_of(LogLine(WEB, NOW, "\u0301" * 5_000), LogLayout(width=20, wrap=True))
    assert sum(row.end - row.start for row in rows) == 5_000
    assert max(row.end - row.start for row in rows) <= 4 * 20
