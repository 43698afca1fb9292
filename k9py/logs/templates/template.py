"""Mines the template of a line: its level and its constant words, which all lines of one kind share.

The template of a structured line is its masked message and the names of its other fields. Invariant: a template depends
on its line alone, never on earlier lines; caches exist for speed only, and are bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from k9py.logs.parsing.level import Level, level_of
from k9py.logs.parsing.record import LogRecord, parse_record
from k9py.logs.parsing.sgr import plain_text
from k9py.logs.templates.mask import mask, skeleton

MAX_CACHED: Final = 8192
"""Entries of each cache: a few megabytes at most; a full cache is emptied."""
MAX_KEYS: Final = 24
"""Names of fields that distinguish templates."""
MAX_TEMPLATE_CHARS: Final = 300
"""Characters of a template."""

_STATUS_KEYS: Final = frozenset({"status", "status_code", "statusCode", "http_status", "code"})


_PROBES: Final = ("0", "3", "503")
"""Digits that stand for different levels where digits stand for a level at all."""


class Template(NamedTuple):
    """The constant part of a line.

    Args:
        text: printable, on one line, with placeholders such as `<num>`.
    """

    level: Level
    text: str


class TemplateMiner:
    """Returns the template of lines."""

    def __init__(self) -> None:
        self._by_skeleton: dict[str, tuple[str, Level | None]] = {}
        self._by_record: dict[tuple[Level, str, tuple[str, ...], str], Template] = {}
        self._templates: dict[tuple[Level, str], Template] = {}

    def template_of(self, text: str) -> Template:
        """Return the template of a line.

        Args:
            text: printable (`parsing.sgr.plain_text`).
        """
        if text.startswith("{") or (text[:1].isspace() and text.lstrip().startswith("{")):
            record = parse_record(text)
            if record is not None:
                return self._of_record(record)
        line_skeleton = skeleton(text)
        cached = self._by_skeleton.get(line_skeleton)
        if cached is None:
            cached = self._mine(text, line_skeleton)
        masked, level = cached
        return self._template(level_of(text) if level is None else level, masked)

    def _mine(self, text: str, line_skeleton: str) -> tuple[str, Level | None]:
        """Return and cache the template text of a skeleton, and its level unless that depends on digits (None)."""
        record = parse_record(text)
        if record is not None:
            masked, level = _template_text(skeleton(record.message), _keys(record), ""), record.level
        else:
            masked, level = _cut(mask(line_skeleton)), level_of(text)
        if len(self._by_skeleton) >= MAX_CACHED:
            self._by_skeleton.clear()
        mined = (
            masked,
            level if all(level_of(line_skeleton.replace("0", digits)) is level for digits in _PROBES) else None,
        )
        self._by_skeleton[line_skeleton] = mined
        return mined

    def _of_record(self, record: LogRecord) -> Template:
        keys = _keys(record)
        key = (record.level, skeleton(record.message), keys, _status(record))
        template = self._by_record.get(key)
        if template is None:
            if len(self._by_record) >= MAX_CACHED:
                self._by_record.clear()
            template = self._by_record[key] = self._template(record.level, _template_text(*key[1:]))
        return template

    def _template(self, level: Level, text: str) -> Template:
        """Return the same object for the same text: templates are compared by the million."""
        template = self._templates.get((level, text))
        if template is None:
            if len(self._templates) >= MAX_CACHED:
                self._templates.clear()
            template = self._templates[level, text] = Template(level, text)
        return template


def _keys(record: LogRecord) -> tuple[str, ...]:
    return tuple([skeleton(name) for name, _ in record.fields[:MAX_KEYS]])


def _status(record: LogRecord) -> str:
    """Return the class of an HTTP status that is a failure, "" for any other."""
    for name, value in record.fields:
        if name in _STATUS_KEYS and isinstance(value, int) and 400 <= value < 600:
            return f"{name}={value // 100}xx"
    return ""


def _template_text(message: str, keys: Sequence[str], status: str) -> str:
    """Return the words of a structured line's template, whatever the order of its fields."""
    names = ", ".join(sorted(keys))
    masked = mask(plain_text(message.partition("\n")[0]))  # only the first line of a trace inside a message
    return _cut(" ".join(part for part in (masked, status, plain_text(f"{{{names}}}") if names else "") if part))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEMPLATE_CHARS else f"{text[: MAX_TEMPLATE_CHARS - 1]}…"
