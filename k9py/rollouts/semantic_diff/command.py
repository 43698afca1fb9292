"""Command and arguments: the words that changed, not the whole line. What a flag says is secret is hidden."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from k9py.api.redaction import redact_command
from k9py.api.redaction_patterns import MASK
from k9py.rollouts.semantic_diff.change import SemanticChange, change, said


def command(subject: str, key: str, old: Any, new: Any, program: str = "") -> Iterator[SemanticChange]:
    """Yield a command as a whole, and the arguments that differ.

    Args:
        program: what takes the arguments, which says what its short flags mean.
    """
    before, after = _words(old, program), _words(new, program)
    if before is None or after is None:
        return
    if key == "command" or not before or not after:
        yield change("command", subject, key, _line(before, old), _line(after, new))
        return
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            start, end = (j1, j2) if j2 > j1 else (i1, i2)
            what = f"argument {end}" if end - start == 1 else f"arguments {start + 1} to {end}"
            yield change("command", subject, what, _part(before[i1:i2]), _part(after[j1:j2]))


def command_line(words: Sequence[str]) -> str:
    """Return words as a shell would take them, secrets hidden."""
    return shlex.join(redact_command(words))


def _words(value: Any, program: str) -> list[str] | None:
    """Return the words with secrets hidden, None when it is no list of texts."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        return None
    return redact_command(value, program)


def _line(words: Sequence[str], value: Any) -> str | None:
    if value is None:
        return None
    return _part(words) or "nothing"


def _part(words: Sequence[str]) -> str | None:
    # Quotes only where they tell words apart; a hidden value needs none.
    return said(" ".join(one if MASK in one else shlex.quote(one) for one in words)) if words else None
