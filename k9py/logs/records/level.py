"""How grave a log line is, read from the line itself: a heuristic over its beginning, cheap enough for every line.

To recognise another word, add it to `_WORDS`, and if it stands in plain text, to `_WORD`.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final, NamedTuple

HEAD: Final = 200
"""Characters of a line that are looked at; of JSON, whose keys have no order, and of an access log's line more."""

NEAR: Final = 120
"""Characters in which a bare word may stand: further on it is a word of the message."""

_FAR: Final = 2_000


class Level(IntEnum):
    """Levels in ascending order; UNKNOWN when the line does not say."""

    UNKNOWN = 0
    TRACE = 1
    DEBUG = 2
    INFO = 3
    WARN = 4
    ERROR = 5
    FATAL = 6


class LevelWord(NamedTuple):
    """The level of a line and where the word for it stands, in characters; start == end when no word says it."""

    level: Level
    start: int = 0
    end: int = 0


_NONE: Final = LevelWord(Level.UNKNOWN)

_WORDS: Final[dict[str, Level]] = {
    word: level
    for level, words in {
        Level.TRACE: "trace trc trce trac verbose finest finer silly t v 10",
        Level.DEBUG: "debug dbg dbug debu fine d d1 d2 d3 d4 d5 20 7",
        Level.INFO: "info inf information informational notice log config i n 30 6 5",
        Level.WARN: "warn warning wrn w 40 4",
        Level.ERROR: "error err erro eror fail failure severe e 50 3",
        Level.FATAL: "fatal critical crit panic pani fata dpanic pnc ftl alert emerg emergency f c 60 2 1 0",
    }.items()
    for word in words.split()
}
"""Numbers: those of bunyan and pino (10 to 60), and of syslog (0 to 7)."""

_BRACKETED: Final = (
    "[Ee]rror|[Ee]rr|[Ww]arn(?:ing)?|[Ii]nfo(?:rmation)?|[Nn]otice|[Dd]ebug|[Tt]race|[Vv]erbose|[Ff]atal"
    "|[Cc]rit(?:ical)?|[Pp]anic|[Aa]lert|[Ee]merg"
)
_UPPER: Final = (
    *(
        "E(?:RROR|RRO|RR|MERG(?:ENCY)?)",
        "W(?:ARNING|ARN|RN)",
        "I(?:NFO|NF)",
        "D(?:EBUG|EBU|BG|PANIC)",
        "T(?:RACE|RAC|RC)",
    ),
    *("F(?:ATAL|ATA|TL)", "C(?:RITICAL|RIT)", "P(?:ANIC|ANI|NC)", "SEVERE", "NOTICE", "ALERT", "VERBOSE", "LOG(?=: )"),
)
_WORD: Final = re.compile(
    # Each way begins with one letter, and the look back stands behind it: the engine then skips to those letters.
    "|".join(
        [
            *(rf"{re.escape(opening)} ?({_BRACKETED}) ?[\]>|)]" for opening in "[<:|("),
            *(rf"{word[0]}(?<![\w=\"'/.\-]{word[0]}){word[1:]}(?![\w=\"'/])" for word in _UPPER),
        ]
    )
)
"""A word in brackets, which is its last group, or in capitals."""
_STAMP: Final = r"\s*(?P<stamp>[\[(]?\d[\d\-:/.,+ ]{4,40}+(?:T\d[\d:.,+\-]*+)?Z?[\])]?[\s|\-]*+)?+"
_BEGINNING: Final = re.compile(
    _STAMP + r"(?P<word>[Ee]rror|[Ww]arn(?:ing)?|[Ii]nfo|[Nn]otice|[Dd]ebug|[Tt]race|[Ff]atal|[Pp]anic"
    r"|[Cc]ritical|crit|fail|dbug|trce)(?:: ?| error: |(?(stamp)\s|(?!)))"
)
_RAISED: Final = re.compile(
    _STAMP + r"(?P<what>Traceback(?= \(most recent call last)|(?:Exception in thread|Caused by:|Uncaught)(?= )"
    r"|(?:[\w$]+[./])*[\w$]*(?:Error|Exception|Warning)(?=:|$))"
)
_RAISED_NAMES: Final = ("Error", "Exception", "Warning", "Traceback", "Caused by", "Uncaught")
_STATED: Final = re.compile(r"(?:^|[\s,|(\[{])(?:level|lvl|severity)=[\"'\[]?([A-Za-z]{1,13}|\d{1,2})(?![\w])")
_KLOG: Final = re.compile(r"([IWEF])\d{4} \d\d:")
_LETTER: Final = re.compile(r"[\dTZ:.,\-+ ]{19,40} ([IWEFCND])(?: \||  ?[A-Z]+ )")
_SGR: Final = re.compile(r"\x1b\[[0-9;:]*m")
_JSON_LEVEL: Final = re.compile(
    r'"(?:level|[Ss]everity|lvl|Level|levelname|level_name|log\.level|logLevel|loglevel|log_level|LEVEL|@l|severity_text'
    r'|severityText|SeverityText|s)"\s*:\s*(?:"([A-Za-z]{1,13}\d?)"|"?(\d\d?)(?![\d.]))'
)
_JSON_STATUS: Final = re.compile(r'"status(?:_?[Cc]ode)?"\s*:\s*"?5\d\d(?!\d)')
_ACCESS: Final = re.compile(r'HTTP/\d(?:\.\d)?" (5\d\d)(?!\d)')
_GIN: Final = re.compile(r"\| ?(5\d\d) \|")


def parse_level(word: str) -> Level:
    """Return the level a word or number stands for, in any case; UNKNOWN when it stands for none."""
    return _WORDS.get(word) or _WORDS.get(word.strip(" []<>\"'").lower(), Level.UNKNOWN)


def level_of(text: str) -> Level:
    """Return the level of a line as a container wrote it."""
    if text.startswith("{"):
        return _json_level(text)
    if "\x1b" in text:
        text = _SGR.sub("", text[: HEAD * 2])
    return level_word(text).level


def level_word(text: str) -> LevelWord:
    """Return the level of a line that is no JSON and has no colours, and where its word stands."""
    head = text[:HEAD]
    found = _stated(head)
    if found.level < Level.ERROR:
        status = None
        if text.find('" 5', 0, _FAR) >= 0:
            status = _ACCESS.search(text, 0, _FAR)
        elif "[GIN]" in head:
            status = _GIN.search(head)
        if status:
            return LevelWord(Level.ERROR, *status.span(1))
    return found


def _stated(head: str) -> LevelWord:
    if "level=" in head or "lvl=" in head or "severity=" in head:
        stated = _STATED.search(head)
        if stated and (level := parse_level(stated[1])):
            return LevelWord(level, *stated.span(1))
    if head[1:5].isdigit() and (letter := _KLOG.match(head)):
        return LevelWord(_WORDS[letter[1].lower()], *letter.span(1))
    if word := _WORD.search(head, 0, NEAR):
        return LevelWord(_WORDS[word[word.lastindex or 0].lower()], *word.span(word.lastindex or 0))
    dated = head[4:5] in ("-", "/") and head[:4].isdigit()
    if (dated or ": " in head) and (word := _BEGINNING.match(head)):
        return LevelWord(_WORDS[word["word"].lower()], *word.span("word"))
    if dated and (letter := _LETTER.match(head)):
        return LevelWord(_WORDS[letter[1].lower()], *letter.span(1))
    if any(name in head for name in _RAISED_NAMES) and (raised := _RAISED.match(head)):
        level = Level.WARN if raised["what"].endswith("Warning") else Level.ERROR
        return LevelWord(level, *raised.span("what"))
    return _NONE


def _json_level(text: str) -> Level:
    at = text.find('"level"', 0, _FAR)
    stated = _JSON_LEVEL.match(text, at) if at >= 0 else None
    stated = stated or _JSON_LEVEL.search(text, 0, _FAR)
    if stated and (level := parse_level(stated[1] or stated[2])):
        return level
    return Level.ERROR if '"status' in text and _JSON_STATUS.search(text, 0, _FAR) else Level.UNKNOWN
