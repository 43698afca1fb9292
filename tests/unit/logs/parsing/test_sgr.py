"""Colour sequences become spans of a text that has none, and all other sequences vanish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.logs.parsing.sgr import MAX_SEQUENCES, NO_STYLE, ColourSpan, SgrStyle, parse_sgr, plain_text
from tests.unit.logs.parsing.hostile import hostile_text, is_harmless

RED = SgrStyle(foreground=1)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("größe 漢字 🚀", "größe 漢字 🚀"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\tb", "a       b"),
        ("\tat java.lang", "        at java.lang"),
        ("漢\tx", "漢       x"),
        ("10%\r20%", "10% 20%"),
        ("windows\r", "windows"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b[>4;2mnot a colour", "not a colour"),
    ],
)
def test_plain_text_has_no_colours_and_no_tabs(text: str, shown: str) -> None:
    assert plain_text(text) == shown


def test_ordinary_text_is_the_same_object() -> None:
    text = "an ordinary line" + " of text"
    assert plain_text(text) is text


@pytest.mark.parametrize(
    ("sequence", "colour"),
    [
        ("31", RED),
        ("1;31", SgrStyle(foreground=1, bold=True)),
        ("91", SgrStyle(foreground=9)),
        ("44", SgrStyle(background=4)),
        ("104", SgrStyle(background=12)),
        ("38;5;208", SgrStyle(foreground=208)),
        ("48;5;17;1", SgrStyle(background=17, bold=True)),
        ("38;2;1;2;3", SgrStyle(foreground=(1, 2, 3))),
        ("38:2::1:2:3", SgrStyle(foreground=(1, 2, 3))),
        ("38:2:1:2:3", SgrStyle(foreground=(1, 2, 3))),
        ("38:5:208", SgrStyle(foreground=208)),
        ("2;3;4;7", SgrStyle(dim=True, italic=True, underline=True, reverse=True)),
        ("4:3", SgrStyle(underline=True)),
        ("4;4:0", NO_STYLE),
        ("1;2;22", NO_STYLE),
        ("3;4;7;23;24;27", NO_STYLE),
        ("31;44;39;49", NO_STYLE),
        ("31;0", NO_STYLE),
        ("31;", NO_STYLE),
        ("", NO_STYLE),
        ("5", NO_STYLE),
        ("8", NO_STYLE),
        ("38;5;256", NO_STYLE),
        ("38;5", NO_STYLE),
        ("38", NO_STYLE),
        ("38;2;1;2", NO_STYLE),
        ("38;9;31", RED),
        ("99999999999999999999", NO_STYLE),
    ],
)
def test_parameters_are_read_as_terminals_read_them(sequence: str, colour: SgrStyle) -> None:
    text, spans = parse_sgr(f"\x1b[{sequence}mx")
    assert text == "x"
    assert spans == (() if colour == NO_STYLE else (ColourSpan(0, 1, colour),))


def test_spans_are_places_in_the_text_without_sequences() -> None:
    text, spans = parse_sgr("a \x1b[31mred\x1b[2J still\x1b[0m b\t\x1b[1mc")
    assert text == "a red still b   c"
    assert spans == (ColourSpan(2, 11, RED), ColourSpan(16, 17, SgrStyle(bold=True)))


def test_a_colour_that_is_never_ended_goes_to_the_end_of_its_line_alone() -> None:
    assert parse_sgr("\x1b[31mred")[1] == (ColourSpan(0, 3, RED),)
    assert parse_sgr("next")[1] == ()


def test_a_flood_of_sequences_loses_colour_and_no_text() -> None:
    flood = "\x1b[31ma\x1b[32mb" * MAX_SEQUENCES
    text, spans = parse_sgr(flood)
    assert text == "ab" * MAX_SEQUENCES
    assert len(spans) <= MAX_SEQUENCES


@given(hostile_text)
def test_whatever_comes_the_text_is_harmless_and_the_spans_lie_in_it(line: str) -> None:
    text, spans = parse_sgr(line)
    assert text == plain_text(line)
    assert is_harmless(text)
    at = 0
    for start, end, colour in spans:
        assert at <= start < end <= len(text)
        assert colour != NO_STYLE
        at = end


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"], max_codepoint=0x2FF)))
def test_ordinary_text_is_unchanged(text: str) -> None:
    assert plain_text(text) == text
