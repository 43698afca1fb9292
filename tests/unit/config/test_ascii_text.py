"""ASCII replacements of kdash's signs, for terminals without Unicode."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import k9py
from k9py.api.errors import ConfigError
from k9py.config.ascii_text import ERRORS, UNKNOWN, ascii_text, register
from k9py.config.terminal import output_encoding
from k9py.views.values import Tone

SHOWN = ("cli", "tui", "tables", "rollouts", "triage", "actions", "objects")


def characters_we_show() -> set[str]:
    """Return every non-ASCII character in the strings of the packages that produce text."""
    characters: set[str] = set()
    root = Path(k9py.__file__).parent
    for package in SHOWN:
        for path in (root / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    characters |= {
                        character for character in node.value if character.isprintable() and not character.isascii()
                    }
    return characters - {"\ufffd"}


def test_every_character_we_show_has_a_replacement_of_its_width() -> None:
    characters = characters_we_show()
    assert "●" in characters
    assert [
        character
        for character in sorted(characters)
        if UNKNOWN in ascii_text(character) or len(ascii_text(character)) != cell_len(character)
    ] == []


def test_the_signs_of_states_differ_from_each_other_and_only_unknown_is_a_question_mark() -> None:
    forms = {tone: ascii_text(tone.symbol) for tone in Tone if tone.symbol.strip()}
    assert len(set(forms.values())) == len(forms)
    assert [tone for tone, form in forms.items() if form == "?"] == [Tone.UNKNOWN]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2.7.1 → 2.8.0", "2.7.1 > 2.8.0"),
        ("╭─ Logs ─╮", "+- Logs -+"),
        ("━━─", "==-"),
        ("┃│", "#|"),
        ("café", "cafe"),
        ("e\u0301", "e"),
        ("日本", "????"),
        ("ｌｆ", "l f "),
        ("👩\u200d💻 ❤\ufe0f 👍🏽", "?? ?? ??"),
        ("\ud800", "?"),
    ],
)
def test_ascii_text_keeps_its_width(text: str, form: str) -> None:
    assert ascii_text(text) == form


@given(st.text(), st.sampled_from(["ascii", "latin-1", "koi8-r", "utf-8"]))
def test_any_text_can_be_encoded(text: str, encoding: str) -> None:
    register()
    assert isinstance(text.encode(encoding, ERRORS), bytes)


def test_what_the_encoding_has_is_kept() -> None:
    register()
    assert "● café → x".encode("latin-1", ERRORS) == b"o caf\xe9 > x"


@pytest.mark.parametrize(
    ("environ", "coerced", "encoding"),
    [
        # No locale is no statement.
        ({}, False, "utf-8"),
        ({"LC_CTYPE": "C.UTF-8"}, True, "utf-8"),  # set by Python itself
        ({"LANG": ""}, False, "utf-8"),
        # C and POSIX are.
        ({"LANG": "C"}, False, "ascii"),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True, "ascii"),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False, "utf-8"),
        ({"LC_ALL": "POSIX", "LANG": "de_DE.UTF-8"}, False, "ascii"),
        # The locale's own character set.
        ({"LANG": "de_DE.UTF-8"}, False, "utf-8"),
        ({"LANG": "C.UTF-8"}, False, "utf-8"),
        ({"LC_CTYPE": "UTF-8"}, False, "utf-8"),  # as macOS sets it
        ({"LANG": "de_DE.ISO-8859-1"}, False, "iso8859-1"),
        ({"LANG": "de_DE.ISO-8859-15@euro"}, False, "iso8859-15"),
        ({"LANG": "en_US.nonsense"}, False, "ascii"),
        ({"LANG": "en_US.utf-16"}, False, "ascii"),
        ({"LANG": "en_US.rot13"}, False, "ascii"),
        ({"LANG": "en_US"}, False, "utf-8"),  # whatever Python found for it
        # Set explicitly.
        ({"KDASH_ASCII": "1", "LANG": "de_DE.UTF-8"}, False, "ascii"),
        ({"KDASH_ASCII": "0", "LANG": "C"}, False, "utf-8"),
        ({"PYTHONIOENCODING": "utf-8", "LANG": "C"}, False, "utf-8"),
    ],
)
def test_the_locale_says_what_the_terminal_can_show(environ: dict[str, str], coerced: bool, encoding: str) -> None:
    assert output_encoding(environ, "utf-8", coerced=coerced) == encoding


def test_python_s_own_setting_of_its_streams_counts() -> None:
    assert output_encoding({"PYTHONIOENCODING": "latin-1"}, "latin-1", coerced=False) == "latin-1"


def test_a_setting_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="KDASH_ASCII is 'maybe'"):
        output_encoding({"KDASH_ASCII": "maybe"}, "utf-8", coerced=False)
