"""Sets of field paths, as `metadata.managedFields` holds them, and the differences between two objects by path.

Pure. A path is a tuple of elements as FieldsV1 writes them: `f:spec`, `k:{"name":"app"}` for an item of a list by its
keys, `v:"x"` for a value of a set. Invariant: a set of paths holds leaves and, as members of their own, items of lists
(the `.` of FieldsV1); it never holds what the server owns (name, uid, resourceVersion ...).
Source: structured-merge-diff, typed/tofieldset.go and typed/compare.go; the fields StripMeta removes.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.list_types import SET, ListTypes, key_values

Path = tuple[str, ...]
_TRACKED_METADATA = ("annotations", "finalizers", "generateName", "labels", "ownerReferences")
# Fields that every stored object of a kind has, if empty: they are never added, so no manager owns them as such.
_ALWAYS_PRESENT = frozenset(
    f"f:{name}"
    for name in (
        "metadata", "spec", "status", "template", "jobTemplate", "strategy", "updateStrategy", "containers",
        "resources",
    )
)  # fmt: skip
_INNER = object()  # the value of a node that has children


@dataclass(frozen=True, slots=True)
class Comparison:
    """How an object differs from another: paths by what happened to them."""

    added: Set[Path]
    modified: Set[Path]
    removed: Set[Path]

    @property
    def written(self) -> Set[Path]:
        """Return the paths whose value is new."""
        return self.added | self.modified


def field_set(obj: Mapping[str, Any], types: ListTypes) -> set[Path]:
    """Return the fields of an object: its leaves and the items of its lists."""
    return {path for path, value in _nodes(obj, types) if value is not _INNER or path[-1].startswith("k:")}


def compare(old: Mapping[str, Any], new: Mapping[str, Any], types: ListTypes) -> Comparison:
    """Return the paths that were added, modified and removed between two objects."""
    before, after = dict(_nodes(old, types)), dict(_nodes(new, types))
    added = {path for path in after.keys() - before.keys() if not _is_always_present(path, after[path])}
    modified = {path for path in after.keys() & before.keys() if after[path] != before[path]}
    modified -= {path for path in modified if after[path] is _INNER}
    return Comparison(added, modified, before.keys() - after.keys())


def _is_always_present(path: Path, value: Any) -> bool:
    return value is _INNER and path[-1] in _ALWAYS_PRESENT


def _nodes(obj: Mapping[str, Any], types: ListTypes) -> Iterator[tuple[Path, Any]]:
    """Yield each node of an object with its value, `_INNER` for one with children."""
    for key, value in obj.items():
        if key == "metadata":
            tracked = {field: value[field] for field in _TRACKED_METADATA if field in value}
            if tracked:
                yield from _walk(tracked, ("f:metadata",), "", "metadata", types)
        elif key not in ("kind", "apiVersion"):
            yield from _walk(value, (f"f:{key}",), "", key, types)


def _walk(value: Any, path: Path, parent: str, field: str, types: ListTypes) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value and not types.is_atomic_map(field):
        yield path, _INNER
        for key, item in value.items():
            yield from _walk(item, (*path, f"f:{key}"), field, key, types)
        return
    keys = types.keys(parent, field) if isinstance(value, list) else None
    if keys is None:
        yield path, value
        return
    yield path, _INNER
    for item in value:
        below = (*path, element_of(item, keys))
        if keys == SET:
            yield below, item
            continue
        yield below, _INNER
        for key, inner in item.items() if isinstance(item, dict) else ():
            yield from _walk(inner, (*below, f"f:{key}"), field, key, types)


def element_of(item: Any, keys: tuple[str, ...]) -> str:
    """Return the path element of an item of a list: `k:{"name":"app"}`, or `v:"x"` in a set."""
    value, prefix = (item, "v:") if keys == SET else (key_values(item, keys), "k:")
    return prefix + json.dumps(value, separators=(",", ":"), ensure_ascii=False)


# -- FieldsV1 and texts --------------------------------------------------------------------------------------------


def as_fields_v1(paths: Iterable[Path]) -> Object:
    """Return a set of paths as a FieldsV1 object."""
    members = set(paths)
    parents = {path[:end] for path in members for end in range(1, len(path))}
    tree: Object = {}
    for path in sorted(members):
        at = tree
        for element in path:
            at = at.setdefault(element, {})
        if path in parents:
            at["."] = {}
    return tree


def from_fields_v1(tree: Mapping[str, Any], path: Path = ()) -> Iterator[Path]:
    """Yield the paths of a FieldsV1 object."""
    if path and (not tree or "." in tree):
        yield path
    for element, below in tree.items():
        if element != ".":
            yield from from_fields_v1(below, (*path, element))


def in_report_order(paths: Iterable[Path]) -> list[Path]:
    """Sort paths as error messages list them: of each object first its own leaves, then those of nested ones."""
    return sorted(paths, key=lambda path: [(at < len(path) - 1, element) for at, element in enumerate(path)])


def path_text(path: Path) -> str:
    """Return a path as error messages write it: `.spec.template.spec.containers[name="app"].image`."""
    parts: list[str] = []
    for element in path:
        prefix, _, rest = element.partition(":")
        match prefix:
            case "k":
                pairs = (f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in json.loads(rest).items())
                parts.append(f"[{','.join(pairs)}]")
            case "v":
                parts.append(f"[={rest}]")
            case _:
                parts.append(f".{rest}")
    return "".join(parts)
