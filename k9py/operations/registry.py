"""Operations by their ids. Those of kdash are found in the modules of this package: a new operation is one new file.

Invariant: a registry is immutable. Front ends get theirs passed in, so operations from elsewhere (plugins, tests) are
added to a registry of their own, never to a shared one.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import k9py.operations
from k9py.operations.operation import Operation


class OperationRegistry(Mapping[str, Operation[Any]]):
    """Operations by id."""

    def __init__(self, operations: Iterable[Operation[Any]]) -> None:
        self._by_id: dict[str, Operation[Any]] = {}
        for operation in operations:
            assert operation.id not in self._by_id, f"two operations are called {operation.id}"
            self._by_id[operation.id] = operation

    def __getitem__(self, operation_id: str) -> Operation[Any]:
        return self._by_id[operation_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def extended(self, operations: Iterable[Operation[Any]]) -> OperationRegistry:
        """Return a registry that has these operations too."""
        return OperationRegistry((*self.values(), *operations))


@cache
def built_in_operations() -> OperationRegistry:
    """Return the operations of kdash. A module contributes a tuple `OPERATIONS`."""
    names = [module.name for module in pkgutil.iter_modules(k9py.operations.__path__, "k9py.operations.")]
    return OperationRegistry(
        operation for name in names for operation in getattr(importlib.import_module(name), "OPERATIONS", ())
    )
