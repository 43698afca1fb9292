"""The lines that were run in this session: the last ones first, and how often each was used.

Invariant: bounded; nothing is written to a file, because lines may name objects of a customer.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Final

LIMIT: Final = 100
"""Lines that are kept."""


class PaletteHistory:
    """Lines of one session."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=LIMIT)
        self._uses: Counter[str] = Counter()

    def add(self, line: str) -> None:
        """Remember a line that was run."""
        line = line.strip()
        if not line:
            return
        if line in self._lines:
            self._lines.remove(line)
        self._lines.appendleft(line)
        self._uses[line.split(maxsplit=1)[0].lower()] += 1
        if len(self._uses) > LIMIT:
            self._uses = Counter(dict(self._uses.most_common(LIMIT // 2)))

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines, the last one first."""
        return tuple(self._lines)

    def uses(self, word: str) -> int:
        """Return how often lines with this first word were run."""
        return self._uses[word.lower()]
