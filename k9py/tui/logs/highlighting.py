"""Parse what to highlight: words and /regular expressions/, separated by blanks, each in its own colour.

Pure. Invariant: a word is matched literally; only text between two slashes is a regular expression, which may contain
blanks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from k9py.api.search_pattern import pattern_error

_ITEM: Final = re.compile(r"/(?P<pattern>(?:\\.|[^/\\])+)/(?=\s|$)|(?P<word>\S+)")


@dataclass(frozen=True, slots=True)
class Highlights:
    """The parsed text.

    Args:
        patterns: one regular expression per item, in their order, without duplicates.
        problem: the error of an invalid expression, which is matched literally; "" for none.
    """

    patterns: tuple[str, ...] = ()
    problem: str = ""


def parse_highlights(text: str) -> Highlights:
    """Return what to highlight."""
    patterns: dict[str, None] = {}
    problem = ""
    for item in _ITEM.finditer(text):
        pattern = item["pattern"]
        if pattern is None:
            patterns[re.escape(item["word"])] = None
            continue
        if fault := pattern_error(pattern):
            problem = problem or f"/{pattern}/: {fault}"
        patterns[pattern] = None
    return Highlights(tuple(patterns), problem)
