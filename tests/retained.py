"""Bytes that objects keep in memory.

Invariant: only the objects themselves count, so that other threads of the process change nothing (`tracemalloc` counts
those too).
"""

from __future__ import annotations

import gc
from sys import getsizeof
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import msgspec

_CODE = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)


def retained_bytes(root: Any, *, apart_from: Any = ()) -> int:
    """Return the bytes of an object and of all it refers to; classes, modules and functions are not followed.

    Args:
        apart_from: What it refers to is not counted: what exists anyway.
    """
    known: dict[int, Any] = {}  # keeps the objects, so that no id is used twice
    _reach(apart_from, known)
    return _reach(root, known)


def _reach(root: Any, known: dict[int, Any]) -> int:
    total, waiting = 0, [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, _CODE) or id(value) in known:
            continue
        known[id(value)] = value
        total += getsizeof(value)
        waiting.extend(gc.get_referents(value))
        if isinstance(value, msgspec.Struct):  # get_referents returns nothing for those without `gc`
            waiting.extend(msgspec.structs.astuple(value))
    return total
