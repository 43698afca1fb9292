"""The template of a line: its level and its constant words, what all lines of one kind have in common.

A structured line's template is its message, masked, and the names of its other fields. Invariant: a template depends on
its line alone, never on lines before it; what was learnt is kept for speed only, and bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from k9py.logs.parsing.level import Level, level_of
from k9py.logs.parsing.record import LogRecord, parse_record
from k9py.logs.parsing.sgr import plain_text
from k9py.logs.templates.mask import mask, skeleton

MAX_LEARNT: Final = 8192
"""Skeletons remembered: a few megabytes at most; they are learnt anew when they do not fit."""
MAX_KEYS: Final = 24
"""Names of fields that tell patterns apart."""
MAX_WORDS: Final = 300
"""Characters of a template."""

_STATUS_KEYS: Final = frozenset({"status", "status_code", "statusCode", "http_status", "code"})


_PROBES: Final = ("0", "3", "503")
"""Digits that stand for different levels wherever digits stand for one."""


class Template(NamedTuple):
    """What lines of one kind have in common.

    Args:
        words: printable, on one line, with placeholders such as `<num>`.
    """

    level: Level
    words: str


class Templates:
    """Tells the template of lines."""

    def __init__(self) -> None:
        self._learnt: dict[str, tuple[str, Level | None]] = {}
        self._structured: dict[tuple[Level, str, tuple[str, ...], str], Template] = {}
        self._templates: dict[tuple[Level, str], Template] = {}

    def of(self, text: str) -> Template:
        """Return the template of a line.

        Args:
            text: printable (`records.sgr.plain`).
        """
        if text.startswith("{") or (text[:1].isspace() and text.lstrip().startswith("{")):
            record = parse_record(text)
            if record is not None:
                return self._of_record(record)
        bones = skeleton(text)
        learnt = self._learnt.get(bones)
        if learnt is None:
            learnt = self._learn(text, bones)
        words, level = learnt
        return self._template(level_of(text) if level is None else level, words)

    def _learn(self, text: str, bones: str) -> tuple[str, Level | None]:
        """Remember what a skeleton says; its level only where that does not depend on digits (None)."""
        record = parse_record(text)
        if record is not None:
            words, level = _words(skeleton(record.message), _keys(record), ""), record.level
        else:
            words, level = _cut(mask(bones)), level_of(text)
        if len(self._learnt) >= MAX_LEARNT:
            self._learnt.clear()
        learnt = (words, level if all(level_of(bones.replace("0", digits)) is level for digits in _PROBES) else None)
        self._learnt[bones] = learnt
        return learnt

    def _of_record(self, record: LogRecord) -> Template:
        keys = _keys(record)
        found = (record.level, skeleton(record.message), keys, _status(record))
        template = self._structured.get(found)
        if template is None:
            if len(self._structured) >= MAX_LEARNT:
                self._structured.clear()
            template = self._structured[found] = self._template(record.level, _words(*found[1:]))
        return template

    def _template(self, level: Level, words: str) -> Template:
        """Return one and the same template for the same words: they are compared by the million."""
        template = self._templates.get((level, words))
        if template is None:
            if len(self._templates) >= MAX_LEARNT:
                self._templates.clear()
            template = self._templates[level, words] = Template(level, words)
        return template


def _keys(record: LogRecord) -> tuple[str, ...]:
    return tuple([skeleton(name) for name, _ in record.fields[:MAX_KEYS]])


def _status(record: LogRecord) -> str:
    """Return the class of an HTTP status that says a failure, "" for any other."""
    for name, value in record.fields:
        if name in _STATUS_KEYS and isinstance(value, int) and 400 <= value < 600:
            return f"{name}={value // 100}xx"
    return ""


def _words(message: str, keys: Sequence[str], status: str) -> str:
    """Return the words of a structured line's template; the order of its fields tells nothing apart."""
    names = ", ".join(sorted(keys))
    said = mask(plain_text(message.partition("\n")[0]))  # of a trace inside a message its first line
    return _cut(" ".join(part for part in (said, status, plain_text(f"{{{names}}}") if names else "") if part))


def _cut(words: str) -> str:
    return words if len(words) <= MAX_WORDS else f"{words[: MAX_WORDS - 1]}…"
