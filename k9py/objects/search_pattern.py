"""What a typed search means: a regular expression, or the very words where it is none."""

from __future__ import annotations

import re


def compile_search(text: str) -> re.Pattern[str] | None:
    """Return the pattern for a typed search, None for an empty one.

    Case matters only when the text has a capital letter. A text that is no valid regular expression, such as a lone
    bracket while one is being typed, is looked for as it stands.
    """
    if not text:
        return None
    flags = re.NOFLAG if any(letter.isupper() for letter in text) else re.IGNORECASE
    try:
        return re.compile(text, flags)
    except re.error:
        return re.compile(re.escape(text), flags)


def hit_spans(pattern: re.Pattern[str] | None, text: str) -> list[tuple[int, int]]:
    """Return (start, end) of each non-empty hit."""
    if pattern is None:
        return []
    return [hit.span() for hit in pattern.finditer(text) if hit.end() > hit.start()]
