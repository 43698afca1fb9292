"""What a typed search means: a regular expression, or the very words where it is none; and looking for it in time.

Everything that runs a person's pattern does so here. A pattern that repeats can take minutes on one line, and the
engine of the standard library cannot be stopped: where that can be, the `regex` package looks, which can. Invariant: no
look at a text takes much longer than `SECONDS`, whatever the pattern and whatever the text.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import lru_cache
from time import perf_counter
from typing import Any, Final

SECONDS: Final = 0.003
"""A look at one text may take so long."""
_TIRED_AFTER: Final = 100
_TIRED_SECONDS: Final = 0.0004
"""After so many texts that took too long the others may take so long: a buffer has hundreds of thousands of lines."""
_SAFE_LENGTHS: Final = (1 << 40, 512, 96)
"""Up to so many characters no, one or two repeats are safe with an engine that cannot be stopped; more never are."""
_OPTIONALS: Final = 4
"""More `?` than that are never safe: each may double what there is to try."""
_PROBE: Final = 8_192
_PROBE_SECONDS: Final = 0.001
"""The engine does not look at the clock while one repeat runs along a text. So a long one is looked at in pieces first:
where one of them takes so long, all of it would hold the program for long."""
_MARKED: Final = 16_384
"""Characters of a text in which all hits are looked for."""
_FAULTS: Final = (re.error, OverflowError, RecursionError)
"""What compiling raises: broken, a repetition beyond all bounds, nested too deeply."""
_SINGLES: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_REPEAT: Final = re.compile(r"(.?)(?:[*+]|\{\d*,?\d*\})", re.DOTALL)


class SearchTimeoutError(Exception):
    """A pattern takes too long on a text."""


class SearchPattern:
    """A typed pattern.

    Args:
        compiled: what it means.

    `search(text)` is true where it hits. It raises TooSlowError.
    """

    __slots__ = ("_compiled", "_safe", "_slow", "_timed", "can_be_slow", "pattern", "search")

    def __init__(self, compiled: re.Pattern[str]) -> None:
        self.pattern: Final = compiled.pattern
        self._compiled = compiled
        self._safe = _safe_length(compiled.pattern)
        self._slow = 0
        self._timed: Any = None
        self.can_be_slow: Final = self._safe < _SAFE_LENGTHS[0]
        """False where each look is done in no time."""
        self.search: Final[Callable[[str], object]] = self._search if self.can_be_slow else compiled.search

    def __eq__(self, other: object) -> bool:
        return self._compiled == other._compiled if isinstance(other, SearchPattern) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._compiled)

    def _search(self, text: str) -> object:
        if len(text) <= self._safe:
            return self._compiled.search(text)
        seconds = SECONDS if self._slow < _TIRED_AFTER else _TIRED_SECONDS
        stoppable = self._stoppable()
        try:
            if len(text) > 2 * _PROBE:
                last = begun = perf_counter()
                for start in range(0, len(text), _PROBE):
                    stoppable.search(text, start, start + _PROBE, timeout=seconds)
                    now = perf_counter()
                    if now - last > _PROBE_SECONDS or now - begun > SECONDS:
                        raise TimeoutError
                    last = now
            return stoppable.search(text, timeout=seconds)
        except TimeoutError:
            self._slow += 1
            raise SearchTimeoutError(self.pattern) from None

    def spans(self, text: str, *, limit: int = 1 << 30, seconds: float = SECONDS) -> list[tuple[int, int]]:
        """Return (start, end) of the non-empty hits: the first so many, and those found in so many seconds."""
        found: list[tuple[int, int]] = []
        if len(text) <= self._safe:
            hits = self._compiled.finditer(text)
        elif seconds > 0:
            hits = self._stoppable().finditer(text, 0, _MARKED, timeout=seconds)
        else:
            return found
        until = perf_counter() + seconds
        try:
            for hit in hits:
                if hit.end() > hit.start():
                    found.append(hit.span())
                if len(found) >= limit or (self.can_be_slow and perf_counter() > until):
                    break
        except TimeoutError:
            pass
        return found

    def _stoppable(self) -> Any:
        """Return the pattern for the engine that can be stopped; one it does not know is too slow everywhere."""
        if self._timed is None:
            self._timed = _stoppable(self.pattern, bool(self._compiled.flags & re.IGNORECASE))
        return self._timed


@lru_cache(32)
def _stoppable(text: str, ignore_case: bool) -> Any:
    import regex  # only where it is needed: it takes 7 ms

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return regex.compile(text, regex.VERSION0 | (regex.IGNORECASE if ignore_case else 0))
        except (regex.error, OverflowError, RecursionError):
            return _Refused()


class _Refused:
    """A pattern that cannot be stopped, and so is never tried."""

    def search(self, text: str, start: int = 0, end: int = 0, *, timeout: float) -> object:
        raise TimeoutError

    finditer = search


def _safe_length(pattern: str) -> int:
    """Return up to how many characters of a text the pattern takes no time with an engine that cannot be stopped."""
    bare = _SINGLES.sub("x", pattern)
    repeats = _REPEAT.findall(bare)
    if ")" in repeats or (repeats and ("(?P=" in bare or re.search(r"\\\d", pattern))):
        return 0
    if len(re.findall(r"(?<![(*+}])\?", bare)) > _OPTIONALS:
        return 0
    return _SAFE_LENGTHS[len(repeats)] if len(repeats) < len(_SAFE_LENGTHS) else 0


def compile_search(text: str) -> SearchPattern | None:
    """Return the pattern for a typed search, None for an empty one.

    Case matters only when the text has a capital letter. A text that is no valid regular expression, such as a lone
    bracket while one is being typed, is looked for as it stands.
    """
    if not text:
        return None
    flags = re.NOFLAG if any(letter.isupper() for letter in text) else re.IGNORECASE
    try:
        return SearchPattern(_compile(text, flags))
    except _FAULTS:
        return SearchPattern(re.compile(re.escape(text), flags))


def pattern_error(text: str) -> str:
    """Return in words why a text is no valid regular expression, "" when it is one."""
    try:
        _compile(text, re.NOFLAG)
    except _FAULTS as fault:
        return fault.msg if isinstance(fault, re.error) else str(fault)
    return ""


def match_spans(pattern: SearchPattern | None, text: str) -> list[tuple[int, int]]:
    """Return (start, end) of each non-empty hit, of those found in time for a screen full of lines."""
    return [] if pattern is None else pattern.spans(text, seconds=SECONDS / 10)


def _compile(text: str, flags: re.RegexFlag) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what may mean something else one day, which would go to the terminal
        return re.compile(text, flags)
