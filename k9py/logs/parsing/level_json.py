"""The level of a JSON line, from its own fields. A "level" inside a nested object is that object's.

To support another library's name, add it to `_READ`, the most specific first. A word takes precedence over a number,
and both over an HTTP status.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypedDict

import msgspec

from k9py.api.lazy_pattern import lazy_pattern
from k9py.logs.parsing.level_text import text_level
from k9py.logs.parsing.level_words import (
    Level,
    from_app_insights,
    from_dotnet,
    from_number,
    from_otel,
    from_python,
    from_severity,
    from_syslog,
    parse_level,
)

MAX_DECODED: Final = 8_192
"""Characters of a line that is decoded; of a longer one only the names in its first `_SCANNED` are read."""

_SCANNED: Final = 4_000

_READ: Final[dict[str, Callable[[int], Level]]] = {
    **dict.fromkeys(("level", "severity", "lvl", "loglevel", "log_level", "logLevel", "log.level"), from_number),
    **dict.fromkeys(("levelname", "level_name", "levelName", "LevelName", "levelStr", "@l", "@level"), from_number),
    **dict.fromkeys(
        ("Level", "LEVEL", "Lvl", "Severity", "SEVERITY", "LOG_LEVEL", "sev", "error_severity", "syslog_severity"),
        from_number,
    ),
    **dict.fromkeys(("severityText", "severity_text", "SeverityText"), from_number),
    "LogLevel": from_dotnet,
    "severity": from_severity,
    **dict.fromkeys(("severityNumber", "severity_number", "SeverityNumber"), from_otel),
    "severityLevel": from_app_insights,
    "levelno": from_python,
    "level_value": from_number,
    **dict.fromkeys(("L", "l"), lambda _: Level.UNKNOWN),  # zap in development mode: a word; a number is something else
    **dict.fromkeys(("PRIORITY", "priority", "syslog.severity", "log.syslog.severity.code"), from_syslog),
}
"""Names of level fields, the most specific first, and how a number in them is read."""

_STATUS: Final = (
    *("status", "statusCode", "status_code", "StatusCode", "http.status_code", "http_status", "response_code"),
    *("http.response.status_code", "DownstreamStatus"),
)
_STATUS_WORDS: Final = frozenset(
    ("emerg", "emergency", "alert", "critical", "error", "err", "warn", "warning", "notice", "info", "debug", "trace")
)
"""Words of Datadog's "status": others, such as "failed", describe what the line is about."""

_OTHERS: Final = (
    "log",
    "record",
    "s",
    "t",
    "@t",
    "@mt",
    "@m",
    "short_message",
    "type",
    "tags",
    "kind",
    *("ts", "caller", "msg", "v", "err"),
    "stream",
    "involvedObject",
    "regarding",
)
_Known = TypedDict("_Known", dict.fromkeys((*_READ, *_STATUS, *_OTHERS, "resourceLogs"), Any), total=False)  # type: ignore[misc]
_decoder: Final = msgspec.json.Decoder(_Known)

_FIRST: Final = lazy_pattern(r'"level"\s*:\s*"([A-Za-z]{1,13})"')
_TOKEN: Final = lazy_pattern(
    r'"(?P<name>[^"\\]*+(?:\\.[^"\\]*+)*+)(?:\\?\Z|"'  # one that does not end is matched once
    r'(?:\s*:\s*(?:"(?P<text>[^"\\]{0,40})"|(?P<number>-?\d{1,6})(?![\d.eE]))?)?)'
    r"|(?P<open>[{\[])|(?P<close>[}\]])",
    re.S,
)
_QUOTED_SINGLY: Final = lazy_pattern(r"'(?:level|severity|levelname|log_level)': '([A-Za-z]{1,13})'")
_OTLP: Final = lazy_pattern(r'"severityNumber"\s*:\s*"?(\d{1,2})(?!\d)|"severityText"\s*:\s*"([A-Za-z]{1,13}\d?)"')
_DIGITS: Final = lazy_pattern(r"-?\d{1,6}")


def json_level(text: str) -> Level:
    """Return the level of a line that begins like a JSON object, or like a dict printed by Python."""
    at = text.find('"level"', 1, _SCANNED)
    if (
        at > 0
        and text.find("{", 1, at) < 0
        and (stated := _FIRST.match(text, at))
        and (level := parse_level(stated[1]))
    ):
        return level  # not inside a nested object: what most libraries write
    return _decoded_level(text)


def fields_level(fields: Mapping[str, Any]) -> Level:
    """Return the level in an object's fields, of whichever library."""
    if _READ.keys().isdisjoint(fields):
        return _other(fields) if fields else Level.UNKNOWN
    numbers: list[Level] = []
    is_syslog = "short_message" in fields
    for name, read in _READ.items():
        value = fields.get(name)
        if value is None or isinstance(value, bool | float | list):
            continue
        if isinstance(value, dict):
            value = next((value[key] for key in ("name", "levelStr", "standardLevel", "label") if key in value), None)
        if isinstance(value, str):
            if not _DIGITS.fullmatch(value):
                if level := parse_level(value):
                    return level
                continue
            value = int(value)
        if isinstance(value, int):
            numbers.append(from_number(value, is_syslog=is_syslog) if read is from_number else read(value))
    return next(filter(None, numbers), None) or _other(fields)


def _decoded_level(text: str) -> Level:
    if len(text) <= MAX_DECODED:
        try:
            return fields_level(_decoder.decode(text))
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            pass
    if text.find("resourceLogs", 0, 40) >= 0:
        return _otlp(text[:_SCANNED])
    if stated := _QUOTED_SINGLY.search(text, 0, _SCANNED):
        return parse_level(stated[1])
    return fields_level(_scanned(text))


def _other(fields: Mapping[str, Any]) -> Level:
    """Return the level of an object that has no field for the level alone."""
    match fields:
        case {"log": {"level": str(word)}} | {"record": {"level": {"name": str(word)}}} if level := parse_level(word):
            return level  # ECS, loguru
        case {"s": str(letter), "t": {"$date": _}}:
            return parse_level(letter)  # MongoDB
        case (
            {"kind": "Event", "type": str(word)}
            | {"involvedObject": _, "type": str(word)}
            | {"regarding": _, "type": str(word)}
        ) if level := parse_level(word):
            return level  # an event of Kubernetes
        case {"resourceLogs": [*_] as logs}:
            return _otlp(msgspec.json.encode(logs).decode()[:_SCANNED])
        case {"log": str(line), "stream": str()}:
            return json_level(line) if line.startswith("{") else text_level(line.rstrip()).level  # Docker's own file
        case {"type": "log", "tags": [str(word), *_]}:
            return parse_level(word)  # Kibana 7
        case {"ts": int() | float(), "caller": str(), "msg": str(), "v": int()}:
            return Level.INFO  # klog: only INFO has a verbosity
        case {"ts": int() | float(), "caller": str(), "msg": str(), "err": str()}:
            return Level.ERROR
    status = fields.get("status")
    if isinstance(status, str) and status.lower() in _STATUS_WORDS:
        return parse_level(status)
    for name in _STATUS:
        value = fields.get(name)
        if (isinstance(value, int) and 500 <= value < 600) or (isinstance(value, str) and _is_5xx(value)):
            return Level.ERROR
    if "@t" in fields and ("@mt" in fields or "@m" in fields):
        return Level.INFO  # Serilog leaves it out
    return Level.UNKNOWN


def _is_5xx(status: str) -> bool:
    return len(status) == 3 and status[0] == "5" and status.isdecimal()


def _otlp(text: str) -> Level:
    """Return the highest level of the records in a batch of OpenTelemetry."""
    levels = [from_otel(int(match[1])) if match[1] else parse_level(match[2]) for match in _OTLP.finditer(text)]
    return max(levels, default=Level.UNKNOWN)


def _scanned(text: str) -> dict[str, Any]:
    """Return the known top-level fields of a line that cannot be decoded, as far as it is scanned."""
    fields: dict[str, Any] = {}
    depth = 0
    for token in _TOKEN.finditer(text, 0, _SCANNED):
        if token["open"]:
            depth += 1
        elif token["close"]:
            depth -= 1
            if depth <= 0:
                break
        elif depth == 1:
            value = token["text"] if token["text"] is not None else token["number"] and int(token["number"])
            if value is not None:
                fields.setdefault(token["name"], value)
    return fields
