"""All checks, found in the modules of `checks/`. Invariant: an id belongs to one check."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from functools import cache

from k9py.diagnosis import checks
from k9py.diagnosis.check import Check


class CheckRegistry:
    """Checks, by id and by the kind of their subjects.

    Raises:
        ValueError: two checks have the same id.
    """

    def __init__(self, all_checks: Iterable[Check]) -> None:
        self._by_id: dict[str, Check] = {}
        self._by_kind: dict[str, list[Check]] = {}
        for each in all_checks:
            if each.id in self._by_id:
                raise ValueError(f"two checks have the id {each.id}")
            self._by_id[each.id] = each
            for kind in each.subjects:
                self._by_kind.setdefault(kind.name, []).append(each)

    def __iter__(self) -> Iterator[Check]:
        return iter(self._by_id.values())

    def get(self, check_id: str) -> Check | None:
        """Return a check by id."""
        return self._by_id.get(check_id)

    def of_kind(self, kind: str) -> tuple[Check, ...]:
        """Return the checks that look at objects of a kind (by name)."""
        return tuple(self._by_kind.get(kind, ()))

    def extended(self, more: Iterable[Check]) -> CheckRegistry:
        """Return a registry with further checks."""
        return CheckRegistry((*self, *more))


@cache
def built_in_checks() -> CheckRegistry:
    """Return the checks of the modules in `checks/`, in the order of modules and definitions."""
    found: list[Check] = []
    for module in sorted(pkgutil.iter_modules(checks.__path__), key=lambda each: each.name):
        content = vars(importlib.import_module(f"{checks.__name__}.{module.name}"))
        found += [value for value in content.values() if isinstance(value, Check)]
    return CheckRegistry(found)
