"""Owner references of controllers, and object keys.

Pure. Rules: `metav1.GetControllerOf`.
"""

from collections.abc import Mapping
from typing import Any

from k9py.simulator.registry.resources import Resource

Object = dict[str, Any]


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
