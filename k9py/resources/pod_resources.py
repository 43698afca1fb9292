"""What a pod requests, may use and uses: sums over the containers that run, and the cells that compare them.

Source of the rules: pod-level resources replace the sums; sidecars run beside the main containers, other init
containers do not (k8s.io/component-helpers/resource). A sum of limits is a bound only if every container has one.
"""

from __future__ import annotations

from collections.abc import Iterator
from sys import intern
from typing import Final

from k9py.api.metrics import Usage
from k9py.api.pods import Container, Pod, PodSpec, ResourceRequirements
from k9py.api.quantities import amount, format_cpu, format_memory
from k9py.resources.cells import MISSING, percent_cell
from k9py.views.values import Cell, Tone

CPU: Final = "cpu"
MEMORY: Final = "memory"
_ALL: Final = 1_000_000
"""Percent that no request reaches, where the share of a request is only information."""

UsageCells = tuple[Cell, Cell, Cell, Cell, Cell, Cell]
"""CPU, its percent of request and of limit, memory, its percent of request and of limit."""
NO_USAGE: Final[UsageCells] = (MISSING,) * 6


def requested(requirements: ResourceRequirements | None, resource: str) -> float | None:
    """Return the request for a resource; None if there is none. A limit without a request is the request."""
    if requirements is None:
        return None
    value = amount((requirements.requests or {}).get(resource))
    return limited(requirements, resource) if value is None else value


def limited(requirements: ResourceRequirements | None, resource: str) -> float | None:
    """Return the limit of a resource; None if there is none."""
    return None if requirements is None else amount((requirements.limits or {}).get(resource))


def pod_request(spec: PodSpec, resource: str) -> float | None:
    """Return what the running containers of a pod request together; None if none requests anything."""
    whole = requested(spec.resources, resource)
    if whole is not None:
        return whole
    requests = [value for container in _running(spec) if (value := requested(container.resources, resource))]
    return sum(requests) if requests else None


def pod_limit(spec: PodSpec, resource: str) -> float | None:
    """Return what the running containers of a pod may use together; None if one of them has no limit."""
    whole = limited(spec.resources, resource)
    if whole is not None:
        return whole
    total = 0.0
    for container in _running(spec):
        value = limited(container.resources, resource)
        if value is None:
            return None
        total += value
    return total or None


def pod_usage_cells(pod: Pod, usage: Usage | None) -> UsageCells:
    """Return the cells of what a pod uses."""
    if usage is None:
        return NO_USAGE
    spec = pod.spec
    cpu = (pod_request(spec, CPU), pod_limit(spec, CPU))
    return usage_cells(usage, *cpu, pod_request(spec, MEMORY), pod_limit(spec, MEMORY))


def container_usage_cells(container: Container, usage: Usage | None) -> UsageCells:
    """Return the cells of what a container uses."""
    if usage is None:
        return NO_USAGE
    resources = container.resources
    cpu = (requested(resources, CPU), limited(resources, CPU))
    return usage_cells(usage, *cpu, requested(resources, MEMORY), limited(resources, MEMORY))


def usage_cells(
    usage: Usage,
    cpu_request: float | None,
    cpu_limit: float | None,
    memory_request: float | None,
    memory_limit: float | None,
) -> UsageCells:
    """Return the cells of a usage. CPU at its limit is throttled, memory at its limit gets the container killed."""
    return (
        Cell(intern(format_cpu(usage.cpu)), sort=usage.cpu),
        _request_percent(usage.cpu, cpu_request),
        percent_cell(usage.cpu, cpu_limit, full=Tone.WARN),
        Cell(intern(format_memory(usage.memory)), sort=usage.memory),
        _request_percent(usage.memory, memory_request),
        percent_cell(usage.memory, memory_limit),
    )


def _request_percent(used: float, request: float | None) -> Cell:
    """Return the percent of a request: more than requested is allowed, so it is only emphasized."""
    return percent_cell(used, request, warn=_ALL, full=Tone.ACCENT)


def _running(spec: PodSpec) -> Iterator[Container]:
    yield from spec.containers or ()
    for container in spec.init_containers or ():
        if container.is_sidecar:
            yield container
