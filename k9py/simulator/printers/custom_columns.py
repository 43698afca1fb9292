"""Rows of custom resources: `additionalPrinterColumns`, whose cells are JSONPath expressions.

Invariant: a path without a result is null; of several results the first is printed, as a real server does. Supported
JSONPath: fields (`.a.b`, `['a']`, `\\.` for a dot in a name), `[0]`, `[-1]`, `[*]`, and filters such as
`[?(@.type=="Ready")]`; to support more, add a case to `_STEP` and `_follow`.

Source: apiextensions-apiserver, pkg/registry/customresource/tableconvertor.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from k9py.simulator.printers.ages import age, since
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.encoding import encode
from k9py.simulator.registry.resources import CustomType

_STEP = re.compile(
    r"""\.(?P<field>(?:\\.|[^.\[\\])+)
      | \[\?\(@(?P<path>[^=!<>]*?)\s*(?:(?P<operator>==|!=)\s*(?P<value>"[^"]*"|'[^']*'|[^)]*?)\s*)?\)\]
      | \['(?P<quoted>[^']*)'\]
      | \[(?P<index>\*|-?\d+|-?\d*:-?\d*)\]""",
    re.VERBOSE,
)


def custom_columns(custom: CustomType) -> list[dict[str, Any]]:
    """Return the `columnDefinitions` of a custom resource."""
    if not custom.columns:
        return [_column("Name", "string", "name"), _column("Age", "date")]
    return [
        _column("Name", "string", "name"),
        *(
            _column(c["name"], c["type"], c.get("format") or "", c.get("description") or "", c.get("priority") or 0)
            for c in custom.columns
        ),
    ]


def _column(name: str, kind: str, form: str = "", description: str = "", priority: int = 0) -> dict[str, Any]:
    return {"name": name, "type": kind, "format": form, "description": description, "priority": priority}


def custom_cells(custom: CustomType, obj: Object, now: datetime) -> list[Any]:
    """Return the cells of a custom resource."""
    name = obj["metadata"].get("name", "")
    if not custom.columns:
        return [name, age(obj, now)]
    return [name, *(_cell(column, obj, now) for column in custom.columns)]


def _cell(column: Mapping[str, Any], obj: Object, now: datetime) -> Any:
    try:
        value = next(_follow(parse_path(column["jsonPath"]), obj), None)
    except ValueError:
        return None
    if value is None:
        return None
    match column["type"]:
        case "string":
            return _text(value)
        case "integer" | "number" if isinstance(value, int | float) and not isinstance(value, bool):
            return int(value) if column["type"] == "integer" else value
        case "boolean" if isinstance(value, bool):
            return value
        case "date" if isinstance(value, str):
            try:
                return since(value, now)
            except ValueError:
                return "<invalid>"
        case _:
            return None


def _text(value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return encode(_sorted(value)).decode()
        case _:
            return str(value)


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


@lru_cache(maxsize=512)
def parse_path(text: str) -> tuple[Mapping[str, str | None], ...]:
    """Parse a JSONPath into its steps.

    Raises:
        ValueError: it is not supported.
    """
    steps: list[Mapping[str, str | None]] = []
    at = 0
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            raise ValueError(f"unsupported JSONPath: {text}")
        steps.append(step.groupdict())
        at = step.end()
    return tuple(steps)


def _follow(steps: tuple[Mapping[str, str | None], ...], value: Any) -> Iterator[Any]:
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    for below in _below(step, value):
        yield from _follow(rest, below)


def _below(step: Mapping[str, str | None], value: Any) -> Iterator[Any]:
    field = step["quoted"] if step["field"] is None else re.sub(r"\\(.)", r"\1", step["field"])
    if field is not None:
        if isinstance(value, dict) and field in value:
            yield value[field]
    elif step["index"] is not None:
        yield from _indexed(step["index"], value)
    else:
        items = value if isinstance(value, list) else []
        yield from (item for item in items if _passes(step, item))


def _indexed(index: str, value: Any) -> Iterator[Any]:
    if index == "*":
        yield from value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    elif isinstance(value, list):
        start, colon, stop = index.partition(":")
        if colon:
            yield from value[int(start) if start else None : int(stop) if stop else None]
        elif -len(value) <= int(start) < len(value):
            yield value[int(start)]


def _passes(step: Mapping[str, str | None], item: Any) -> bool:
    held = next(_follow(parse_path(step["path"] or ""), item), None)
    if step["operator"] is None:
        return held is not None
    text = (step["value"] or "").strip("\"'")
    same = held is not None and _text(held) == text
    return same if step["operator"] == "==" else not same
