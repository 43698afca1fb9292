"""Selectors, ages, counts and quantities follow the rules of Kubernetes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from k9py.api.quantities import parse_quantity, resolve_int_or_percent
from k9py.api.selectors import LabelSelector, selects
from k9py.api.times import age, duration

WEB = {"app": "web", "tier": "front"}


def selector(**fields: object) -> LabelSelector:
    return msgspec.json.decode(json.dumps(fields), type=LabelSelector)


def where(key: str, operator: str, *values: str) -> dict[str, object]:
    return {"key": key, "operator": operator, "values": list(values)}


@pytest.mark.parametrize(
    ("label_selector", "matches"),
    [
        (selector(), True),
        (selector(matchLabels={"app": "web"}), True),
        (selector(matchLabels={"app": "web", "tier": "back"}), False),
        (selector(matchLabels={"other": ""}), False),
        (selector(matchExpressions=[where("app", "In", "db", "web")]), True),
        (selector(matchExpressions=[where("app", "In", "db")]), False),
        (selector(matchExpressions=[where("none", "In", "db")]), False),
        (selector(matchExpressions=[where("app", "NotIn", "db")]), True),
        (selector(matchExpressions=[where("app", "NotIn", "web")]), False),
        (selector(matchExpressions=[where("none", "NotIn", "web")]), True),
        (selector(matchExpressions=[where("app", "Exists")]), True),
        (selector(matchExpressions=[where("none", "Exists")]), False),
        (selector(matchExpressions=[where("none", "DoesNotExist")]), True),
        (selector(matchExpressions=[where("app", "DoesNotExist")]), False),
        (selector(matchExpressions=[where("app", "Likes", "web")]), False),
        (selector(matchLabels={"app": "web"}, matchExpressions=[where("tier", "In", "back")]), False),
    ],
    ids=str,
)
def test_a_label_selector_matches_when_all_of_it_holds(label_selector: LabelSelector, matches: bool) -> None:
    assert label_selector.matches(WEB) is matches


def test_labels_may_be_absent() -> None:
    assert selector().matches(None)
    assert not selector(matchLabels={"app": "web"}).matches(None)


def test_a_selector_is_written_as_the_api_reads_it() -> None:
    expressions = [
        where("tier", "In", "a", "b"),
        where("env", "NotIn", "x"),
        where("y", "Exists"),
        where("z", "DoesNotExist"),
    ]
    label_selector = selector(matchLabels={"b": "2", "a": "1"}, matchExpressions=expressions)
    assert str(label_selector) == "a=1,b=2,env notin (x),tier in (a,b),y,!z"


@pytest.mark.parametrize(
    ("service_selector", "labels", "selected"),
    [
        ({"app": "web"}, WEB, True),
        ({"app": "web", "tier": "back"}, WEB, False),
        ({"app": "web"}, None, False),
        ({}, WEB, False),
        (None, WEB, False),
    ],
)
def test_a_service_without_selector_selects_nothing(
    service_selector: dict[str, str] | None, labels: dict[str, str] | None, selected: bool
) -> None:
    assert selects(service_selector, labels) is selected


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (10_799, "179m"),
        (10_800, "3h"),
        (172_799, "47h"),
        (172_800, "2d"),
        (730 * 86_400 - 1, "729d"),
        (730 * 86_400, "2y"),
    ],
)
def test_ages_change_their_unit_where_kubectl_does(seconds: float, text: str) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert duration(seconds) == text
    assert age(now - timedelta(seconds=seconds), now) == text


def test_an_unknown_age_is_not_zero() -> None:
    assert age(None, datetime(2026, 11, 22, tzinfo=UTC)) == "?"


@pytest.mark.parametrize(
    ("value", "total", "up", "down"),
    [(3, 10, 3, 3), ("3", 10, 3, 3), ("25%", 10, 3, 2), ("100%", 7, 7, 7), ("0%", 7, 0, 0), ("1%", 0, 0, 0)],
)
def test_percentages_are_rounded_as_asked(value: int | str, total: int, up: int, down: int) -> None:
    assert resolve_int_or_percent(value, total, round_up=True) == up
    assert resolve_int_or_percent(value, total, round_up=False) == down


@pytest.mark.parametrize("text", ["", "x", "x%", "1.5"])
def test_other_text_than_a_count_or_percentage_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        resolve_int_or_percent(text, 10, round_up=True)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("250m", "0.25"),
        ("64Mi", 64 * 2**20),
        ("1Gi", 2**30),
        ("1G", 10**9),
        ("1k", 1_000),
        ("100n", "1e-7"),
        ("5u", "5e-6"),
        ("1e3", 1_000),
        ("1E3", 1_000),
        ("2E", 2 * 10**18),
        ("2Ei", 2 * 2**60),
        ("0.5", "0.5"),
        (".5", "0.5"),
        ("-1", -1),
        (4, 4),
        (0.5, "0.5"),
    ],
)
def test_quantities_are_plain_numbers(text: str | int | float, number: str | int) -> None:
    assert parse_quantity(text) == Decimal(number)


@pytest.mark.parametrize("text", ["", "m", "1mm", "1 Gi", "ten", "nan", "Infinity", "1_000", "1e99999", "٣"])
def test_invalid_quantities_are_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        parse_quantity(text)
