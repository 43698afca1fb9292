"""Rows of custom resources: `additionalPrinterColumns`, whose cells are JSONPath expressions.

Invariant: a path without a result is null; of several results the first is printed, as a real server does. Supported
JSONPath: fields (`.a.b`, `..a`, `['a']`, `\\.` for a dot in a name), `[0]`, `[-1]`, `[0,1]`, `[1:]`, `[*]`, and
filters such as `[?(@.type=="Ready")]` or `[?(@.size>1)]`; to support more, add a case to `_STEP` and `_follow`.

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
    r"""(?P<recursive>\.)?\.(?P<field>(?:\\.|[^.\[\\])+)
      | \[\?\(@(?P<path>[^=!<>]*?)\s*(?:(?P<operator>==|!=|>=|<=|>|<)\s*(?P<value>"[^"]*"|'[^']*'|[^)]*?)\s*)?\)\]
      | \['(?P<quoted>(?:\\.|[^'])*)'\]
      | \[(?P<index>\*|-?\d+(?:,-?\d+)*|-?\d*:-?\d*)\]""",
    re.VERBOSE,
)
_NO_VALUE = "<no value>"
_Step = Mapping[str, str | None]


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
        value = next(_follow(parse_path(column["jsonPath"]), obj), _MISSING)
    except ValueError:
        return None
    match column["type"]:
        case _ if value is _MISSING:
            return None
        case "string":
            return _NO_VALUE if value is None else _text(value)
        case "integer" | "number" if isinstance(value, int | float) and not isinstance(value, bool):
            return int(value) if column["type"] == "integer" else value
        case "boolean" if isinstance(value, bool):
            return value
        case "date" if isinstance(value, str):
            return _date(value, now)
        case _:
            return None


_MISSING = object()


def _date(value: str, now: datetime) -> str:
    try:
        return since(value, now)
    except ValueError:
        return "<invalid>"


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
def parse_path(text: str) -> tuple[_Step, ...]:
    """Parse a JSONPath into its steps.

    Raises:
        ValueError: it is not supported.
    """
    steps: list[_Step] = []
    at = 0
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            raise ValueError(f"unsupported JSONPath: {text}")
        steps.append(step.groupdict())
        at = step.end()
    return tuple(steps)


def _follow(steps: tuple[_Step, ...], value: Any) -> Iterator[Any]:
    if not steps:
        yield value
        return
    step, later = steps[0], steps[1:]
    for holder in _descendants(value) if step["recursive"] else (value,):
        for below in _below(step, holder):
            yield from _follow(later, below)


def _descendants(value: Any) -> Iterator[Any]:
    """Yield a value and everything in it, depth first."""
    yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _descendants(item)


def _below(step: _Step, value: Any) -> Iterator[Any]:
    given = step["quoted"] if step["field"] is None else step["field"]
    if given == "*":
        yield from _indexed("*", value)
    elif given is not None:
        field = re.sub(r"\\(.)", r"\1", given)
        if isinstance(value, dict) and field in value:
            yield value[field]
    elif step["index"] is not None:
        for index in step["index"].split(","):
            yield from _indexed(index, value)
    else:
        yield from (item for item in (value if isinstance(value, list) else ()) if _passes(step, item))


def _indexed(index: str, value: Any) -> Iterator[Any]:
    if index == "*":
        yield from value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    elif isinstance(value, list):
        start, colon, stop = index.partition(":")
        if colon:
            yield from value[int(start) if start else None : int(stop) if stop else None]
        elif -len(value) <= int(start) < len(value):
            yield value[int(start)]


def _passes(step: _Step, item: Any) -> bool:
    held = next(_follow(parse_path(step["path"] or ""), item), _MISSING)
    if step["operator"] is None or held is _MISSING:
        return step["operator"] is None and held is not _MISSING
    text = (step["value"] or "").strip("\"'")
    match step["operator"]:
        case "==":
            return _text(held) == text
        case "!=":
            return _text(held) != text
        case operator if isinstance(held, int | float):
            return _compare(float(held), operator, float(text))
        case _:
            return False


def _compare(left: float, operator: str, right: float) -> bool:
    return (left > right if ">" in operator else left < right) or ("=" in operator and left == right)
