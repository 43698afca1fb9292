"""What a typed search means: a regular expression, or the very words where it is none."""

from __future__ import annotations

import re
import warnings
from typing import Final

_FAULTS: Final = (re.error, OverflowError, RecursionError)
"""What compiling raises: broken, a repetition beyond all bounds, nested too deeply."""


def compile_search(text: str) -> re.Pattern[str] | None:
    """Return the pattern for a typed search, None for an empty one.

    Case matters only when the text has a capital letter. A text that is no valid regular expression, such as a lone
    bracket while one is being typed, is looked for as it stands.
    """
    if not text:
        return None
    flags = re.NOFLAG if any(letter.isupper() for letter in text) else re.IGNORECASE
    try:
        return _compile(text, flags)
    except _FAULTS:
        return re.compile(re.escape(text), flags)


def pattern_fault(text: str) -> str:
    """Return in words why a text is no valid regular expression, "" when it is one."""
    try:
        _compile(text, re.NOFLAG)
    except _FAULTS as fault:
        return fault.msg if isinstance(fault, re.error) else str(fault)
    return ""


def hit_spans(pattern: re.Pattern[str] | None, text: str) -> list[tuple[int, int]]:
    """Return (start, end) of each non-empty hit."""
    if pattern is None:
        return []
    return [hit.span() for hit in pattern.finditer(text) if hit.end() > hit.start()]


def _compile(text: str, flags: re.RegexFlag) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what may mean something else one day, which would go to the terminal
        return re.compile(text, flags)
