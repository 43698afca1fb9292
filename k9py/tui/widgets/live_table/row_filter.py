"""The typed filter of a table: every term must match a row, a term with `!` must not.

A term is literal text, or a regular expression where it has characters that only those use (`^web|api`, `v2.[0-9]`).
A lone dot is literal: names and versions are full of dots. `~chec` is fuzzy: the object's name has these letters in
this order. `-l app=cart` selects by the labels of the object, as kubectl does. Case is ignored. The text searched is
the object's namespace and name and the text of the shown cells, one a line: `^` and `$` are the ends of a cell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from k9py.api.search_pattern import SearchPattern, SearchTimeoutError, compile_search, pattern_error
from k9py.api.selector_text import SelectorError, SelectorTerm, matches_labels, parse_label_selector
from k9py.views.values import Row

FILTER_DEBOUNCE_ROWS: Final = 5000
"""From this many rows on, a typed filter waits for a pause in the typing."""
FILTER_DEBOUNCE_SECONDS: Final = 0.12
FILTER_FORMS: Final = "text  !not  regex  -l label=value  ~fuzzy"
"""What a filter may consist of, for an empty input."""
_EXPRESSION_SIGNS: Final = frozenset("^$*+?()[]{}|\\")


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a filter, matched by `text` (lower case) or, where it is set, by the expression; fuzzy: by name."""

    text: str
    expression: SearchPattern | None = None
    is_fuzzy: bool = False

    @classmethod
    def parse(cls, typed: str) -> Term:
        """Parse one term; an incomplete expression (a lone bracket) is literal text."""
        if typed.startswith("~") and len(typed) > 1:
            return cls(typed[1:].lower(), is_fuzzy=True)
        if _EXPRESSION_SIGNS.isdisjoint(typed) or pattern_error(typed):
            return cls(typed.lower())
        return cls(typed, compile_search(f"(?im){typed}"))

    def is_in(self, haystack: str) -> bool:
        """Return True when a row's text matches; an expression that takes too long does not match."""
        if self.is_fuzzy:
            letters = iter(haystack.split("\n", 2)[1])
            return all(letter in letters for letter in self.text)
        if self.expression is None:
            return self.text in haystack
        try:
            return self.expression.search(haystack) is not None
        except SearchTimeoutError:
            return False


@dataclass(frozen=True, slots=True)
class RowFilter:
    """A parsed filter. Empty accepts every row.

    Args:
        text: as typed.
        fault: why a term is literal and not an expression, "" for none.
        columns: indexes of the columns searched; None: all.
        selector: the labels that the object must have, () for any.
    """

    text: str = ""
    wanted: tuple[Term, ...] = ()
    unwanted: tuple[Term, ...] = ()
    fault: str = ""
    columns: tuple[int, ...] | None = None
    selector: tuple[SelectorTerm, ...] = ()

    @classmethod
    def parse(cls, text: str, columns: tuple[int, ...] | None = None) -> RowFilter:
        """Parse a typed filter: terms separated by blanks; a lone `!` or `-l` is no term yet."""
        words, selector, selector_fault = _split_selector(text)
        typed = words.split()
        wanted = tuple(Term.parse(term) for term in typed if not term.startswith("!"))
        unwanted = tuple(Term.parse(term[1:]) for term in typed if term.startswith("!") and len(term) > 1)
        faults = (pattern_error(term.removeprefix("!")) for term in typed if not _EXPRESSION_SIGNS.isdisjoint(term))
        fault = selector_fault or next((f"matched literally: {fault}" for fault in faults if fault), "")
        return cls(text, wanted, unwanted, fault, columns, selector)

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted or self.selector)

    def is_equivalent(self, other: RowFilter) -> bool:
        """Return True when both accept the same rows, by their terms and columns."""
        if not self and not other:
            return True
        return (self.wanted, self.unwanted, self.columns, self.selector) == (
            other.wanted,
            other.unwanted,
            other.columns,
            other.selector,
        )

    def accepts_labels(self, labels: Mapping[str, str] | None) -> bool:
        """Return True when an object with these labels matches."""
        return matches_labels(self.selector, labels)

    def accepts(self, haystack: str) -> bool:
        """Return True when a row with that text matches (`haystack` made by `search_text`)."""
        return all(term.is_in(haystack) for term in self.wanted) and not any(
            term.is_in(haystack) for term in self.unwanted
        )

    def narrows(self, earlier: RowFilter) -> bool:
        """Return True when this accepts only rows that the earlier filter accepts, as after one more letter."""
        return (
            self.columns == earlier.columns
            and self.selector == earlier.selector
            and set(earlier.unwanted) <= set(self.unwanted)
            and bool(earlier)
            and all(any(_narrows(new, old) for new in self.wanted) for old in earlier.wanted)
        )


_REQUIREMENT: Final = r"(?:\S+\s+(?:in|notin)\s*\([^()]*\)|[^\s(),]+)"
_SELECTOR: Final = re.compile(rf"(?:^|\s)-l(?:\s+|=)?({_REQUIREMENT}(?:,{_REQUIREMENT})*,?)?")


def _split_selector(text: str) -> tuple[str, tuple[SelectorTerm, ...], str]:
    """Return the text without `-l SELECTOR`, the selector, and why there is none although `-l` was typed."""
    match = _SELECTOR.search(text)
    if match is None:
        return text, (), ""
    words = text[: match.start()] + " " + text[match.end() :]
    typed = (match[1] or "").rstrip(",")
    if not typed:
        return words, (), "type a label, such as -l app=cart"
    try:
        return words, parse_label_selector(typed), ""
    except SelectorError as error:
        return words, (), str(error)


def _narrows(new: Term, old: Term) -> bool:
    if new.is_fuzzy or old.is_fuzzy:
        return new.is_fuzzy and old.is_fuzzy and new.text.startswith(old.text)
    if old.expression is None and new.expression is None:
        return old.text in new.text
    return old == new


def search_text(row: Row, columns: tuple[int, ...] | None = None) -> str:
    """Return the lower-case text that a filter searches; one cell per line, so that no term matches across two."""
    cells = row.cells if columns is None else [row.cells[index] for index in columns]
    return "\n".join([row.key.namespace, row.key.name, *[cell.text for cell in cells]]).lower()
