"""Which containers and levels the user has hidden."""

from __future__ import annotations

from dataclasses import dataclass

from k9py.logs.line import LogLine
from k9py.logs.parsing.level import Level, level_of
from k9py.logs.source import ContainerKey


@dataclass(frozen=True, slots=True)
class HideRules:
    """Containers and levels whose lines are hidden. Markers are hidden with their container, never by level."""

    containers: frozenset[ContainerKey] = frozenset()
    levels: frozenset[Level] = frozenset()

    def __bool__(self) -> bool:
        """Return whether anything is hidden."""
        return bool(self.containers or self.levels)

    def hides(self, line: LogLine) -> bool:
        """Return whether a line is hidden."""
        if self.containers and line.target.container_key in self.containers:
            return True
        return bool(self.levels) and not line.marker and level_of(line.text) in self.levels


NOTHING_HIDDEN = HideRules()
