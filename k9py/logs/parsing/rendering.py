"""A log line as it is shown: one row, or unfolded into many; harmless text, and spans that say what its parts are.

Invariants: the text is printable on one line and has no escape sequence, whatever the line was; spans are ascending,
apart from each other and inside the text; a text longer than `MAX_SHOWN` is cut and says so. What no span covers is
plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

import msgspec

from k9py.logs.parsing.level import Level, find_level, level_of
from k9py.logs.parsing.record import LogRecord, parse_record, parse_time
from k9py.logs.parsing.sgr import ColourSpan, SgrStyle, parse_sgr, plain_text

SpanKind = Literal["level", "time", "message", "key", "value", "quoted", "text", "cut"]
"""key: with its equals sign or colon. value: a number, true, null or a list. quoted: text in quotes. text: a piece of
an ordinary line. cut: our words about what is not shown."""

MAX_SHOWN: Final = 32_768
"""Characters of a line that are shown."""
MAX_PIECES: Final = 3_000
"""Pieces of a row, about three a field, after which no more fields are shown."""
MAX_ROWS: Final = 1_000
"""Rows a line unfolds into."""
MAX_INDENT: Final = 36
"""Blanks before an unfolded value; what is nested deeper stands as JSON."""

_QUOTED: Final = re.compile(r'[\s"=]')
_KLOG_TIME: Final = re.compile(r"(\d\d)(\d\d) ([\d:.]+)")
_SAME: Final = timedelta(seconds=2)
"""A record's time this near to the node's stamp says the same."""
_ZONE_STEP: Final = timedelta(minutes=15)
_FURTHEST_ZONE: Final = timedelta(hours=14, seconds=2)
_LEVEL_CELLS: Final = 5
_FLATTENED: Final = 4
"""Levels of nested objects shown as `a.b.c=value`, which is how they are filtered on."""


class LineSpan(NamedTuple):
    """What a piece of a text is, in characters, and the colour the container gave it."""

    start: int
    end: int
    kind: SpanKind
    colour: SgrStyle | None = None


class RenderedLine(NamedTuple):
    """One row."""

    text: str
    spans: tuple[LineSpan, ...]
    level: Level


_Pieces = list[tuple[str, SpanKind | None]]
"""A row's texts in order, not yet harmless, with what they are; None for what no span covers."""


def render_line(text: str, *, parsed: bool = True, colours: bool = True, at: datetime | None = None) -> RenderedLine:
    """Return a line, as the container wrote it, in one row.

    A structured line is told as `LEVEL time message  key=value`, with nested keys as `a.b=value`.

    Args:
        parsed: tell structured lines as records; False leaves them as they were written.
        colours: keep the container's colours as spans.
        at: the line's own timestamp: a record's time that says the same is left out.
    """
    record = parse_record(text) if parsed else None
    if record is None:
        return _ordinary(text, colours)
    return _row(_told(record, at), record.level, colours)


def render_text(text: str, at: datetime | None = None) -> str:
    """Return the text of `shown` alone, at less cost: for searching many lines."""
    record = parse_record(text)
    if record is None:
        return _cut(plain_text(text), [], Level.UNKNOWN).text
    pieces = _told(record, at)
    told = "".join([piece for piece, _ in pieces]).rstrip(" ")
    if told.isprintable() and len(told) <= MAX_SHOWN:
        return told
    return _row(pieces, record.level, False).text


def render_unfolded(text: str, at: datetime | None = None, *, colours: bool = True) -> tuple[RenderedLine, ...]:
    """Return a structured line in many rows, at least one: its message, then a row a field.

    Nested values are indented; text of several lines, such as a stack trace, stands on rows of its own. A line that is
    not structured is one row.
    """
    record = parse_record(text)
    if record is None:
        return (render_line(text, colours=colours),)
    first, *others = record.message.splitlines() or [""]
    rows = [_row(_heading(record, at, first), record.level, colours)]
    for pieces in _unfold(record, others):
        if len(rows) >= MAX_ROWS:
            rows.append(_row([(f"  … (cut at {MAX_ROWS:,} rows)", "cut")], record.level, colours))
            break
        rows.append(_row(pieces, record.level, colours))
    return tuple(rows)


def _ordinary(text: str, colours: bool) -> RenderedLine:
    """Return a line that is no record: its level's word is marked where it has no colours of its own."""
    if not text.isprintable():
        bare, spans = parse_sgr(text)
        if spans and colours:
            return _cut(bare, [LineSpan(start, end, "text", colour) for start, end, colour in spans], level_of(text))
        text = bare
    level, start, end = find_level(text)
    return _cut(text, [LineSpan(start, end, "level")] if end > start else [], level)


def _row(pieces: _Pieces, level: Level, colours: bool) -> RenderedLine:
    """Return the pieces as one row, each made harmless."""
    texts: list[str] = []
    spans: list[LineSpan] = []
    length = 0
    for text, part in pieces:
        if not text.isprintable():
            text, coloured_spans = parse_sgr(text)
            if colours and coloured_spans:
                spans += _coloured(coloured_spans, part, length, len(text))
                part = None
        texts.append(text)
        end = length + len(text)
        if part is not None and end > length:
            spans.append(LineSpan(length, end, part))
        length = end
    return _cut("".join(texts), spans, level)


def _coloured(colours: Sequence[ColourSpan], part: SpanKind | None, offset: int, length: int) -> Iterator[LineSpan]:
    """Yield the spans of a piece that has colours, in a row where it begins at an offset."""
    at = 0
    for start, end, colour in colours:
        if part is not None and start > at:
            yield LineSpan(offset + at, offset + start, part)
        yield LineSpan(offset + start, offset + end, part or "text", colour)
        at = end
    if part is not None and length > at:
        yield LineSpan(offset + at, offset + length, part)


def _cut(text: str, spans: list[LineSpan], level: Level) -> RenderedLine:
    """Return a row without blanks at its end, cut where it is too long."""
    text = text.rstrip(" ")
    kept = min(len(text), MAX_SHOWN)
    if spans and spans[-1].end > kept:
        spans = [span._replace(end=min(span.end, kept)) for span in spans if span.start < kept]
    if kept < len(text):
        words = f" … (cut: {len(text) - kept:,} characters more)"
        spans.append(LineSpan(kept, kept + len(words), "cut"))
        text = text[:kept] + words
    return RenderedLine(text, tuple(spans), level)


def _told(record: LogRecord, at: datetime | None) -> _Pieces:
    """Return the pieces of a record in one row."""
    pieces = _heading(record, at, record.message)
    for key, value in record.fields:
        _add_field(key, value, pieces, 0)
        if len(pieces) > MAX_PIECES:
            pieces.append(("… (cut: more fields)", "cut"))
            break
    return pieces


def _heading(record: LogRecord, at: datetime | None, message: str) -> _Pieces:
    pieces: _Pieces = []
    if record.level:
        name = record.level.name
        pieces += (name, "level"), (" " * (_LEVEL_CELLS + 1 - len(name)), None)
    if record.time and not _says_the_same(record.time, at):
        pieces += (record.time, "time"), (" ", None)
    if message:
        pieces += (message, "message"), ("  ", None)
    return pieces


def _says_the_same(time: str, at: datetime | None) -> bool:
    """Tell whether a record's time adds nothing to the stamp; one that names no zone may be of any."""
    said = parse_time(time) if at is not None else None
    if at is not None and (klog := _KLOG_TIME.fullmatch(time)):
        said = parse_time(f"{at.year}-{klog[1]}-{klog[2]}T{klog[3]}")
    if said is None or at is None:
        return False
    apart = abs(said - at)
    if apart <= _SAME:
        return True
    if time[-1:] == "Z" or "+" in time[10:] or "-" in time[10:] or apart > _FURTHEST_ZONE:
        return False
    off = apart % _ZONE_STEP
    return min(off, _ZONE_STEP - off) <= _SAME


def _add_field(key: str, value: object, pieces: _Pieces, depth: int) -> None:
    """Append `key=value`, of an object one for each of its keys."""
    if isinstance(value, dict) and value and depth < _FLATTENED:
        for inner, one in value.items():
            if len(pieces) > MAX_PIECES:
                return
            _add_field(f"{key}.{inner}", one, pieces, depth + 1)
        return
    pieces.append((f"{key}=", "key"))
    if not isinstance(value, str):
        pieces.append((value_text(value), "value"))
    elif value and not _QUOTED.search(value):
        pieces.append((value, "value"))
    else:
        pieces.append((f'"{value}"', "quoted"))
    pieces.append((" ", None))


def value_text(value: object) -> str:
    """Return a value of a record as text: text as it is, the rest as JSON. Not yet made harmless."""
    if isinstance(value, str):
        return value
    try:
        return msgspec.json.encode(value).decode()
    except (ValueError, RecursionError):
        return "…"


def _unfold(record: LogRecord, message: list[str]) -> Iterator[_Pieces]:
    for line in message:
        yield [(line, "message")]
    for key, value in record.fields:
        yield from _rows(f"  {key}: ", value, 4)


def _rows(lead: str, value: object, indent: int) -> Iterator[_Pieces]:
    """Yield the rows of one value, the first behind what leads to it, the others indented so many blanks."""
    if isinstance(value, dict | list) and value and indent < MAX_INDENT:
        if not lead.endswith("- "):
            yield [(lead, "key")]
            lead = " " * indent
        inner = value.items() if isinstance(value, dict) else ((None, one) for one in value)
        for key, one in inner:
            yield from _rows(f"{lead}- " if key is None else f"{lead}{key}: ", one, indent + 2)
            lead = " " * indent
        return
    lines = value.splitlines() if isinstance(value, str) else []
    if len(lines) < 2:
        yield [(lead, "key"), (value_text(value), "value")]
        return
    yield [(lead, "key")]
    for line in lines:
        yield [(" " * indent, None), (line, "value")]
