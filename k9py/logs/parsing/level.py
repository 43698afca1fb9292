"""The level of a log line, detected from the line itself: for filters, templates, colours and records alike.

A heuristic, cheap enough for every line. `level_json` detects the level of JSON, `level_text` that of text; the words
for levels are in `level_words`.
"""

from __future__ import annotations

from typing import Final

from k9py.api.lazy_pattern import lazy_pattern
from k9py.logs.parsing.level_json import json_level
from k9py.logs.parsing.level_text import HEAD, text_level
from k9py.logs.parsing.level_words import NO_LEVEL, Level, LevelMatch, parse_level

__all__ = ["Level", "LevelMatch", "find_level", "level_of", "parse_level"]

_SGR: Final = lazy_pattern(r"\x1b\[[0-9;:]*m")
_OBJECT: Final = lazy_pattern(
    r"\s*(?P<prefix>(?:\[?\d[\dT:.,+\-Z/ ]{9,40}\]?\s+|[\w.\-]{1,60}\s*\| )?(?:std(?:out|err) [FP] |@cee: ?)?)"
    r"\{\s*[\"']"
)
"""The beginning of a JSON line, after a time, the fields of a node's log file or the prefix of docker compose."""

_PREFIX: Final = lazy_pattern(
    r"[\w.\-]{1,60}\s*\| "  # docker compose
    r"|\S{20,40} std(?:out|err) [FP] "  # a node's own file
    r"|\[pod/[\w.\-]{1,253}/[\w.\-]{1,63}\] "  # kubectl logs --prefix
    r"|\(\w{1,40}(?:,? ?\w{1,20}=[\w.]{1,40})*\) "  # Ray and vLLM
    r"|(?:[A-Z][a-z]{2} {1,2}\d{1,2} [\d:.]{8,15}|\d{4}-\d\d-\d\dT[\d:.+\-Z]{8,24}) "
    r"[\w.\-]{1,64} [\w./\-]{1,64}(?:\[[\w.]{1,20}\])?: "  # syslog
    # stern: a pod's name, perhaps after its namespace's, and a container's
    r"|(?:[a-z0-9\-]{1,63} )?[a-z][a-z0-9.\-]{0,240}-(?:[2456789b-df-hj-np-tv-xz]{5}|\d{1,3}) (?:› )?"
    r"[a-z0-9\-]{1,63} (?:[|›] )?(?=[\d{\[]|[IWEF]\d{4} |[A-Z]{4,5}\b|(?:ts|time|level|lvl)=)"
)
"""Prefixes that log tools put before a line."""


def level_of(text: str) -> Level:
    """Return the level of a line as a container wrote it."""
    if text.startswith('{"'):
        return json_level(text)
    if "\x1b" in text:
        text = _SGR.sub("", text[: HEAD * 10])
    return find_level(text).level


def find_level(text: str, *, prefixes: int = 2) -> LevelMatch:
    """Return the level of a line without colours, and where its word is unless the line is JSON.

    Args:
        prefixes: how many prefixes the line may still have.
    """
    if text.find("{", 0, HEAD) >= 0 and (begin := _OBJECT.match(text)):
        return LevelMatch(json_level(text[begin.end("prefix") :].lstrip()))
    match = text_level(text)
    if not match.level and prefixes and _may_have_prefix(text):
        prefix = _PREFIX.match(text)
        inner = find_level(text[prefix.end() :], prefixes=prefixes - 1) if prefix else NO_LEVEL
        if prefix and inner.level:
            return LevelMatch(inner.level, inner.start + prefix.end(), inner.end + prefix.end())
    return match


def _may_have_prefix(text: str) -> bool:
    """Return, cheaply, whether a line may have a prefix."""
    head = text[:72]
    if "|" in head or " std" in head:
        return True
    first = head[:1]
    if first.isdigit():
        return head[4:5] == "-" and "]: " in text[:HEAD]
    return "-" in head if first.islower() else head[3:4] == " " or first == "(" or head.startswith("[pod/")
