"""A log line as `kdash logs` prints it: raw, JSON and pretty, and what a terminal never gets."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.api.search_pattern import SearchPattern
from k9py.api.text import printable
from k9py.cli.logs.line_format import LineFormatter, line_formatter, paint_line
from k9py.logs.line import LogLine
from k9py.logs.parsing.level import Level
from k9py.logs.parsing.rendering import LineSpan, RenderedLine
from k9py.logs.parsing.sgr import SgrStyle
from k9py.logs.source import LogTarget
from tests.cli.recorded_stream import RecordedStream

AT = datetime(2026, 1, 15, 12, 0, 0, 250_000, tzinfo=UTC)
WEB = LogTarget("shop", "web-1", "app", revision="5d9")
HOSTILE = "a\x1b]52;c;aGk=\x07b\x1b[2Jc\x1b]0;title\x07\u202ed\x9b31m"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def line(text: str, **given: Any) -> LogLine:
    return LogLine(**{"target": WEB, "timestamp": AT, "text": text, **given})


def prints(
    form: Literal["raw", "json", "pretty"],
    *,
    is_terminal: bool = False,
    colour: bool = False,
    prefixed: bool = False,
    timestamps: bool = False,
    highlight: tuple[str, ...] = (),
    as_written: bool = False,
) -> LineFormatter:
    return line_formatter(
        form,
        RecordedStream(is_terminal=is_terminal),
        colour=colour,
        prefixed=prefixed,
        timestamps=timestamps,
        patterns=tuple(SearchPattern(re.compile(entry)) for entry in highlight),
        as_written=as_written,
    )


@pytest.mark.parametrize("is_terminal", [False, True], ids=["pipe", "terminal"])
def test_raw_is_harmless_wherever_it_goes(is_terminal: bool) -> None:
    shown = prints("raw", is_terminal=is_terminal)(line(HOSTILE))
    assert shown.endswith("\n")
    assert shown[:-1].isprintable()


@pytest.mark.parametrize("is_terminal", [False, True], ids=["pipe", "terminal"])
def test_only_what_was_asked_for_as_written_is_what_the_container_wrote(is_terminal: bool) -> None:
    assert prints("raw", is_terminal=is_terminal, as_written=True)(line(HOSTILE)) == f"{HOSTILE}\n"


def test_what_was_asked_for_as_written_has_bytes_that_are_no_text() -> None:
    entry = line("caf\ufffd", undecoded=b"caf\xe9")
    assert prints("raw", as_written=True)(entry).encode("utf-8", "surrogateescape") == b"caf\xe9\n"
    assert prints("raw")(entry) == "caf\ufffd\n"


def test_raw_keeps_tabs_that_part_fields() -> None:
    text = "2026-11-30T07:00:00Z\t\x1b[31mERROR\x1b[0m\tfailed"
    assert prints("raw")(line(text)) == "2026-11-30T07:00:00Z\tERROR\tfailed\n"


@pytest.mark.parametrize("form", ["raw", "pretty"])
def test_source_and_time_stand_before_the_text(form: Literal["raw", "pretty"]) -> None:
    shown = prints(form, prefixed=True, timestamps=True)(line("hello"))
    assert shown == "web-1/app 2026-01-15T12:00:00.250000Z hello\n"
    assert prints(form, timestamps=True)(line("hello", timestamp=None)) == "- hello\n"


def test_json_has_the_source_and_the_content_of_a_line() -> None:
    text = '{"level":"warn","msg":"slow","took":12}'
    assert json.loads(prints("json")(line(text, late=True))) == {
        "time": "2026-01-15T12:00:00.250000Z",
        "namespace": "shop",
        "pod": "web-1",
        "container": "app",
        "revision": "5d9",
        "level": "warn",
        "message": "slow",
        "text": text,
        "fields": {"took": 12},
        "late": True,
    }


def test_json_of_an_ordinary_line_has_no_message_and_no_fields() -> None:
    values = json.loads(prints("json")(line("ERROR no luck", timestamp=None)))
    assert (values["time"], values["level"], values["message"], values["text"]) == (
        None,
        "error",
        None,
        "ERROR no luck",
    )
    assert values["fields"] == {}


def test_json_is_one_line_without_anything_a_terminal_acts_on_and_loses_nothing() -> None:
    shown = prints("json")(line(HOSTILE))
    assert shown.count("\n") == 1
    assert not {"\x1b", "\x9b", "\u202e", "\x07"} & set(shown)
    assert json.loads(shown)["text"] == HOSTILE


def test_json_as_deep_as_can_be_read_is_printed() -> None:
    deep = '{"a":' * 900 + "1" + "}" * 900
    assert json.loads(prints("json")(line(deep)))["text"] == deep


def test_pretty_renders_a_record_as_text() -> None:
    text = '{"time":"2026-01-15T12:00:00.25Z","level":"warn","msg":"slow","took":12}'
    assert prints("pretty")(line(text)) == "WARN  slow  took=12\n"


def test_pretty_marks_a_line_that_came_late() -> None:
    assert prints("pretty")(line("hello", late=True)) == "late hello\n"


def test_pretty_marks_what_is_to_be_highlighted_each_in_its_own_colour() -> None:
    shown = prints("pretty", colour=True, highlight=("slow", r"\d+"))(line("slow: 12 ms"))
    marked = re.findall(r"\x1b\[([0-9;]+)m(slow|12)\x1b\[0m", shown)
    assert [text for _, text in marked] == ["slow", "12"]
    assert len({codes for codes, _ in marked}) == 2
    assert _COLOURS.sub("", shown) == "slow: 12 ms\n"


def test_pretty_keeps_the_containers_colours_and_nothing_else() -> None:
    shown = prints("pretty", is_terminal=True, colour=True)(line("\x1b[31mred\x1b[0m \x1b[2J\x1b]0;x\x07end"))
    assert "\x1b[38;5;1mred\x1b[0m" in shown
    assert _COLOURS.sub("", shown) == "red end\n"


def test_without_colour_nothing_is_coloured() -> None:
    shown = prints("pretty", highlight=("red",))(line("\x1b[31mred\x1b[0m"))
    assert shown == "red\n"


@given(st.text(max_size=200), st.sampled_from(["raw", "pretty"]), st.booleans())
def test_a_terminal_gets_only_kdash_colours(text: str, form: Literal["raw", "pretty"], colour: bool) -> None:
    shown = prints(form, is_terminal=True, colour=colour, prefixed=True, highlight=("a", "[0-9]+"))(line(text))
    assert shown.endswith("\n")
    left = _COLOURS.sub("", shown[:-1])
    assert printable(left) == left


@given(st.text("ab1 =", max_size=30), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=5))
def test_colouring_changes_no_character(text: str, places: list[tuple[int, int]]) -> None:
    spans, at = [], 0
    for start, end in sorted(places):
        if at <= start < end <= len(text):
            spans.append(LineSpan(start, end, "key", SgrStyle(foreground=3, bold=True)))
            at = end
    shown = paint_line(
        RenderedLine(text, tuple(spans), Level.WARN),
        tuple(SearchPattern(re.compile(entry)) for entry in ("a+", "ab|1")),
    )
    assert _COLOURS.sub("", shown) == text


def test_a_poor_encoding_gets_json_in_ascii() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    shown = line_formatter("json", out, colour=False, prefixed=False, timestamps=False, patterns=())(line("é"))
    assert shown.isascii()
    assert json.loads(shown)["text"] == "é"
