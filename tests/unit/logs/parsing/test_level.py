"""Levels as the common logging libraries write them, and what only looks like one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from k9py.logs.buffer.query import parse_query
from k9py.logs.line import LogLine
from k9py.logs.parsing.level import Level, find_level, level_of, parse_level
from k9py.logs.parsing.record import parse_record
from k9py.logs.parsing.rendering import render_line
from k9py.logs.parsing.sgr import plain_text
from k9py.logs.source import LogTarget
from k9py.logs.templates.template import TemplateMiner
from tests.unit.logs.parsing.lines_by_library import LINES

REPORTED = [
    json.loads(line)
    for name in ("levels.jsonl", "levels_of_runtimes.jsonl")
    for line in (Path(__file__).parent / name).read_text().splitlines()
]


def is_kept(query: str, text: str) -> bool:
    """Return whether a filter keeps a line."""
    parsed = parse_query(query)
    assert parsed is not None
    assert not parsed.problem
    return parsed.matches(LogLine(LogTarget("shop", "web-1", "app"), None, text))


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ('{"level":"info","ts":1700000000.1,"msg":"started"}', Level.INFO),
        ('{"time":"2024-01-01T00:00:00Z","level":"WARN","msg":"slow"}', Level.WARN),
        ('{"level":50,"time":1700000000000,"msg":"pino"}', Level.ERROR),
        ('{"version":"1.1","short_message":"gelf","level":3}', Level.ERROR),
        ('{"severity":"CRITICAL","message":"gcp"}', Level.FATAL),
        ('{"@timestamp":"2024-01-01","log.level":"error","message":"ecs"}', Level.ERROR),
        ('{"t":{"$date":"2024-01-01"},"s":"W","c":"NETWORK","msg":"mongo"}', Level.WARN),
        ('{"@t":"2024-01-01","@l":"Debug","@mt":"serilog"}', Level.DEBUG),
        ('{"msg":"%s","level":"error"}' % ("x" * 500), Level.ERROR),
        ('{"path":"/","status":503}', Level.ERROR),
        ('{"path":"/","status":200}', Level.UNKNOWN),
        ('{"msg":"an ERROR in the text alone"}', Level.UNKNOWN),
        ("time=2024-01-01T00:00:00Z level=warn msg=slow", Level.WARN),
        ('ts=1 caller=a.go:1 lvl=error msg="go-kit"', Level.ERROR),
        ("E0102 15:04:05.000000       1 main.go:12] failed", Level.ERROR),
        ("I0102 15:04:05.000000       1 main.go:12] ERROR in the text", Level.INFO),
        ("2024-01-01 12:00:00,123 [main] ERROR com.example.App - boom", Level.ERROR),
        ("2024-01-01T12:00:00.123Z  INFO 1 --- [main] c.e.App : started", Level.INFO),
        ("WARNING:root:python", Level.WARN),
        ("INFO[0000] logrus on a terminal", Level.INFO),
        ("\x1b[31mERRO\x1b[0m[0000] logrus", Level.ERROR),
        ("DEBU[0000] logrus", Level.DEBUG),
        ("2024-01-01T00:00:00.000000Z\tinfo\tads\tistio", Level.INFO),
        ("2024-01-01T00:00:00.000Z\terror\tcontroller", Level.ERROR),
        ("error messages are told here", Level.UNKNOWN),
        ("app.py:1: DeprecationWarning: old", Level.WARN),
        ("DeprecationWarning: old", Level.WARN),
        ("\x1b[36mINFO\x1b[0m[0000] logrus with colours", Level.INFO),
        ("\x1b[2m2024-01-01T00:00:00Z\x1b[0m \x1b[33m WARN\x1b[0m rust: tracing", Level.WARN),
        ("10:00AM ERR zerolog error=boom", Level.ERROR),
        ("[12:00:00 WRN] serilog", Level.WARN),
        ("fail: Microsoft.Hosting[0]", Level.ERROR),
        ("2024/01/01 12:00:00 [error] 12#0: *1 nginx", Level.ERROR),
        ("[Mon Jan 01 00:00:00 2024] [core:notice] [pid 1] apache", Level.INFO),
        ("[2024-01-01 00:00:00.000][1][warning][main] envoy", Level.WARN),
        ("[INFO] plugin/reload: coredns", Level.INFO),
        ("2024-01-01 12:00:00 UTC [12] FATAL:  postgres", Level.FATAL),
        ("2024-01-01 12:00:00 UTC [12] LOG:  postgres", Level.INFO),
        ("2024-01-01 12:00:00.000000 W | etcdserver: slow", Level.WARN),
        ("2024-01-01T00:00:00.000Z\tDEBUG\tcontroller\tzap", Level.DEBUG),
        ("Error: connect ECONNREFUSED", Level.ERROR),
        ("panic: runtime error: index out of range", Level.FATAL),
        ("fatal error: all goroutines are asleep", Level.FATAL),
        ("Traceback (most recent call last):", Level.ERROR),
        ("ValueError: invalid literal", Level.ERROR),
        ("java.lang.NullPointerException: null", Level.ERROR),
        ('Exception in thread "main" java.lang.Error', Level.ERROR),
        ('10.0.0.1 - - [01/Jan/2024:00:00:00 +0000] "GET /x HTTP/1.1" 502 12 "-" "curl"', Level.ERROR),
        ('10.0.0.1 - - [01/Jan/2024:00:00:00 +0000] "GET /x HTTP/1.1" 404 500 "-" "curl"', Level.UNKNOWN),
        ('INFO:     10.0.0.1:1234 - "GET /x HTTP/1.1" 500 Internal Server Error', Level.INFO),
        ("[GIN] 2024/01/01 - 00:00:00 | 503 |  1.2ms | 10.0.0.1 | GET /", Level.ERROR),
        ("INFO handled an ERROR", Level.INFO),
        ("no errors found", Level.UNKNOWN),
        ("LOG_LEVEL=DEBUG is set", Level.UNKNOWN),
        ("FLAG: --loglevel=debug", Level.UNKNOWN),
        ("GET /ERROR/page", Level.UNKNOWN),
        ("the INFORMATION desk", Level.UNKNOWN),
        ("x" * 300 + " ERROR far behind", Level.UNKNOWN),
        ("", Level.UNKNOWN),
        ("{", Level.UNKNOWN),
    ],
)
def test_the_severity_filter_uses_the_level_of_the_line(text: str, level: Level) -> None:
    assert level_of(text) is level


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("warn", Level.WARN),
        ("WARNING", Level.WARN),
        ("[Error]", Level.ERROR),
        ("30", Level.INFO),
        ("crit", Level.FATAL),
        ("", Level.UNKNOWN),
        ("loud", Level.UNKNOWN),
        ("31", Level.UNKNOWN),
    ],
)
def test_a_word_or_number_stands_for_a_level(word: str, level: Level) -> None:
    assert parse_level(word) is level


def test_the_word_that_says_it_is_found() -> None:
    text = "12:00:00 [warn] slow"
    level, start, end = find_level(text)
    assert (level, text[start:end]) == (Level.WARN, "warn")


def test_levels_are_ordered_and_unknown_is_below_them_all() -> None:
    assert sorted(Level, reverse=True)[0] is Level.FATAL
    assert min(Level) is Level.UNKNOWN


@pytest.mark.parametrize("case", REPORTED, ids=lambda case: case["line"][:60])
def test_a_line_that_was_reported_says_its_level(case: dict[str, str]) -> None:
    assert level_of(case["line"]).name in case["level"].split("|")


@pytest.mark.parametrize(("level", "text"), LINES, ids=lambda value: str(value)[:60])
def test_a_line_of_a_library_says_its_level(level: Level, text: str) -> None:
    assert level_of(text) is level


@pytest.mark.parametrize("text", [text for _, text in LINES] + [case["line"] for case in REPORTED])
def test_filter_template_record_and_display_agree(text: str) -> None:
    level = level_of(text)
    assert is_kept(f"level={level.name.lower()}", text)
    assert TemplateMiner().template_of(plain_text(text)).level is level
    assert render_line(text).level is level
    assert render_line(text, parsed=False).level is level
    record = parse_record(text)
    assert record is None or record.level is level


def test_a_level_nested_in_another_object_is_that_objects() -> None:
    lines = (
        '{"severity":"INFO","message":"game saved","player":{"level":50}}',
        '{"message":"payment failed","ctx":{"level":"gold"},"severity":"ERROR"}',
        '{"Timestamp":"x","LogLevel":"Error","Message":"dotnet failed"}',
        '{"message":"x","items":[{"level":"fatal"}],"level":"debug"}',
    )
    assert [number for number, text in enumerate(lines) if is_kept("level>=error", text)] == [1, 2]


@pytest.mark.parametrize("filler", [f'"message":"{"x" * 20_000}"', f'"nested":{{"level":"fatal","x":"{"y" * 9_000}"}}'])
def test_a_line_too_long_to_decode_is_read_at_its_beginning(filler: str) -> None:
    assert level_of(f'{{"a":{{"level":"fatal"}},"severity":"ERROR",{filler}}}') is Level.ERROR


@pytest.mark.parametrize(
    "text", ['{"msg":"cut off", "level":"error", "x":"', '{"level":"error","x":"\\ud800"}', '{"lvl":50,"a":}']
)
def test_incomplete_json_is_read_as_far_as_possible(text: str) -> None:
    assert level_of(text) is Level.ERROR


@pytest.mark.parametrize(
    "text",
    ["x | " * 5_000, '{"' + '\\"' * 4_000, '{"a":' * 3_000, '{"log":' + "[" * 6_000, "1:" * 4_000, " level=x" * 3_000],
    ids=lambda text: text[:12],
)
def test_a_hostile_line_has_no_level_and_does_no_harm(text: str) -> None:
    assert level_of(text) is Level.UNKNOWN
