"""Validation of CustomResourceDefinitions.

Invariant: causes are worded as the real server's. Checked: name, scope, names, versions (exactly one is stored),
schemas (every object field has a type), printer columns, and what may not change once stored.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.encoding import encode
from k9py.simulator.status_errors import StatusCause

_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_UNTYPED = ("x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields")


def definition_causes(definition: Object, old: Object | None) -> Iterator[StatusCause]:
    """Yield what is wrong with a definition that may replace `old` (None: a create)."""
    spec = definition.get("spec") or {}
    names: Mapping[str, Any] = spec.get("names") or {}
    expected = f"{names.get('plural', '')}.{spec.get('group', '')}"
    name = definition["metadata"].get("name") or ""
    if name != expected:
        yield _invalid(name, 'must be spec.names.plural+"."+spec.group', "metadata.name")
    for field in ("group", "scope"):
        if not spec.get(field):
            yield _required(f"spec.{field}")
    if spec.get("scope") and spec["scope"] not in ("Cluster", "Namespaced"):
        message = f'Unsupported value: "{spec["scope"]}": supported values: "Cluster", "Namespaced"'
        yield StatusCause("FieldValueNotSupported", message, "spec.scope")
    versions = spec.get("versions") or []
    if sum(bool(version.get("storage")) for version in versions) != 1:
        yield _invalid(versions, "must have exactly one version marked as storage version", "spec.versions")
    for at, version in enumerate(versions):
        yield from _version_causes(version, f"spec.versions[{at}]")
    for field in ("plural", "singular", "kind", "listKind"):
        if not names.get(field):
            yield _required(f"spec.names.{field}")
    if old is not None:
        for path in (("group",), ("scope",), ("names", "plural"), ("names", "kind")):
            if _at(spec, path) != _at(old["spec"], path):
                yield _invalid(_at(spec, path), "field is immutable", ".".join(("spec", *path)))


def _version_causes(version: Mapping[str, Any], path: str) -> Iterator[StatusCause]:
    schema = (version.get("schema") or {}).get("openAPIV3Schema")
    if schema is None:
        yield _required(f"{path}.schema.openAPIV3Schema")
    else:
        yield from _schema_causes(schema, f"{path}.schema.openAPIV3Schema")
    for at, column in enumerate(version.get("additionalPrinterColumns") or ()):
        here = f"{path}.additionalPrinterColumns[{at}]"
        if not column.get("name"):
            yield _required(f"{here}.name")
        if column.get("type") not in _COLUMN_TYPES:
            yield _invalid(column.get("type", ""), f"must be one of {','.join(_COLUMN_TYPES)}", f"{here}.type")
        if not str(column.get("jsonPath", "")).startswith("."):
            why = "must be a simple json path starting with ."
            yield _invalid(column.get("jsonPath", ""), why, f"{here}.JSONPath")


def _schema_causes(schema: Mapping[str, Any], path: str) -> Iterator[StatusCause]:
    for name, below in sorted((schema.get("properties") or {}).items()):
        yield from _schema_causes(below, f"{path}.properties[{name}]")
    for field in ("items", "additionalProperties"):
        if isinstance(schema.get(field), Mapping):
            yield from _schema_causes(schema[field], f"{path}.{field}")
    if not schema.get("type") and not any(schema.get(mark) for mark in _UNTYPED):
        why = "Required value: must not be empty for specified object fields"
        yield StatusCause("FieldValueRequired", why, f"{path}.type")


def _at(spec: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = spec
    for key in path:
        value = (value or {}).get(key)
    return value


def _required(field: str) -> StatusCause:
    return StatusCause("FieldValueRequired", "Required value", field)


def _invalid(value: Any, why: str, field: str) -> StatusCause:
    return StatusCause("FieldValueInvalid", f"Invalid value: {encode(value).decode()}: {why}", field)
