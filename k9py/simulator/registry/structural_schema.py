"""Structural schemas of custom resources: pruning of unknown fields, defaults, and validation.

Invariant: pure; a schema is the `openAPIV3Schema` of a CustomResourceDefinition. Causes are worded as the real
server's, in the order of the properties' names (the real order is random). To support another keyword, add
it to `_violations`.

Not simulated: CEL rules (`x-kubernetes-validations`), `allOf`, `anyOf`, `oneOf`, `not`, embedded resources.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

from k9py.simulator.registry.encoding import encode
from k9py.simulator.status_errors import StatusCause

Schema = Mapping[str, Any]

_ALWAYS_KNOWN = ("kind", "apiVersion", "metadata")
_PRESERVES = "x-kubernetes-preserve-unknown-fields"
_INT_OR_STRING = "x-kubernetes-int-or-string"
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})")
_NO_SCHEMA: Schema = {}


def prune(obj: dict[str, Any], schema: Schema) -> tuple[dict[str, Any], list[str]]:
    """Return the object without unknown fields, and the paths of those fields (`spec.ports[0].nope`)."""
    unknown: list[str] = []
    pruned = _pruned(obj, schema, "", unknown)
    return pruned, sorted(unknown)


def _pruned(value: Any, schema: Schema, path: str, unknown: list[str]) -> Any:
    if isinstance(value, list):
        items = schema.get("items") or _NO_SCHEMA
        return [_pruned(item, items, f"{path}[{at}]", unknown) for at, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
    kept: dict[str, Any] = {}
    for key, item in value.items():
        below = f"{path}.{key}" if path else key
        if key in properties:
            kept[key] = _pruned(item, properties[key], below, unknown)
        elif not path and key in _ALWAYS_KNOWN:
            kept[key] = item
        elif isinstance(additional, Mapping):
            kept[key] = _pruned(item, additional, below, unknown)
        elif additional is True or schema.get(_PRESERVES):
            kept[key] = item
        else:
            unknown.append(below)
    return kept


def with_defaults(obj: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """Return the object with the schema's defaults filled in."""
    filled = copy.deepcopy(obj)
    _fill(filled, schema)
    return filled


def _fill(value: Any, schema: Schema) -> None:
    if isinstance(value, list):
        for item in value:
            _fill(item, schema.get("items") or _NO_SCHEMA)
    elif isinstance(value, dict):
        properties = schema.get("properties") or {}
        for key, below in properties.items():
            if key in value and value[key] is None and not below.get("nullable"):
                del value[key]
            if "default" in below and key not in value:
                value[key] = copy.deepcopy(below["default"])
            if key in value:
                _fill(value[key], below)
        additional = schema.get("additionalProperties")
        if isinstance(additional, Mapping):
            for key, item in value.items():
                if key not in properties:
                    _fill(item, additional)


def violations(obj: dict[str, Any], schema: Schema) -> list[StatusCause]:
    """Return what is wrong with an object."""
    return list(_violations({key: obj[key] for key in obj if key not in _ALWAYS_KNOWN}, schema, ""))


def _violations(value: Any, schema: Schema, path: str) -> Iterator[StatusCause]:
    wanted = "integer,string" if schema.get(_INT_OR_STRING) else schema.get("type", "")
    if value is None and schema.get("nullable"):
        return
    if wanted and not _has_type(value, wanted):
        given = _type_name(value)
        yield _type_cause(path, given, wanted)
        if "enum" in schema:
            yield _enum_cause(value, schema["enum"], path)
        return
    if "enum" in schema and value not in schema["enum"]:
        yield _enum_cause(value, schema["enum"], path)
    match value:
        case bool():
            pass
        case int() | float():
            yield from _number_violations(value, schema, path)
        case str():
            yield from _string_violations(value, schema, path)
        case list():
            yield from _array_violations(value, schema, path)
        case dict():
            yield from _object_violations(value, schema, path)


def _number_violations(value: float, schema: Schema, path: str) -> Iterator[StatusCause]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and (value < low or (value == low and schema.get("exclusiveMinimum"))):
        how = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        yield _invalid(value, f"{path} in body should be {how} {low}", path)
    if high is not None and (value > high or (value == high and schema.get("exclusiveMaximum"))):
        how = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        yield _invalid(value, f"{path} in body should be {how} {high}", path)


def _string_violations(value: str, schema: Schema, path: str) -> Iterator[StatusCause]:
    longest, shortest = schema.get("maxLength"), schema.get("minLength", 0)
    if longest is not None and len(value) > longest:
        yield StatusCause("FieldValueTooLong", f"Too long: may not be more than {longest} bytes", path)
        return
    if len(value) < shortest:
        yield _invalid(value, f"{path} in body should be at least {shortest} chars long", path)
    pattern = schema.get("pattern")
    if pattern is not None and not re.search(pattern, value):
        yield _invalid(value, f"{path} in body should match '{pattern}'", path)
    if schema.get("format") == "date-time" and not _DATE_TIME.fullmatch(value):
        yield _type_cause(path, value, "date-time")


def _array_violations(value: list[Any], schema: Schema, path: str) -> Iterator[StatusCause]:
    most, least = schema.get("maxItems"), schema.get("minItems", 0)
    if len(value) < least:
        yield _invalid(len(value), f"{path} in body should have at least {least} items", path)
    if most is not None and len(value) > most:
        message = f"Too many: {len(value)}: must have at most {most} items"
        yield StatusCause("FieldValueTooMany", message, path)
    for at, item in enumerate(value):
        yield from _violations(item, schema.get("items") or _NO_SCHEMA, f"{path}[{at}]")


def _object_violations(value: dict[str, Any], schema: Schema, path: str) -> Iterator[StatusCause]:
    properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
    for key in schema.get("required") or ():
        if key not in value:
            yield StatusCause("FieldValueRequired", "Required value", f"{path}.{key}" if path else key)
    for key in sorted(value):
        below = properties.get(key, additional)
        if isinstance(below, Mapping):
            yield from _violations(value[key], below, f"{path}.{key}" if path else key)


def _has_type(value: Any, wanted: str) -> bool:
    match wanted:
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "integer,string":
            return isinstance(value, int | str) and not isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case _:
            return isinstance(value, dict)


def _type_name(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _type_cause(path: str, given: str, wanted: str) -> StatusCause:
    why = f'Invalid value: "{given}": {path} in body must be of type {wanted}: "{given}"'
    return StatusCause("FieldValueTypeInvalid", why, path)


def _enum_cause(value: Any, allowed: list[Any], path: str) -> StatusCause:
    supported = ", ".join(encode(item).decode() for item in allowed)
    message = f"Unsupported value: {encode(value).decode()}: supported values: {supported}"
    return StatusCause("FieldValueNotSupported", message, path)


def _invalid(value: Any, why: str, path: str) -> StatusCause:
    return StatusCause("FieldValueInvalid", f"Invalid value: {encode(value).decode()}: {why}", path)
