"""A log line as it is printed: raw, as JSON, or pretty. To add a form: a function, and a case in `printer`.

Invariant: nothing is printed that a terminal would act on but our own colour sequences, not into a pipe either: what
reads it (grep, less -R) often prints to one. Only who asks for it (`--raw`) gets the text as the container wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Literal, TextIO

from k9py.api.search_pattern import SearchPattern
from k9py.api.text import printable
from k9py.cli.console import is_unicode, json_text
from k9py.cli.logs.ansi import coloured_line, paint, source_codes
from k9py.logs.line import LogLine
from k9py.logs.parsing.level import Level, level_of
from k9py.logs.parsing.record import parse_record
from k9py.logs.parsing.rendering import render_line
from k9py.logs.parsing.sgr import plain_text, plain_text_with_tabs
from k9py.logs.source import LogTarget

Printer = Callable[[LogLine], str]
"""Returns a line of a container as it is printed, with its line end."""

_DIM: Final = "2"


def printer(
    form: Literal["raw", "json", "pretty"],
    out: TextIO,
    *,
    colour: bool,
    prefixed: bool,
    timestamps: bool,
    patterns: Sequence[SearchPattern],
    untouched: bool = False,
) -> Printer:
    """Return what prints lines in a form.

    Args:
        out: where they go.
        colour: our own colour sequences are welcome there.
        prefixed: each begins with its pod and container.
        timestamps: each begins with its time.
        patterns: what is marked in them, where colours are welcome.
        untouched: raw lines are as they were written, escape sequences and undecodable bytes too.
    """
    match form:
        case "json":
            return _json(plain=not is_unicode(out))
        case "raw":
            harmless = plain_text if out.isatty() else plain_text_with_tabs
            return _raw(None if untouched else harmless, prefixed=prefixed, timestamps=timestamps)
        case "pretty":
            return _pretty(colour=colour, prefixed=prefixed, timestamps=timestamps, patterns=patterns)


@lru_cache(maxsize=1024)
def source_name(target: LogTarget) -> str:
    """Return pod and container, printable."""
    return printable(f"{target.pod}/{target.container}")


def time_words(at: datetime | None) -> str:
    """Return a time of UTC to the microsecond, as nodes stamp their lines; "-" where there is none."""
    if at is None:
        return "-"
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _raw(harmless: Callable[[str], str] | None, *, prefixed: bool, timestamps: bool) -> Printer:
    def one(line: LogLine) -> str:
        before = f"{source_name(line.target)} " if prefixed else ""
        if timestamps:
            before = f"{before}{time_words(line.timestamp)} "
        if harmless is None:  # bytes that are no UTF-8 stand as surrogates, which the outlet writes as they were
            return f"{before}{line.undecoded.decode('utf-8', 'surrogateescape') or line.text}\n"
        return f"{before}{harmless(line.text)}\n"

    return one


def _json(*, plain: bool) -> Printer:
    def one(line: LogLine) -> str:
        target, record = line.target, parse_record(line.text)
        level = level_of(line.text)
        values: dict[str, Any] = {
            "time": None if line.timestamp is None else time_words(line.timestamp),
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
        except RecursionError:  # nested as deeply as it could just be read
            return f"{json_text({**values, 'fields': {}}, plain=plain)}\n"

    return one


def _pretty(*, colour: bool, prefixed: bool, timestamps: bool, patterns: Sequence[SearchPattern]) -> Printer:
    def one(line: LogLine) -> str:
        parts: list[tuple[str, str]] = []
        if prefixed:
            name = source_name(line.target)
            parts.append((name, source_codes(name)))
        if timestamps:
            parts.append((time_words(line.timestamp), _DIM))
        if line.late:
            parts.append(("late", _DIM))
        body = render_line(line.text, colours=colour, at=line.timestamp)
        if not colour:
            return f"{' '.join([*(text for text, _ in parts), body.text])}\n"
        return f"{' '.join([*(paint(text, codes) for text, codes in parts), coloured_line(body, patterns)])}\n"

    return one
