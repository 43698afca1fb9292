"""Compare commands and arguments by the words that changed, not as whole lines. Secret flags are redacted."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from k9py.api.redaction import redact_command
from k9py.api.redaction_patterns import MASK
from k9py.rollouts.semantic_diff.model import SemanticChange, change, short_text


def diff_command(subject: str, key: str, old: Any, new: Any, program: str = "") -> Iterator[SemanticChange]:
    """Yield a changed command as a whole, and changed arguments one by one.

    Args:
        program: receives the arguments and decides what its short flags mean.
    """
    before, after = _redacted_words(old, program), _redacted_words(new, program)
    if before is None or after is None:
        return
    if key == "command" or not before or not after:
        yield change("command", subject, key, _line(before, old), _line(after, new))
        return
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            start, end = (j1, j2) if j2 > j1 else (i1, i2)
            field = f"argument {end}" if end - start == 1 else f"arguments {start + 1} to {end}"
            yield change("command", subject, field, _joined(before[i1:i2]), _joined(after[j1:j2]))


def command_line(arguments: Sequence[str]) -> str:
    """Return words quoted for a shell, redacted."""
    return shlex.join(redact_command(arguments))


def _redacted_words(value: Any, program: str) -> list[str] | None:
    """Return the words, redacted; None if the value is not a list of strings."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        return None
    return redact_command(value, program)


def _line(arguments: Sequence[str], value: Any) -> str | None:
    if value is None:
        return None
    return _joined(arguments) or "nothing"


def _joined(arguments: Sequence[str]) -> str | None:
    # Quote only where words would be ambiguous; a redacted value needs no quotes.
    return (
        short_text(" ".join(word if MASK in word else shlex.quote(word) for word in arguments)) if arguments else None
    )
