"""Which lines are printed and what is highlighted in them: the queries and regular expressions of the command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import click

from k9py.api.search_pattern import SearchPattern, compile_search, pattern_error
from k9py.api.text import printable
from k9py.logs.buffer.query import LogQuery, parse_query
from k9py.logs.line import LogLine

_LITERAL: Final = ": searching for the literal text"
"""What the dashboard does with an invalid expression."""


@dataclass(frozen=True, slots=True)
class LineSelection:
    """Selects lines that match one of `include` (or there is none) and none of `exclude`, and all markers."""

    include: tuple[LogQuery, ...] = ()
    exclude: tuple[LogQuery, ...] = ()

    def matches(self, line: LogLine) -> bool:
        """Return whether the line is to be printed."""
        if line.marker:
            return True
        if self.include and not any(query.matches(line) for query in self.include):
            return False
        return not any(query.matches(line) for query in self.exclude)

    @property
    def slow_queries(self) -> tuple[str, ...]:
        """Printable warnings about the queries that timed out, and on how many of the lines so far."""
        options = [("--include", query) for query in self.include] + [("--exclude", query) for query in self.exclude]
        return tuple(
            f"{option} {printable(query.text)}: {query.problem_text}" for option, query in options if query.slow_lines
        )


def parse_selection(include: Sequence[str], exclude: Sequence[str]) -> LineSelection:
    """Return the selection of these queries. Raises click.UsageError for a query that cannot be understood."""
    return LineSelection(_parse_queries("--include", include), _parse_queries("--exclude", exclude))


def parse_highlights(texts: Sequence[str]) -> tuple[SearchPattern, ...]:
    """Return the patterns to highlight; lower-case ones match both cases. Raises click.UsageError."""
    return tuple(_parse_pattern(text) for text in texts)


def _parse_queries(option: str, texts: Sequence[str]) -> tuple[LogQuery, ...]:
    queries = []
    for text in texts:
        query = parse_query(text)
        if query is None:
            raise click.UsageError(f"{option} needs a query: a regular expression, level>=warn, .status=500.")
        if query.problem:
            if query.problem.startswith(f"{text!r} is not a regular expression"):
                raise click.UsageError(f"{option} {text!r} is not a valid regular expression: {pattern_error(text)}.")
            problem = query.problem.replace(_LITERAL, "")  # a command does not fall back to the literal text
            raise click.UsageError(f"{option} {text!r} is not valid: {problem}.")
        queries.append(query)
    return tuple(queries)


def _parse_pattern(text: str) -> SearchPattern:
    if not text:
        raise click.UsageError("--highlight needs a regular expression.")
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise click.UsageError(f"--highlight {text!r} is not a regular expression: {error}.") from error
    pattern = compile_search(text)
    assert pattern is not None
    return pattern
