"""How lists and maps merge in server-side apply: by key, as a set, or as a whole.

Pure. Invariant: a list that is not in `_LIST_KEYS` and a map that is in `_ATOMIC_MAPS` are owned and replaced as a
whole. To merge another list of a built-in kind, add its field (and the parent field, where the name is used twice);
those of a custom resource are declared by its schema.
Source: the x-kubernetes-list-type, -list-map-keys and -map-type extensions of the OpenAPI documents.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from k9py.simulator.registry.resources import Resource

SET: tuple[str, ...] = ()
"""The keys of a list whose items are the plain values themselves."""

# (parent field or "", field) -> keys of an item. A field with a parent takes precedence.
_LIST_KEYS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "containers"): ("name",),
    ("", "initContainers"): ("name",),
    ("", "ephemeralContainers"): ("name",),
    ("containers", "ports"): ("containerPort", "protocol"),
    ("initContainers", "ports"): ("containerPort", "protocol"),
    ("ephemeralContainers", "ports"): ("containerPort", "protocol"),
    ("spec", "ports"): ("port", "protocol"),
    ("", "env"): ("name",),
    ("", "volumes"): ("name",),
    ("", "volumeMounts"): ("mountPath",),
    ("", "volumeDevices"): ("devicePath",),
    ("spec", "imagePullSecrets"): ("name",),
    ("", "secrets"): ("name",),
    ("", "hostAliases"): ("ip",),
    ("", "topologySpreadConstraints"): ("topologyKey", "whenUnsatisfiable"),
    ("", "resourceClaims"): ("name",),
    ("", "schedulingGates"): ("name",),
    ("", "conditions"): ("type",),
    ("status", "addresses"): ("type",),
    ("", "podIPs"): ("ip",),
    ("metadata", "ownerReferences"): ("uid",),
    ("metadata", "finalizers"): SET,
}
_KEY_DEFAULTS = {"protocol": "TCP"}
_ATOMIC_MAPS = frozenset(
    (
        "selector", "nodeSelector", "labelSelector", "namespaceSelector", "podSelector", "matchLabelSelector",
        "secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef", "secretRef", "configMapRef", "roleRef",
        "claimRef", "involvedObject", "requiredDuringSchedulingIgnoredDuringExecution",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ListTypes:
    """The merge rules of one kind: keys of lists by (parent field or "", field), and the maps that are atomic."""

    list_keys: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=lambda: _LIST_KEYS)
    atomic_maps: frozenset[str] = _ATOMIC_MAPS

    def keys(self, parent: str, name: str) -> tuple[str, ...] | None:
        """Return the key fields of a list's items, `SET` for a set of values, None for an atomic list."""
        return self.list_keys.get((parent, name), self.list_keys.get(("", name)))

    def is_atomic_map(self, name: str) -> bool:
        return name in self.atomic_maps


_BUILT_IN = ListTypes()


def list_types_of(resource: Resource) -> ListTypes:
    """Return the merge rules of a kind."""
    if resource.custom is None:
        return _BUILT_IN
    keys = {place: names for place, names in _LIST_KEYS.items() if place[0] == "metadata"}
    atomic: set[str] = set()
    _declared("", "", resource.custom.schema, keys, atomic)
    return ListTypes(keys, frozenset(atomic))


def _declared(
    parent: str,
    name: str,
    schema: Mapping[str, Any],
    keys: dict[tuple[str, str], tuple[str, ...]],
    atomic: set[str],
) -> None:
    """Collect the list and map types that a schema declares."""
    match schema.get("x-kubernetes-list-type"):
        case "map":
            keys[parent, name] = tuple(schema.get("x-kubernetes-list-map-keys") or ())
        case "set":
            keys[parent, name] = SET
        case _:
            pass
    if schema.get("x-kubernetes-map-type") == "atomic":
        atomic.add(name)
    items = schema.get("items")
    if isinstance(items, Mapping):
        for key, below in (items.get("properties") or {}).items():
            _declared(name, key, below, keys, atomic)
    for key, below in (schema.get("properties") or {}).items():
        _declared(name, key, below, keys, atomic)


def key_values(item: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    """Return the values that identify an item of a list; a missing one is its default, or the empty text."""
    held: Mapping[str, Any] = item if isinstance(item, Mapping) else {}
    return {key: held.get(key, _KEY_DEFAULTS.get(key, "")) for key in sorted(keys)}
