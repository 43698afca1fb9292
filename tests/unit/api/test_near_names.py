"""Names that were probably meant."""

from __future__ import annotations

import pytest

from k9py.api.near_names import edit_distance, near_names


@pytest.mark.parametrize(
    ("name", "candidates", "near"),
    [
        ("DB_URL", ["DB_URI", "LOG_LEVEL"], ("DB_URI",)),
        ("db-url", ["DB_URL", "db_uri"], ("DB_URL", "db_uri")),
        ("app-config", ["app-confg", "app-config", "web-config"], ("app-confg",)),
        ("regcred", ["regcerd", "docker"], ("regcerd",)),
        ("app-config", ["app-config-v2", "appconfig", "kube-root-ca.crt"], ("appconfig", "app-config-v2")),
        ("db", ["dB", "da", "app"], ("dB", "da")),
        ("fast-sdd", ["fast-ssd", "slow-hdd"], ("fast-ssd",)),
        ("url", ["key", "uri", "port"], ("uri",)),
        ("a", ["", "a"], ()),
    ],
)
def test_names_that_differ_by_a_typing_error_are_near(name: str, candidates: list[str], near: tuple[str, ...]) -> None:
    assert near_names(name, candidates) == near


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("abc", "abc", 0), ("abc", "acb", 1), ("abc", "ab", 1), ("abc", "xyz", 3), ("", "a", 1)],
)
def test_the_edit_distance_counts_swaps_once_and_stops_beyond_its_limit(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other, 2) == distance
