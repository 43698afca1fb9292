"""What is typed to search is a regular expression, or the very words where it is none."""

from __future__ import annotations

import pytest

from k9py.objects.search_pattern import compile_search, hit_spans


@pytest.mark.parametrize(
    ("typed", "text", "found"),
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
    typed: str, text: str, found: bool
) -> None:
    pattern = compile_search(typed)
    assert pattern is not None
    assert (pattern.search(text) is not None) == found


def test_an_empty_search_is_none() -> None:
    assert compile_search("") is None
    assert hit_spans(None, "text") == []


def test_empty_hits_are_left_out() -> None:
    assert hit_spans(compile_search("a*"), "baab") == [(1, 3)]
