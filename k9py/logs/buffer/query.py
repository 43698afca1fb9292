"""What is typed to search or filter a log: words about level, source and fields, and one regular expression.

    level>=warn  level=error  level!=debug      how grave
    pod=web  container=app  node=n2  revision=5d  where from; the value is a regular expression, != is what it is not
    .status>=500  .user.id=42  .path~^/api       a field of a JSON or logfmt line
    !healthz  !"GET /ready"  !level=debug        leaves out what matches
    anything else                                all of it together one regular expression

All of them must hold. A value with blanks stands in double quotes. Case matters where a word has a capital letter.
A word that cannot be understood is left out of the question and told in `problem`. A line an expression takes too long
on does not answer the question, whatever else it says, and is counted (see `objects.search_pattern`). To add a word
about where lines come from, add it to `_SOURCES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from k9py.api.search_pattern import SearchPattern, SearchTimeoutError, compile_search, pattern_error
from k9py.logs.buffer.comparing import OPERATORS, compare
from k9py.logs.line import LogLine
from k9py.logs.parsing.level import Level, level_of, parse_level
from k9py.logs.parsing.record import MISSING, field_aliases, parse_record, value_at
from k9py.logs.parsing.rendering import render_text, value_text
from k9py.logs.parsing.sgr import plain_text

Condition = Callable[[LogLine], bool]
Compile = Callable[[str], SearchPattern | None]
"""Compiles what was typed, and tells where it is no regular expression."""

_SOURCES: Final[dict[str, Callable[[LogLine], str]]] = {
    "pod": lambda line: line.target.pod,
    "container": lambda line: line.target.container,
    "node": lambda line: line.target.node,
    "revision": lambda line: line.target.revision,
}
_VALUE: Final = r'(?:"(?P<quoted>[^"]*)"(?=\s|$)|(?P<value>\S*))'
_WORD: Final = re.compile(
    r"(?<!\S)(?P<not>!)?(?:"
    r"(?P<name>level|" + "|".join(_SOURCES) + r"|\.[A-Za-z_@][\w@.\-/]*)(?P<how>>=|<=|!=|!~|=|~|>|<)" + _VALUE + r"|"
    r'(?<=!)(?:"(?P<phrase>[^"]+)"(?=\s|$)|(?P<word>\S+)))'
)
_ANYTHING: Final = SearchPattern(re.compile(""))
_SET: Final = re.compile(r"\\(?:x..|u.{4}|U.{8}|N\{[^}]*\}|.)|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
"""An escape or a set of a regular expression."""
_RUN: Final = re.compile(r"[A-Za-z]+(?![A-Za-z?*{])")
"""Letters, without one that a quantifier behind it makes optional."""
_LEVELS: Final = tuple(level for level in Level if level)


@dataclass(slots=True)
class _Slow:
    """How many lines took too long."""

    lines: int = 0


@dataclass(frozen=True, slots=True)
class LogQuery:
    """A question a line answers with yes or no.

    Args:
        text: as it was typed.
        pattern: the regular expression of what is no word of ours, which is what a view highlights; None when there
            is none.
        problem: what could not be understood, in words; "" when all was.
        can_be_slow: looking at a line may take milliseconds: look at the clock after each.
    """

    text: str
    pattern: SearchPattern | None
    problem: str = ""
    conditions: tuple[Condition, ...] = field(default=(), repr=False, compare=False)
    can_be_slow: bool = False
    _slow: _Slow = field(default_factory=_Slow, repr=False, compare=False)

    def matches(self, line: LogLine) -> bool:
        """Tell whether the line answers all of it; one that takes too long does not."""
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
        """Words for what was not understood and on which lines it is not known; "" when there is nothing to say."""
        slow = self.slow_lines
        late = f"too slow on {slow:,} line{'' if slow == 1 else 's'}, taken as not matching" if slow else ""
        return "; ".join(filter(None, (self.problem, late)))

    def with_fresh_counts(self) -> LogQuery:
        """Return the same question, asked of no line yet."""
        return replace(self, _slow=_Slow())


def parse_query(text: str) -> LogQuery | None:
    """Return the question a text asks, None when it is empty."""
    others, conditions, problems = list[str](), list[Condition](), list[str]()
    can_be_slow = False

    def compiled(typed: str) -> SearchPattern | None:
        nonlocal can_be_slow
        if fault := pattern_error(typed):
            problems.append(f"{typed!r} is no regular expression ({fault}): looked for as it stands")
        pattern = compile_search(typed)
        can_be_slow = can_be_slow or (pattern is not None and pattern.can_be_slow)
        return pattern

    at = 0
    for word in _WORD.finditer(text):
        others.append(text[at : word.start()].strip())
        at = word.end()
        try:
            conditions.append(_condition(word, compiled))
        except _UnclearError as unclear:
            problems.append(str(unclear))
    others.append(text[at:].strip())
    rest = " ".join(filter(None, others))
    if not rest and not conditions and not problems:
        return None
    pattern = compiled(rest)
    if pattern is not None:
        conditions.append(_finds(pattern))
    return LogQuery(text, pattern, "; ".join(problems), tuple(conditions), can_be_slow)


class _UnclearError(Exception):
    """A word that cannot be understood, in words."""


def _condition(word: re.Match[str], compiled: Compile) -> Condition:
    name, how = word["name"], word["how"]
    if name is None:
        return _negated(_finds(_pattern(word["phrase"] or word["word"], compiled)))
    value = word["quoted"] if word["quoted"] is not None else word["value"]
    if not value and word["quoted"] is None:
        raise _UnclearError(f"{name}{how} needs a value behind it")
    if name == "level":
        condition = _level(how, value)
    elif name in _SOURCES:
        condition = _source(name, how, value, compiled)
    else:
        condition = _field(name, how, value, compiled)
    return _negated(condition) if word["not"] else condition


def _negated(condition: Condition) -> Condition:
    return lambda line: not condition(line)


def _pattern(text: str, compiled: Compile) -> SearchPattern:
    """Return the pattern of a word; an empty one is found everywhere."""
    return compiled(text) or _ANYTHING


def _level(how: str, value: str) -> Condition:
    wanted, order = parse_level(value), OPERATORS.get(how)
    if not wanted and value.lower() != "unknown":
        names = ", ".join(level.name.lower() for level in _LEVELS)
        raise _UnclearError(f"{value!r} is no level: {names} or unknown")
    if order is None:
        raise _UnclearError(f"level{how} means nothing: = != >= <= > or <")
    return lambda line: order(level_of(line.text), wanted)


def _source(name: str, how: str, value: str, compiled: Compile) -> Condition:
    source = _SOURCES[name]
    search = _pattern(value, compiled).search
    if how in ("=", "~"):
        return lambda line: bool(search(source(line)))
    if how in ("!=", "!~"):
        return lambda line: not search(source(line))
    raise _UnclearError(f"{name}{how} means nothing: = or !=")


def _field(path: str, how: str, value: str, compiled: Compile) -> Condition:
    """Return the condition on a field: a line that has no such field never answers it."""
    names = field_aliases(path[1:])
    # A line whose text has not the last word of the path has not the field: most lines are done with that.
    words = tuple(
        name if len(names) > 1 else [part for part in name.split(".") if not part.isdecimal()][-1] for name in names
    )
    pattern = _pattern(value, compiled) if how in ("~", "!~") else None
    level = parse_level(value) if "level" in names and how in OPERATORS else Level.UNKNOWN

    def holds(line: LogLine) -> bool:
        text = line.text
        if not any(word in text for word in words) and "\\" not in text:
            return False
        record = parse_record(text)
        found = MISSING if record is None else value_at(record, path)
        if record is None or found is MISSING:
            return False
        if pattern is not None:
            return bool(pattern.search(plain_text(value_text(found)))) == (how == "~")
        if level and record.level:
            return OPERATORS[how](record.level, level)
        return compare(found, how, value)

    return holds


def _finds(pattern: SearchPattern) -> Condition:
    """Return the condition that a pattern hits the plain text, or of a structured line what is shown of it."""
    search = pattern.search
    needed = needed_words(pattern.pattern)

    def holds(line: LogLine) -> bool:
        text = line.text
        bare = plain_text(text)
        if needed and bare.isascii() and not _any_in(needed, bare.lower()):
            if bare is text and "\\" not in text:
                return False
        elif search(bare):
            return True
        if "=" not in text and "{" not in text:
            return False
        told = render_text(text, line.timestamp)
        return told != bare and bool(search(told))

    return holds


def _any_in(words: tuple[str, ...], text: str) -> bool:
    for word in words:  # noqa: SIM110 - a generator costs three times as much, and this is done for every line
        if word in text:
            return True
    return False


def needed_words(pattern: str) -> tuple[str, ...]:
    """Return words, in lower case, one of which stands in whatever a pattern hits; none where there are no such words.

    They are of letters alone, and not of those of levels: keys and values are shown as they are written, so a line
    that has no backslash and none of these words is hit neither as it was written nor as it is shown.
    """
    if "(" in pattern or pattern.count("|") > 8:
        return ()
    plain_parts = _SET.sub(" ", pattern)
    needed = [max(_sure_words(part), key=len, default="") for part in plain_parts.split("|")]
    return tuple(needed) if all(needed) else ()


def _sure_words(part: str) -> list[str]:
    """Return the runs of letters a part of a pattern cannot do without."""
    words = [word.lower() for word in _RUN.findall(part)]
    return [word for word in words if len(word) > 1 and not any(word.upper() in level.name for level in _LEVELS)]
