"""How grave a log line is, read from the line itself: a heuristic over its beginning, cheap enough for every line.

To recognise another word, add it to `_WORDS`, and if it stands in plain text, to `_UPPER` or `_BRACKETED`.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final, NamedTuple

HEAD: Final = 200
"""Characters of a line that are looked at; of JSON, whose keys have no order, and of an access log's line more."""

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
        Level.TRACE: "trace trc trce verbose finest finer silly t v 10",
        Level.DEBUG: "debug dbg dbug fine d d1 d2 d3 d4 d5 20 7",
        Level.INFO: "info inf information informational notice log config i n 30 6 5",
        Level.WARN: "warn warning wrn w 40 4",
        Level.ERROR: "error err eror fail failure severe e 50 3",
        Level.FATAL: "fatal critical crit panic dpanic pnc ftl alert emerg emergency f c 60 2 1 0",
    }.items()
    for word in words.split()
}
"""Numbers: those of bunyan and pino (10 to 60), and of syslog (0 to 7)."""

_UPPER: Final = re.compile(
    # The look back stands behind the first letter: the engine can then skip to the few letters a word begins with.
    r"(?:E(?<![\w=\"'/.\-]E)(?:RROR|RR|MERG(?:ENCY)?)|W(?<![\w=\"'/.\-]W)(?:ARNING|ARN|RN)|I(?<![\w=\"'/.\-]I)(?:NFO|NF)"
    r"|D(?<![\w=\"'/.\-]D)(?:EBUG|BG|PANIC)|T(?<![\w=\"'/.\-]T)(?:RACE|RC)|F(?<![\w=\"'/.\-]F)(?:ATAL|TL)"
    r"|C(?<![\w=\"'/.\-]C)(?:RITICAL|RIT)|P(?<![\w=\"'/.\-]P)(?:ANIC|NC)|S(?<![\w=\"'/.\-]S)EVERE|N(?<![\w=\"'/.\-]N)OTICE"
    r"|A(?<![\w=\"'/.\-]A)LERT|V(?<![\w=\"'/.\-]V)ERBOSE|L(?<![\w=\"'/.\-]L)OG(?=: ))(?![\w=\"'/])"
)
_BRACKETED: Final = re.compile(
    r"[\[<:|(] ?([Ee]rror|[Ee]rr|[Ww]arn(?:ing)?|[Ii]nfo(?:rmation)?|[Nn]otice|[Dd]ebug|[Tt]race|[Vv]erbose|[Ff]atal"
    r"|[Cc]rit(?:ical)?|[Pp]anic|[Aa]lert|[Ee]merg) ?[\]>|)]"
)
_STAMP: Final = r"\s*(?:[\[(]?\d[\d\-:/.,TZ+ ]{4,40}[\])]?[\s|\-]*)?"
_BEGINNING: Final = re.compile(
    _STAMP
    + r"([Ee]rror|[Ww]arn(?:ing)?|[Ii]nfo|[Nn]otice|[Dd]ebug|[Tt]race|[Ff]atal(?= error)|[Ff]atal|[Pp]anic|[Cc]ritical"
    r"|crit|fail|dbug|trce)(?:: ?| error: )"
)
_RAISED: Final = re.compile(
    _STAMP
    + r"(Traceback(?= \(most recent call last)|(?:Exception in thread|Caused by:|Uncaught)(?= )|(?:[\w$]+[./])*[\w$]*"
    r"(?:Error|Exception)(?=:|$))"
)
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
    upper = _UPPER.search(head)
    bracketed = _BRACKETED.search(head, 0, upper.start() if upper else HEAD)
    if bracketed:
        return LevelWord(_WORDS[bracketed[1].lower()], *bracketed.span(1))
    if upper:
        return LevelWord(_WORDS[upper[0].lower()], *upper.span())
    if ": " in head and (word := _BEGINNING.match(head)):
        return LevelWord(_WORDS[word[1].lower()], *word.span(1))
    if head[:1].isdigit() and (letter := _LETTER.match(head)):
        return LevelWord(_WORDS[letter[1].lower()], *letter.span(1))
    if "Error" in head or "Exception" in head or "Traceback" in head or "Caused by" in head or "Uncaught" in head:
        raised = _RAISED.match(head)
        if raised:
            return LevelWord(Level.ERROR, *raised.span(1))
    return _NONE


def _json_level(text: str) -> Level:
    at = text.find('"level"', 0, _FAR)
    stated = _JSON_LEVEL.match(text, at) if at >= 0 else None
    stated = stated or _JSON_LEVEL.search(text, 0, _FAR)
    if stated and (level := parse_level(stated[1] or stated[2])):
        return level
    return Level.ERROR if '"status' in text and _JSON_STATUS.search(text, 0, _FAR) else Level.UNKNOWN
