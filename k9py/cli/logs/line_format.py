"""The format of a printed log line: raw, JSON or pretty. To add one: a function, and a case in `line_formatter`.

Invariant: nothing is printed that a terminal would act on except our own colours, not even into a pipe, because what
reads it (grep, less -R) often prints to a terminal. Only `--raw` prints the text as the container wrote it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple, TextIO

from k9py.api.search_pattern import SearchPattern
from k9py.api.text import printable
from k9py.cli.ansi import TONE_SGR, paint
from k9py.cli.console import is_unicode, json_text
from k9py.logs.line import LogLine
from k9py.logs.parsing.level import Level, level_of
from k9py.logs.parsing.record import parse_record
from k9py.logs.parsing.rendering import RenderedLine, render_line
from k9py.logs.parsing.sgr import SgrStyle, plain_text, plain_text_with_tabs
from k9py.logs.source import LogTarget
from k9py.views.values import Tone

LineFormatter = Callable[[LogLine], str]
"""Returns a container's line as it is printed, with its line end."""

_SOURCE_CODES: Final = ("36", "35", "34", "32", "96", "95", "94", "92")
_HIGHLIGHT_CODES: Final = ("30;43", "30;46", "30;45", "30;42")
_MAX_HIGHLIGHTS: Final = 200
"""Highlights of one pattern in a line."""

_LEVEL_TONES: Final[Mapping[Level, Tone]] = {
    Level.TRACE: Tone.MUTED,
    Level.DEBUG: Tone.MUTED,
    Level.INFO: Tone.OK,
    Level.WARN: Tone.WARN,
    Level.ERROR: Tone.DEGRADED,
    Level.FATAL: Tone.FAIL,
}
_SYNTAX_TONES: Final[Mapping[str, Tone]] = {
    "time": Tone.MUTED,
    "key": Tone.BUSY,
    "quoted": Tone.OK,
    "cut": Tone.MUTED,
}


def line_formatter(
    form: Literal["raw", "json", "pretty"],
    out: TextIO,
    *,
    colour: bool,
    prefixed: bool,
    timestamps: bool,
    patterns: Sequence[SearchPattern],
    as_written: bool = False,
) -> LineFormatter:
    """Return the function that formats lines.

    Args:
        out: where they are printed.
        colour: `out` takes our own colours.
        prefixed: start each line with its pod and container.
        timestamps: start each line with its time.
        patterns: what is highlighted, where colours are taken.
        as_written: raw lines keep escape sequences and undecodable bytes.
    """
    match form:
        case "json":
            return _json_formatter(plain=not is_unicode(out))
        case "raw":
            sanitize = plain_text if out.isatty() else plain_text_with_tabs
            return _raw_formatter(None if as_written else sanitize, prefixed=prefixed, timestamps=timestamps)
        case "pretty":
            return _pretty_formatter(colour=colour, prefixed=prefixed, timestamps=timestamps, patterns=patterns)


@lru_cache(maxsize=1024)
def source_name(target: LogTarget) -> str:
    """Return pod and container, printable."""
    return printable(f"{target.pod}/{target.container}")


def format_time(at: datetime | None) -> str:
    """Return a time in UTC to the microsecond, as nodes write it; "-" where there is none."""
    if at is None:
        return "-"
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _raw_formatter(sanitize: Callable[[str], str] | None, *, prefixed: bool, timestamps: bool) -> LineFormatter:
    def format_line(line: LogLine) -> str:
        prefix = f"{source_name(line.target)} " if prefixed else ""
        if timestamps:
            prefix = f"{prefix}{format_time(line.timestamp)} "
        if sanitize is None:  # bytes that are not UTF-8 become surrogates, which OutputWriter writes as they were
            return f"{prefix}{line.undecoded.decode('utf-8', 'surrogateescape') or line.text}\n"
        return f"{prefix}{sanitize(line.text)}\n"

    return format_line


def _json_formatter(*, plain: bool) -> LineFormatter:
    def format_line(line: LogLine) -> str:
        target, record = line.target, parse_record(line.text)
        level = level_of(line.text)
        values: dict[str, Any] = {
            "time": None if line.timestamp is None else format_time(line.timestamp),
            "namespace": target.namespace,
            "pod": target.pod,
            "container": target.container,
            "revision": target.revision or None,
            "level": level.name.lower() if level is not Level.UNKNOWN else None,
            "message": record.message if record is not None else None,
            "text": line.text,
            "fields": dict(record.fields) if record is not None else {},
            "late": line.late,
        }
        try:
            return f"{json_text(values, plain=plain)}\n"
        except RecursionError:  # nested as deeply as it could just be parsed
            return f"{json_text({**values, 'fields': {}}, plain=plain)}\n"

    return format_line


def _pretty_formatter(
    *, colour: bool, prefixed: bool, timestamps: bool, patterns: Sequence[SearchPattern]
) -> LineFormatter:
    muted = TONE_SGR[Tone.MUTED]

    def format_line(line: LogLine) -> str:
        parts: list[tuple[str, str]] = []
        if prefixed:
            name = source_name(line.target)
            parts.append((name, _source_codes(name)))
        if timestamps:
            parts.append((format_time(line.timestamp), muted))
        if line.late:
            parts.append(("late", muted))
        rendered = render_line(line.text, colours=colour, at=line.timestamp)
        if not colour:
            return f"{' '.join([*(text for text, _ in parts), rendered.text])}\n"
        return f"{' '.join([*(paint(text, codes) for text, codes in parts), paint_line(rendered, patterns)])}\n"

    return format_line


# -- colours ----------------------------------------------------------------------------------------------------------


class _Stretch(NamedTuple):
    """A part of a line, in characters, and its SGR parameters."""

    start: int
    end: int
    codes: str


def paint_line(line: RenderedLine, patterns: Sequence[SearchPattern]) -> str:
    """Return a line with its colours, and with the matches of the patterns highlighted."""
    length = len(line.text)
    spans = ((span.start, span.end, _span_codes(span.kind, span.colour, line)) for span in line.spans)
    base = _without_overlaps((_Stretch(*span) for span in spans if span[2]), length)
    highlights = _without_overlaps(sorted(_highlights(line.text, patterns)), length)
    stretches = _overlay(base, highlights, length)
    return "".join(paint(line.text[start:end], codes) for start, end, codes in stretches)


def _source_codes(name: str) -> str:
    """Return the colour of a source, always the same for a name."""
    return _SOURCE_CODES[zlib.crc32(name.encode()) % len(_SOURCE_CODES)]


def _span_codes(kind: str, style: SgrStyle | None, line: RenderedLine) -> str:
    if style is not None:
        return _style_codes(style)
    if kind == "level" or (kind == "message" and line.level >= Level.WARN):
        return TONE_SGR.get(_LEVEL_TONES.get(line.level, Tone.PLAIN), "")
    return TONE_SGR.get(_SYNTAX_TONES.get(kind, Tone.PLAIN), "")


def _style_codes(style: SgrStyle) -> str:
    flags = (
        (style.bold, "1"),
        (style.dim, "2"),
        (style.italic, "3"),
        (style.underline, "4"),
        (style.reverse, "7"),
    )
    codes = [code for is_set, code in flags if is_set]
    for layer, colour in (("38", style.foreground), ("48", style.background)):
        if isinstance(colour, int):
            codes.append(f"{layer};5;{colour}")
        elif colour is not None:
            codes.append(f"{layer};2;{';'.join(map(str, colour))}")
    return ";".join(codes)


def _highlights(text: str, patterns: Sequence[SearchPattern]) -> Iterator[_Stretch]:
    for number, pattern in enumerate(patterns):
        for start, end in pattern.spans(text, limit=_MAX_HIGHLIGHTS):
            yield _Stretch(start, end, _HIGHLIGHT_CODES[number % len(_HIGHLIGHT_CODES)])


def _without_overlaps(stretches: Iterable[_Stretch], length: int) -> list[_Stretch]:
    """Return the stretches without the parts that overlap an earlier one."""
    distinct: list[_Stretch] = []
    at = 0
    for start, end, codes in stretches:
        start, end = max(start, at), min(end, length)
        if start < end:
            distinct.append(_Stretch(start, end, codes))
            at = end
    return distinct


def _overlay(base: Sequence[_Stretch], top: Sequence[_Stretch], length: int) -> Iterator[_Stretch]:
    """Yield the whole line in stretches, `top` over `base`. Both are in order and without overlaps."""
    at, under = 0, 0
    for highlight in (*top, _Stretch(length, length, "")):
        while at < highlight.start:
            while under < len(base) and base[under].end <= at:
                under += 1
            if under == len(base) or base[under].start >= highlight.start:
                yield _Stretch(at, highlight.start, "")
                at = highlight.start
            elif base[under].start > at:
                yield _Stretch(at, base[under].start, "")
                at = base[under].start
            else:
                end = min(base[under].end, highlight.start)
                yield _Stretch(at, end, base[under].codes)
                at = end
        if highlight.end > highlight.start:
            yield highlight
            at = highlight.end
