"""What a typed filter means for a row: every term must be found, a term with `!` must not be.

Case does not matter. The text searched is the object's namespace and name and the text of every cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from k9py.tables.values import Row

FILTER_DEBOUNCE_ROWS: Final = 5000
"""From this many rows on, a typed filter waits for the typing to pause."""
FILTER_DEBOUNCE_SECONDS: Final = 0.12


@dataclass(frozen=True, slots=True)
class RowFilter:
    """A parsed filter; lower-case terms. Empty accepts every row."""

    text: str = ""
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> RowFilter:
        """Read a typed filter: terms separated by blanks; a lone `!` is not yet a term."""
        terms = text.lower().split()
        wanted = tuple(term for term in terms if not term.startswith("!"))
        unwanted = tuple(term[1:] for term in terms if term.startswith("!") and len(term) > 1)
        return cls(text, wanted, unwanted)

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted)

    def accepts(self, haystack: str) -> bool:
        """Say whether a row with that text passes (`haystack` made by `search_text`)."""
        return all(term in haystack for term in self.wanted) and not any(term in haystack for term in self.unwanted)

    def narrows(self, earlier: RowFilter) -> bool:
        """Say whether this can only accept rows that the earlier one accepts, as when one more letter is typed."""
        return (
            set(earlier.unwanted) <= set(self.unwanted)
            and bool(earlier)
            and all(any(old in new for new in self.wanted) for old in earlier.wanted)
        )


def search_text(row: Row) -> str:
    """Return the lower-case text a filter looks at; the parts are kept apart so no term matches across two cells."""
    return "\0".join([row.key.namespace, row.key.name, *[cell.text for cell in row.cells]]).lower()
