"""Which lines are printed, and what is marked in them: the queries and expressions of the command line, checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import click

from k9py.api.search_pattern import SearchPattern, compile_search
from k9py.api.text import printable
from k9py.logs.buffer.query import LogQuery, parse_query
from k9py.logs.line import LogLine


@dataclass(frozen=True, slots=True)
class Choice:
    """Takes a line when one of `include` holds (or there is none) and none of `exclude` does; markers always."""

    include: tuple[LogQuery, ...] = ()
    exclude: tuple[LogQuery, ...] = ()

    def takes(self, line: LogLine) -> bool:
        """Tell whether the line is to be printed."""
        if line.marker:
            return True
        if self.include and not any(one.matches(line) for one in self.include):
            return False
        return not any(one.matches(line) for one in self.exclude)

    @property
    def slow(self) -> tuple[str, ...]:
        """Say, printable, which queries took too long on how many of the lines seen up to now."""
        both = [("--include", one) for one in self.include] + [("--exclude", one) for one in self.exclude]
        return tuple(f"{option} {printable(one.text)}: {one.problem_text}" for option, one in both if one.slow_lines)


def choice(include: Sequence[str], exclude: Sequence[str]) -> Choice:
    """Return what chooses lines by these queries. Raises click.UsageError: one cannot be understood."""
    return Choice(_queries("--include", include), _queries("--exclude", exclude))


def patterns(texts: Sequence[str]) -> tuple[SearchPattern, ...]:
    """Return what is to be marked; small letters alone match both cases. Raises click.UsageError: no expression."""
    return tuple(_pattern(one) for one in texts)


def _queries(option: str, texts: Sequence[str]) -> tuple[LogQuery, ...]:
    found = []
    for text in texts:
        query = parse_query(text)
        if query is None:
            raise click.UsageError(f"{option} needs a query: a regular expression, level>=warn, .status=500.")
        if query.problem:
            raise click.UsageError(f"{option} {text!r} cannot be understood: {query.problem}")
        found.append(query)
    return tuple(found)


def _pattern(text: str) -> SearchPattern:
    if not text:
        raise click.UsageError("--highlight needs a regular expression.")
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise click.UsageError(f"--highlight {text!r} is not a regular expression: {error}.") from error
    found = compile_search(text)
    assert found is not None
    return found
