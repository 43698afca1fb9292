"""A typed search is a regular expression, or literal text where it is none."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.api.search_pattern import SearchTimeoutError, compile_search, match_spans


@pytest.mark.parametrize(
    ("typed", "text", "matches"),
    [
        ("error", "An ERROR", True),
        ("Error", "an error", False),
        ("Error", "an Error", True),
        ("e.r", "eXr", True),
        ("(", "f(x)", True),
        ("[a", "x[a]", True),
        ("a{99999999999}", "a{99999999999}", True),
        ("(" * 3000, "(" * 3000, True),
        ("[[a]b", "ab", True),
        ("[A", "x[a]", False),
    ],
)
def test_case_matters_with_a_capital_and_a_broken_pattern_is_taken_literally(
    typed: str, text: str, matches: bool
) -> None:
    pattern = compile_search(typed)
    assert pattern is not None
    assert bool(pattern.search(text)) == matches


def test_an_empty_search_is_none() -> None:
    assert compile_search("") is None
    assert match_spans(None, "text") == []


def test_empty_matches_are_skipped() -> None:
    assert match_spans(compile_search("a*"), "baab") == [(1, 3)]


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("(a+)+$", "a" * 500 + "b"),
        (r"(x\s*)+y", "x " * 30_000),
        (".*foo.*bar", "foo " * 15_000),
        ("(a|aa)+$", "a" * 60 + "b"),
        ("a?" * 60 + "a" * 60, "a" * 59),
        (r"\w+\d", "a" * 60_000),
        ("a*a*a*b", "a" * 60_000 + "c"),
    ],
)
def test_a_pattern_that_would_take_minutes_on_a_text_times_out(typed: str, text: str) -> None:
    pattern = compile_search(typed)
    assert pattern is not None
    assert pattern.can_be_slow
    try:
        assert not pattern.search(text)
    except SearchTimeoutError:
        pass
    assert len(pattern.spans(text)) < len(text)


@pytest.mark.parametrize("typed", ["error", "a|b|c", r"\+", "[*+]", r"status=5\d\d", "(?i)fail(ed)?"])
def test_a_pattern_without_repetition_is_never_slow(typed: str) -> None:
    pattern = compile_search(typed)
    assert pattern is not None
    assert not pattern.can_be_slow


PARTS = ["a", "b", ".", "[ab]", r"\w", "a*", "b+", ".*", "(a|b)+", "b?", "|", "^", "$"]


@given(
    st.lists(
        st.sampled_from(["a", "b", ".", "[ab]", r"\w", "a*", "b+", ".*", "(a|b)+", "b?", "|", "^", "$"]), max_size=6
    ),
    st.text("ab c", max_size=700),
)
def test_both_engines_find_the_same(parts: list[str], text: str) -> None:
    typed = "".join(parts)
    pattern = compile_search(typed)
    if pattern is None:
        return
    plain = re.compile(typed, re.IGNORECASE)
    try:
        assert bool(pattern.search(text)) == (plain.search(text) is not None)
    except SearchTimeoutError:
        return


def test_a_common_pattern_is_found_in_the_longest_lines() -> None:
    pattern = compile_search(r"user=\w+.*status=5\d+$")
    assert pattern is not None
    assert pattern.search("x " * 20_000 + "user=me " + "y " * 10_000 + "status=503")
    assert not pattern.search("x " * 20_000 + "user=me " + "y " * 10_000 + "status=503 ")
