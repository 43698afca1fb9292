"""Fake readers, budgets, quotas and autoscalers as raw JSON, for the preflight checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from k9py.api.discovery import Discovered
from k9py.api.errors import KdashError
from k9py.api.kinds import HORIZONTAL_POD_AUTOSCALER, POD_DISRUPTION_BUDGET, RESOURCE_QUOTA, Kind
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.owners import OwnedObject, OwnerList
from k9py.api.pods import Pod
from k9py.api.resource_type import ResourceType
from k9py.operations.plan import PreflightWarning, WritePlan
from k9py.operations.preflight.checks import judge
from k9py.operations.preflight.facts import Facts, Unknown, needed_right
from tests.recordings import typed

Raw = dict[str, Any]
K = TypeVar("K", bound=KubeObject)


def quota(hard: Mapping[str, str], used: Mapping[str, str], *, name: str = "compute", **spec: Any) -> Raw:
    return {
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"hard": dict(hard), **spec},
        "status": {"hard": dict(hard), "used": dict(used)},
    }


def budget(
    *, allowed: int = 1, needs: int = 2, has: int = 3, expected: int = 3, name: str = "checkout", app: str = "checkout"
) -> Raw:
    return {
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"minAvailable": needs, "selector": {"matchLabels": {"app": app}}},
        "status": {
            "disruptionsAllowed": allowed,
            "currentHealthy": has,
            "desiredHealthy": needs,
            "expectedPods": expected,
        },
    }


def autoscaler(
    *, name: str = "checkout", target: str = "checkout", low: int | None = 2, high: int = 6, **metadata: Any
) -> Raw:
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
        "minReplicas": low,
        "maxReplicas": high,
    }
    return {"metadata": {"name": name, "namespace": "shop", **metadata}, "spec": spec}


@dataclass
class FakeReader:
    """Lists what it was given by kind; an error in place of a list is raised."""

    lists: Mapping[str, Sequence[Raw] | KdashError] = field(default_factory=dict)
    allowed: bool | KdashError | None = True
    asked: list[tuple[str, ...]] = field(default_factory=list)
    owned: Mapping[str, Sequence[OwnedObject] | KdashError] = field(default_factory=dict)
    discovered: Discovered = field(default_factory=Discovered)

    async def get(self, key: ObjectRef, subresource: str = "") -> Raw:
        raise AssertionError("the object was read already")

    async def served_types(self) -> Discovered:
        return self.discovered

    async def list_owners(self, resource_type: ResourceType, namespace: str, *, most: int) -> OwnerList:
        self.asked.append(("owners", resource_type.qualified_name, namespace))
        owned = self.owned.get(resource_type.qualified_name, ())
        if isinstance(owned, KdashError):
            raise owned
        return OwnerList(tuple(owned)[:most], max(0, len(owned) - most))

    async def list(self, kind: str, namespace: str, *, label_selector: str = "", field_selector: str = "") -> list[Raw]:
        self.asked.append(("list", kind, namespace, *filter(None, [label_selector])))
        obj = self.lists.get(kind, ())
        if isinstance(obj, KdashError):
            raise obj
        return list(obj)

    async def can_i(
        self, verb: str, kind: str | ObjectRef, namespace: str, *, name: str = "", subresource: str = ""
    ) -> bool | None:
        self.asked.append((verb, str(kind), subresource, namespace, name))
        if isinstance(self.allowed, KdashError):
            raise self.allowed
        return self.allowed


def facts(
    change: WritePlan,
    *,
    allowed: bool | Unknown = True,
    autoscalers: Sequence[Raw] | Unknown = (),
    budgets: Sequence[Raw] | Unknown = (),
    quotas: Sequence[Raw] | Unknown = (),
    pods: tuple[Pod, ...] | Unknown = (),
) -> Facts:
    """Return facts as `gather` does, all known and empty unless given."""
    return Facts(
        needed_right(change),
        allowed,
        _typed(HORIZONTAL_POD_AUTOSCALER, autoscalers),
        _typed(POD_DISRUPTION_BUDGET, budgets),
        _typed(RESOURCE_QUOTA, quotas),
        pods,
    )


def _typed(kind: Kind[K], objects: Sequence[Raw] | Unknown) -> tuple[K, ...] | Unknown:
    return objects if isinstance(objects, Unknown) else tuple(typed(kind, obj) for obj in objects)


def preflight_messages(obj: Raw, change: WritePlan, **known: Any) -> list[tuple[str, str]]:
    """Return (code, message) of each warning."""
    warnings: tuple[PreflightWarning, ...] = judge(obj, change, facts(change, **known))
    return [(warning.code, warning.message) for warning in warnings]
