"""Operations by their ids. Those of kdash are found in the modules of this package: a new operation is one new file.

Invariants: a registry is immutable; the modules are imported when the first operation is asked for. Front ends get
theirs passed in, so operations from elsewhere (plugins, tests) are added to a registry of their own, never to a shared
one.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import Any

import k9py.operations
from k9py.operations.operation import Operation


class OperationRegistry(Mapping[str, Operation[Any]]):
    """Operations by id.

    Args:
        operations: read when the first of them is asked for.
    """

    def __init__(self, operations: Iterable[Operation[Any]]) -> None:
        self._operations = operations

    @cached_property
    def _by_id(self) -> Mapping[str, Operation[Any]]:
        by_id: dict[str, Operation[Any]] = {}
        for operation in self._operations:
            assert operation.id not in by_id, f"two operations are called {operation.id}"
            by_id[operation.id] = operation
        self._operations = ()
        return by_id

    def __getitem__(self, operation_id: str) -> Operation[Any]:
        return self._by_id[operation_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def extended(self, operations: Iterable[Operation[Any]]) -> OperationRegistry:
        """Return a registry that has these operations too."""
        extended = OperationRegistry((*self.values(), *operations))
        len(extended)  # two of one id are found now, not at the first key
        return extended


def operation_modules() -> list[str]:
    """Return the names of the modules that may contribute operations."""
    return [module.name for module in pkgutil.iter_modules(k9py.operations.__path__, "k9py.operations.")]


@cache
def built_in_operations() -> OperationRegistry:
    """Return the operations of kdash. A module contributes a tuple `OPERATIONS`."""
    return OperationRegistry(
        operation
        for name in operation_modules()
        for operation in getattr(importlib.import_module(name), "OPERATIONS", ())
    )
