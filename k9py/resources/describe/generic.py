"""Objects of any other type: status, then spec and what else there is, as folded YAML.

Invariant: it works on JSON of any shape and depth; nothing is interpreted but `metadata` and `status.conditions`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from k9py.resources.describe.describer import DescribeContext, Describer, Description
from k9py.resources.describe.json_fields import JsonObject, object_at, scalar_text
from k9py.views.describe import DescribeLine, Section, line, section

MAX_DEPTH: Final = 12
"""Levels shown of nested values; deeper ones are written on one line."""
MAX_LINES: Final = 2_000
_ENVELOPE: Final = ("apiVersion", "kind", "metadata", "status")


def _anything(body: JsonObject, context: DescribeContext) -> Description:
    status = {name: value for name, value in object_at(body, "status").items() if name != "conditions"}
    head = tuple(line(words(name), scalar_text(value)) for name, value in status.items() if _is_scalar(value))
    nested = {name: value for name, value in status.items() if not _is_scalar(value)}
    others = {name: value for name, value in body.items() if name not in _ENVELOPE}
    sections = [value_section(name, value) for name, value in others.items()]
    return Description(
        head,
        urgent=(section("Status", value_lines(nested)),) if nested else (),
        details=tuple(sections),
    )


def value_section(name: str, value: Any) -> Section:
    """Return a field of an object as a section of lines like YAML."""
    return section(words(name).capitalize(), value_lines(value))


def value_lines(value: Any) -> list[DescribeLine]:
    """Return any JSON value as lines like YAML, at most MAX_LINES."""
    lines: list[DescribeLine] = []
    for text in _yaml_like(value, 0):
        if len(lines) == MAX_LINES:
            lines.append(line("", "… more in the YAML"))
            break
        lines.append(line("", text))
    return lines


def _yaml_like(value: Any, depth: int) -> Iterator[str]:
    indent = "  " * depth
    match value:
        case Mapping() if value and depth < MAX_DEPTH:
            for name, item in value.items():
                yield from _entry(f"{indent}{name}:", item, depth)
        case list() | tuple() if value and depth < MAX_DEPTH:
            for item in value:
                nested = list(_yaml_like(item, depth + 1))
                first = nested[0].removeprefix(f"{indent}  ") if nested else ""
                yield f"{indent}- {first}".rstrip()
                yield from nested[1:]
        case _:
            yield f"{indent}{_scalar(value)}"


def _entry(label: str, value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, Mapping | list | tuple) and value and depth < MAX_DEPTH:
        yield label
        yield from _yaml_like(value, depth + 1)
    elif isinstance(value, str) and "\n" in value:
        yield f"{label} |"
        yield from (f"{'  ' * (depth + 1)}{row}" for row in value.splitlines())
    else:
        yield f"{label} {_scalar(value)}"


def _scalar(value: Any) -> str:
    match value:
        case None:
            return "null"
        case "":
            return '""'
        case Mapping() if not value:
            return "{}"
        case Sequence() if not value:
            return "[]"
    return scalar_text(value)


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, Mapping | list | tuple) and value is not None


def words(name: str) -> str:
    """Return a field's name in words: `observedGeneration` is `observed generation`."""
    return "".join(f" {character.lower()}" if character.isupper() else character for character in name).strip()


GENERIC: Final = Describer("", _anything)
"""The describer of every kind that has none."""
