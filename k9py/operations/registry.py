"""All operations by id: discovered in the modules of this package, so that a new operation is one new file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import k9py.operations
from k9py.operations.operation import Operation


@cache
def operations() -> Mapping[str, Operation[Any]]:
    """Return all operations by id. A module contributes a tuple `OPERATIONS`."""
    operations_by_id: dict[str, Operation[Any]] = {}
    for module in pkgutil.iter_modules(k9py.operations.__path__, "k9py.operations."):
        for operation in getattr(importlib.import_module(module.name), "OPERATIONS", ()):
            assert operation.id not in operations_by_id, f"two operations are called {operation.id}"
            operations_by_id[operation.id] = operation
    return MappingProxyType(operations_by_id)


def operation(operation_id: str) -> Operation[Any]:
    """Return the operation of that id. Raises KeyError."""
    return operations()[operation_id]
