"""Older API versions that older servers have instead: PodDisruptionBudgets, CronJobs, EndpointSlices in v1beta1.

Invariant: objects are stored in today's version; a version that is not the stored one is converted on every read and
write. To add one, add its resource to `OLDER_VERSIONS` and, if more than apiVersion differs, its conversion.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.resources import CRONJOBS, ENDPOINTSLICES, PODDISRUPTIONBUDGETS, Resource

_ZONE = "topology.kubernetes.io/zone"


def _older(resource: Resource) -> Resource:
    return replace(resource, version="v1beta1", storage_version=resource.storage_key)


PODDISRUPTIONBUDGETS_V1BETA1 = _older(PODDISRUPTIONBUDGETS)
CRONJOBS_V1BETA1 = _older(CRONJOBS)
ENDPOINTSLICES_V1BETA1 = _older(ENDPOINTSLICES)

OLDER_VERSIONS: Mapping[str, tuple[Resource, Resource]] = {
    "policy/v1beta1": (PODDISRUPTIONBUDGETS, PODDISRUPTIONBUDGETS_V1BETA1),
    "batch/v1beta1": (CRONJOBS, CRONJOBS_V1BETA1),
    "discovery.k8s.io/v1beta1": (ENDPOINTSLICES, ENDPOINTSLICES_V1BETA1),
}
"""By group and version: today's resource and the older one."""


def is_older(resource: Resource) -> bool:
    return resource.version == "v1beta1" and resource.custom is None and resource.storage_version is not None


def as_older_version(resource: Resource, obj: Object) -> Object:
    """Return a stored object in an older version."""
    shown = {**obj, "apiVersion": resource.api_version}
    return _with_endpoints(shown, _zone_to_topology) if resource.plural == ENDPOINTSLICES.plural else shown


def from_older_version(resource: Resource, obj: Object) -> Object:
    """Return a submitted object of an older version in the version it is stored in."""
    stored = {**obj, "apiVersion": f"{resource.group}/v1"}
    return _with_endpoints(stored, _zone_from_topology) if resource.plural == ENDPOINTSLICES.plural else stored


def _with_endpoints(obj: Object, convert: Callable[[Mapping[str, Any]], Object]) -> Object:
    return {**obj, "endpoints": [convert(endpoint) for endpoint in obj.get("endpoints") or ()]}


def _zone_to_topology(endpoint: Mapping[str, Any]) -> Object:
    converted = {key: value for key, value in endpoint.items() if key != "zone"}
    return converted | ({"topology": {_ZONE: endpoint["zone"]}} if endpoint.get("zone") else {})


def _zone_from_topology(endpoint: Mapping[str, Any]) -> Object:
    converted = {key: value for key, value in endpoint.items() if key != "topology"}
    zone = (endpoint.get("topology") or {}).get(_ZONE)
    return converted | ({"zone": zone} if zone else {})
