"""What is typed to be highlighted: words and /regular expressions/, apart by blanks, each in a colour of its own.

Pure. Invariant: a word is looked for as it stands, whatever signs it has in it; only what stands between two slashes is
a regular expression, which may have blanks in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from k9py.api.search_pattern import pattern_error

_ITEM: Final = re.compile(r"/(?P<pattern>(?:\\.|[^/\\])+)/(?=\s|$)|(?P<word>\S+)")


@dataclass(frozen=True, slots=True)
class Highlights:
    """What was typed.

    Args:
        patterns: a regular expression for each item, in their order, none twice.
        problem: words for the one that could not be understood and is looked for as it stands; "" for none.
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
