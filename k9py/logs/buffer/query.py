"""The query language of log search and log filters: terms about level, source and fields, and one regular expression.

    level>=warn  level=error  level!=debug      severity
    pod=web  container=app  node=n2  revision=5d  source; the value is a regular expression, != excludes
    .status>=500  .user.id=42  .path~^/api       a field of a JSON or logfmt line
    !healthz  !"GET /ready"  !level=debug        excludes what matches
    anything else                                all of it together is one regular expression

All terms must hold. A value with blanks needs double quotes. Case matters where a term has a capital letter. A term
that cannot be understood is ignored and named in `problem`. A line on which an expression takes too long does not
match, whatever else it contains, and is counted (see `api/search_pattern.py`). To add a term about the source of lines,
add it to `_SOURCES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from k9py.api.plural import count_noun
from k9py.api.search_pattern import SearchPattern, SearchTimeoutError, compile_search, pattern_error
from k9py.logs.buffer.field_comparison import OPERATORS, compare_field
from k9py.logs.line import LogLine
from k9py.logs.parsing.level import Level, level_of, parse_level
from k9py.logs.parsing.record import MISSING, field_aliases, parse_record, value_at
from k9py.logs.parsing.rendering import render_text, value_text
from k9py.logs.parsing.sgr import plain_text

Condition = Callable[[LogLine], bool]
Compile = Callable[[str], SearchPattern | None]
"""Compiles a regular expression, and records where the text is none."""

_SOURCES: Final[dict[str, Callable[[LogLine], str]]] = {
    "pod": lambda line: line.target.pod,
    "container": lambda line: line.target.container,
    "node": lambda line: line.target.node,
    "revision": lambda line: line.target.revision,
}
_VALUE: Final = r'(?:"(?P<quoted>[^"]*)"(?=\s|$)|(?P<value>\S*))'
_TERM: Final = re.compile(
    r"(?<!\S)(?P<not>!)?(?:"
    r"(?P<name>level|" + "|".join(_SOURCES) + r"|\.[A-Za-z_@][\w@.\-/]*)(?P<sign>>=|<=|!=|!~|=|~|>|<)" + _VALUE + r"|"
    r'(?<=!)(?:"(?P<phrase>[^"]+)"(?=\s|$)|(?P<word>\S+)))'
)
_ANYTHING: Final = SearchPattern(re.compile(""))
_ESCAPE_OR_SET: Final = re.compile(r"\\(?:x..|u.{4}|U.{8}|N\{[^}]*\}|.)|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_LETTERS: Final = re.compile(r"[A-Za-z]+(?![A-Za-z?*{])")
"""Letters, without one that a quantifier after it makes optional."""
_LEVELS: Final = tuple(level for level in Level if level)


@dataclass(slots=True)
class _SlowCount:
    """How many lines took too long."""

    lines: int = 0


@dataclass(frozen=True, slots=True)
class LogQuery:
    """A condition on log lines.

    Args:
        text: as it was typed.
        pattern: the regular expression of what is not a term, which a view highlights; None when there is none.
        problem: what could not be understood; "" when everything was.
        can_be_slow: checking a line may take milliseconds: look at the clock after each.
    """

    text: str
    pattern: SearchPattern | None
    problem: str = ""
    conditions: tuple[Condition, ...] = field(default=(), repr=False, compare=False)
    can_be_slow: bool = False
    _slow: _SlowCount = field(default_factory=_SlowCount, repr=False, compare=False)

    def matches(self, line: LogLine) -> bool:
        """Return whether the line matches; one that takes too long does not."""
        try:
            return all(condition(line) for condition in self.conditions)
        except SearchTimeoutError:
            self._slow.lines += 1
            return False

    @property
    def slow_lines(self) -> int:
        """Lines that took too long."""
        return self._slow.lines

    @property
    def problem_text(self) -> str:
        """What was not understood, and on how many lines the result is unknown; "" when there is no problem."""
        slow = self.slow_lines
        timeout = f"timed out on {count_noun(slow, 'line')}, counted as no match" if slow else ""
        return "; ".join(filter(None, (self.problem, timeout)))

    def with_fresh_counts(self) -> LogQuery:
        """Return the same query with no lines counted yet."""
        return replace(self, _slow=_SlowCount())


def parse_query(text: str) -> LogQuery | None:
    """Return the query in a text, None when it is empty."""
    others, conditions, problems = list[str](), list[Condition](), list[str]()
    can_be_slow = False

    def compile_pattern(typed: str) -> SearchPattern | None:
        nonlocal can_be_slow
        if error := pattern_error(typed):
            problems.append(f"{typed!r} is not a regular expression ({error}): searching for the literal text")
        pattern = compile_search(typed)
        can_be_slow = can_be_slow or (pattern is not None and pattern.can_be_slow)
        return pattern

    at = 0
    for term in _TERM.finditer(text):
        others.append(text[at : term.start()].strip())
        at = term.end()
        try:
            conditions.append(_term_condition(term, compile_pattern))
        except _QueryError as error:
            problems.append(str(error))
    others.append(text[at:].strip())
    expression = " ".join(filter(None, others))
    if not expression and not conditions and not problems:
        return None
    pattern = compile_pattern(expression)
    if pattern is not None:
        conditions.append(_text_condition(pattern))
    return LogQuery(text, pattern, "; ".join(problems), tuple(conditions), can_be_slow)


class _QueryError(Exception):
    """A term that cannot be understood."""


def _term_condition(term: re.Match[str], compile_pattern: Compile) -> Condition:
    name, sign = term["name"], term["sign"]
    if name is None:
        return _negated(_text_condition(_pattern(term["phrase"] or term["word"], compile_pattern)))
    value = term["quoted"] if term["quoted"] is not None else term["value"]
    if not value and term["quoted"] is None:
        raise _QueryError(f"{name}{sign} needs a value")
    if name == "level":
        condition = _level_condition(sign, value)
    elif name in _SOURCES:
        condition = _source_condition(name, sign, value, compile_pattern)
    else:
        condition = _field_condition(name, sign, value, compile_pattern)
    return _negated(condition) if term["not"] else condition


def _negated(condition: Condition) -> Condition:
    return lambda line: not condition(line)


def _pattern(text: str, compile_pattern: Compile) -> SearchPattern:
    """Return the pattern of a term; an empty one matches everywhere."""
    return compile_pattern(text) or _ANYTHING


def _level_condition(sign: str, value: str) -> Condition:
    wanted, compare = parse_level(value), OPERATORS.get(sign)
    if not wanted and value.lower() != "unknown":
        names = ", ".join(level.name.lower() for level in _LEVELS)
        raise _QueryError(f"unknown level {value!r}: use {names} or unknown")
    if compare is None:
        raise _QueryError(f"level does not support {sign}: use = != >= <= > or <")
    return lambda line: compare(level_of(line.text), wanted)


def _source_condition(name: str, sign: str, value: str, compile_pattern: Compile) -> Condition:
    source = _SOURCES[name]
    search = _pattern(value, compile_pattern).search
    if sign in ("=", "~"):
        return lambda line: bool(search(source(line)))
    if sign in ("!=", "!~"):
        return lambda line: not search(source(line))
    raise _QueryError(f"{name} does not support {sign}: use = or !=")


def _field_condition(path: str, sign: str, value: str, compile_pattern: Compile) -> Condition:
    """Return the condition on a field: a line without that field never matches."""
    names = field_aliases(path[1:])
    # A line whose text does not contain the last key of the path has no such field: most lines are done with that.
    keys = tuple(
        name if len(names) > 1 else [part for part in name.split(".") if not part.isdecimal()][-1] for name in names
    )
    pattern = _pattern(value, compile_pattern) if sign in ("~", "!~") else None
    level = parse_level(value) if "level" in names and sign in OPERATORS else Level.UNKNOWN

    def holds(line: LogLine) -> bool:
        text = line.text
        if not any(key in text for key in keys) and "\\" not in text:
            return False
        record = parse_record(text)
        field_value = MISSING if record is None else value_at(record, path)
        if record is None or field_value is MISSING:
            return False
        if pattern is not None:
            return bool(pattern.search(plain_text(value_text(field_value)))) == (sign == "~")
        if level and record.level:
            return OPERATORS[sign](record.level, level)
        return compare_field(field_value, sign, value)

    return holds


def _text_condition(pattern: SearchPattern) -> Condition:
    """Return the condition that a pattern matches the plain text, or a structured line as it is rendered."""
    search = pattern.search
    needed = needed_words(pattern.pattern)

    def holds(line: LogLine) -> bool:
        text = line.text
        plain = plain_text(text)
        if needed and plain.isascii() and not _contains_any(needed, plain.lower()):
            if plain is text and "\\" not in text:
                return False
        elif search(plain):
            return True
        if "=" not in text and "{" not in text:
            return False
        rendered = render_text(text, line.timestamp)
        return rendered != plain and bool(search(rendered))

    return holds


def _contains_any(literals: tuple[str, ...], text: str) -> bool:
    for word in literals:  # noqa: SIM110 - a generator costs three times as much, and this runs for every line
        if word in text:
            return True
    return False


def needed_words(pattern: str) -> tuple[str, ...]:
    """Return lower-case words one of which every match of a pattern contains; none where there are no such words.

    They consist of letters alone and are no part of a level's name: keys and values are rendered as they are written,
    so a line that has no backslash and none of these words matches neither as it was written nor as it is rendered.
    """
    if "(" in pattern or pattern.count("|") > 8:
        return ()
    literal_parts = _ESCAPE_OR_SET.sub(" ", pattern)
    needed = [max(_required_words(part), key=len, default="") for part in literal_parts.split("|")]
    return tuple(needed) if all(needed) else ()


def _required_words(part: str) -> list[str]:
    """Return the sequences of letters that every match of a part of a pattern contains."""
    literals = [word.lower() for word in _LETTERS.findall(part)]
    return [word for word in literals if len(word) > 1 and not any(word.upper() in level.name for level in _LEVELS)]
