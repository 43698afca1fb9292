"""What the person chose not to see: containers and levels."""

from __future__ import annotations

from dataclasses import dataclass

from k9py.logs.line import LogLine
from k9py.logs.parsing.level import Level, level_of
from k9py.logs.source import ContainerKey


@dataclass(frozen=True, slots=True)
class HideRules:
    """Places and levels whose lines are left out. Markers are left out with their place, never by level."""

    containers: frozenset[ContainerKey] = frozenset()
    levels: frozenset[Level] = frozenset()

    def __bool__(self) -> bool:
        """Say whether anything is hidden."""
        return bool(self.containers or self.levels)

    def hides(self, line: LogLine) -> bool:
        """Say whether a line is left out."""
        if self.containers and line.target.container_key in self.containers:
            return True
        return bool(self.levels) and not line.marker and level_of(line.text) in self.levels


NOTHING_HIDDEN = HideRules()
