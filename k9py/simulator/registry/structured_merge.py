"""Merging an applied configuration into an object, and removing fields from one.

Pure: objects are never changed in place. Invariant: lists with keys keep the order of the applied configuration; items
that only the object has stay where they were between them.
Source: structured-merge-diff, typed/merge.go and typed/remove.go.
"""

from collections.abc import Set
from typing import Any

from k9py.simulator.registry.field_sets import Path, element_of
from k9py.simulator.registry.list_types import SET, ListTypes


def merge(live: Any, applied: Any, types: ListTypes, parent: str = "", field: str = "") -> Any:
    """Return an object (or a part of one) with an applied configuration merged in."""
    if isinstance(live, dict) and isinstance(applied, dict) and not types.is_atomic_map(field):
        merged = dict(live)
        for key, value in applied.items():
            merged[key] = merge(live.get(key), value, types, field, key)
        return merged
    keys = types.keys(parent, field) if isinstance(live, list) and isinstance(applied, list) else None
    return applied if keys is None else _merge_lists(live, applied, keys, types, field)


def _merge_lists(live: list[Any], applied: list[Any], keys: tuple[str, ...], types: ListTypes, field: str) -> list[Any]:
    held = {element_of(item, keys): item for item in live}
    given = {element_of(item, keys): item for item in applied}
    # Items of the object alone follow the item that they followed there.
    followers: dict[str, list[Any]] = {}
    last = ""
    for element, item in held.items():
        if element in given:
            last = element
        else:
            followers.setdefault(last, []).append(item)
    merged = followers.pop("", [])
    for element, item in given.items():
        if element in held and keys != SET:
            merged.append(merge(held[element], item, types, "", field))
        else:
            merged.append(item)
        merged += followers.pop(element, [])
    return merged


def without_paths(obj: Any, removed: Set[Path], types: ListTypes) -> Any:
    """Return an object without the fields and list items at some paths, and all below them."""
    return _without(obj, (), removed, {path[:end] for path in removed for end in range(len(path))}, types, "", "")


def _without(
    value: Any, path: Path, removed: Set[Path], parents: Set[Path], types: ListTypes, parent: str, field: str
) -> Any:
    if path not in parents:
        return value
    if isinstance(value, dict):
        return {
            key: _without(item, (*path, f"f:{key}"), removed, parents, types, field, key)
            for key, item in value.items()
            if (*path, f"f:{key}") not in removed
        }
    keys = types.keys(parent, field) if isinstance(value, list) else None
    if keys is None:
        return value
    kept = []
    for item in value:
        below = (*path, element_of(item, keys))
        if below not in removed:
            kept.append(_without(item, below, removed, parents, types, parent, field))
    return kept
