"""`as=Table`: objects as the rows that kubectl prints.

Invariant: columns (name, type, format, priority) are those of a real server; cells are in column order. To print
another kind, add its columns and its function to `_PRINTERS`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from k9py.simulator.printers import cluster, policies, workloads
from k9py.simulator.printers.custom_columns import custom_cells, custom_columns
from k9py.simulator.printers.pods import pod_cells, pod_row_conditions
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.resources import PODS, Resource


@dataclass(frozen=True, slots=True)
class PrinterColumn:
    """A printer column: type `string`, `integer`, `boolean` or `date`; priority 1 is shown only with `-o wide`."""

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


def _printer_of(columns: str, cells: Callable[[Object, datetime], list[Any]]) -> Printer:
    """Parse comma-separated columns: `Age`, `Desired:integer`, `+IP` (wide)."""
    parsed = []
    for column in columns.split(","):
        name, _, kind = column.removeprefix("+").partition(":")
        parsed.append(PrinterColumn(name, kind or "string", int(column.startswith("+"))))
    return Printer(tuple(parsed), cells)


_PLAIN = _printer_of("Name,Created At:date", policies.created_at_cells)
_COUNTS = "Desired:integer,Current:integer,Ready:integer"
_TEMPLATE = "+Containers,+Images,+Selector"
_BINDING = "Name,Role,Age,+Users,+Groups,+ServiceAccounts"
_VOLUME = "StorageClass,VolumeAttributesClass"

_PRINTERS: Mapping[str, Printer] = {
    kind: _printer_of(columns, cells)
    for kind, columns, cells in (
        ("Pod", "Name,Ready,Status,Restarts,Age,+IP,+Node,+Nominated Node,+Readiness Gates", pod_cells),
        ("Service", "Name,Type,Cluster-IP,External-IP,Port(s),Age,+Selector", cluster.service_cells),
        (
            "Event",
            "Last Seen,Type,Reason,Object,+Subobject,+Source,Message,+First Seen,+Count,+Name",
            cluster.event_cells,
        ),
        ("Deployment", f"Name,Ready,Up-to-date,Available,Age,{_TEMPLATE}", workloads.deployment_cells),
        ("ReplicaSet", f"Name,{_COUNTS},Age,{_TEMPLATE}", workloads.replica_set_cells),
        ("ReplicationController", f"Name,{_COUNTS},Age,{_TEMPLATE}", policies.replication_controller_cells),
        ("StatefulSet", "Name,Ready,Age,+Containers,+Images", workloads.stateful_set_cells),
        (
            "DaemonSet",
            f"Name,{_COUNTS},Up-to-date:integer,Available:integer,Node Selector,Age,{_TEMPLATE}",
            workloads.daemon_set_cells,
        ),
        ("Job", f"Name,Status,Completions,Duration,Age,{_TEMPLATE}", workloads.job_cells),
        (
            "CronJob",
            f"Name,Schedule,Timezone,Suspend:boolean,Active:integer,Last Schedule,Age,{_TEMPLATE}",
            workloads.cron_job_cells,
        ),
        (
            "HorizontalPodAutoscaler",
            "Name,Reference,Targets,MinPods,MaxPods,Replicas,Age",
            workloads.autoscaler_cells,
        ),
        (
            "PodDisruptionBudget",
            "Name,Min Available,Max Unavailable,Allowed Disruptions:integer,Age",
            workloads.disruption_budget_cells,
        ),
        ("ControllerRevision", "Name,Controller,Revision,Age", workloads.controller_revision_cells),
        ("PodTemplate", "Name,Containers,Images,Pod Labels", policies.pod_template_cells),
        ("Endpoints", "Name,Endpoints,Age", cluster.endpoints_cells),
        ("EndpointSlice", "Name,AddressType,Ports,Endpoints,Age", cluster.endpoint_slice_cells),
        ("Namespace", "Name,Status,Age", cluster.namespace_cells),
        (
            "Node",
            "Name,Status,Roles,Age,Version,+Internal-IP,+External-IP,+OS-Image,+Kernel-Version,+Container-Runtime",
            cluster.node_cells,
        ),
        ("ConfigMap", "Name,Data,Age", cluster.config_map_cells),
        ("Secret", "Name,Type,Data,Age", cluster.secret_cells),
        ("ServiceAccount", "Name,Age", cluster.service_account_cells),
        ("ResourceQuota", "Name,Request,Limit,Age", cluster.resource_quota_cells),
        (
            "PersistentVolumeClaim",
            f"Name,Status,Volume,Capacity,Access Modes,{_VOLUME},Age,+VolumeMode",
            policies.claim_cells,
        ),
        (
            "PersistentVolume",
            f"Name,Capacity,Access Modes,Reclaim Policy,Status,Claim,{_VOLUME},Reason,Age,+VolumeMode",
            policies.volume_cells,
        ),
        ("Ingress", "Name,Class,Hosts,Address,Ports,Age", policies.ingress_cells),
        ("IngressClass", "Name,Controller,Parameters,Age", policies.ingress_class_cells),
        ("NetworkPolicy", "Name,Pod-Selector,Age", policies.network_policy_cells),
        ("RoleBinding", _BINDING, policies.role_binding_cells),
        ("ClusterRoleBinding", _BINDING, policies.role_binding_cells),
        (
            "StorageClass",
            "Name,Provisioner,ReclaimPolicy,VolumeBindingMode,AllowVolumeExpansion,Age",
            policies.storage_class_cells,
        ),
        (
            "PriorityClass",
            "Name,Value:integer,Global-Default:boolean,Age,PreemptionPolicy",
            policies.priority_class_cells,
        ),
        ("ValidatingWebhookConfiguration", "Name,Webhooks:integer,Age", policies.webhook_cells),
        ("MutatingWebhookConfiguration", "Name,Webhooks:integer,Age", policies.webhook_cells),
        ("Lease", "Name,Holder,Age", policies.lease_cells),
        ("RuntimeClass", "Name,Handler,Age", policies.runtime_class_cells),
        ("PodMetrics", "Name,cpu,memory,Window", cluster.metrics_cells),
        ("NodeMetrics", "Name,cpu,memory,Window", cluster.metrics_cells),
        ("APIService", "Name,Service,Available,Age", policies.api_service_cells),
    )
}


def column_definitions(resource: Resource) -> list[dict[str, Any]]:
    """Return a kind's `columnDefinitions`."""
    if resource.custom is not None:
        return custom_columns(resource.custom)
    return [column.definition() for column in _printer(resource).columns]


def empty_cells(resource: Resource, now: datetime) -> list[Any]:
    """Return the cells of a bookmark's row: those of an object without any field."""
    return _cells(resource, {"metadata": {"name": ""}}, now)


def row(resource: Resource, obj: Object, now: datetime, include: str = "") -> dict[str, Any]:
    """Return one row; `include` is `None`, `Metadata` (also "") or `Object`."""
    printed: dict[str, Any] = {"cells": _cells(resource, obj, now)}
    if resource is PODS and (conditions := pod_row_conditions(obj)):
        printed["conditions"] = conditions
    match include:
        case "None":
            printed["object"] = None
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


def _cells(resource: Resource, obj: Object, now: datetime) -> list[Any]:
    if resource.custom is not None:
        return custom_cells(resource.custom, obj, now)
    return _printer(resource).cells(obj, now)


def _printer(resource: Resource) -> Printer:
    return _PRINTERS.get(resource.kind, _PLAIN)
