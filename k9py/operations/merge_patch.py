"""JSON merge patches (RFC 7386): the difference of two objects, and an object with a difference applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from k9py.operations.values import Path


def merge_patch(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the patch that leads from `old` to `new`: removed keys are None, lists are replaced as a whole.

    A null in `new` means that the key is not there, as for the API server.
    """
    patch: dict[str, Any] = {key: None for key in old if new.get(key) is None and old[key] is not None}
    for key, value in new.items():
        before = old.get(key)
        if value is None or _is_equal(before, value):
            continue
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            if nested := merge_patch(before, value):
                patch[key] = nested
        else:
            patch[key] = value
    return patch


def _is_equal(value: Any, other: Any) -> bool:
    """Compare as JSON does: `True` is not 1."""
    if isinstance(value, bool) is not isinstance(other, bool):
        return False
    if isinstance(value, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(value) == len(other) and all(map(_is_equal, value, other))
    if isinstance(value, Mapping) and isinstance(other, Mapping):
        return value.keys() == other.keys() and all(_is_equal(value[key], other[key]) for key in value)
    return bool(value == other)


def merged(obj: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object with a patch applied."""
    result = dict(obj)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            before = result.get(key)
            result[key] = merged(before if isinstance(before, Mapping) else {}, value)
        else:
            result[key] = value
    return result


def changes(patch: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the path and the new value of each change, None where it is removed."""
    for key, value in patch.items():
        if isinstance(value, Mapping) and value:
            yield from changes(value, (*path, key))
        else:
            yield (*path, key), value
