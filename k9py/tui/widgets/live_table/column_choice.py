"""Which columns of a table are wanted: the default ones, the wide ones too, or those that a person chose.

Invariant: a choice names columns by id, so it stays valid when columns come and go; at least one column is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from k9py.views.values import Column

_NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """The wanted columns.

    Args:
        wide: Show the columns of wide output too.
        hidden: Ids of columns that are not wanted.
        shown: Ids of wide columns that are wanted without `wide`.
    """

    wide: bool = False
    hidden: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ColumnChoice:
        """Return a stored choice; what is not valid in it is ignored."""

        def ids(name: str) -> frozenset[str]:
            values = stored.get(name)
            return frozenset(value for value in values if isinstance(value, str)) if isinstance(values, list) else _NONE

        return cls(stored.get("wide") is True, ids("hidden"), ids("shown"))

    def to_json(self) -> dict[str, Any]:
        """Return the choice as it is stored, empty for the default one."""
        stored = {"wide": self.wide, "hidden": sorted(self.hidden), "shown": sorted(self.shown)}
        return {name: value for name, value in stored.items() if value}

    def shows(self, column: Column) -> bool:
        """Return whether a column is wanted."""
        return column.id not in self.hidden and (not column.wide or self.wide or column.id in self.shown)

    def hidden_indexes(self, columns: Sequence[Column]) -> frozenset[int]:
        """Return the indexes of the columns that are not wanted; all are shown when none is wanted."""
        hidden = frozenset(index for index, column in enumerate(columns) if not self.shows(column))
        return hidden if len(hidden) < len(columns) else frozenset()

    def with_wide(self, wide: bool) -> ColumnChoice:
        """Return the choice with or without the columns of wide output."""
        return replace(self, wide=wide)

    def choosing(self, columns: Sequence[Column], wanted: frozenset[str]) -> ColumnChoice:
        """Return the choice of exactly these columns, by id; columns that come later are shown."""
        return ColumnChoice(
            hidden=frozenset(column.id for column in columns if not column.wide and column.id not in wanted),
            shown=frozenset(column.id for column in columns if column.wide and column.id in wanted),
        )
