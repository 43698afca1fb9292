"""Counts the names that objects of several kinds in one table share: only their kinds tell those rows apart.

Invariant: a table of one kind, with any number of rows, costs nothing: names are kept from the second kind on.
"""

from __future__ import annotations

from collections.abc import Iterable

from k9py.api.meta import ObjectRef


class SharedNames:
    """The names of the objects of a table; every object is added once."""

    def __init__(self) -> None:
        self.shared = 0
        self._kind: tuple[str, str] | None = None
        self._kinds: dict[tuple[str, str], int] | None = None

    @property
    def is_counting(self) -> bool:
        """Whether there are several kinds."""
        return self._kinds is not None

    def add(self, key: ObjectRef, others: Iterable[ObjectRef]) -> None:
        """Count a new object.

        Args:
            others: those added before; read once, when a second kind appears. May contain the new one.
        """
        if self._kinds is None:
            kind = (key.kind, key.group)
            if self._kind is None or self._kind == kind:
                self._kind = kind
                return
            self._kinds = {(other.namespace, other.name): 1 for other in others if other != key}
        name = (key.namespace, key.name)
        kinds = self._kinds[name] = self._kinds.get(name, 0) + 1
        self.shared += kinds == 2

    def remove(self, key: ObjectRef) -> None:
        """Remove an object that was counted."""
        if self._kinds is None:
            return
        name = (key.namespace, key.name)
        kinds = self._kinds[name] - 1
        self.shared -= kinds == 1
        if kinds:
            self._kinds[name] = kinds
        else:
            del self._kinds[name]
