"""Finds the line of a log that shows why a container failed: only a heuristic over its last lines.

To recognise more, add words to `_STRONG` (a failure by name) or `_WEAK` (what usually precedes one).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.text import printable
from k9py.logs.line import split_line

_MAX_LENGTH: Final = 500
_STRONG: Final = lazy_pattern(
    r"\b(?:fatal|panic|traceback|exception|segmentation fault|segfault|out ?of ?memory|unhandled|critical|emerg)\b"
    r"|\b\w*(?:Error|Exception)\b|\berror\b|(?-i:^E\d{4} )",
    re.I,
)
_WEAK: Final = lazy_pattern(
    r"\b(?:err|fail(?:ed|ure|s)?|cannot|can't|could ?n[o']t|unable|denied|refused|no such|not found|invalid|missing"
    r"|abort(?:ed|ing)?|killed|unreachable|timed? ?out|crash(?:ed|ing)?)\b",
    re.I,
)
_HARMLESS: Final = lazy_pattern(
    r"\b(?:no|0|zero|without) (?:errors?|failures?|exceptions?)\b"
    r"|\berrors?[\"']?\s*[=:]\s*[\"']?(?:0|nil|null|none|false)\b"
    r"|\blevel[\"']?\s*[=:]\s*[\"']?(?:info|debug|trace)\b|(?-i:(?:^|[\s\[|])(?:INFO|DEBUG|TRACE)(?:$|[\s\]|:]))",
    re.I,
)
_TRACEBACK: Final = lazy_pattern(r"^\s*Traceback \(most recent call last\)")


def failing_line(lines: Sequence[bytes]) -> str | None:
    """Return the first line that shows the failure, else the last that is not empty; None when all are empty.

    In a Python traceback it is the line that names the exception.

    Args:
        lines: of a container's log, oldest first, with or without their timestamps.
    """
    texts = [printable(split_line(line)[1]).rstrip() for line in lines]
    for pattern in (_STRONG, _WEAK):
        for number, text in enumerate(texts):
            if pattern.search(text) and not _HARMLESS.search(text):
                return _cut(_exception_line(texts, number) if _TRACEBACK.match(text) else text)
    return next((_cut(text) for text in reversed(texts) if text.strip()), None)


def _exception_line(texts: Sequence[str], start: int) -> str:
    """Return the line that ends a traceback: the first after its start that is not indented."""
    depth = len(texts[start]) - len(texts[start].lstrip())
    for text in texts[start + 1 :]:
        if text.strip() and len(text) - len(text.lstrip()) <= depth:
            return text
    return texts[start]


def _cut(text: str) -> str:
    clean = text.strip()
    return clean if len(clean) <= _MAX_LENGTH else f"{clean[: _MAX_LENGTH - 1]}…"
