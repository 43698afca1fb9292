"""Node (core/v1): status, roles, pressure, taints, pods, usage and versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from k9py.api.kinds import NODE
from k9py.api.meta import find_condition
from k9py.api.metrics import Usage
from k9py.api.nodes import Node
from k9py.api.quantities import amount, format_cpu, format_memory
from k9py.resources.cells import (
    AGE,
    AGE_CELL,
    MISSING,
    NAME,
    UNKNOWN,
    count_cell,
    muted_cell,
    name_cell,
    numbered,
    object_row,
    percent_cell,
    text_cell,
    usage_column,
)
from k9py.resources.resource import MetricsOf, OpensAs, Resource, RowContext
from k9py.resources.usage_trend import trend_cells, trend_columns
from k9py.views.values import Cell, Column, Row, Tone

COLUMNS = numbered(
    NAME,
    Column("status", "STATUS", min_width=8, max_width=28, sort_key="W"),
    Column("roles", "ROLES", min_width=5, max_width=28, priority=4, sort_key="R"),
    Column("pressure", "PRESSURE", min_width=6, max_width=24, priority=2, sort_key="E"),
    Column("taints", "TAINTS", align_right=True, min_width=3, max_width=6, priority=6, sort_key="K"),
    usage_column("pods", "PODS", max_width=9, priority=3, sort_key="U"),
    usage_column("cpu", "CPU", max_width=8, priority=3, sort_key="C", measured=True),
    usage_column("cpu_percent", "%CPU", max_width=5, priority=2, sort_key="X", measured=True),
    usage_column("memory", "MEM", max_width=9, priority=3, sort_key="M", measured=True),
    usage_column("memory_percent", "%MEM", max_width=5, priority=2, sort_key="Y", measured=True),
    *trend_columns(),
    AGE,
    Column("version", "VERSION", min_width=7, max_width=20, priority=4, sort_key="V"),
    Column("internal_ip", "INTERNAL-IP", min_width=9, max_width=39, priority=7, wide=True, sort_key="I"),
    Column("external_ip", "EXTERNAL-IP", min_width=6, max_width=39, priority=8, wide=True),
    Column("os_image", "OS-IMAGE", min_width=8, max_width=40, priority=8, wide=True),
    Column("kernel", "KERNEL-VERSION", min_width=8, max_width=40, priority=8, wide=True),
    Column("runtime", "CONTAINER-RUNTIME", min_width=8, max_width=30, priority=8, wide=True),
)

_ROLE_PREFIX: Final = "node-role.kubernetes.io/"
_ROLE: Final = "kubernetes.io/role"
_PRESSURES: Final = {
    "MemoryPressure": "Memory",
    "DiskPressure": "Disk",
    "PIDPressure": "PID",
    "NetworkUnavailable": "Network",
}
"""Conditions that are True when something is wrong."""


def row(node: Node, context: RowContext) -> Row:
    """Return the row of a node."""
    status, tone = node_status(node)
    pressure = ",".join(pressures(node))
    if pressure and tone in (Tone.OK, Tone.WARN):
        tone = Tone.WARN
    usage = _usage(node, context.usage(node.key))
    bounds = _allocatable(node, "cpu"), _allocatable(node, "memory")
    info = node.status.node_info
    system = info.os_image if info else "", info.container_runtime_version if info else ""
    return object_row(
        node,
        (
            name_cell(node),
            Cell(status, tone),
            muted_cell(",".join(_roles(node))),
            text_cell(pressure, Tone.WARN),
            count_cell(len(node.spec.taints or ()), Tone.MUTED),
            _pods(node, context.pod_count(node.name)),
            *usage,
            *trend_cells(context.history(node.key), *bounds, (usage[1].tone, usage[3].tone)),
            AGE_CELL,
            muted_cell(info.kubelet_version if info else "", none=""),
            muted_cell(_address(node, "InternalIP")),
            muted_cell(_address(node, "ExternalIP")),
            muted_cell(system[0], none=UNKNOWN),
            muted_cell(_kernel(node), none=UNKNOWN),
            muted_cell(system[1], none=UNKNOWN),
        ),
        tone,
    )


def node_status(node: Node) -> tuple[str, Tone]:
    """Return the STATUS column and the tone: a node that is not ready fails, a cordoned one warns."""
    ready = find_condition(node.status.conditions, "Ready")
    if ready is None:
        text, tone = "Unknown", Tone.UNKNOWN
    elif ready.status == "True":
        text, tone = "Ready", Tone.OK
    else:
        text, tone = "NotReady", Tone.FAIL
    if not node.spec.unschedulable:
        return text, tone
    return f"{text},SchedulingDisabled", Tone.WARN if tone is Tone.OK else tone


def pressures(node: Node) -> Iterator[str]:
    """Yield what is short on a node: Memory, Disk, PID, Network."""
    for condition in node.status.conditions or ():
        if condition.status == "True" and condition.type in _PRESSURES:
            yield _PRESSURES[condition.type]


def _roles(node: Node) -> list[str]:
    roles: set[str] = set()
    for name, value in (node.metadata.labels or {}).items():
        if name.startswith(_ROLE_PREFIX):
            roles.add(name.removeprefix(_ROLE_PREFIX))
        elif name == _ROLE:
            roles.add(value)
    return sorted(roles - {""})


def _address(node: Node, type_: str) -> str:
    return next((address.address for address in node.status.addresses or () if address.type == type_), "")


def _kernel(node: Node) -> str:
    info = node.status.node_info
    if info is None or not info.kernel_version:
        return ""
    return f"{info.kernel_version} ({info.architecture})" if info.architecture else info.kernel_version


def _allocatable(node: Node, resource: str) -> float | None:
    return amount((node.status.allocatable or {}).get(resource))


def _pods(node: Node, count: int | None) -> Cell:
    room = _allocatable(node, "pods")
    if count is None:
        return MISSING
    if room is None:
        return count_cell(count)
    return Cell(f"{count}/{int(room)}", Tone.WARN if count >= room else Tone.PLAIN, count)


def _usage(node: Node, usage: Usage | None) -> tuple[Cell, Cell, Cell, Cell]:
    """Return CPU, percent of CPU, memory, percent of memory."""
    if usage is None:
        return MISSING, MISSING, MISSING, MISSING
    return (
        Cell(format_cpu(usage.cpu), sort=usage.cpu),
        percent_cell(usage.cpu, _allocatable(node, "cpu"), full=Tone.WARN),
        Cell(format_memory(usage.memory), sort=usage.memory),
        percent_cell(usage.memory, _allocatable(node, "memory")),
    )


def pods_on(body: Mapping[str, Any]) -> tuple[str, str]:
    """Return the field selector of the pods on a node."""
    return "", f"spec.nodeName={body['metadata']['name']}"


RESOURCES = (
    Resource(
        NODE,
        COLUMNS,
        row,
        opens_as=OpensAs.PODS,
        pod_selector=pods_on,
        metrics=MetricsOf.NODES,
        needs_pods=True,
    ),
)
