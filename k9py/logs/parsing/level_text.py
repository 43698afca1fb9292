"""The level of a line of text: structure first, then a word where a library puts it, then an HTTP status.

Structure: a priority of syslog, a letter in a fixed position (klog, glog, MongoDB, Redis, logcat ...), `level=` among
pairs. A word counts only in the head of the line, before its message. To recognise another library whose lines have a
format of their own, add a pattern to `_OPENINGS` under the characters they begin with: its group is the word. Words
that any library writes in capitals or brackets belong in `_WORD`; those that come first in lower case in `_BEGINNING`.
"""

from __future__ import annotations

import re
from typing import Final

from k9py.api.lazy_pattern import lazy_pattern
from k9py.logs.parsing.level_words import NO_LEVEL, Level, LevelMatch, from_number, from_syslog, parse_level

HEAD: Final = 200
"""Characters of a line in which a level counts; pairs and the status of an access log count further on too."""

NEAR: Final = 120
"""Characters in which a bare word counts: further on it is a word of the message."""

_FAR: Final = 2_000

_MONTH: Final = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_TIME: Final = (
    r"[\[(]?(?:\d{1,2}[-/]"
    + _MONTH
    + r"[-/]\d{4}[ :][\d:.,+\- ]{5,24}+|\d[\d\-:/.,+ ]{4,40}+(?:e\+\d\d)?(?:T\d[\d:.,+\-]*+)?)"
    r"(?:Z|[AP]M|UTC|GMT|[A-Z]{3,4}(?=\]))?(?: std(?:out|err) [FP](?= ))?[\])]?"
    r"|(?:[A-Z][a-z]{2},? )?" + _MONTH + r" {1,2}\d{1,2},? (?:\d{4},? )?\d[\d:.,]{4,17}+(?: [AP]M)?(?: \d{4})?"
    r"(?: [\w.\-]{1,64}(?= ))?(?: [\w./\-]{1,64}(?:\[\d+\])?:)?"
)
_STAMP: Final = rf"\s*+(?P<stamp>(?:{_TIME})[\s|:\-]*+)?+"
_TEMPERED: Final = (
    r"[Ee]rror|[Ee]rr(?=: )|[Ww]arn(?:ing)?|[Ii]nfo|[Nn]otice|[Dd]ebug|[Tt]race|[Ff]atal|[Pp]anic|[Cc]ritical"
    r"|[Vv]erbose|crit|fail|dbug|trce|silly|alert|emerg"
)
_BEGINNING: Final = lazy_pattern(
    _STAMP + r"(?:[^\w\s\"'(<{/\\.$%=\-]{1,2} ?|(?P<label>\[[A-Za-z][^\[\]]{0,40}\] ))?"
    rf"(?P<word>{_TEMPERED})"
    r"(?:: ?| error: |(?(label)(?!))"
    r"(?: {1,3}- |\t| {2,8}(?=\S)|!|\[[A-Z]\d{4}\]:|\(\w{1,30}\): |(?(stamp)\s|(?!))))"
)
_CALLED: Final = lazy_pattern(
    _STAMP + r"[^\s:\"'={(\[]{1,120}+(?::\d+)*+(?:\(\d+,\d+\))?(?:\[[\d:]+\])?: "
    r"(?P<word>fatal error|fatal|panic|error|warning|critical|info|debug)(?: [A-Z]{1,6}\d{1,6})?: "
)
"""Messages of compilers and daemons: `main.c:1:2: error: `, `sshd[1]: error: `."""
_BRACKETED: Final = (
    "[Ee]rror|[Ee]rr|[Ww]arn(?:ing)?|[Ii]nfo(?:rmation)?|[Nn]otice|[Dd]ebug|[Tt]race[1-8]?|[Vv]erbose|[Ff]atal"
    "|[Cc]rit(?:ical)?|[Pp]anic|[Aa]lert|[Ee]merg(?:ency)?|Note|System|noti|severe"
)
_UPPER: Final = (
    *(
        "E(?:RROR|RRO|ROR|RR|MER(?:G(?:ENCY)?)?)",
        "W(?:ARNING|ARN|RN)",
        "I(?:NFO|NF)",
        r"D(?:EBUG[1-5]?|EBU|EBG|BUG|BG|PANIC)",
        "T(?:RACE|RAC|RC|RCE)",
    ),
    *("F(?:ATAL|ATA|TL|INE(?:R|ST)?(?=: | \\[|\\|)|AILURE(?=: ))", "C(?:RITICAL|RIT|ONFIG(?=: ))"),
    *("P(?:ANIC|ANI|NC)", "SEVERE", "N(?:OTICE|TC(?= ))", "ALERT", "V(?:ERBOSE|RB)", r"LOG(?=: | \[| [CS]-)"),
)
_WORD: Final = lazy_pattern(
    # Each alternative begins with one letter and looks back after it: the engine then skips to those letters.
    "|".join(
        [
            rf"\[ ?({_BRACKETED}|[TDIWECF])(?: *[\]>#]|:onnx)",
            rf"\| ?({_BRACKETED}|[TDIWECF]|SUCCESS) *\|",
            *(rf"{re.escape(opening)}({_BRACKETED}) *[\]>|):,](?!.*</)" for opening in "<:(#"),
            *(rf"{word[0]}(?<![\w=\"'/.\-$]{word[0]}){word[1:]}(?![\w=\"'/]|[\-.]\w)" for word in _UPPER),
        ]
    )
)
"""A word in brackets, which is its last group, or in capitals."""
_GROUPS: Final = lazy_pattern(r"\[[^\[\]]*\]|\([^()]*\)|\{[^{}]*\}|<[^<>]*>")
_SENTENCE: Final = lazy_pattern(
    rf"(?<!\S)(?!{_MONTH}\b|Mon\b|Tue|Wed|Thu|Fri|Sat|Sun|UTC|GMT|std)[A-Za-z][a-z']+[,.;]?(?=\s)"
)
_PROSE: Final = lazy_pattern(
    rf"(?!{_MONTH}\b|Mon\b|Tue|Wed|Thu|Fri|Sat|Sun|Error|Exception|Caused|Uncaught|Unhandled|Segmentation|terminate|thread)"
    r"[A-Za-z][a-z']++[,.;]? (?!std)[a-z']{2,}+[,.;]?(?= [\w(])"
)
"""A quick check: two words of a sentence, after which no word is a level. Most plain lines need no more."""
_BLANK: Final = (" ", "\t")
_FRAMES: Final = ("at ", 'File "', "... ")
_DATED: Final = lazy_pattern(rf"\s*(?:[\d\[(<*]|{_MONTH} |(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b)")
_CLOSERS: Final = frozenset(":]|>)-")

_RAISED: Final = lazy_pattern(
    _STAMP + r"(?:! )?(?P<what>Traceback(?= \(most recent call last)|(?:Exception in thread|Caused by:|Uncaught)(?= )"
    r"|Unhandled (?:[Ee]xception|rejection|error|Rejection|Error)\b|\[?UnhandledPromiseRejection(?=:)"
    r"|Error(?= in \w+\(| from server)|http: panic serving|Segmentation fault|terminate called after throwing"
    r"|(?:\*\* |\[)?\(?(?:[\w$]+(?:[./]|::))*[\w$]*(?:Error|Exception|Warning)(?=:|$|\) | \[[A-Z_\d]+\]:| \(.*\):$))"
    r"|(?P<where>(?:<frozen )?\S{1,200}:\d+: |\(node:\d+\) (?:\[\w+\] )?)(?P<warned>\w*Warning)(?=:)"
    r"|\S{1,100}:\d+:in .{1,150}\((?P<ruby>[\w:]*(?:Error|Exception))\)"
    r"|(?P<thread>thread '[^']{0,80}' (?:\(\d+\) )?panicked)(?= at)"
)
_KEYS: Final = r"level|Level|LEVEL|lvl|severity|SEVERITY|loglevel|log_level|log\.level|levelname|level_name|@level"
_STATED: Final = lazy_pattern(
    rf"(?:^|(?<=[\s,|(\[{{;]))\"?(?:{_KEYS}|(?P<at>at))\"?="
    r"[\"'\[]?(?P<word>[A-Za-z]{1,13}(?:[+\-]\d{1,2})?|-?\d{1,2})(?![\w.])"
)
_PAIR: Final = lazy_pattern(r"\s*\"?[A-Za-z_@][\w.@/\-]*\"?=")
_ANY_PAIR: Final = lazy_pattern(r"(?<!\S)[\w.@\-]+=\S")


def _openings(**patterns: str) -> dict[str, re.Pattern[str]]:
    """Combine the patterns of lines by the character they begin with; the last group of a match is the word."""
    by_first: dict[str, list[str]] = {}
    for name, pattern in patterns.items():
        kind = name.partition("__")[0]
        for first in _FIRSTS.get(kind, kind):
            by_first.setdefault(first, []).append(pattern)
    return {first: lazy_pattern("|".join(alternatives)) for first, alternatives in by_first.items()}


_PHP: Final = r"PHP (?:Parse |Core |Compile |Recoverable )?([FWNDe]\w+|fatal)(?: [a-z]\w+)?(?=: )"
_FIRSTS: Final = {"digit": "0123456789", "bracket": "[", "equals": "=", "letter": "IWEFDCVTA", "parenthesis": "("}
_OPENINGS: Final = _openings(
    letter__klog=r"([IWEFD])\d{4,8} \d\d:",  # klog, glog (with a year too), absl, CockroachDB
    E__glog=r"ERROR: logging before flag.Parse: ([IWEF])\d{4} ",
    N__fpm=rf"NOTICE: PHP message: {_PHP}",
    letter__tendermint=r"([IWED])\[\d{4}-\d\d-\d\d",
    letter__logcat=r"([VDIWEFA])/[\w.:\-]{1,60} *(?:\( *\d+\))?: ",
    letter__apt=r"([EW])(?:: \S|! )",
    digit__redis=r"\d+:[MSCX] \d\d \w{3} \d{4} [\d:.]+ ([#*.\-]) ",
    digit__logcat=r"\d\d-\d\d \d\d:\d\d:\d\d\.\d+ +\d+ +\d+ ([VDIWEFA]) \S",
    bracket__tornado=r"\[([IWEDC]) (?:\d{6}|\d{4}-\d\d-\d\d|\d\d:)",
    bracket__monolog=r"\[[\dT:.+\- Z]{10,40}\] [\w.\-]{1,60}\.([A-Z]{4,9})(?=: )",  # Laravel and Symfony too
    bracket__ray=r"\[[\d\-:, ]{19,30} ([IWEFCD]) \d+ \d+\]",
    bracket__celery=r"\[[\d\-:, ]{19,30}: ([A-Z]{4,8})/",
    bracket__php=rf"\[[\w\-: /]{{10,40}}\] {_PHP}",
    bracket__minecraft=r"\[\d\d:\d\d:\d\d\] \[[^\]]{1,60}/([A-Z]{4,5})\]",
    P__php=rf"{_PHP}|(Parse) error: ",
    D__php=r"(Deprecated): .+ on line \d+$",
    O__oracle=r"(ORA)-\d{5}: ",
    O__jvm=r"OpenJDK [^:]{1,40} (warning)(?=: )",
    J__jvm=r"Java HotSpot[^:]{1,40} (warning)(?=: )",
    letter__jvm=r"(Error) occurred during initialization of VM",
    letter__django=r"Internal Server (Error)(?=: /)",
    S__slf4j=r"SLF4J\(([TDIWE])\): ",
    digit__logback=r"\d\d:\d\d:[\d,.]+ \|-([A-Z]{4,5}) in ",
    bracket__gin=r"\[GIN-(debug)\] (?!\[)",
    bracket__torch=r"(?:\[\w{1,20}\]:)?\[([IWEF])(?:\d{4} [\d:.]{8,20})? [\w./\-]{1,60}:\d+\]",
    equals__sanitizer=r"==\d+==([A-Z]+): ",
    equals__erlang=r"=([A-Z]{4,10}) REPORT====",
    n__npm=r"npm (ERR!|WARN|[a-z]{4,6}) ",
    parenthesis__x=r"\((EE|WW|II)\) ",
    parenthesis__glib=r"\([^)]{1,80}\): [\w\-]*-([A-Z]{4,8}) \*\*:",
)
_LETTER: Final = lazy_pattern(
    r"\d{4}[-/]\d\d[-/][\d T:.,+\-]{9,40}+Z?:? *(?:"
    # etcd 3 and Rook, MongoDB before 4.4, TensorFlow, logcat
    r"([IWEFCNDVT]\d?)(?: \||  ?[A-Z\-]+ | \S+:\d+\]| [\w.]+ *: )"
    r"|UTC \| [A-Z\-]{1,20} \| ([A-Z]+) \|"  # Datadog's agents
    r"|([EWID])! |spid\d+s?\s+(Error): \d)"  # telegraf, SQL Server
)
"""A letter after a date."""
_SPECIAL: Final = {
    **dict.fromkeys("#", Level.WARN),  # Redis
    **dict.fromkeys("*", Level.INFO),
    **dict.fromkeys("-.", Level.DEBUG),
    **dict.fromkeys(("ERR!", "ORA", "CRASH", "SUPERVISOR", "Parse"), Level.ERROR),
    "PROGRESS": Level.INFO,
    "Deprecated": Level.WARN,
}
"""Levels of the words of `_OPENINGS` that only one library uses."""

_PRIORITY: Final = lazy_pattern(r"<(\d{1,3})>(?=\S)")
_EVENT: Final = lazy_pattern(r"\s*(?:\S+\s{2,}){0,2}(Warning|Normal)\s{2,}\S")
_STATUS: Final = lazy_pattern(
    r'HTTP/\d(?:\.\d)?" (?:from \S+ - )?(5\d\d)(?!\d)'  # common, combined, envoy, chi
    r"|HTTP/\d(?:\.\d)? (5\d\d)\)"  # uwsgi
    r"|(?<![\w])status(?:_?[Cc]ode)?=(5\d\d)(?!\d)"
)
_STATUS_BEGINS: Final = lazy_pattern(
    r"(?:\[GIN\] )?[\d/\-: ]{8,30}\| +(5\d\d) \|"
    r"|(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \S+ (5\d\d) [\d.\-]+ ?ms"  # morgan
    r"|Completed (5\d\d) "  # Rails
    r"|\d+\.\d+ +\d+ \S+ TCP_[A-Z_]+/(5\d\d) "  # Squid
    r"|(?:[^\[]{0,80}\[\d+\]: )?[\da-f.:]+ \[[^\]]+\] \S+ \S+ (?:-?\d+/){4}\+?-?\d+ (5\d\d) "  # HAProxy
)


def text_level(text: str) -> LevelMatch:
    """Return the level of a line without colours that is not JSON, and where its word is."""
    head = text[:HEAD]
    match = _stated(text, head)
    return match if match.level else _status(text, head)


def _stated(text: str, head: str) -> LevelMatch:
    first = head[:1]
    if first == "<" and (priority := _PRIORITY.match(head)):
        return LevelMatch(from_syslog(int(priority[1])), *priority.span(1))
    opening = _LETTER if head[4:5] in ("-", "/") and first.isdigit() else _OPENINGS.get(first)
    if opening is not None and (opened := opening.match(head)):
        group = opened.lastindex or 0
        level = _SPECIAL.get(opened[group]) or parse_level(opened[group])
        if level:
            return LevelMatch(level, *opened.span(group))
    pair = _pair(text, head) if "=" in text else None
    if pair is not None:
        if _PAIR.match(head):
            return pair
        if text[pair.start].isdigit():
            pair = None  # a player's level=3
    word = _word(head)
    return pair if pair is not None and not (word.level and word.start < pair.start) else word


def _pair(text: str, head: str) -> LevelMatch | None:
    """Return the level in a pair such as level=error, unless it is inside quotes or a sentence.

    It counts anywhere only in a line of pairs.
    """
    start = text if len(text) <= _FAR else text[:_FAR]
    if not ("level=" in start or "lvl=" in start or "severity=" in start or "at=" in start or _has_rarer_key(start)):
        return None
    stated = _STATED.search(start)
    while stated:
        at, word = stated.start(), stated["word"]
        level = parse_level(word) if word[0].isalpha() else from_number(int(word))
        before = start[:at]
        if not level or (stated["at"] and len(word) < 3) or (before.count('"') - before.count('\\"')) & 1:
            stated = _STATED.search(start, stated.end())
            continue
        if _PAIR.match(head) is None:
            is_sentence = _sentence(before, _DATED.match(head) is not None)
            if is_sentence and len(_ANY_PAIR.findall(start)) < 2:
                return None
            if at >= HEAD:
                return None
        return LevelMatch(level, *stated.span("word"))
    return None


def _has_rarer_key(text: str) -> bool:
    return "LEVEL=" in text or "Level=" in text or 'level"=' in text or "name=" in text or "SEVERITY=" in text


def _word(head: str) -> LevelMatch:
    if head[:1] in _BLANK:
        if head.lstrip().startswith(_FRAMES):
            return NO_LEVEL
    elif head[1:2].islower() and _PROSE.match(head):
        return NO_LEVEL
    word = _WORD.search(head, 0, NEAR)
    while word:
        group = word.lastindex or 0
        if _is_in_head(head, word.start(), word.end()):
            return LevelMatch(parse_level(word[group]), *word.span(group))
        word = _WORD.search(head, word.end(), NEAR)
    if (_may_begin(head) and (begun := _BEGINNING.match(head))) or (
        (
            "rror" in head
            or "arning: " in head
            or "info: " in head
            or "debug: " in head
            or "atal: " in head
            or "anic: " in head
            or "ritical: " in head
        )
        and (begun := _CALLED.match(head))
    ):
        return LevelMatch(parse_level(begun["word"].partition(" ")[0]), *begun.span("word"))
    if _may_be_raised(head) and (raised := _RAISED.match(head)):
        if raised["what"]:
            level = Level.WARN if raised["what"].endswith("Warning") else Level.ERROR
            return LevelMatch(level, *raised.span("what"))
        if raised["warned"]:
            return LevelMatch(Level.WARN, *raised.span("warned"))
        if raised["ruby"]:
            return LevelMatch(Level.ERROR, *raised.span("ruby"))
        return LevelMatch(Level.FATAL, *raised.span("thread"))
    if ("Warning  " in head or "Normal  " in head) and (event := _EVENT.match(head)):
        return LevelMatch(parse_level(event[1]), *event.span(1))
    return NO_LEVEL


def _may_begin(head: str) -> bool:
    """Return, cheaply, whether a word for a level may come first: most lines need no more."""
    first = head[:1]
    if first.isdigit() or first in "[( " or head[3:4] in (" ", ","):
        return True
    return ":" in head[:44] or "\t" in head[:12] or "!" in head[:12] or " - " in head[:12] or "  " in head[:9]


def _may_be_raised(head: str) -> bool:
    """Return, cheaply, whether the line may name an exception."""
    if "Error" in head or "Exception" in head or "Warning" in head or "Traceback" in head or "Caused by" in head:
        return True
    return "Uncaught" in head or "nhandled" in head or "panic" in head or "egmentation" in head or "terminate" in head


def _is_in_head(head: str, start: int, end: int) -> bool:
    """Return whether what looks like a level precedes the message: no sentence has begun, no quote is open."""
    if not start:
        return True
    before = head[:start]
    if not before.strip("0123456789-:/.,+ TZ[]()|\t"):
        return True
    if before.count('"') & 1:
        return False
    follows = head[end : end + 2].lstrip()[:1]
    return not _sentence(before, _DATED.match(head) is not None, more=follows in _CLOSERS or head[end - 1] in "]>")


def _sentence(before: str, dated: bool, *, more: bool = False) -> bool:
    """Return whether the words before a position form a sentence: names of hosts, threads and programs do not."""
    allowed = (1 if dated else 0) + (2 if more and dated else 1 if more else 0)
    has_groups = "[" in before or "(" in before or "{" in before or "<" in before
    bare = _GROUPS.sub(" ", before) if has_groups else before
    return len(_SENTENCE.findall(bare)) > allowed


def _status(text: str, head: str) -> LevelMatch:
    """Return ERROR where a line of an access log has a status of 500 or above."""
    if "5" not in text:
        return NO_LEVEL
    match = None
    if '" 5' in text or "=5" in text or " - 5" in text or "(HTTP/" in text:
        match = _STATUS.search(text, 0, _FAR)
    if match is None and (" 5" in head or "/5" in head):
        match = _STATUS_BEGINS.match(head)
    return LevelMatch(Level.ERROR, *match.span(match.lastindex or 0)) if match else NO_LEVEL
