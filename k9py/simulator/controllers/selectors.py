"""Owner references of controllers, and object keys.

Pure. Rules: `metav1.GetControllerOf`.
"""

from collections.abc import Mapping
from typing import Any

from k9py.simulator.registry.resources import Resource

Object = dict[str, Any]


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str] | None) -> bool:
    """Return whether a LabelSelector matches labels: an empty one matches all, None nothing."""
    if selector is None:
        return False
    present = labels or {}
    if any(present.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_requirement_holds(requirement, present) for requirement in selector.get("matchExpressions") or ())


def _requirement_holds(requirement: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = requirement["key"], requirement.get("values") or ()
    match requirement["operator"]:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return labels.get(key) not in values or key not in labels
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return False


def controller_of(obj: Mapping[str, Any]) -> Object | None:
    """Return the ownerReference of the controller, or None."""
    for reference in obj["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            owner: Object = reference
            return owner
    return None


def owner_reference(resource: Resource, owner: Mapping[str, Any]) -> Object:
    """Return the ownerReference a controller sets on its dependents."""
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def key_of(obj: Mapping[str, Any]) -> tuple[str, str]:
    """Return (namespace, name)."""
    metadata = obj["metadata"]
    return metadata.get("namespace") or "", metadata["name"]
