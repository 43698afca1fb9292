"""What one pod of a template uses of a quota.

Source: kubernetes/component-helpers/resource, `PodRequests` and `PodLimits`: containers and sidecars run together;
an init container runs alone except for the sidecars before it; overhead and pod-level resources come on top or instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, Literal

from k9py.api.quantities import parse_quantity

Kind = Literal["requests", "limits"]
_BARE: Final = ("cpu", "memory", "ephemeral-storage")
"""Quota entries without a prefix mean requests."""


def pod_demand(template: Mapping[str, Any]) -> dict[str, Decimal]:
    """Return a pod's usage by quota entry (`pods`, `requests.cpu`, `limits.memory` ...).

    Raises:
        ValueError: an amount is not a quantity.
    """
    spec = template.get("spec") or {}
    demand = {"pods": Decimal(1), "count/pods": Decimal(1)}
    kinds: tuple[Kind, ...] = ("requests", "limits")
    for kind in kinds:
        for resource, amount in _total(spec, kind).items():
            demand[f"{kind}.{resource}"] = amount
            if kind == "requests" and resource in _BARE:
                demand[resource] = amount
    return demand


def unasked(template: Mapping[str, Any], entry: str) -> str:
    """Return the first container without a value for a compute entry such as `limits.cpu`, "" when all have one.

    A quota refuses such a pod outright, unless a LimitRange sets a default.
    """
    kind, _, resource = entry.rpartition(".")
    if resource not in ("cpu", "memory") or kind not in ("", "requests", "limits"):
        return ""
    spec = template.get("spec") or {}
    wanted: Kind = "limits" if kind == "limits" else "requests"
    if resource in ((spec.get("resources") or {}).get(wanted) or {}):
        return ""
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        if resource not in _amounts(container, wanted):
            return str(container.get("name", ""))
    return ""


def _total(spec: Mapping[str, Any], kind: Kind) -> dict[str, Decimal]:
    running: dict[str, Decimal] = defaultdict(Decimal)
    peak: dict[str, Decimal] = defaultdict(Decimal)
    for container in spec.get("initContainers") or ():
        own = _amounts(container, kind)
        if container.get("restartPolicy") == "Always":
            _add(running, own)
            own = {}
        for resource in {*running, *own}:
            peak[resource] = max(peak[resource], running.get(resource, Decimal(0)) + own.get(resource, Decimal(0)))
    for container in spec.get("containers") or ():
        _add(running, _amounts(container, kind))
    total = {name: max(running.get(name, Decimal(0)), peak.get(name, Decimal(0))) for name in {*running, *peak}}
    total |= dict(_parsed((spec.get("resources") or {}).get(kind)))
    for resource, amount in _parsed(spec.get("overhead")):
        if kind == "requests" or resource in total:
            total[resource] = total.get(resource, Decimal(0)) + amount
    return total


def _amounts(container: Mapping[str, Any], kind: Kind) -> dict[str, Decimal]:
    """Return a container's requests; its limits where it has none."""
    resources = container.get("resources") or {}
    limits = dict(_parsed(resources.get("limits")))
    return limits if kind == "limits" else {**limits, **dict(_parsed(resources.get("requests")))}


def _parsed(amounts: Mapping[str, Any] | None) -> Iterator[tuple[str, Decimal]]:
    for resource, amount in (amounts or {}).items():
        yield resource, parse_quantity(amount)


def _add(total: dict[str, Decimal], amounts: Mapping[str, Decimal]) -> None:
    for resource, amount in amounts.items():
        total[resource] = total.get(resource, Decimal(0)) + amount
