"""Text from a cluster reaches a terminal harmless, and ordinary text reaches it unchanged."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.api.text import REPLACEMENT, printable

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
def test_what_a_terminal_would_act_on_is_taken_out(text: str, shown: str) -> None:
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
def test_nothing_that_acts_is_left_whatever_comes(text: str) -> None:
    shown = printable(text)
    assert printable(shown) == shown
    shown.encode()
    assert not [one for one in shown if unicodedata.category(one) in ("Cc", "Zl", "Zp")]
    assert not [
        one for one in shown if unicodedata.bidirectional(one) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI"}
    ]
