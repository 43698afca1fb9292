"""Which APIs a server has beside the built-in ones, and which older versions it has instead of today's.

Invariant: `serve` may be called at any time, and again with other values; discovery and routing follow at once. To
simulate another older version, add it to `registry/older_versions.py`.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from k9py.simulator.clock import timestamp
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.older_versions import OLDER_VERSIONS
from k9py.simulator.registry.resource_table import ResourceTable
from k9py.simulator.registry.resources import (
    APISERVICES,
    HORIZONTALPODAUTOSCALERS,
    HORIZONTALPODAUTOSCALERS_V1,
    NAMESPACES,
    Resource,
)
from k9py.simulator.registry.storage import Storage

METRICS_GROUP, METRICS_VERSION = "metrics.k8s.io", "v1beta1"
METRICS = f"{METRICS_GROUP}/{METRICS_VERSION}"
NODE_METRICS = Resource(METRICS_GROUP, METRICS_VERSION, "nodes", "", "NodeMetrics", (), False, ("get", "list"))
POD_METRICS = Resource(METRICS_GROUP, METRICS_VERSION, "pods", "", "PodMetrics", (), True, ("get", "list"))
_AUTOSCALING_V1 = "autoscaling/v1"


@dataclass(frozen=True, slots=True)
class ServedApis:
    """The APIs of one server.

    Args:
        metrics: it has a metrics-server (`metrics.k8s.io/v1beta1`).
        unavailable: APIServices (as `metrics.k8s.io/v1beta1`) whose server does not answer: discovery shows them as
            stale, and their paths answer 503.
        aggregated_discovery: False: only the form with one request per group, as before Kubernetes 1.26.
        only: older versions that it has instead of today's: `autoscaling/v1`, `policy/v1beta1`, `batch/v1beta1`,
            `discovery.k8s.io/v1beta1`.
        streams: what exec, attach and portforward speak: "v5" as since Kubernetes 1.30; "v4": WebSockets of before
            that, without a close signal for stdin and without portforward; "spdy": no WebSocket gets through.

    Raises:
        ValueError: an unknown older version.
    """

    metrics: bool = False
    unavailable: tuple[str, ...] = ()
    aggregated_discovery: bool = True
    only: tuple[str, ...] = ()
    streams: Literal["v5", "v4", "spdy"] = "v5"

    def __post_init__(self) -> None:
        known = {_AUTOSCALING_V1, *OLDER_VERSIONS}
        if unknown := set(self.only) - known:
            raise ValueError(f"no older version {min(unknown)}; there are {', '.join(sorted(known))}")

    def is_unavailable(self, group: str, version: str) -> bool:
        return f"{group}/{version}" in self.unavailable


def serve(storage: Storage, apis: ServedApis, now: datetime) -> None:
    """Change which APIs a server's table of resources has, and its APIServices."""
    table = storage.resources
    _choose_versions(table, apis.only)
    table.remove(NODE_METRICS, POD_METRICS)
    services = set(apis.unavailable)
    if apis.metrics or METRICS in apis.unavailable:
        table.register(NODE_METRICS, POD_METRICS)
        services.add(METRICS)
    for obj in storage.list(APISERVICES):
        if (obj.get("spec") or {}).get("service"):
            storage.remove(APISERVICES, None, obj["metadata"]["name"])
    # As old as the cluster: its age is the same in two readings.
    created = [obj["metadata"]["creationTimestamp"] for obj in storage.list(NAMESPACES)]
    since = min(created, default=timestamp(now))
    for name in sorted(services):
        api_service = _api_service(name, timestamp(now), available=name not in apis.unavailable)
        metadata = {**api_service["metadata"], "creationTimestamp": since}
        storage.create(APISERVICES, {**api_service, "metadata": metadata})


def _choose_versions(table: ResourceTable, only: tuple[str, ...]) -> None:
    for group_version, (current, older) in OLDER_VERSIONS.items():
        chosen, other = (older, current) if group_version in only else (current, older)
        if not table.serves(chosen):
            table.remove(other)
            table.register(chosen)
    if _AUTOSCALING_V1 in only:
        table.remove(HORIZONTALPODAUTOSCALERS)
    elif not table.serves(HORIZONTALPODAUTOSCALERS):
        table.replace(
            "autoscaling", "horizontalpodautoscalers", (HORIZONTALPODAUTOSCALERS, HORIZONTALPODAUTOSCALERS_V1)
        )


def _api_service(name: str, now: str, *, available: bool) -> Object:
    group, _, version = name.partition("/")
    condition: Object = {
        "type": "Available",
        "status": "True" if available else "False",
        "lastTransitionTime": now,
        "reason": "Passed" if available else "MissingEndpoints",
        "message": (
            "all checks passed"
            if available
            else 'endpoints for service/metrics-server in "kube-system" have no addresses with port name "https"'
        ),
    }
    # Its uid does not come from the cluster's random generator, so that other names and uids stay the same.
    uid = str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
    return {
        "metadata": {"name": f"{version}.{group}", "uid": uid, "labels": {"k8s-app": "metrics-server"}},
        "spec": {
            "service": {"namespace": "kube-system", "name": "metrics-server", "port": 443},
            "group": group,
            "version": version,
            "insecureSkipTLSVerify": True,
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
        },
        "status": {"conditions": [condition]},
    }
