"""The levels, and the words, letters and numbers that stand for them.

To recognise another word, add it to `_WORDS`; where in a line it counts is up to `level_text` and `level_json`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import IntEnum
from typing import Final, NamedTuple


class Level(IntEnum):
    """Levels in ascending order; UNKNOWN when the line has none."""

    UNKNOWN = 0
    TRACE = 1
    DEBUG = 2
    INFO = 3
    WARN = 4
    ERROR = 5
    FATAL = 6


class LevelMatch(NamedTuple):
    """The level of a line and the position of its word, in characters; start == end when there is no word."""

    level: Level
    start: int = 0
    end: int = 0


NO_LEVEL: Final = LevelMatch(Level.UNKNOWN)

_WORDS: Final[dict[str, Level]] = {
    word: level
    for level, names in {
        Level.TRACE: (
            "trace trc trce trac verbose verb vrb finest finer silly sill t v 10 "
            "trace1 trace2 trace3 trace4 trace5 trace6 trace7 trace8"
        ),
        Level.DEBUG: "debug dbg dbug debg debu fine d d1 d2 d3 d4 d5 debug1 debug2 debug3 debug4 debug5 20 7",
        Level.INFO: (
            "info inf information informational notice note noti ntc log config normal system success http ii i n "
            "30 6 5"
        ),
        Level.WARN: "warn warning wrn ww w 40 4",
        Level.ERROR: "error err erro eror fail failure severe ee e 50 3",
        Level.FATAL: (
            "fatal fat critical crit panic pani fata dpanic pnc ftl alert alrt emer emerg emergency f c a 60 2 1 0"
        ),
    }.items()
    for lower in names.split()
    for word in {lower, lower.upper(), lower.capitalize()}
}
"""The numbers are those of bunyan and pino (10 to 60), and of syslog (0 to 7)."""

_SGR: Final = re.compile(r"\x1b\[[0-9;:]*m")
_SLOG_STEP: Final = 4


def parse_level(word: str) -> Level:
    """Return the level a word or number stands for, in any case; UNKNOWN when it stands for none.

    `ERROR+2` of slog and `LogLevel.Error` have the level of their word.
    """
    level = _WORDS.get(word)
    if level is not None:
        return level
    if "\x1b" in word:
        word = _SGR.sub("", word)
    word = word.strip(" []<>\"'").lower()
    level = _WORDS.get(word)
    if level is not None or len(word) > 40:
        return level or Level.UNKNOWN
    before, _, word = word.rpartition(".")
    if not before and ("severity_" in word or "level_" in word):
        word = word.rpartition("_")[2]  # SEVERITY_NUMBER_ERROR2
        word = word.rstrip("234")
    for sign in "+-":
        base, separator, step = word.partition(sign)
        if separator and step.isdecimal() and base.isalpha():
            level = _WORDS.get(base, Level.UNKNOWN)
            below = sign == "-" and int(step) >= _SLOG_STEP and level > Level.TRACE
            return Level(level - 1) if below else level
    return _WORDS.get(word, Level.UNKNOWN) if word.isalpha() else Level.UNKNOWN


def from_number(number: int, *, is_syslog: bool = False) -> Level:
    """Return what a number under a name such as "level" stands for.

    Args:
        is_syslog: the line is from GELF or journald, where 0 is an emergency; elsewhere it is the least verbose INFO
            (logr, slog).
    """
    if number < 0:
        return Level.DEBUG if number >= -_SLOG_STEP else Level.TRACE
    if number < 8:
        return _WORDS[str(number)] if number or is_syslog else Level.INFO
    if number < 10:
        return Level.ERROR  # slog
    for above, of in _RANGES:
        if number < above:
            return of(number)
    return Level.UNKNOWN


def _stepped(unit: int, names: tuple[Level, ...]) -> Callable[[int], Level]:
    return lambda number: names[min(number // unit, len(names)) - 1]


_SIX: Final = (Level.TRACE, Level.DEBUG, Level.INFO, Level.WARN, Level.ERROR, Level.FATAL)
_RANGES: Final[tuple[tuple[int, Callable[[int], Level]], ...]] = (
    (70, _stepped(10, _SIX)),  # bunyan and pino
    (100, lambda _: Level.UNKNOWN),
    (700, _stepped(100, _SIX[1:])),  # monolog
    (
        1_001,
        _stepped(100, (Level.UNKNOWN,) * 6 + (Level.DEBUG, Level.INFO, Level.WARN, Level.ERROR)),
    ),  # java.util.logging
    (5_000, lambda _: Level.UNKNOWN),
    (60_001, _stepped(10_000, _SIX[1:])),  # logback, log4j
)
"""Levels of the numbers from 10 on, each range up to its bound."""

_GCP: Final = _stepped(100, (Level.DEBUG, Level.INFO, Level.INFO, Level.WARN, Level.ERROR, Level.FATAL))


def from_python(number: int) -> Level:
    """Return what a `levelno` of Python's logging stands for."""
    return Level(min(number // 10 + 1, 6)) if 5 <= number < 100 else Level.UNKNOWN


def from_otel(number: int) -> Level:
    """Return what a severity number of OpenTelemetry stands for (1 to 24)."""
    return Level((number + 3) // 4) if 1 <= number <= 24 else Level.UNKNOWN


def from_dotnet(number: int) -> Level:
    """Return what a `LogLevel` of Microsoft.Extensions.Logging stands for (0 to 5)."""
    return Level(number + 1) if 0 <= number <= 5 else Level.UNKNOWN


def from_app_insights(number: int) -> Level:
    """Return what a `severityLevel` of Application Insights stands for (0 to 4)."""
    return Level(number + 2) if 0 < number <= 4 else Level.TRACE if number == 0 else Level.UNKNOWN


def from_severity(number: int) -> Level:
    """Return what a number under "severity" stands for: Google Cloud's hundreds, or else as "level"."""
    return _GCP(number) if number >= 100 and number <= 800 and not number % 100 else from_number(number)


def from_syslog(number: int) -> Level:
    """Return what a priority of syslog stands for (0 to 7, or with its facility)."""
    return from_number(number & 7, is_syslog=True) if 0 <= number < 192 else Level.UNKNOWN
