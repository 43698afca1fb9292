"""Compiles a typed search (a regular expression, or literal text where it is none), and searches within a time limit.

Every pattern that a person types runs here. A pattern with repetitions can take minutes on one line, and the engine of
the standard library cannot be interrupted: where that could happen, the `regex` package searches, which has a timeout.
Invariant: no search in a text takes much longer than `SECONDS`, whatever the pattern and the text.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import lru_cache
from time import perf_counter
from typing import Any, Final

SECONDS: Final = 0.003
"""Time limit of a search in one text, in seconds."""
_MAX_TIMEOUTS: Final = 100
_REDUCED_SECONDS: Final = 0.0004
"""The time limit after `_MAX_TIMEOUTS` texts have exceeded it: a buffer has hundreds of thousands of lines."""
_SAFE_LENGTHS: Final = (1 << 40, 512, 96)
"""Characters up to which no, one or two repetitions are safe without a timeout; more of them never are."""
_MAX_OPTIONALS: Final = 4
"""More `?` are never safe: each may double the number of attempts."""
_PROBE: Final = 8_192
_PROBE_SECONDS: Final = 0.001
"""The engine does not check the time while one repetition advances. Therefore a long text is searched in pieces first:
when one of them takes this long, the whole text would block the program."""
_MAX_MARKED: Final = 16_384
"""Characters of a text in which all matches are found."""
_COMPILE_ERRORS: Final = (re.error, OverflowError, RecursionError)
"""What compiling raises: invalid, a repetition count that is too large, nested too deeply."""
_SINGLES: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_REPEAT: Final = re.compile(r"(.?)(?:[*+]|\{\d*,?\d*\})", re.DOTALL)


class SearchTimeoutError(Exception):
    """The search in a text exceeded the time limit."""


class SearchPattern:
    """A pattern that a person typed.

    Args:
        compiled: the pattern for the standard library's engine.

    Attributes:
        search: returns a true value for a text that matches; raises SearchTimeoutError.
        can_be_slow: False when no search needs a time limit.
    """

    __slots__ = ("_compiled", "_interruptible", "_safe_length", "_timeouts", "can_be_slow", "pattern", "search")

    def __init__(self, compiled: re.Pattern[str]) -> None:
        self.pattern: Final = compiled.pattern
        self._compiled = compiled
        self._safe_length = _max_safe_length(compiled.pattern)
        self._timeouts = 0
        self._interruptible: Any = None
        self.can_be_slow: Final = self._safe_length < _SAFE_LENGTHS[0]
        self.search: Final[Callable[[str], object]] = self._search if self.can_be_slow else compiled.search

    def __eq__(self, other: object) -> bool:
        return self._compiled == other._compiled if isinstance(other, SearchPattern) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._compiled)

    def _search(self, text: str) -> object:
        if len(text) <= self._safe_length:
            return self._compiled.search(text)
        seconds = SECONDS if self._timeouts < _MAX_TIMEOUTS else _REDUCED_SECONDS
        interruptible = self._interruptible_pattern()
        try:
            if len(text) > 2 * _PROBE:
                last = started = perf_counter()
                for start in range(0, len(text), _PROBE):
                    interruptible.search(text, start, start + _PROBE, timeout=seconds)
                    now = perf_counter()
                    if now - last > _PROBE_SECONDS or now - started > SECONDS:
                        raise TimeoutError
                    last = now
            return interruptible.search(text, timeout=seconds)
        except TimeoutError:
            self._timeouts += 1
            raise SearchTimeoutError(self.pattern) from None

    def spans(self, text: str, *, limit: int = 1 << 30, seconds: float = SECONDS) -> list[tuple[int, int]]:
        """Return (start, end) of the first non-empty matches.

        Args:
            limit: the highest number of matches.
            seconds: the time limit; the matches found so far are returned when it is over.
        """
        spans: list[tuple[int, int]] = []
        if len(text) <= self._safe_length:
            matches = self._compiled.finditer(text)
        elif seconds > 0:
            matches = self._interruptible_pattern().finditer(text, 0, _MAX_MARKED, timeout=seconds)
        else:
            return spans
        deadline = perf_counter() + seconds
        try:
            for match in matches:
                if match.end() > match.start():
                    spans.append(match.span())
                if len(spans) >= limit or (self.can_be_slow and perf_counter() > deadline):
                    break
        except TimeoutError:
            pass
        return spans

    def _interruptible_pattern(self) -> Any:
        """Return the pattern for the engine with a timeout; one that it cannot compile always times out."""
        if self._interruptible is None:
            self._interruptible = _compile_interruptible(self.pattern, bool(self._compiled.flags & re.IGNORECASE))
        return self._interruptible


@lru_cache(32)
def _compile_interruptible(text: str, ignore_case: bool) -> Any:
    import regex  # only when it is needed: the import takes 7 ms

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return regex.compile(text, regex.VERSION0 | (regex.IGNORECASE if ignore_case else 0))
        except (regex.error, OverflowError, RecursionError):
            return _AlwaysTimesOut()


class _AlwaysTimesOut:
    """A pattern that cannot be interrupted, and therefore never runs."""

    def search(self, text: str, start: int = 0, end: int = 0, *, timeout: float) -> object:
        raise TimeoutError

    finditer = search


def _max_safe_length(pattern: str) -> int:
    """Return the length of a text up to which the pattern is fast without a timeout, in characters."""
    skeleton = _SINGLES.sub("x", pattern)
    repeats = _REPEAT.findall(skeleton)
    if ")" in repeats or (repeats and ("(?P=" in skeleton or re.search(r"\\\d", pattern))):
        return 0
    if len(re.findall(r"(?<![(*+}])\?", skeleton)) > _MAX_OPTIONALS:
        return 0
    return _SAFE_LENGTHS[len(repeats)] if len(repeats) < len(_SAFE_LENGTHS) else 0


def compile_search(text: str) -> SearchPattern | None:
    """Return the pattern for a typed search, None for an empty one.

    The case matters only when the text has a capital letter. A text that is not a valid regular expression, such as an
    opening bracket while the person types, is searched literally.
    """
    if not text:
        return None
    flags = re.NOFLAG if any(letter.isupper() for letter in text) else re.IGNORECASE
    try:
        return SearchPattern(_compile(text, flags))
    except _COMPILE_ERRORS:
        return SearchPattern(re.compile(re.escape(text), flags))


def pattern_error(text: str) -> str:
    """Return why a text is not a valid regular expression, "" when it is one."""
    try:
        _compile(text, re.NOFLAG)
    except _COMPILE_ERRORS as error:
        return error.msg if isinstance(error, re.error) else str(error)
    return ""


def match_spans(pattern: SearchPattern | None, text: str) -> list[tuple[int, int]]:
    """Return (start, end) of the non-empty matches, as far as there is time for a screen full of lines."""
    return [] if pattern is None else pattern.spans(text, seconds=SECONDS / 10)


def _compile(text: str, flags: re.RegexFlag) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a FutureWarning would be written to the terminal
        return re.compile(text, flags)
