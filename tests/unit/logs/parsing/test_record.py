"""Lines of JSON and key=value pairs become records; sentences stay sentences."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from k9py.logs.parsing.level import Level
from k9py.logs.parsing.record import MISSING, LogRecord, field_aliases, parse_record, parse_time, value_at


@pytest.mark.parametrize(
    ("text", "record"),
    [
        (
            '{"level":"info","ts":1700000000.5,"msg":"started","port":8080}',
            LogRecord("json", Level.INFO, "2023-11-14T22:13:20.500Z", "started", (("port", 8080),)),
        ),
        (
            '{"time":"2024-01-01T00:00:00Z","severity":"ERROR","message":"boom","error":{"code":5}}',
            LogRecord("json", Level.ERROR, "2024-01-01T00:00:00Z", "boom", (("error", {"code": 5}),)),
        ),
        (
            '{"level":40,"time":1700000000123,"msg":"pino"}',
            LogRecord("json", Level.WARN, "2023-11-14T22:13:20.123Z", "pino", ()),
        ),
        ('{"event":"structlog","level":"debug"}', LogRecord("json", Level.DEBUG, "", "structlog", ())),
        (
            '{"t":{"$date":"2024-01-01T00:00:00Z"},"s":"I","msg":"mongo"}',
            LogRecord("json", Level.INFO, "2024-01-01T00:00:00Z", "mongo", (("s", "I"),)),
        ),
        ('{"level":"loud","msg":1}', LogRecord("json", Level.UNKNOWN, "", "", (("level", "loud"), ("msg", 1)))),
        (
            '{"msg":"first","message":"second"}',
            LogRecord("json", Level.UNKNOWN, "", "first", (("message", "second"),)),
        ),
        (
            'time=2024-01-01T00:00:00Z level=warn msg="it is \\"slow\\"" took=1.5s empty=',
            LogRecord("logfmt", Level.WARN, "2024-01-01T00:00:00Z", 'it is "slow"', (("took", "1.5s"), ("empty", ""))),
        ),
        ("level=info msg=bare words here n=1", LogRecord("logfmt", Level.INFO, "", "bare words here", (("n", "1"),))),
        ("a=1, b=2", LogRecord("logfmt", Level.UNKNOWN, "", "", (("a", "1"), ("b", "2")))),
        ('err="open \\x" n=1', LogRecord("logfmt", Level.UNKNOWN, "", "", (("err", "open \\x"), ("n", "1")))),
        (
            'E0102 15:04:05.000000       1 pod.go:7] "Failed to \\"sync\\"" pod="shop/web" err="no such node"',
            LogRecord(
                "logfmt",
                Level.ERROR,
                "0102 15:04:05.000000",
                'Failed to "sync"',
                (("pod", "shop/web"), ("err", "no such node"), ("caller", "pod.go:7")),
            ),
        ),
        ("url=/x?a=b&c=d n=1", LogRecord("logfmt", Level.UNKNOWN, "", "", (("url", "/x?a=b&c=d"), ("n", "1")))),
    ],
)
def test_a_structured_line_is_read(text: str, record: LogRecord) -> None:
    assert parse_record(text) == record


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a sentence",
        "I0102 15:04:05.000000       1 main.go:7] a sentence with a=1 b=2",
        'I0102 15:04:05.000000       1 main.go:7] "alone"',
        "2024 a=1 b=2",
        "a=1",
        "x=1 is a sentence, and y=2 as well",
        "set a=1 b=2",
        "GET /?a=1&b=2 HTTP/1.1",
        "{",
        "{}",
        '{"a":1} and more',
        "{not json}",
        "[1,2]",
        "==",
        '{"a":1',
    ],
)
def test_what_is_not_structured_is_no_record(text: str) -> None:
    assert parse_record(text) is None


NESTED = parse_record(
    '{"level":"error","ts":1700000000,"msg":"m","a":{"b":[{"c":null},7]},"d.e":{"f.g":1},"a.b":"dots"}'
)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (".a.b.1", 7),
        (".a.b.0.c", None),
        (".a.b.0.x", MISSING),
        (".a.b.9", MISSING),
        (".a.b.-1", MISSING),
        (".a.b.x", MISSING),
        (".a.b", "dots"),
        (".d.e.f.g", 1),
        ("level", "error"),
        (".severity", "error"),
        (".message", "m"),
        (".msg", "m"),
        (".time", "2023-11-14T22:13:20.000Z"),
        (".nothing", MISSING),
        ("", MISSING),
        (".", MISSING),
    ],
)
def test_a_path_leads_to_a_value(path: str, value: object) -> None:
    assert NESTED is not None
    assert value_at(NESTED, path) == value


def test_a_name_stands_for_all_its_usual_ones() -> None:
    assert "message" in field_aliases("msg")
    assert field_aliases("status") == ("status",)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2024-01-01T02:00:00.5+02:00", datetime(2024, 1, 1, microsecond=500_000, tzinfo=UTC)),
        ("2024-01-01 00:00:00,500", datetime(2024, 1, 1, microsecond=500_000, tzinfo=UTC)),
        ("2024/01/01 00:00:00", datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-01-01T00:00:00.123456789Z", datetime(2024, 1, 1, microsecond=123_456, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_records_time_is_read(text: str, at: datetime | None) -> None:
    assert parse_time(text) == at
