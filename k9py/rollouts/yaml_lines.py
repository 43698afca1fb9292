"""Render JSON values as YAML-like lines for people (not to be parsed). Every line is printable."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from k9py.api.text import printable

_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "~"})
_NUMBER: Final = re.compile(r"^[-+]?(\d[\d_]*\.?\d*([eE][-+]?\d+)?|0x[0-9a-fA-F]+|\.\d+)$")


def scalar_text(value: Any) -> str:
    """Return a scalar on one line; a string that YAML would read as another type is quoted."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            text = printable(value)
            if text.lower() in _WORDS or _NUMBER.match(text) or not text or text != text.strip() or ": " in text:
                return f'"{text}"'
            return text
    return printable(str(value))


def key_text(key: str) -> str:
    """Return a mapping's key, printable."""
    return printable(key)


def lines_of(key: str, value: Any) -> list[str]:
    """Return the lines of `key: value`, indented by two spaces per level; keys sorted, multi-line strings as blocks."""
    name = key_text(key)
    if isinstance(value, Mapping):
        return [f"{name}:", *_indented(_mapping(value))] if value else [f"{name}: {{}}"]
    if isinstance(value, (list, tuple)):
        return (
            [f"{name}:", *(f"  {line}" for element in value for line in item_lines(element))]
            if value
            else [f"{name}: []"]
        )
    if isinstance(value, str) and "\n" in value:
        return [f"{name}: |", *_indented([printable(line) for line in value.split("\n")])]
    return [f"{name}: {scalar_text(value)}"]


def item_lines(value: Any, first: Sequence[str] = ("name",)) -> list[str]:
    """Return the lines of one list element, `- ` before the first; identifying keys come first."""
    if isinstance(value, Mapping) and value:
        body = _mapping(value, first)
    elif isinstance(value, (list, tuple)) and value:
        body = [line for element in value for line in item_lines(element)]
    elif isinstance(value, str) and "\n" in value:
        body = ["|", *(printable(line) for line in value.split("\n"))]
    else:
        body = ["{}" if value == {} else "[]" if value in ([], ()) else scalar_text(value)]
    return [f"- {body[0]}", *_indented(body[1:])]


def _mapping(value: Mapping[str, Any], first: Sequence[str] = ()) -> list[str]:
    ordered = sorted(value, key=lambda key: (key not in first, key))
    return [line for key in ordered for line in lines_of(key, value[key])]


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in lines]
