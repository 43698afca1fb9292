"""Strategic merge patch: lists of named items merge by their key.

Invariant: a list that is not in `_MERGE_KEYS` is replaced as a whole, as the patchStrategy of the API types says. To
merge another list, add its field (and, where the field name is used twice, its parent field).
Source: the patchStrategy and patchMergeKey tags of k8s.io/api, and apimachinery's strategicpatch.
"""

import copy
from typing import Any

from k9py.simulator import status_errors

# (parent field or "", field) -> merge key; "" as the key merges plain values as a set.
_MERGE_KEYS: dict[tuple[str, str], str] = {
    ("", "containers"): "name",
    ("", "initContainers"): "name",
    ("", "ephemeralContainers"): "name",
    ("", "env"): "name",
    ("", "volumes"): "name",
    ("", "volumeMounts"): "mountPath",
    ("", "volumeDevices"): "devicePath",
    ("containers", "ports"): "containerPort",
    ("initContainers", "ports"): "containerPort",
    ("ephemeralContainers", "ports"): "containerPort",
    ("spec", "ports"): "port",
    ("", "imagePullSecrets"): "name",
    ("", "secrets"): "name",
    ("", "hostAliases"): "ip",
    ("", "topologySpreadConstraints"): "topologyKey",
    ("", "resourceClaims"): "name",
    ("", "schedulingGates"): "name",
    ("", "conditions"): "type",
    ("", "ownerReferences"): "uid",
    ("", "finalizers"): "",
    ("", "addresses"): "type",
    ("", "podIPs"): "ip",
}


def strategic_merge(target: Any, patch: dict[str, Any], owner: str = "") -> Any:
    """Return an object merged with a patch.

    Args:
        target: the object (or part of one); anything but a dict counts as empty.
        patch: the patch for it.
        owner: the field that holds `target`; some lists merge differently by it.

    Raises:
        StatusError: 400 for an invalid directive.
    """
    current: dict[str, Any] = target if isinstance(target, dict) else {}
    match patch.get("$patch"):
        case None | "merge":
            pass
        case "replace":
            return _without_directives({key: value for key, value in patch.items() if key != "$patch"})
        case "delete":
            return {}
        case other:
            raise status_errors.bad_request(f"Unknown patch type: {other} found")
    retained = patch.get("$retainKeys")
    merged = {key: value for key, value in current.items() if retained is None or key in retained}
    orders: dict[str, list[Any]] = {}
    for key, value in patch.items():
        if key in ("$patch", "$retainKeys"):
            continue
        if key.startswith("$setElementOrder/"):
            orders[key.partition("/")[2]] = value
        elif key.startswith("$deleteFromPrimitiveList/"):
            field = key.partition("/")[2]
            kept = [item for item in merged.get(field) or () if item not in value]
            merged[field] = kept
        elif value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = strategic_merge(merged.get(key), value, key)
        elif isinstance(value, list):
            merged[key] = _merge_list(merged.get(key), value, owner, key)
        else:
            merged[key] = value
    for field, order in orders.items():
        if isinstance(merged.get(field), list):
            merged[field] = _sorted_items(merged[field], order, _merge_key(owner, field))
    return merged


def _merge_key(owner: str, field: str) -> str | None:
    return _MERGE_KEYS.get((owner, field), _MERGE_KEYS.get(("", field)))


def _merge_list(current: Any, patch: list[Any], owner: str, field: str) -> list[Any]:
    merge_key = _merge_key(owner, field)
    held: list[Any] = list(current) if isinstance(current, list) else []
    if merge_key is None:
        return [_without_directives(item) for item in patch]
    if merge_key == "":
        return held + [item for item in patch if item not in held]
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch):
        return [
            _without_directives(item)
            for item in patch
            if not (isinstance(item, dict) and item.get("$patch") == "replace")
        ]
    for item in patch:
        if not isinstance(item, dict) or merge_key not in item:
            raise status_errors.bad_request(f"map: {item} does not contain declared merge key: {merge_key}")
        at = next((i for i, old in enumerate(held) if old.get(merge_key) == item[merge_key]), None)
        if item.get("$patch") == "delete":
            if at is not None:
                del held[at]
        elif at is None:
            held.append(_without_directives(item))
        else:
            held[at] = strategic_merge(held[at], item, field)
    return held


def _sorted_items(items: list[Any], order: list[Any], merge_key: str | None) -> list[Any]:
    """Sort by `$setElementOrder`; items it does not name stay after their predecessor."""
    if merge_key is None:
        return items

    def identity(item: Any) -> Any:
        return item if merge_key == "" else item.get(merge_key)

    places = {identity(item): at for at, item in enumerate(order)}
    ranks: list[int] = []
    last = -1
    for item in items:
        last = places.get(identity(item), last)
        ranks.append(last)
    return [item for _, item in sorted(zip(ranks, items, strict=True), key=lambda pair: pair[0])]


def _without_directives(value: Any) -> Any:
    """Return a patch's value without directives and nulls: the result where there was no value before."""
    if isinstance(value, dict):
        return {
            key: _without_directives(item)
            for key, item in value.items()
            if not key.startswith("$") and item is not None
        }
    if isinstance(value, list):
        return [_without_directives(item) for item in value]
    return copy.copy(value)
