"""Label selectors as typed: the same objects as with `kubectl get -l`."""

from __future__ import annotations

import pytest

from k9py.api.selectors import parse_selector

LABELS = {"app": "cart", "tier": "front", "empty": ""}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("app=cart", True),
        ("app==cart", True),
        ("app = cart", True),
        ("app!=cart", False),
        ("none!=x", True),
        ("app", True),
        ("!app", False),
        ("!none", True),
        ("empty=", True),
        ("app in (cart,web)", True),
        ("app notin (cart, web)", False),
        ("none notin (a)", True),
        ("app=cart,tier=back", False),
        ("app in (a,cart),tier!=back", True),
        ("example.com/app=cart", False),
    ],
)
def test_a_selector_matches_as_kubectls(text: str, matches: bool) -> None:
    assert parse_selector(text).matches(LABELS) is matches


@pytest.mark.parametrize("text", ["", "=", "a=b=c", "!a=b", "a in b", "a in (b", "a,,b", "a>1"])
def test_what_is_no_selector_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a label selector"):
        parse_selector(text)
