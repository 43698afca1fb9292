"""Parses lines of `key=value` pairs: strictly, so that a sentence with an equals sign in it stays a sentence."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

import msgspec

MAX_TOKENS: Final = 500
"""A line with more pairs and bare words counts as plain text."""

_FIRST: Final = re.compile(r"\s*[A-Za-z_@][\w.@/\-]*=")
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<key>[A-Za-z_@][\w.@/\-]*)=(?:\"(?P<quoted>[^\"\\]*+(?:\\.[^\"\\]*+)*+)\"(?=\s|$|,)|(?P<value>\S*))|(?P<word>\S+)),?"
)


def parse_pairs(text: str, known: Collection[str] = (), *, min_pairs: int = 2) -> list[tuple[str, str]] | None:
    """Return the pairs of a line in their order, None when it is not logfmt.

    It must begin with a pair and have at least `min_pairs`. Bare words are only accepted (as part of the preceding
    value) where the line has one of the `known` keys.
    """
    if not _FIRST.match(text):
        return None
    pairs: list[tuple[str, str]] = []
    has_bare_words = False
    at, end, tokens = 0, len(text.rstrip()), 0
    while at < end:
        token = _TOKEN.match(text, at, end)
        tokens += 1
        if token is None or tokens > MAX_TOKENS:
            return None
        at = token.end()
        key, quoted, value, word = token.group("key", "quoted", "value", "word")
        if word is not None:
            has_bare_words = True
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]} {word}")
        else:
            pairs.append((key, unquote(quoted) if quoted is not None else value.rstrip(",")))
    if len(pairs) < min_pairs or (has_bare_words and not any(key in known for key, _ in pairs)):
        return None
    return pairs


def unquote(quoted: str) -> str:
    """Return the text between quotes with its escapes resolved, or as it is where they are not those of JSON."""
    if "\\" not in quoted:
        return quoted
    try:
        return msgspec.json.decode(f'"{quoted}"', type=str)
    except (msgspec.DecodeError, UnicodeError):
        return quoted
