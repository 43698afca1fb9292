"""Parses a structured log line: level, time and message under whatever names its library uses, and the other fields.

To support another library's names, add them to `_NAMES`, the most specific first. Values are as they were decoded:
their text may contain anything and is made harmless where it is shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import Enum
from typing import Final, Literal, NamedTuple

import msgspec

from k9py.api.lazy_pattern import lazy_pattern
from k9py.logs.parsing.level import Level, level_of, parse_level
from k9py.logs.parsing.level_words import from_number
from k9py.logs.parsing.logfmt import parse_pairs, unquote

RecordFormat = Literal["json", "logfmt"]


class LogRecord(NamedTuple):
    """A structured line.

    Args:
        time: as the line writes it, a count since 1970 as ISO 8601 in UTC; "" when there is none.
        fields: everything except level, time and message, in the line's order; JSON values, or text of logfmt.
    """

    format: RecordFormat
    level: Level
    time: str
    message: str
    fields: tuple[tuple[str, object], ...]


class Missing(Enum):
    """Stands for a value that does not exist; JSON's null is None."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "level": (
        *(
            "level",
            "severity",
            "lvl",
            "loglevel",
            "log_level",
            "logLevel",
            "levelname",
            "level_name",
            "@l",
            "@level",
            "LogLevel",
            "log.level",
        ),
        *("Level", "LEVEL", "Severity", "severity_text", "severityText", "SeverityText"),
    ),
    "time": (
        *("time", "ts", "timestamp", "@timestamp", "@t", "asctime", "datetime", "Timestamp", "Time", "eventTime"),
        *("timeMillis", "t"),
    ),
    "message": (
        "msg",
        "message",
        "@m",
        "@mt",
        "@message",
        "short_message",
        "Message",
        "MESSAGE",
        "event",
        "log",
        "body",
    ),
}
_ROLES: Final = {name: (role, rank) for role, names in _NAMES.items() for rank, name in enumerate(names)}
_KLOG: Final = lazy_pattern(
    r"[IWEF](?P<time>\d{4} [\d:.]{8,18}) +\d+ (?P<caller>[^\s\]]{1,200})\] "
    r'"(?P<message>[^"\\]*+(?:\\.[^"\\]*+)*+)" (?=\S)'
)
_MIN_SECONDS, _MAX_SECONDS = 631_152_000, 4_102_444_800
"""1990 to 2100: a number outside, in whichever unit, is not a time."""


def parse_record(text: str) -> LogRecord | None:
    """Parse a line, None when it is neither a JSON object nor key=value pairs.

    A structured line of klog, as the components of Kubernetes write it, counts as pairs.
    """
    if text.startswith("{") or (text[:1].isspace() and text.lstrip().startswith("{")):
        try:
            decoded = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
        return _record("json", text, list(decoded.items())) if isinstance(decoded, dict) and decoded else None
    if "=" not in text:
        return None
    if text[1:5].isdigit():
        return _klog(text)
    pairs = parse_pairs(text, _ROLES)
    return None if pairs is None else _record("logfmt", text, pairs)


def field_aliases(name: str) -> tuple[str, ...]:
    """Return all names of the same role, including the name itself: for "msg" all names of messages."""
    role = _ROLES.get(name)
    return _NAMES[role[0]] if role else (name,)


def value_at(record: LogRecord, path: str) -> object | Missing:
    """Return the value at a path such as `.http.status`, `.items.0.id` or `status`, MISSING when there is none.

    Keys may contain dots. Level (as its lower-case name), time and message are found under any of their usual names.
    """
    path = path.removeprefix(".")
    value = _descend(dict(record.fields), path.split("."))
    if value is not MISSING:
        return value
    match _ROLES.get(path, ("", 0))[0]:
        case "level" if record.level:
            return record.level.name.lower()
        case "time" if record.time:
            return record.time
        case "message" if record.message:
            return record.message
    return MISSING


def parse_time(text: str) -> datetime | None:
    """Parse a record's time, as UTC where it has no zone; None when it cannot be parsed."""
    try:
        at = datetime.fromisoformat(text.replace(",", ".", 1).replace("/", "-"))
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _klog(text: str) -> LogRecord | None:
    head = _KLOG.match(text)
    fields = parse_pairs(text[head.end() :], min_pairs=1) if head else None
    if head is None or fields is None:
        return None
    message = unquote(head["message"])
    return LogRecord("logfmt", level_of(text), head["time"], message, (*fields, ("caller", head["caller"])))


def _record(form: RecordFormat, text: str, items: Iterable[tuple[str, object]]) -> LogRecord:
    level = level_of(text)
    best: dict[str, tuple[int, str, str]] = {}
    for key, value in items:
        if key in _ROLES:
            role, rank = _ROLES[key]
            if (role not in best or rank < best[role][0]) and (text_value := _role_value(role, value, level)):
                best[role] = (rank, key, text_value)
    taken = {key for _, key, _ in best.values()}
    time = best["time"][2] if "time" in best else ""
    message = best["message"][2] if "message" in best else ""
    return LogRecord(
        form,
        level,
        time,
        message,
        tuple((key, value) for key, value in items if key not in taken),
    )


def _role_value(role: str, value: object, level: Level) -> str:
    """Return a value as text of its role, "" when it does not fit; a level fits only where it is the line's level."""
    if role == "level":
        if isinstance(value, bool) or not isinstance(value, int | str):
            return ""
        is_number = isinstance(value, int) or (value.isdecimal() and len(value) < 7)
        stated = from_number(int(value)) if is_number else parse_level(str(value))
        return stated.name if level and stated is level else ""
    if role == "time":
        return _time(value)
    return value if isinstance(value, str) else ""


def _time(value: object) -> str:
    if isinstance(value, dict) and isinstance(value.get("$date"), str):
        value = value["$date"]
    if isinstance(value, str):
        try:
            number = float(value) if value[:1].isdigit() else math.nan
        except ValueError:
            return value
        return (_since_epoch(number) or value) if value else ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _since_epoch(value)
    return ""


def _since_epoch(number: float) -> str:
    """Return seconds, milli-, micro- or nanoseconds since 1970 as ISO 8601; "" when the number is none of them."""
    if not _MIN_SECONDS <= number < _MAX_SECONDS * 10**9:
        return ""
    for unit in (1, 1e3, 1e6, 1e9):
        if _MIN_SECONDS <= number / unit < _MAX_SECONDS:
            return datetime.fromtimestamp(number / unit, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return ""


def _descend(value: object, steps: list[str]) -> object | Missing:
    """Return the value at a path; of keys with dots in them the longest first."""
    if not steps:
        return value
    if isinstance(value, list):
        index = int(steps[0]) if steps[0].isdecimal() and len(steps[0]) < 7 else -1
        return _descend(value[index], steps[1:]) if 0 <= index < len(value) else MISSING
    if isinstance(value, dict):
        for length in range(len(steps), 0, -1):
            key = ".".join(steps[:length])
            if key in value and (inner := _descend(value[key], steps[length:])) is not MISSING:
                return inner
    return MISSING
