"""Renders a log line in one row, or unfolded into many: harmless text, and spans that say what its parts are.

Invariants: the text is printable on one line and has no escape sequence, whatever the line was; spans are ascending, do
not overlap and are inside the text; a text longer than `MAX_SHOWN` is cut and says so. What no span covers is plain
text.
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
"""key: with its equals sign or colon. value: a number, true, null or a list. quoted: text in quotes. text: a part of a
line that is not structured. cut: a note by kdash about what is not shown."""

MAX_SHOWN: Final = 32_768
"""Characters of a line that are shown."""
MAX_PIECES: Final = 3_000
"""Pieces of a row, about three for each field, after which no more fields are shown."""
MAX_ROWS: Final = 1_000
"""Rows a line unfolds into."""
MAX_INDENT: Final = 36
"""Blanks before an unfolded value; what is nested deeper is shown as JSON."""

_QUOTED: Final = re.compile(r'[\s"=]')
_KLOG_TIME: Final = re.compile(r"(\d\d)(\d\d) ([\d:.]+)")
_SAME_TIME: Final = timedelta(seconds=2)
"""A record's time this close to the node's timestamp is redundant."""
_ZONE_STEP: Final = timedelta(minutes=15)
_MAX_ZONE_OFFSET: Final = timedelta(hours=14, seconds=2)
_LEVEL_CELLS: Final = 5
_MAX_FLATTENED_DEPTH: Final = 4
"""Nested objects shown as `a.b.c=value`, which is how a filter names them."""


class LineSpan(NamedTuple):
    """A part of a text: its position in characters, its kind, and the colour the container gave it."""

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
"""The texts of a row in order, not yet harmless, with their kinds; None for what no span covers."""


def render_line(text: str, *, parsed: bool = True, colours: bool = True, at: datetime | None = None) -> RenderedLine:
    """Render a line, as the container wrote it, in one row.

    A structured line is rendered as `LEVEL time message  key=value`, with nested keys as `a.b=value`.

    Args:
        parsed: render structured lines as records; False leaves them as they were written.
        colours: keep the container's colours as spans.
        at: the line's own timestamp: a record's time is omitted where it is the same.
    """
    record = parse_record(text) if parsed else None
    if record is None:
        return _render_plain(text, colours)
    return _row(_record_pieces(record, at), record.level, colours)


def render_text(text: str, at: datetime | None = None) -> str:
    """Return only the text of `render_line`, at less cost: for searching many lines."""
    record = parse_record(text)
    if record is None:
        return _cut(plain_text(text), [], Level.UNKNOWN).text
    pieces = _record_pieces(record, at)
    rendered = "".join([piece for piece, _ in pieces]).rstrip(" ")
    if rendered.isprintable() and len(rendered) <= MAX_SHOWN:
        return rendered
    return _row(pieces, record.level, False).text


def render_unfolded(text: str, at: datetime | None = None, *, colours: bool = True) -> tuple[RenderedLine, ...]:
    """Render a structured line in many rows, at least one: its message, then one row for each field.

    Nested values are indented; text of several lines, such as a stack trace, has rows of its own. A line that is not
    structured is one row.
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


def _render_plain(text: str, colours: bool) -> RenderedLine:
    """Render a line that is not structured: its level is marked where it has no colours of its own."""
    if not text.isprintable():
        bare, spans = parse_sgr(text)
        if spans and colours:
            return _cut(bare, [LineSpan(start, end, "text", colour) for start, end, colour in spans], level_of(text))
        text = bare
    level, start, end = find_level(text)
    return _cut(text, [LineSpan(start, end, "level")] if end > start else [], level)


def _row(pieces: _Pieces, level: Level, colours: bool) -> RenderedLine:
    """Join the pieces to one row, each made harmless."""
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
    """Yield the spans of a coloured piece that begins at an offset of its row."""
    at = 0
    for start, end, colour in colours:
        if part is not None and start > at:
            yield LineSpan(offset + at, offset + start, part)
        yield LineSpan(offset + start, offset + end, part or "text", colour)
        at = end
    if part is not None and length > at:
        yield LineSpan(offset + at, offset + length, part)


def _cut(text: str, spans: list[LineSpan], level: Level) -> RenderedLine:
    """Return a row without trailing blanks, cut where it is too long."""
    text = text.rstrip(" ")
    kept = min(len(text), MAX_SHOWN)
    if spans and spans[-1].end > kept:
        spans = [span._replace(end=min(span.end, kept)) for span in spans if span.start < kept]
    if kept < len(text):
        note = f" … (cut: {len(text) - kept:,} more characters)"
        spans.append(LineSpan(kept, kept + len(note), "cut"))
        text = text[:kept] + note
    return RenderedLine(text, tuple(spans), level)


def _record_pieces(record: LogRecord, at: datetime | None) -> _Pieces:
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
    if record.time and not _is_same_time(record.time, at):
        pieces += (record.time, "time"), (" ", None)
    if message:
        pieces += (message, "message"), ("  ", None)
    return pieces


def _is_same_time(time: str, at: datetime | None) -> bool:
    """Return whether a record's time adds nothing to the timestamp; one without a zone may be of any zone."""
    record_time = parse_time(time) if at is not None else None
    if at is not None and (klog := _KLOG_TIME.fullmatch(time)):
        record_time = parse_time(f"{at.year}-{klog[1]}-{klog[2]}T{klog[3]}")
    if record_time is None or at is None:
        return False
    difference = abs(record_time - at)
    if difference <= _SAME_TIME:
        return True
    if time[-1:] == "Z" or "+" in time[10:] or "-" in time[10:] or difference > _MAX_ZONE_OFFSET:
        return False
    off = difference % _ZONE_STEP
    return min(off, _ZONE_STEP - off) <= _SAME_TIME


def _add_field(key: str, value: object, pieces: _Pieces, depth: int) -> None:
    """Append `key=value`, and for an object one for each of its keys."""
    if isinstance(value, dict) and value and depth < _MAX_FLATTENED_DEPTH:
        for inner_key, inner_value in value.items():
            if len(pieces) > MAX_PIECES:
                return
            _add_field(f"{key}.{inner_key}", inner_value, pieces, depth + 1)
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
    """Return a value of a record as text: text as it is, everything else as JSON. Not yet made harmless."""
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
    """Yield the rows of one value, the first after its lead, the others indented by that many blanks."""
    if isinstance(value, dict | list) and value and indent < MAX_INDENT:
        if not lead.endswith("- "):
            yield [(lead, "key")]
            lead = " " * indent
        inner = value.items() if isinstance(value, dict) else ((None, item) for item in value)
        for key, item in inner:
            yield from _rows(f"{lead}- " if key is None else f"{lead}{key}: ", item, indent + 2)
            lead = " " * indent
        return
    lines = value.splitlines() if isinstance(value, str) else []
    if len(lines) < 2:
        yield [(lead, "key"), (value_text(value), "value")]
        return
    yield [(lead, "key")]
    for line in lines:
        yield [(" " * indent, None), (line, "value")]
