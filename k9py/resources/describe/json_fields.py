"""Read fields of an object's JSON without trusting its shape: a field that is missing or of another type is empty.

A server checks the types of its own kinds, but not those of a custom resource with unknown fields, and any field may be
null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

JsonObject = Mapping[str, Any]

MAX_TEXT: Final = 16_000
"""Characters of one text in a description; hiding secrets in longer ones would take too long."""
CUT: Final = "… cut: the YAML has all of it"


def value_at(value: Any, *path: str) -> Any:
    """Return the value at a path of fields, None where there is none."""
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def object_at(value: Any, *path: str) -> JsonObject:
    """Return the JSON object at a path, an empty one where there is none."""
    there = value_at(value, *path)
    return there if isinstance(there, Mapping) else {}


def list_at(value: Any, *path: str) -> Sequence[Any]:
    """Return the list at a path, an empty one where there is none."""
    there = value_at(value, *path)
    return there if isinstance(there, list | tuple) else ()


def objects_at(value: Any, *path: str) -> list[JsonObject]:
    """Return the JSON objects of the list at a path."""
    return [item for item in list_at(value, *path) if isinstance(item, Mapping)]


def text_at(value: Any, *path: str) -> str:
    """Return the scalar at a path as text, "" where there is none."""
    return scalar_text(value_at(value, *path))


def texts_at(value: Any, *path: str) -> str:
    """Return the scalars of the list at a path, separated by commas."""
    return ", ".join(scalar_text(item) for item in list_at(value, *path))


def int_at(value: Any, *path: str, default: int = 0) -> int:
    """Return the number at a path."""
    there = value_at(value, *path)
    return there if isinstance(there, int) and not isinstance(there, bool) else default


def scalar_text(value: Any) -> str:
    """Return a scalar as kubectl prints it: `true`, `3`, the text; anything else as JSON-like text; "" for null."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case Mapping():
            return ", ".join(f"{name}={scalar_text(item)}" for name, item in value.items())
        case list() | tuple():
            return ", ".join(map(scalar_text, value))
    return str(value)


def without_long_texts(value: Any) -> Any:
    """Return a value with its texts cut to MAX_TEXT characters, at the end of a line where there is one."""
    if isinstance(value, str):
        if len(value) <= MAX_TEXT:
            return value
        head = value[:MAX_TEXT]
        return f"{head[: head.rfind(chr(10)) + 1] or head}{CUT}"
    if isinstance(value, Mapping):
        return {name: without_long_texts(item) for name, item in value.items()}
    return [without_long_texts(item) for item in value] if isinstance(value, list | tuple) else value
