"""Label and field selectors, parsed as apimachinery does."""

import pytest

from k9py.simulator.registry.resources import EVENTS, PODS
from k9py.simulator.registry.selectors import (
    field_selector,
    label_selector,
    matches_label_selector,
    selector_text,
)
from k9py.simulator.status_errors import StatusError


def _labelled(**labels: str) -> dict[str, object]:
    return {"metadata": {"name": "a", "labels": labels}}


@pytest.mark.parametrize(
    ("text", "labels", "selected"),
    [
        ("a=1", {"a": "1"}, True),
        ("a==1", {"a": "2"}, False),
        ("a = 1 , b = 2", {"a": "1", "b": "2"}, True),
        ("a!=1", {}, True),
        ("a!=1", {"a": "1"}, False),
        ("a in (1,2)", {"a": "2"}, True),
        ("a in (1, 2)", {}, False),
        ("a notin (1)", {}, True),
        ("a notin (1)", {"a": "1"}, False),
        ("a", {"a": ""}, True),
        ("!a", {"a": "1"}, False),
        ("!a", {}, True),
        ("a in (1),b", {"a": "1", "b": "x"}, True),
        ("a=", {"a": ""}, True),
        ("app.kubernetes.io/name=web", {"app.kubernetes.io/name": "web"}, True),
    ],
)
def test_a_label_selector_selects(text: str, labels: dict[str, str], selected: bool) -> None:
    predicate = label_selector(text)
    assert predicate is not None
    assert predicate(_labelled(**labels)) is selected


def test_an_empty_selector_selects_everything() -> None:
    assert label_selector("  ") is None
    assert field_selector("", PODS) is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("===", "found '==', expected: !, identifier, or 'end of string'"),
        ("a in 1", "found '1', expected: '('"),
        ("a=1=2", "found '=', expected: ',' or 'end of string'"),
    ],
)
def test_a_selector_that_is_invalid_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(StatusError) as refused:
        label_selector(text)
    assert (refused.value.code, refused.value.message) == (400, complaint)


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        (None, False),
        ({}, True),
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "other"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "x"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, True),
    ],
)
def test_a_selector_object_selects(selector: dict[str, object] | None, selected: bool) -> None:
    assert matches_label_selector(selector, {"app": "web"}) is selected


def test_a_selector_object_is_written_as_text() -> None:
    selector = {
        "matchLabels": {"b": "2", "a": "1"},
        "matchExpressions": [{"key": "c", "operator": "In", "values": ["y", "x"]}, {"key": "d", "operator": "Exists"}],
    }
    assert selector_text(selector) == "a=1,b=2,c in (x,y),d"


def test_fields_are_compared_as_text() -> None:
    event = {"metadata": {"name": "e"}, "involvedObject": {"name": "checkout"}, "type": "Warning"}
    wanted = field_selector("involvedObject.name=checkout,type!=Normal", EVENTS)
    assert wanted is not None
    assert wanted(event)
    assert not wanted({**event, "type": "Normal"})


def test_a_field_that_a_kind_does_not_offer_is_refused() -> None:
    with pytest.raises(StatusError, match=r"field label not supported: involvedObject\.name"):
        field_selector("involvedObject.name=a", PODS)
