"""Colour sequences become spans of a text that has none, and all other sequences vanish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.logs.parsing.sgr import MAX_SEQUENCES, PLAIN, ColourSpan, Sgr, coloured, plain
from tests.unit.logs.parsing.hostile import hostile_text, is_harmless

RED = Sgr(foreground=1)


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
    assert plain(text) == shown


def test_ordinary_text_is_the_same_object() -> None:
    text = "an ordinary line" + " of text"
    assert plain(text) is text


@pytest.mark.parametrize(
    ("sequence", "colour"),
    [
        ("31", RED),
        ("1;31", Sgr(foreground=1, bold=True)),
        ("91", Sgr(foreground=9)),
        ("44", Sgr(background=4)),
        ("104", Sgr(background=12)),
        ("38;5;208", Sgr(foreground=208)),
        ("48;5;17;1", Sgr(background=17, bold=True)),
        ("38;2;1;2;3", Sgr(foreground=(1, 2, 3))),
        ("38:2::1:2:3", Sgr(foreground=(1, 2, 3))),
        ("38:2:1:2:3", Sgr(foreground=(1, 2, 3))),
        ("38:5:208", Sgr(foreground=208)),
        ("2;3;4;7", Sgr(dim=True, italic=True, underline=True, reverse=True)),
        ("4:3", Sgr(underline=True)),
        ("4;4:0", PLAIN),
        ("1;2;22", PLAIN),
        ("3;4;7;23;24;27", PLAIN),
        ("31;44;39;49", PLAIN),
        ("31;0", PLAIN),
        ("31;", PLAIN),
        ("", PLAIN),
        ("5", PLAIN),
        ("8", PLAIN),
        ("38;5;256", PLAIN),
        ("38;5", PLAIN),
        ("38", PLAIN),
        ("38;2;1;2", PLAIN),
        ("38;9;31", RED),
        ("99999999999999999999", PLAIN),
    ],
)
def test_parameters_are_read_as_terminals_read_them(sequence: str, colour: Sgr) -> None:
    text, spans = coloured(f"\x1b[{sequence}mx")
    assert text == "x"
    assert spans == (() if colour == PLAIN else (ColourSpan(0, 1, colour),))


def test_spans_are_places_in_the_text_without_sequences() -> None:
    text, spans = coloured("a \x1b[31mred\x1b[2J still\x1b[0m b\t\x1b[1mc")
    assert text == "a red still b   c"
    assert spans == (ColourSpan(2, 11, RED), ColourSpan(16, 17, Sgr(bold=True)))


def test_a_colour_that_is_never_ended_goes_to_the_end_of_its_line_alone() -> None:
    assert coloured("\x1b[31mred")[1] == (ColourSpan(0, 3, RED),)
    assert coloured("next")[1] == ()


def test_a_flood_of_sequences_loses_colour_and_no_text() -> None:
    flood = "\x1b[31ma\x1b[32mb" * MAX_SEQUENCES
    text, spans = coloured(flood)
    assert text == "ab" * MAX_SEQUENCES
    assert len(spans) <= MAX_SEQUENCES


@given(hostile_text)
def test_whatever_comes_the_text_is_harmless_and_the_spans_lie_in_it(line: str) -> None:
    text, spans = coloured(line)
    assert text == plain(line)
    assert is_harmless(text)
    at = 0
    for start, end, colour in spans:
        assert at <= start < end <= len(text)
        assert colour != PLAIN
        at = end


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"], max_codepoint=0x2FF)))
def test_ordinary_text_is_unchanged(text: str) -> None:
    assert plain(text) == text
