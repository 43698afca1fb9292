"""How lists and maps merge in server-side apply: by key, as a set, or as a whole.

Pure. Invariant: a list that is not in `_LIST_KEYS` and a map that is in `_ATOMIC_MAPS` are owned and replaced as a
whole. To merge another list of a built-in kind, add its field (and the parent field, where the name is used twice).
Source: the x-kubernetes-list-type, -list-map-keys and -map-type extensions of the OpenAPI documents.
"""

from collections.abc import Mapping
from dataclasses import dataclass
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
    """The merge rules of one kind; `built_in` False: lists of a custom resource are atomic, but for its metadata."""

    built_in: bool = True

    def keys(self, parent: str, field: str) -> tuple[str, ...] | None:
        """Return the key fields of a list's items, `SET` for a set of values, None for an atomic list."""
        if not self.built_in and parent != "metadata":
            return None
        return _LIST_KEYS.get((parent, field), _LIST_KEYS.get(("", field)))

    def is_atomic_map(self, field: str) -> bool:
        return self.built_in and field in _ATOMIC_MAPS


def list_types_of(resource: Resource) -> ListTypes:
    """Return the merge rules of a kind."""
    return ListTypes(resource.custom is None)


def key_values(item: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    """Return the values that identify an item of a list; a missing one is its default, or the empty text."""
    held: Mapping[str, Any] = item if isinstance(item, Mapping) else {}
    return {key: held.get(key, _KEY_DEFAULTS.get(key, "")) for key in sorted(keys)}
