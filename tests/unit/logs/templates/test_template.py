"""The template of plain and structured lines."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.logs.parsing.level import Level
from k9py.logs.templates import template
from k9py.logs.templates.template import MAX_TEMPLATE_CHARS, Template, TemplateMiner

_LINES = st.one_of(
    st.text(max_size=80).map(lambda text: text if text.isprintable() else "x"),
    st.sampled_from(
        [
            '10.0.0.1 - - [01/Jan/2026:12:00:00 +0000] "GET /a HTTP/1.1" 200 3',
            '10.0.0.1 - - [01/Jan/2026:12:00:00 +0000] "GET /a HTTP/1.1" 500 3',
            '{"level":"info","msg":"order 17 placed","user":"jo"}',
            '{"level":50,"msg":"order 17 placed","user":"jo"}',
            'level=warn msg="slow answer 12" took=3ms',
            "level=30 msg=up",
            "level=50 msg=up",
            "E0102 15:04:05.123456       1 r.go:12] lost",
            "I0102 15:04:05.123456       1 r.go:12] lost",
            "ERROR 12 of 13",
        ]
    ),
)


def of(text: str) -> Template:
    return TemplateMiner().template_of(text)


def test_a_record_is_known_by_its_level_message_and_fields_whatever_their_order_and_values() -> None:
    entry = of('{"level":"info","msg":"order 17 placed","user":"jo","total":3}')
    assert entry == (Level.INFO, "order <num> placed {total, user}")
    assert of('{"total":12.5,"msg":"order 18 placed","level":"info","user":null}') == entry
    assert of('{"level":"error","msg":"order 17 placed","user":"jo","total":3}').level is Level.ERROR
    assert of('{"level":"info","msg":"order 17 placed","user":"jo"}') != entry


def test_logfmt_is_read_the_same_way() -> None:
    assert of('ts=2026-01-01T12:00:00Z level=warn msg="slow answer 12" took=3ms') == (
        Level.WARN,
        "slow answer <num> {took}",
    )


def test_the_status_of_a_record_distinguishes_failures() -> None:
    texts = [of(json.dumps({"level": "info", "msg": "request", "status": status})).text for status in (200, 301, 503)]
    assert texts == ["request {status}", "request {status}", "request status=5xx {status}"]


def test_levels_given_by_numbers_are_not_mixed_up() -> None:
    templates = TemplateMiner()
    levels = [templates.template_of(f"level={number} msg=up").level for number in (30, 50, 30, 40)]
    assert levels == [Level.INFO, Level.ERROR, Level.INFO, Level.WARN]
    letters = [templates.template_of(f"{letter}0102 15:04:05.12 1 a.go:3] gone").level for letter in "IEW"]
    assert letters == [Level.INFO, Level.ERROR, Level.WARN]


def test_of_a_stack_trace_in_a_message_the_first_line_counts() -> None:
    assert of(json.dumps({"level": "error", "msg": "boom 1\n  at x\n  at y"})).text == "boom <num>"


def test_what_hides_in_json_is_made_harmless_and_long_words_are_cut() -> None:
    hidden = of(json.dumps({"msg": "a\x1b]52;c;aGk=\x07b\x9b2J", "\x1b[2Jkey": 1}))
    assert hidden.text.isprintable()
    assert "52" not in hidden.text
    assert len(of("word " * 1000).text) == MAX_TEMPLATE_CHARS


@given(st.lists(_LINES, max_size=12))
def test_a_template_depends_on_its_line_alone(lines: list[str]) -> None:
    templates = TemplateMiner()
    assert [templates.template_of(entry) for entry in lines] == [of(entry) for entry in lines]


def test_emptying_a_full_cache_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template, "MAX_CACHED", 2)
    templates = TemplateMiner()
    lines = [f"{word} {number} done" for number in range(3) for word in ("a", "b", "c", "d", "e")]
    assert [templates.template_of(entry) for entry in lines] == [of(entry) for entry in lines]
