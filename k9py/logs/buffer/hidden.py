"""What the person chose not to see: containers and levels."""

from __future__ import annotations

from dataclasses import dataclass

from k9py.logs.line import LogLine
from k9py.logs.parsing.level import Level, level_of
from k9py.logs.source import Place


@dataclass(frozen=True, slots=True)
class Hidden:
    """Places and levels whose lines are left out. Markers are left out with their place, never by level."""

    places: frozenset[Place] = frozenset()
    levels: frozenset[Level] = frozenset()

    def __bool__(self) -> bool:
        """Say whether anything is hidden."""
        return bool(self.places or self.levels)

    def hides(self, line: LogLine) -> bool:
        """Say whether a line is left out."""
        if self.places and line.target.place in self.places:
            return True
        return bool(self.levels) and not line.marker and level_of(line.text) in self.levels


NOTHING_HIDDEN = Hidden()
