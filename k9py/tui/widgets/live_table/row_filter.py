"""What a typed filter means for a row: every term must be found, a term with `!` must not be.

A term is a piece of text, or a regular expression where it has characters that only those use (`^web|api`, `v2.[0-9]`).
A lone dot is a dot: names and versions are full of them. Case does not matter. The text searched is the object's
namespace and name and the text of the cells that are shown, a line each: `^` and `$` are the ends of a cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from k9py.api.search_pattern import SearchPattern, SearchTimeoutError, compile_search, pattern_error
from k9py.views.values import Row

FILTER_DEBOUNCE_ROWS: Final = 5000
"""From this many rows on, a typed filter waits for the typing to pause."""
FILTER_DEBOUNCE_SECONDS: Final = 0.12
_EXPRESSION_SIGNS: Final = frozenset("^$*+?()[]{}|\\")


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a filter, matched by `text` (lower case) or, where it is set, by the expression."""

    text: str
    expression: SearchPattern | None = None

    @classmethod
    def parse(cls, typed: str) -> Term:
        """Read one term; an expression that is not complete yet (a lone bracket) stands for its characters."""
        if _EXPRESSION_SIGNS.isdisjoint(typed) or pattern_error(typed):
            return cls(typed.lower())
        return cls(typed, compile_search(f"(?im){typed}"))

    def is_in(self, haystack: str) -> bool:
        """Say whether a row's text has it. An expression that takes too long is not found."""
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
        fault: why a term is taken for its characters and not for an expression, "" where none is.
        columns: indexes of the columns searched, those that are shown; None: all.
    """

    text: str = ""
    wanted: tuple[Term, ...] = ()
    unwanted: tuple[Term, ...] = ()
    fault: str = ""
    columns: tuple[int, ...] | None = None

    @classmethod
    def parse(cls, text: str, columns: tuple[int, ...] | None = None) -> RowFilter:
        """Read a typed filter: terms separated by blanks; a lone `!` is not yet a term."""
        typed = text.split()
        wanted = tuple(Term.parse(term) for term in typed if not term.startswith("!"))
        unwanted = tuple(Term.parse(term[1:]) for term in typed if term.startswith("!") and len(term) > 1)
        faults = (pattern_error(term.removeprefix("!")) for term in typed if not _EXPRESSION_SIGNS.isdisjoint(term))
        return cls(text, wanted, unwanted, next((fault for fault in faults if fault), ""), columns)

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted)

    def is_equivalent(self, other: RowFilter) -> bool:
        """Say whether both accept the same rows, by their terms and the columns they look at."""
        if not self and not other:
            return True
        return (self.wanted, self.unwanted, self.columns) == (other.wanted, other.unwanted, other.columns)

    def accepts(self, haystack: str) -> bool:
        """Say whether a row with that text passes (`haystack` made by `search_text`)."""
        return all(term.is_in(haystack) for term in self.wanted) and not any(
            term.is_in(haystack) for term in self.unwanted
        )

    def narrows(self, earlier: RowFilter) -> bool:
        """Say whether this can only accept rows that the earlier one accepts, as when one more letter is typed."""
        return (
            self.columns == earlier.columns
            and set(earlier.unwanted) <= set(self.unwanted)
            and bool(earlier)
            and all(any(_narrows(new, old) for new in self.wanted) for old in earlier.wanted)
        )


def _narrows(new: Term, old: Term) -> bool:
    if old.expression is None and new.expression is None:
        return old.text in new.text
    return old == new


def search_text(row: Row, columns: tuple[int, ...] | None = None) -> str:
    """Return the lower-case text a filter looks at; the parts are kept apart so no term matches across two cells."""
    cells = row.cells if columns is None else [row.cells[index] for index in columns]
    return "\n".join([row.key.namespace, row.key.name, *[cell.text for cell in cells]]).lower()
