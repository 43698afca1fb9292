"""Lines of `key=value` pairs: recognised strictly, so that a sentence with an equals sign in it stays a sentence."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

import msgspec

MAX_TOKENS: Final = 500
"""A line with more pairs and bare words is taken as plain text."""

_FIRST: Final = re.compile(r"\s*[A-Za-z_@][\w.@/\-]*=")
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<key>[A-Za-z_@][\w.@/\-]*)=(?:\"(?P<quoted>[^\"\\]*+(?:\\.[^\"\\]*+)*+)\"(?=\s|$|,)|(?P<value>\S*))|(?P<word>\S+)),?"
)


def pairs(text: str, known: Collection[str] = (), *, least: int = 2) -> list[tuple[str, str]] | None:
    """Return the pairs of a line in their order, None when it is not of that form.

    It must begin with a pair and have `least` or more. Bare words are only taken (as more of the value before them)
    where one of the `known` keys is there too.
    """
    if not _FIRST.match(text):
        return None
    found: list[tuple[str, str]] = []
    bare = False
    at, end, tokens = 0, len(text.rstrip()), 0
    while at < end:
        token = _TOKEN.match(text, at, end)
        tokens += 1
        if token is None or tokens > MAX_TOKENS:
            return None
        at = token.end()
        key, quoted, value, word = token.group("key", "quoted", "value", "word")
        if word is not None:
            bare = True
            found[-1] = (found[-1][0], f"{found[-1][1]} {word}")
        else:
            found.append((key, unquoted(quoted) if quoted is not None else value.rstrip(",")))
    if len(found) < least or (bare and not any(key in known for key, _ in found)):
        return None
    return found


def unquoted(quoted: str) -> str:
    """Return what stands between quotes with its escapes resolved, as it is where they are not JSON's."""
    if "\\" not in quoted:
        return quoted
    try:
        return msgspec.json.decode(f'"{quoted}"', type=str)
    except (msgspec.DecodeError, UnicodeError):
        return quoted
