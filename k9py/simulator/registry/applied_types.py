"""What server-side apply checks before it merges: unknown fields, numbers, and the keys of lists.

Pure. Invariant: the first violation is an error 500, as a real server answers, in structured-merge-diff's words.
Built-in kinds are checked as far as `validation.SPEC_FIELDS` knows them, custom resources by their schema.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.field_sets import element_of, path_text
from k9py.simulator.registry.list_types import SET, ListTypes, list_types_of
from k9py.simulator.registry.resources import Resource
from k9py.simulator.registry.structural_schema import prune
from k9py.simulator.registry.validation import SPEC_FIELDS
from k9py.simulator.status_errors import StatusError


def check_applied_fields(resource: Resource, applied: Object) -> None:
    """Refuse a server-side apply that the kind's schema does not allow.

    Raises:
        StatusError: 500.
    """
    metadata = applied["metadata"]
    place = f"{metadata.get('namespace', '')}/{metadata['name']}; {resource.api_version}, Kind={resource.kind}"
    for violation in _violations(resource, applied):
        raise StatusError(500, "", f"failed to create typed patch object ({place}): {violation}")


def _violations(resource: Resource, applied: Object) -> Iterator[str]:
    if resource.custom is not None:
        for path in prune(applied, resource.custom.schema)[1]:
            yield f".{path}: field not declared in schema"
        yield from _type_violations(applied, resource.custom.schema, "")
    else:
        yield from _built_in_violations(resource, applied)
    types = list_types_of(resource)
    for key, value in applied.items():
        yield from _list_violations(value, f".{key}", "", key, types, keys_may_be_missing=resource.custom is None)


def _built_in_violations(resource: Resource, applied: Object) -> Iterator[str]:
    spec, known = applied.get("spec"), SPEC_FIELDS.get(resource.kind)
    if not isinstance(spec, dict) or known is None:
        return
    for key in spec:
        if key not in known:
            yield f".spec.{key}: field not declared in schema"
    if isinstance(spec.get("replicas"), str | bool):
        yield _no_number(spec["replicas"], ".spec.replicas")


def _no_number(value: object, path: str) -> str:
    kind = "boolean" if isinstance(value, bool) else "string"
    return f"{path}: expected numeric (int or float), got {kind}"


def _type_violations(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    """Yield the texts and booleans where the schema of a custom resource has a number."""
    if schema.get("type") in ("integer", "number") and isinstance(value, str | bool):
        yield _no_number(value, path)
    elif isinstance(value, dict):
        for key, below in (schema.get("properties") or {}).items():
            if key in value:
                yield from _type_violations(value[key], below, f"{path}.{key}")
    elif isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        for number, item in enumerate(value):
            yield from _type_violations(item, schema["items"], f"{path}[{number}]")


def _list_violations(
    value: Any, path: str, parent: str, field: str, types: ListTypes, *, keys_may_be_missing: bool
) -> Iterator[str]:
    """Yield the lists with keys that hold an item without its keys, or two of the same."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _list_violations(
                item, f"{path}.{key}", field, key, types, keys_may_be_missing=keys_may_be_missing
            )
    keys = types.keys(parent, field) if isinstance(value, list) else None
    if keys is None:
        return
    seen: set[str] = set()
    for number, item in enumerate(value):
        if keys != SET and not keys_may_be_missing and not any(key in item for key in keys):
            names = ", ".join(f'"{key}"' for key in keys)
            yield (
                f"{path}: element {number}: associative list with keys has an element that omits all key fields "
                f"[{names}] (and doesn't have default values for any key fields)"
            )
        element = element_of(item, keys)
        if element in seen:
            yield f"{path}: duplicate entries for key {path_text((element,))}"
        seen.add(element)
        if isinstance(item, dict):
            below = f"{path}{path_text((element,))}"
            for key, inner in item.items():
                yield from _list_violations(
                    inner, f"{below}.{key}", field, key, types, keys_may_be_missing=keys_may_be_missing
                )
