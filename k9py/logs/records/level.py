"""How grave a log line is, read from the line itself: the one answer for filters, patterns, colours and records.

A heuristic, cheap enough for every line. What JSON says is read in `level_json`, what text says in `level_text`; the
words are in `level_words`.
"""

from __future__ import annotations

import re
from typing import Final

from k9py.logs.records.level_json import json_level
from k9py.logs.records.level_text import HEAD, text_level
from k9py.logs.records.level_words import Level, LevelWord, parse_level

__all__ = ["Level", "LevelWord", "level_of", "level_word", "parse_level"]

_SGR: Final = re.compile(r"\x1b\[[0-9;:]*m")
_OBJECT: Final = re.compile(
    r"\s*(?P<prefix>(?:\[?\d[\dT:.,+\-Z/ ]{9,40}\]?\s+|[\w.\-]{1,60}\s*\| )?(?:std(?:out|err) [FP] |@cee: ?)?)"
    r"\{\s*[\"']"
)
"""The beginning of a JSON line, which a time, a node's own marks or docker compose may stand before."""


def level_of(text: str) -> Level:
    """Return the level of a line as a container wrote it."""
    if text.startswith('{"'):
        return json_level(text)
    if "\x1b" in text:
        text = _SGR.sub("", text[: HEAD * 10])
    return level_word(text).level


def level_word(text: str) -> LevelWord:
    """Return the level of a line that has no colours, and where its word stands if that is no JSON."""
    at = text.find("{", 0, HEAD)
    if at >= 0 and (begun := _OBJECT.match(text)):
        return LevelWord(json_level(text[begun.end("prefix") :].lstrip()))
    return text_level(text)
