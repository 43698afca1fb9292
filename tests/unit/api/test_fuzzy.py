"""Fuzzy matching: what matches, and what comes first."""

from __future__ import annotations

import pytest

from k9py.api.fuzzy import fuzzy_match


@pytest.mark.parametrize(
    ("query", "name", "positions"),
    [
        ("chec", "checkout", (0, 1, 2, 3)),
        ("CHEC", "Checkout", (0, 1, 2, 3)),
        ("out", "checkout-out", (9, 10, 11)),
        ("cko", "checkout", (3, 4, 5)),
        ("ckt", "checkout", (0, 4, 7)),
        ("a.b", "xa.b", (1, 2, 3)),
    ],
)
def test_the_characters_match_in_order(query: str, name: str, positions: tuple[int, ...]) -> None:
    match = fuzzy_match(query, name)
    assert match is not None
    assert match.positions == positions


@pytest.mark.parametrize(
    ("query", "name"), [("tuo", "checkout"), ("checkoutx", "checkout"), ("ae", "a" + "x" * 20 + "e")]
)
def test_other_names_do_not_match(query: str, name: str) -> None:
    assert fuzzy_match(query, name) is None


def test_the_closer_a_name_is_the_earlier_it_comes() -> None:
    names = ["pod", "pods", "podtemplates", "my-pod", "tripods", "p-o-d"]
    scores = [match.score for name in names if (match := fuzzy_match("pod", name))]
    assert len(scores) == len(names)
    assert scores == sorted(scores, reverse=True)
