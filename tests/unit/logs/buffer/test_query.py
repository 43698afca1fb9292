"""Typed queries of search and filter: terms about level, source and fields, and one regular expression."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from k9py.logs.buffer.query import LogQuery, needed_words, parse_query
from k9py.logs.line import LogLine
from k9py.logs.parsing.rendering import render_line
from k9py.logs.source import LogTarget
from tests.unit.logs.parsing.hostile import hostile_text

WEB = LogTarget("shop", "web-7d4-x2x", "app", "u1", "containerd://1", revision="7d4", node="n2")
JSON = (
    '{"level":"warn","ts":1700000000,"msg":"slow \\"query\\"","http":{"status":502,"path":"/api v1"},'
    '"took":"150ms","ids":[{"id":7}],"x":null,"ok":true,"share":"12%"}'
)
LOGFMT = 'level=error msg="no route" status=503 peer=10.0.0.1'
PLAIN = "\x1b[31mERROR\x1b[0m connection refused"


def query(text: str) -> LogQuery:
    parsed = parse_query(text)
    assert parsed is not None
    return parsed


def matches(text: str, line: str, target: LogTarget = WEB) -> bool:
    return query(text).matches(LogLine(target, None, line))


@pytest.mark.parametrize(
    ("text", "line", "answer"),
    [
        ("refused", PLAIN, True),
        ("Refused", PLAIN, False),
        ("ERROR connection", PLAIN, True),
        ("connection   refused", PLAIN, False),
        ("31m", PLAIN, False),
        ("re.*ed$", PLAIN, True),
        ("(refused", PLAIN, False),
        ("(refused", "(refused)", True),
        # severity
        ("level=error", PLAIN, True),
        ("level>=warn", PLAIN, True),
        ("level>error", PLAIN, False),
        ("level<error", JSON, True),
        ("level<=warning", JSON, True),
        ("level!=warn", JSON, False),
        ("level=unknown", "plain", True),
        ("level>=trace", "plain", False),
        # fields
        (".http.status>=500", JSON, True),
        (".http.status=502", JSON, True),
        (".http.status=502.0", JSON, True),
        (".http.status<500", JSON, False),
        ('.http.path="/api v1"', JSON, True),
        (".http.path~^/api", JSON, True),
        (".http.path!~^/api", JSON, False),
        (".ids.0.id=7", JSON, True),
        (".x=null", JSON, True),
        (".ok=true", JSON, True),
        (".took>100ms", JSON, True),
        (".took>0.2s", JSON, False),
        (".took>100", JSON, False),
        (".share>=10%", JSON, True),
        (".msg~quer", JSON, True),
        (".message~quer", JSON, True),
        (".level>=warn", JSON, True),
        (".severity=warning", JSON, True),
        (".ts>=2023-11", JSON, True),
        (".status=503", LOGFMT, True),
        (".peer!=10.0.0.1", LOGFMT, False),
        (".peer=", LOGFMT, True),
        ('.peer=""', LOGFMT, False),
        (".nothing!=1", LOGFMT, False),
        (".status=503", PLAIN, False),
        (".status=503", "status=503 is a word of this sentence", False),
        # exclusion
        ("!refused", PLAIN, False),
        ("!accepted", PLAIN, True),
        ('!"connection refused"', PLAIN, False),
        ("!level=error", PLAIN, False),
        ("!.http.status=502", JSON, False),
        ("!.http.status=502", PLAIN, True),
        ("connection !refused", PLAIN, False),
        # all together
        ("connection level=error refused", PLAIN, True),
        ("connection level=info refused", PLAIN, False),
        # text is found as displayed and as written
        ("WARN  2023", JSON, True),
        ('slow "query"', JSON, True),
        ("http.status=502", JSON, True),
        ('"status":502', JSON, True),
        ("ERROR no route", LOGFMT, True),
        ('msg="no', LOGFMT, True),
        # not terms of the language
        ("a!b", "a!b", True),
        ("\\!word", "!word", True),
        ("x.level=error", "x.level=error", True),
    ],
)
def test_a_line_matches_or_does_not(text: str, line: str, answer: bool) -> None:
    assert matches(text, line) is answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("pod=web", True),
        ("pod=^web-7", True),
        ("pod=api", False),
        ("pod!=web", False),
        ("pod!=api", True),
        ("!pod=web", False),
        ("container=app", True),
        ("container=^ap$", False),
        ("node=n2", True),
        ("revision=7d4", True),
        ("revision!=7d4", False),
        ("pod=web node=n3", False),
        ("pod=web|api", True),
    ],
)
def test_where_a_line_comes_from_can_be_asked(text: str, answer: bool) -> None:
    assert matches(text, "a line") is answer


@pytest.mark.parametrize("text", ["", " ", "\t "])
def test_an_empty_text_is_no_query(text: str) -> None:
    assert parse_query(text) is None


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("level=error", None),
        ("!out", None),
        ("one  two", "one  two"),
        ("one level=error two", "one two"),
        ("one !out", "one"),
        ("(", "\\("),
    ],
)
def test_unknown_terms_become_the_pattern_to_highlight(text: str, pattern: str | None) -> None:
    compiled = query(text).pattern
    assert (compiled.pattern if compiled else None) == pattern


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("level>=wran", "unknown level 'wran': use trace, debug, info, warn, error, fatal or unknown"),
        ("level~e", "level does not support ~: use = != >= <= > or <"),
        ("pod>x", "pod does not support >: use = or !="),
        ("pod=", "pod= needs a value"),
        (".a>=", ".a>= needs a value"),
        (
            "a(b",
            "'a(b' is not a regular expression (missing ), unterminated subpattern): searching for the literal text",
        ),
        (
            "pod=(",
            "'(' is not a regular expression (missing ), unterminated subpattern): searching for the literal text",
        ),
        (
            "!a{99999999999}",
            (
                "'a{99999999999}' is not a regular expression (the repetition number is too large): "
                "searching for the literal text"
            ),
        ),
        ("plain", ""),
    ],
)
def test_what_cannot_be_understood_is_reported(text: str, problem: str) -> None:
    assert query(text).problem == problem


def test_a_term_that_cannot_be_understood_is_left_out() -> None:
    assert matches("level>=wran refused", PLAIN)
    assert not matches("level>=wran accepted", PLAIN)
    assert matches("level>=x", "anything")


def test_two_queries_of_the_same_text_are_equal() -> None:
    assert query("a level=error") == query("a level=error")
    assert query("a") != query("b")


@given(st.text(max_size=30) | hostile_text, hostile_text)
def test_whatever_is_typed_and_whatever_comes_nothing_is_raised(typed: str, line: str) -> None:
    for text in (typed, f".a~{typed}", f"!{typed}", f"level={typed}"):
        parsed = parse_query(text)
        if parsed is not None:
            parsed.matches(LogLine(WEB, None, line))


letters = st.text("abexyEX", min_size=1, max_size=3)
simple = st.one_of(letters, st.integers(0, 99), st.booleans(), st.none())
records = st.dictionaries(
    letters | st.sampled_from(["level", "msg"]),
    simple | st.lists(simple, max_size=2) | st.dictionaries(letters, simple),
    min_size=1,
)


patterns = (
    letters | st.lists(letters, min_size=2, max_size=3).map("|".join) | st.text(r"abexyEX|+?.*[]{}2\\^$ d=", max_size=8)
)


@given(records, patterns.filter(lambda text: parse_query(text) is not None and "!" not in text))
@example({"xy": 1}, r"[^xy]?ab|xy")
@example({"ab": 1}, r"\x61b")
@example({"ab": 1}, r"ab{0}")
def test_the_short_way_past_parsing_finds_what_parsing_would(record: dict[str, object], typed: str) -> None:
    line = json.dumps(record)
    pattern = query(typed).pattern
    assume(pattern is not None and len(query(typed).conditions) == 1)
    assert pattern is not None
    assert matches(typed, line) == bool(pattern.search(line) or pattern.search(render_line(line).text))


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [
        ("connection refused", ("connection",)),
        ("time(d )?out", ()),
        ("abc|xyz", ("abc", "xyz")),
        ("abc|x", ()),
        ("abc?", ()),
        ("abc+d", ("abc",)),
        (r"\dabc", ("abc",)),
        (r"\xabc", ()),
        (r"[abc]xyz", ("xyz",)),
        ("Warn", ()),
        ("err", ()),
        ("", ()),
    ],
)
def test_the_literals_that_a_pattern_requires(pattern: str, literals: tuple[str, ...]) -> None:
    assert needed_words(pattern) == literals
