"""`as=Table`: objects as the rows that kubectl prints.

Invariant: columns (name, type, format, priority) are those of a real server; cells are in column order. To print
another kind, add its columns and its function to `_PRINTERS`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from k9py.simulator.printers import cluster, workloads
from k9py.simulator.printers.pods import pod_cells, pod_row_conditions
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.resources import PODS, Resource


@dataclass(frozen=True, slots=True)
class PrinterColumn:
    """A printer column: type `integer` or `string`; priority 1 is shown only with `-o wide`."""

    name: str
    type: str = "string"
    priority: int = 0

    def definition(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": self.type,
            "format": "name" if self.name == "Name" else "",
            "description": "",
            "priority": self.priority,
        }


@dataclass(frozen=True, slots=True)
class Printer:
    """Columns and row function of a kind."""

    columns: tuple[PrinterColumn, ...]
    cells: Callable[[Object, datetime], list[Any]]


def _columns(shown: str, wide: str = "", integers: Iterable[str] = ()) -> tuple[PrinterColumn, ...]:
    """Parse columns from two comma-separated lists of names."""
    numbers = frozenset(integers)
    return tuple(
        PrinterColumn(name, "integer" if name in numbers else "string", priority)
        for priority, names in enumerate((shown, wide))
        for name in names.split(",")
        if name
    )


_PLAIN = Printer(_columns("Name,Age"), cluster.plain_cells)
_EVENT_COLUMNS = (
    *_columns("Last Seen,Type,Reason,Object"),
    *_columns("", "Subobject,Source"),
    PrinterColumn("Message"),
    *_columns("", "First Seen,Count,Name"),
)

_PRINTERS: Mapping[str, Printer] = {
    "Pod": Printer(_columns("Name,Ready,Status,Restarts,Age", "IP,Node,Nominated Node,Readiness Gates"), pod_cells),
    "Service": Printer(_columns("Name,Type,Cluster-IP,External-IP,Port(s),Age", "Selector"), cluster.service_cells),
    "Event": Printer(_EVENT_COLUMNS, cluster.event_cells),
    "Deployment": Printer(
        _columns("Name,Ready,Up-to-date,Available,Age", "Containers,Images,Selector"), workloads.deployment_cells
    ),
    "ReplicaSet": Printer(
        _columns("Name,Desired,Current,Ready,Age", "Containers,Images,Selector", ("Desired", "Current", "Ready")),
        workloads.replica_set_cells,
    ),
    "StatefulSet": Printer(_columns("Name,Ready,Age", "Containers,Images"), workloads.stateful_set_cells),
    "DaemonSet": Printer(
        _columns(
            "Name,Desired,Current,Ready,Up-to-date,Available,Node Selector,Age",
            "Containers,Images,Selector",
            ("Desired", "Current", "Ready", "Up-to-date", "Available"),
        ),
        workloads.daemon_set_cells,
    ),
    "Job": Printer(_columns("Name,Status,Completions,Duration,Age", "Containers,Images,Selector"), workloads.job_cells),
    "CronJob": Printer(
        _columns("Name,Schedule,Timezone,Suspend,Active,Last Schedule,Age", "Containers,Images,Selector", ("Active",)),
        workloads.cron_job_cells,
    ),
    "HorizontalPodAutoscaler": Printer(
        _columns("Name,Reference,Targets,MinPods,MaxPods,Replicas,Age", "", ("MaxPods", "Replicas")),
        workloads.autoscaler_cells,
    ),
    "PodDisruptionBudget": Printer(
        _columns("Name,Min Available,Max Unavailable,Allowed Disruptions,Age", "", ("Allowed Disruptions",)),
        workloads.disruption_budget_cells,
    ),
    "ControllerRevision": Printer(
        _columns("Name,Controller,Revision,Age", "", ("Revision",)), workloads.controller_revision_cells
    ),
    "Endpoints": Printer(_columns("Name,Endpoints,Age"), cluster.endpoints_cells),
    "EndpointSlice": Printer(_columns("Name,AddressType,Ports,Endpoints,Age"), cluster.endpoint_slice_cells),
    "Namespace": Printer(_columns("Name,Status,Age"), cluster.namespace_cells),
    "Node": Printer(
        _columns("Name,Status,Roles,Age,Version", "Internal-IP,External-IP,OS-Image,Kernel-Version,Container-Runtime"),
        cluster.node_cells,
    ),
    "ConfigMap": Printer(_columns("Name,Data,Age", "", ("Data",)), cluster.config_map_cells),
    "Secret": Printer(_columns("Name,Type,Data,Age", "", ("Data",)), cluster.secret_cells),
    "ServiceAccount": Printer(_columns("Name,Secrets,Age", "", ("Secrets",)), cluster.service_account_cells),
    "ResourceQuota": Printer(_columns("Name,Request,Limit,Age"), cluster.resource_quota_cells),
    "PersistentVolumeClaim": Printer(
        _columns("Name,Status,Volume,Capacity,Access Modes,StorageClass,VolumeAttributesClass,Age", "VolumeMode"),
        cluster.claim_cells,
    ),
}


def column_definitions(resource: Resource) -> list[dict[str, Any]]:
    """Return a kind's `columnDefinitions`."""
    return [column.definition() for column in _printer(resource).columns]


def empty_cells(resource: Resource) -> list[Any]:
    """Return the cells of a bookmark's empty row."""
    return ["" if column.type == "string" else 0 for column in _printer(resource).columns]


def row(resource: Resource, obj: Object, now: datetime, include: str = "") -> dict[str, Any]:
    """Return one row; `include` is `None`, `Metadata` (also "") or `Object`."""
    printed: dict[str, Any] = {"cells": _printer(resource).cells(obj, now)}
    if resource is PODS and (conditions := pod_row_conditions(obj)):
        printed["conditions"] = conditions
    match include:
        case "None":
            pass
        case "Object":
            printed["object"] = obj
        case _:
            printed["object"] = {
                "kind": "PartialObjectMetadata",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": obj["metadata"],
            }
    return printed


def table(
    resource: Resource, objects: Iterable[Object], metadata: Mapping[str, Any], now: datetime, include: str = ""
) -> dict[str, Any]:
    """Return objects as a Table."""
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": dict(metadata),
        "columnDefinitions": column_definitions(resource),
        "rows": [row(resource, obj, now, include) for obj in objects],
    }


def _printer(resource: Resource) -> Printer:
    return _PRINTERS.get(resource.kind, _PLAIN)
