"""Text from a cluster reaches a terminal harmless, and ordinary text reaches it unchanged."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.api.text import REPLACEMENT, bounded, printable, shorten

LETTERS = st.characters(categories=["L", "N", "P", "Zs"], max_codepoint=0x2FF)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("größe 漢字 🚀", "größe 漢字 🚀"),
        ("[bold]not markup[/bold]", "[bold]not markup[/bold]"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hforged", "forged"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]52;c;cm0gLXJm\x1b\\after", "after"),
        ("\x1b]0;never ended", "0;never ended"),
        ("\x1bP1$r\x1b\\after", "after"),
        ("\x9b31mred", "red"),
        ("two\nlines\r\nand\ttab", "two lines  and tab"),
        ("bell\x07", f"bell{REPLACEMENT}"),
        ("back\x08space", f"back{REPLACEMENT}space"),
        ("safe\u202egnp.exe", f"safe{REPLACEMENT}gnp.exe"),
        ("zero\u200bwidth", f"zero{REPLACEMENT}width"),
        ("tag\U000e0041", f"tag{REPLACEMENT}"),
        ("lone \ud800", f"lone {REPLACEMENT}"),
        ("\x1b", REPLACEMENT),
        ("\x1b\x1b[0mx", f"{REPLACEMENT}x"),
    ],
)
def test_text_that_a_terminal_would_act_on_is_removed(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(LETTERS))
def test_ordinary_text_is_unchanged(text: str) -> None:
    assert printable(text) == text


@given(
    st.text(
        st.one_of(
            st.sampled_from("\x1b\x9b\x9d[]PX^_;?0m\x07\\\r\n\t\u202e\u2066\ufeff"),
            st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "L"]),
        )
    )
)
def test_no_active_character_is_left_in_any_text(text: str) -> None:
    shown = printable(text)
    assert printable(shown) == shown
    shown.encode()
    assert not [character for character in shown if unicodedata.category(character) in ("Cc", "Zl", "Zp")]
    directional = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI"}
    assert not [character for character in shown if unicodedata.bidirectional(character) in directional]


@pytest.mark.parametrize(
    ("text", "shown"),
    [("short", "short"), (" x" * 3, "x x x"), ("123456789", "12345…"), ("\x1b[31mred\x07", f"red{REPLACEMENT}")],
)
def test_bounded_text_is_printable_and_cut(text: str, shown: str) -> None:
    assert bounded(text, 6) == shown


def test_a_message_is_shortened_to_a_line_without_its_full_stop() -> None:
    assert shorten("  image not found.\n") == "image not found"
    assert shorten("a\x1b[31mb") == "ab"
    long = shorten("first " + "x" * 1000 + " the cause")
    assert len(long) == 1000
    assert long.startswith("first x")
    assert " … x" in long
    assert long.endswith("x the cause")


def test_a_long_list_in_a_message_is_shortened_at_its_commas_with_a_count() -> None:
    names = ", ".join(f"host-{n}.example.com" for n in range(90))

    assert shorten(f"tls: certificate is valid for {names}, not guard.shop.svc") == (
        "tls: certificate is valid for host-0.example.com, host-1.example.com, host-2.example.com, 87 more, "
        "not guard.shop.svc"
    )


def test_a_long_message_is_cut_between_words() -> None:
    words = [f"word{n}" for n in range(300)]
    start, _, end = shorten(" ".join(words)).partition(" … ")

    assert set(start.split()) | set(end.split()) <= set(words)
    assert (start.split()[0], end.split()[-1]) == ("word0", "word299")
    assert 900 < len(f"{start} … {end}") <= 1000
