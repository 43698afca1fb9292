"""Selectors as they are typed: Kubernetes' grammar, and errors that say where."""

from __future__ import annotations

import pytest

from k9py.api.selector_text import (
    SelectorError,
    SelectorTerm,
    check_field_selector,
    matches_labels,
    parse_label_selector,
)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        ("  ", ()),
        ("app=web", (SelectorTerm("app", "=", ("web",)),)),
        ("app==web", (SelectorTerm("app", "=", ("web",)),)),
        (" app = web , tier!=cache", (SelectorTerm("app", "=", ("web",)), SelectorTerm("tier", "!=", ("cache",)))),
        ("app", (SelectorTerm("app", "exists"),)),
        ("!app", (SelectorTerm("app", "!"),)),
        ("! app,tier", (SelectorTerm("app", "!"), SelectorTerm("tier", "exists"))),
        ("app=", (SelectorTerm("app", "=", ("",)),)),
        ("app=,tier=x", (SelectorTerm("app", "=", ("",)), SelectorTerm("tier", "=", ("x",)))),
        ("z in (a,b)", (SelectorTerm("z", "in", ("a", "b")),)),
        ("z in(a)", (SelectorTerm("z", "in", ("a",)),)),
        ("z notin ( a , b )", (SelectorTerm("z", "notin", ("a", "b")),)),
        ("z in (a,)", (SelectorTerm("z", "in", ("a", "")),)),
        ("in in (in)", (SelectorTerm("in", "in", ("in",)),)),
        ("notin=in", (SelectorTerm("notin", "=", ("in",)),)),
        ("cpus>4", (SelectorTerm("cpus", ">", ("4",)),)),
        ("app.kubernetes.io/name=web_1.x", (SelectorTerm("app.kubernetes.io/name", "=", ("web_1.x",)),)),
    ],
)
def test_a_valid_selector_is_parsed(text: str, terms: tuple[SelectorTerm, ...]) -> None:
    assert parse_label_selector(text) == terms


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (",", 'a label expected, not "," at character 1'),
        ("app=web,", "a label expected, not the end"),
        ("app=web tier=x", '"," or the end expected, not "tier" at character 9'),
        ("app~web", '"app~web" is not a valid label'),
        ("app in web", '"\\(" expected, not "web" at character 8'),
        ("app in (web", '"," or "\\)" expected, not the end'),
        ("app in ()", 'a value expected, not "\\)"'),
        ("app === web", 'a value expected, not "="'),
        ("!app=web", '"," or the end expected, not "="'),
        ("cpus>four", '">" compares with an integer, not with "four"'),
        ("-app=x", '"-app" is not a valid label'),
        ("UPPER/app=x", "not a valid prefix"),
        ("app=-x", '"-x" is not a valid label value'),
        (f"app={'x' * 64}", "longer than 63"),
        (f"{'x' * 64}=a", "longer than 63"),
        ("app=ä", "not a valid label value"),
        ("=x", 'a label expected, not "=" at character 1'),
        ("app like x", '"in", "notin", "<" or ">" expected, not "like" at character 5'),
    ],
)
def test_an_invalid_selector_says_where(text: str, problem: str) -> None:
    with pytest.raises(SelectorError, match=problem):
        parse_label_selector(text)


@pytest.mark.parametrize(
    ("text", "is_match"),
    [
        ("app=web", True),
        ("app in (api,web),!canary", True),
        ("tier!=cache,missing notin (a)", True),
        ("missing", False),
        ("size>9", True),
        ("size<9", False),
        ("app>1", False),
    ],
)
def test_labels_match(text: str, is_match: bool) -> None:
    labels = {"app": "web", "tier": "db", "size": "10"}
    assert matches_labels(parse_label_selector(text), labels) is is_match


@pytest.mark.parametrize(
    "text",
    [
        "",
        "status.phase=Running",
        "status.phase!=Running,metadata.name==x",
        "a=,",
        "involvedObject.name=x\\,y",
        "a=\\\\",
    ],
)
def test_a_field_selector_is_accepted(text: str) -> None:
    check_field_selector(text)


@pytest.mark.parametrize("text", ["status.phase", "=x", "!=x", "a=b=c", "a=\\x", "status.phase>1"])
def test_a_field_selector_is_refused(text: str) -> None:
    with pytest.raises(SelectorError):
        check_field_selector(text)
