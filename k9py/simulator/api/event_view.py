"""Events in two shapes: stored as core/v1, shown as events.k8s.io/v1 to those who ask there.

Invariant: the same object, uid and resourceVersion under both; only the names of fields differ.
"""

from k9py.simulator.changes import Object
from k9py.simulator.resources import EVENTS_V1, Resource

_RENAMED = {
    "involvedObject": "regarding",
    "message": "note",
    "reportingComponent": "reportingController",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
}
_BACK = {new: old for old, new in _RENAMED.items()}


def as_served(resource: Resource, obj: Object) -> Object:
    """Return a stored object in the shape of the API it is asked through."""
    if resource is not EVENTS_V1:
        return obj
    shown = {_RENAMED.get(key, key): value for key, value in obj.items()}
    shown["apiVersion"] = resource.api_version
    return shown


def as_stored(resource: Resource, obj: Object) -> Object:
    """Return a given object in the shape in which it is stored."""
    if resource is not EVENTS_V1:
        return obj
    return {_BACK.get(key, key): value for key, value in obj.items()} | {"apiVersion": "v1"}
