"""Compute what a pod requests of a node. Invariant: the same sum as the scheduler's.

Source: component-helpers/resource/helpers.go, `PodRequests`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from k9py.api.plural import count_noun
from k9py.api.pods import Container, Pod, PodSpec
from k9py.api.quantities import Quantity, amount, format_bytes

_BYTES: Final = ("memory", "ephemeral-storage", "hugepages-", "storage")


def pod_requests(spec: PodSpec) -> dict[str, float]:
    """Return what a pod requests, by resource: CPU in cores, memory in bytes; without the pod itself (`pods`).

    Sidecars run beside the containers; every other init container runs alone with the sidecars before it.
    """
    total = _sum(_requests(container) for container in spec.containers or ())
    sidecars: dict[str, float] = {}
    peak: dict[str, float] = {}
    for container in spec.init_containers or ():
        requested = _requests(container)
        if container.is_sidecar:
            sidecars = _sum((sidecars, requested))
            _raise_to(peak, sidecars)
        else:
            _raise_to(peak, _sum((sidecars, requested)))
    total = _sum((total, sidecars))
    _raise_to(total, peak)
    if spec.resources is not None:
        total |= _amounts(spec.resources.requests)
    return _sum((total, _amounts(spec.overhead)))


def requested_on(pods: Iterable[Pod]) -> dict[str, float]:
    """Return what the pods of a node request together, with their number as `pods`; finished ones request nothing."""
    running = [pod for pod in pods if pod.status.phase not in ("Succeeded", "Failed")]
    return _sum(pod_requests(pod.spec) for pod in running) | {"pods": float(len(running))}


def amount_text(resource: str, value: float) -> str:
    """Return an amount of a resource as a person writes it: `500m cpu`, `1.5Gi memory`, `2 nvidia.com/gpu`."""
    if resource == "pods":
        return count_noun(round(value), "pod")
    return f"{bare_amount(resource, value)} {resource}"


def bare_amount(resource: str, value: float) -> str:
    """Return the amount without the name of the resource."""
    if resource == "cpu":
        return f"{round(value * 1000)}m" if 0 < value < 1 else f"{value:.4g}"
    return format_bytes(round(value)) if resource.startswith(_BYTES) else f"{value:.6g}"


def _requests(container: Container) -> dict[str, float]:
    resources = container.resources
    return _amounts(resources.requests) if resources else {}


def _amounts(quantities: Mapping[str, Quantity] | None) -> dict[str, float]:
    return {name: value for name, text in (quantities or {}).items() if (value := amount(text)) is not None}


def _sum(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for part in parts:
        for name, value in part.items():
            total[name] = total.get(name, 0.0) + value
    return total


def _raise_to(total: dict[str, float], least: Mapping[str, float]) -> None:
    for name, value in least.items():
        total[name] = max(total.get(name, 0.0), value)
