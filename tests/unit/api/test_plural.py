"""Counts in text: singular for one, plural for all others, also for none and for an unknown number."""

from __future__ import annotations

import pytest

from k9py.api.plural import count_noun, pluralize


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 pods"), (1, "1 pod"), (2, "2 pods"), (1204, "1,204 pods"), (None, "? pods")],
)
def test_a_count_is_followed_by_the_form_of_the_noun_that_fits(count: int | None, text: str) -> None:
    assert count_noun(count, "pod") == text


@pytest.mark.parametrize(("count", "form"), [(0, "are"), (1, "is"), (2, "are"), (None, "are")])
def test_an_irregular_form_is_given(count: int | None, form: str) -> None:
    assert pluralize(count, "is", "are") == form


def test_adjectives_stay_before_the_noun() -> None:
    assert count_noun(3, "old pod") == "3 old pods"
    assert count_noun(1, "replica") == "1 replica"
    assert count_noun(2, "policy", "policies") == "2 policies"
