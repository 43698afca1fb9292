"""A log line as it is shown: one row, or unfolded into many; harmless text, and spans that say what its parts are.

Invariants: the text is printable on one line and has no escape sequence, whatever the line was; spans are ascending,
apart from each other and inside the text; a text longer than `MAX_SHOWN` is cut and says so. What no span covers is
plain text.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

import msgspec

from k9py.logs.records.level import Level, level_of, level_word
from k9py.logs.records.record import Record, moment, parse
from k9py.logs.records.sgr import Sgr, coloured

Part = Literal["level", "time", "message", "key", "value", "quoted", "text", "cut"]
"""key: with its equals sign or colon. value: a number, true, null or a list. quoted: text in quotes. text: a piece of
an ordinary line. cut: our words about what is not shown."""

MAX_SHOWN: Final = 32_768
"""Characters of a line that are shown."""
MAX_SPANS: Final = 2_000
"""Pieces of a row after which no more fields are shown."""
MAX_ROWS: Final = 1_000
"""Rows a line unfolds into."""
MAX_INDENT: Final = 36
"""Blanks before an unfolded value; what is nested deeper stands as JSON."""

_SAME: Final = timedelta(seconds=2)
"""A record's time this near to the node's stamp says the same."""
_ZONE_STEP: Final = timedelta(minutes=15)
_FURTHEST_ZONE: Final = timedelta(hours=14, seconds=2)
_LEVEL_CELLS: Final = 5
_FLATTENED: Final = 4
"""Levels of nested objects shown as `a.b.c=value`, which is how they are filtered on."""


class Span(NamedTuple):
    """What a piece of a text is, in characters, and the colour the container gave it."""

    start: int
    end: int
    part: Part
    colour: Sgr | None = None


class Shown(NamedTuple):
    """One row."""

    text: str
    spans: tuple[Span, ...]
    level: Level


class _Row:
    """A row in the making."""

    def __init__(self, colours: bool) -> None:
        self.pieces: list[str] = []
        self.spans: list[Span] = []
        self.length = 0
        self._colours = colours

    @property
    def full(self) -> bool:
        """True when fields need not be added any more."""
        return self.length > MAX_SHOWN or len(self.spans) > MAX_SPANS

    def add(self, text: str, part: Part | None = None) -> None:
        """Append a text that is made harmless, as a part."""
        if not text.isprintable():
            text, colours = coloured(text)
            if self._colours and colours:
                self._add_coloured(text, part or "text", [(one.start, one.end, one.colour) for one in colours])
                return
        self._append(text, part, None)

    def blank(self, count: int = 1) -> None:
        """Append blanks."""
        self._append(" " * count, None, None)

    def _add_coloured(self, text: str, part: Part, colours: list[tuple[int, int, Sgr]]) -> None:
        at = 0
        usual: Part | None = None if part == "text" else part
        for start, end, colour in colours:
            self._append(text[at:start], usual, None)
            self._append(text[start:end], part, colour)
            at = end
        self._append(text[at:], usual, None)

    def _append(self, text: str, part: Part | None, colour: Sgr | None) -> None:
        if not text:
            return
        self.pieces.append(text)
        if part is not None:
            self.spans.append(Span(self.length, self.length + len(text), part, colour))
        self.length += len(text)

    def done(self, level: Level) -> Shown:
        """Return the row, cut where it is too long."""
        text = "".join(self.pieces).rstrip(" ")
        if len(text) <= MAX_SHOWN:
            spans = self.spans if not self.spans or self.spans[-1].end <= len(text) else _within(self.spans, len(text))
            return Shown(text, tuple(spans), level)
        words = f" … (cut: {len(text) - MAX_SHOWN:,} characters more)"
        spans = _within(self.spans, MAX_SHOWN)
        spans.append(Span(MAX_SHOWN, MAX_SHOWN + len(words), "cut"))
        return Shown(text[:MAX_SHOWN] + words, tuple(spans), level)


def shown(text: str, *, parsed: bool = True, colours: bool = True, at: datetime | None = None) -> Shown:
    """Return a line, as the container wrote it, in one row.

    A structured line is told as `LEVEL time message  key=value`, with nested keys as `a.b=value`.

    Args:
        parsed: tell structured lines as records; False leaves them as they were written.
        colours: keep the container's colours as spans.
        at: the line's own timestamp: a record's time that says the same is left out.
    """
    record = parse(text) if parsed else None
    row = _Row(colours)
    if record is None:
        return _ordinary(text, row)
    _heading(record, row, at, record.message)
    for key, value in record.fields:
        _field(key, value, row, 0)
        if row.full:
            row.add("… (cut: more fields)", "cut")
            break
    return row.done(record.level)


def unfolded(text: str, at: datetime | None = None, *, colours: bool = True) -> tuple[Shown, ...]:
    """Return a structured line in many rows, at least one: its message, then a row a field.

    Nested values are indented; text of several lines, such as a stack trace, stands on rows of its own. A line that is
    not structured is one row.
    """
    record = parse(text)
    if record is None:
        return (shown(text, colours=colours),)
    first, *others = record.message.splitlines() or [""]
    row = _Row(colours)
    _heading(record, row, at, first)
    rows = [row.done(record.level)]
    for lead, part, words in _unfold(record, others):
        row = _Row(colours)
        if len(rows) >= MAX_ROWS:
            row.add(f"  … (cut at {MAX_ROWS:,} rows)", "cut")
            rows.append(row.done(record.level))
            break
        row.add(lead, "key")
        row.add(words, part)
        rows.append(row.done(record.level))
    return tuple(rows)


def _ordinary(text: str, row: _Row) -> Shown:
    """Return a line that is no record: its level's word is marked where it has no colours of its own."""
    if text.isprintable():
        return _marked(text, row)
    bare, colours = coloured(text)
    if colours and row._colours:
        row._add_coloured(bare, "text", [(one.start, one.end, one.colour) for one in colours])
        return row.done(level_of(text))
    return _marked(bare, row)


def _marked(text: str, row: _Row) -> Shown:
    if text.startswith("{"):
        row.add(text)
        return row.done(level_of(text))
    level, start, end = level_word(text)
    if start == end:
        row.add(text)
    else:
        row.add(text[:start])
        row.add(text[start:end], "level")
        row.add(text[end:])
    return row.done(level)


def _heading(record: Record, row: _Row, at: datetime | None, message: str) -> None:
    if record.level:
        row.add(record.level.name, "level")
        row.blank(_LEVEL_CELLS + 1 - len(record.level.name))
    if record.time and not _says_the_same(record.time, at):
        row.add(record.time, "time")
        row.blank()
    if message:
        row.add(message, "message")
        row.blank(2)


def _says_the_same(time: str, at: datetime | None) -> bool:
    """Tell whether a record's time adds nothing to the stamp; one that names no zone may be of any."""
    said = moment(time) if at is not None else None
    if said is None or at is None:
        return False
    apart = abs(said - at)
    if apart <= _SAME:
        return True
    if time[-1:] == "Z" or "+" in time[10:] or "-" in time[10:] or apart > _FURTHEST_ZONE:
        return False
    off = apart % _ZONE_STEP
    return min(off, _ZONE_STEP - off) <= _SAME


def _field(key: str, value: object, row: _Row, depth: int) -> None:
    """Append `key=value`, of an object one for each of its keys."""
    if isinstance(value, dict) and value and depth < _FLATTENED:
        for inner, one in value.items():
            if row.full:
                return
            _field(f"{key}.{inner}", one, row, depth + 1)
        return
    row.add(f"{key}=", "key")
    _value(value, row)
    row.blank()


def _value(value: object, row: _Row) -> None:
    if not isinstance(value, str):
        row.add(as_text(value), "value")
    elif value and not any(letter in value for letter in ' "=\t\n'):
        row.add(value, "value")
    else:
        row.add('"', "quoted")
        row.add(value, "quoted")
        row.add('"', "quoted")


def as_text(value: object) -> str:
    """Return a value of a record as text: text as it is, the rest as JSON. Not yet made harmless."""
    if isinstance(value, str):
        return value
    try:
        return msgspec.json.encode(value).decode()
    except (ValueError, RecursionError):
        return "…"


_Unfolded = tuple[str, Part, str]
"""One row below the message: what leads to the value, and the value, if it stands in that row."""


def _unfold(record: Record, message: list[str]) -> Iterator[_Unfolded]:
    for line in message:
        yield "", "message", line
    for key, value in record.fields:
        yield from _rows(f"  {key}: ", value, 4)


def _rows(lead: str, value: object, indent: int) -> Iterator[_Unfolded]:
    """Yield the rows of one value, the first behind what leads to it, the others indented so many blanks."""
    if isinstance(value, dict | list) and value and indent < MAX_INDENT:
        if not lead.endswith("- "):
            yield lead, "value", ""
            lead = " " * indent
        inner = value.items() if isinstance(value, dict) else ((None, one) for one in value)
        for key, one in inner:
            yield from _rows(f"{lead}- " if key is None else f"{lead}{key}: ", one, indent + 2)
            lead = " " * indent
        return
    lines = value.splitlines() if isinstance(value, str) else []
    if len(lines) < 2:
        yield lead, "value", as_text(value)
        return
    yield lead, "value", ""
    for line in lines:
        yield " " * indent, "value", line


def _within(spans: list[Span], end: int) -> list[Span]:
    """Return the spans as far as a text goes."""
    return [span._replace(end=min(span.end, end)) for span in spans if span.start < end]
