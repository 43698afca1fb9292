"""Rules of the generic registry store: stored form, generation, grace period, removal.

Pure.
"""

from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.resources import (
    DEPLOYMENTS,
    ENDPOINTSLICES,
    MUTATINGWEBHOOKCONFIGURATIONS,
    PODS,
    PODTEMPLATES,
    VALIDATINGWEBHOOKCONFIGURATIONS,
    Resource,
    by_plural,
)

DEFAULT_GRACE_SECONDS = 30
DEFINITION_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"
_WITHOUT_SPEC = (VALIDATINGWEBHOOKCONFIGURATIONS, MUTATINGWEBHOOKCONFIGURATIONS, PODTEMPLATES)
_NOT_SPEC = ("kind", "apiVersion", "metadata", "status")


def normalized(resource: Resource, obj: Object, metadata: Object) -> Object:
    """Return the object to store: kind and apiVersion first (`EncodedObjects.list_item` relies on it)."""
    if resource.custom is not None:
        kind, version = resource.kind, resource.custom.stored_api_version
    else:
        stored = resource if resource.storage_version is None else by_plural(resource.storage_version[1])
        kind, version = stored.kind, stored.api_version
    result: Object = {"kind": kind, "apiVersion": version, "metadata": metadata}
    result.update((key, value) for key, value in obj.items() if key not in ("kind", "apiVersion", "metadata"))
    return result


def increments_generation(resource: Resource, old: Object, new: Object) -> bool:
    """Return whether a write increments metadata.generation, by the rule of each kind's strategy."""
    if resource is ENDPOINTSLICES:
        return any(old.get(key) != new.get(key) for key in ("endpoints", "ports", "addressType"))
    if resource.custom is not None:
        ignored = ("metadata", "status") if resource.has_status else ("metadata",)
        return any(old.get(key) != new.get(key) for key in old.keys() | new.keys() if key not in ignored)
    if resource in _WITHOUT_SPEC:
        return any(old.get(key) != new.get(key) for key in old.keys() | new.keys() if key not in _NOT_SPEC)
    if old.get("spec") != new.get("spec"):
        return True
    # The Deployment strategy counts annotations too, so that a changed change-cause is observed.
    return resource is DEPLOYMENTS and old["metadata"].get("annotations") != new["metadata"].get("annotations")


def grace_seconds(resource: Resource, obj: Object, grace: int | None) -> int:
    """Return the grace period in seconds: of a scheduled, unfinished pod, else 0; `grace` overrides the pod's own."""
    if resource is not PODS:
        return 0
    spec = obj.get("spec") or {}
    if not spec.get("nodeName") or (obj.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    return int(spec.get("terminationGracePeriodSeconds", DEFAULT_GRACE_SECONDS)) if grace is None else grace


def is_removable(obj: Object) -> bool:
    """Return whether a deleted object can be removed: no finalizers and no grace period."""
    metadata = obj["metadata"]
    return not metadata.get("finalizers") and not metadata.get("deletionGracePeriodSeconds")
