"""The facts about the cluster that matter to one write, read once, in parallel.

Invariant: a fact is a value, or `Unknown` with the reason; an empty value means that there is none, and None that it
does not matter to the write. A failed read does not affect the others; a lost connection ends them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from k9py.api.errors import ConnectionFailedError, ForbiddenError, KdashError, NotFoundError
from k9py.api.kinds import HORIZONTAL_POD_AUTOSCALER, KINDS, POD, POD_DISRUPTION_BUDGET, RESOURCE_QUOTA, Kind
from k9py.api.meta import KubeObject
from k9py.api.pods import Pod
from k9py.api.policy import HorizontalPodAutoscaler, PodDisruptionBudget, ResourceQuota
from k9py.api.resource_types import STANDARD
from k9py.api.selectors import LabelSelector
from k9py.api.text import printable
from k9py.operations.patcher import Reader
from k9py.operations.plan import ITS_TYPE, NewPods, PreflightWarning, WarningLevel, WritePlan
from k9py.operations.preflight.dependents import OF_POD_SECONDS, READ_SECONDS, Dependents, read_dependents
from k9py.operations.preflight.uses import Uses, read_uses

T = TypeVar("T")
K = TypeVar("K", bound=KubeObject)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A fact that could not be read, and why: `you may not list resourcequotas`."""

    why: str


@dataclass(frozen=True, slots=True)
class Right:
    """The permission for the write: a verb on a resource with its subresource, in a namespace."""

    verb: str
    resource: str
    namespace: str

    def __str__(self) -> str:
        where = f"in the namespace {printable(self.namespace)}" if self.namespace else "in the whole cluster"
        return f"{self.verb} {self.resource} {where}"


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts; None: it does not matter to the change.

    Args:
        right, allowed: the permission for the write, and whether the user has it.
        autoscalers: those of the namespace.
        budgets: those of the namespace.
        quotas: those of the namespace.
        pods: those of the workload, if more of the same will be created.
        dependents: what a deletion takes along.
        uses: what uses the object of a deletion.
        at: when they were read.
    """

    right: Right
    allowed: bool | Unknown
    autoscalers: tuple[HorizontalPodAutoscaler, ...] | Unknown | None = None
    budgets: tuple[PodDisruptionBudget, ...] | Unknown | None = None
    quotas: tuple[ResourceQuota, ...] | Unknown | None = None
    pods: tuple[Pod, ...] | Unknown | None = None
    dependents: Dependents | None = None
    uses: Uses | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


async def gather(reader: Reader, obj: Mapping[str, Any], plan: WritePlan) -> Facts:
    """Read the facts for a change.

    Raises:
        ConnectionFailedError: the cluster no longer responds.
    """
    scales = plan.replicas is not None
    creates_pods = plan.starts_rollout or scales
    right = needed_right(plan)
    namespace = plan.key.namespace

    async def listed(kind: Kind[K], matters: bool) -> tuple[K, ...] | Unknown | None:
        return await _known(lambda: _listed(reader, kind, namespace), kind) if matters else None

    async def siblings() -> tuple[Pod, ...] | Unknown | None:
        selector = _selector(obj)
        if plan.new_pods is NewPods.ANY or not selector or not creates_pods:
            return None
        return await _known(lambda: _listed(reader, POD, namespace, selector), POD)

    async def around() -> tuple[Dependents | None, Uses | None]:
        return await asyncio.gather(dependents(), uses())

    async def dependents() -> Dependents | None:
        if plan.request.verb not in ("delete", "evict"):
            return None
        return await read_dependents(reader, obj, seconds=OF_POD_SECONDS if plan.removes_pod else READ_SECONDS)

    async def uses() -> Uses | None:
        return await read_uses(reader, obj) if plan.request.verb == "delete" and not plan.removes_pod else None

    tasks = (
        asyncio.ensure_future(_allowed(reader, plan, right)),
        asyncio.ensure_future(listed(HORIZONTAL_POD_AUTOSCALER, scales)),
        asyncio.ensure_future(listed(POD_DISRUPTION_BUDGET, plan.starts_rollout or plan.removes_pod)),
        asyncio.ensure_future(listed(RESOURCE_QUOTA, creates_pods)),
        asyncio.ensure_future(siblings()),
        asyncio.ensure_future(around()),
    )
    try:
        allowed, autoscalers, budgets, quotas, pods, (owned, used) = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return Facts(right, allowed, autoscalers, budgets, quotas, pods, owned, used)


def needed_right(plan: WritePlan) -> Right:
    """Return the RBAC permission for the write."""
    request = plan.request
    match request.verb:
        case "evict":
            verb, subresource = "create", "eviction"
        case verb:
            subresource = request.subresource
    resource = _resource(plan)
    return Right(verb, f"{resource}/{subresource}" if subresource else resource, plan.key.namespace)


def _resource(plan: WritePlan) -> str:
    resource_type = plan.request.resource_type or STANDARD.of_ref(plan.key)
    return resource_type.plural if resource_type is not None else f"{plan.key.kind.lower()}s"


def _selector(obj: Mapping[str, Any]) -> str:
    """Return the workload's selector as a query, "" when it has none that is supported."""
    try:
        return str(msgspec.convert((obj.get("spec") or {}).get("selector") or {}, LabelSelector))
    except msgspec.ValidationError:
        return ""


async def _allowed(reader: Reader, plan: WritePlan, right: Right) -> bool | Unknown:
    if plan.awaits == ITS_TYPE:
        return True  # nobody can know yet: its dry run, once the type is served, asks the server
    key = plan.key
    subresource = right.resource.partition("/")[2]

    async def ask() -> bool | None:
        kind = key.kind if key.kind in KINDS and not key.group else key
        return await reader.can_i(right.verb, kind, key.namespace, name=key.name, subresource=subresource)

    answer = await _known(ask, None)
    return Unknown("the server did not answer") if answer is None else answer


async def _listed(reader: Reader, kind: Kind[K], namespace: str, selector: str = "") -> tuple[K, ...]:
    items = await reader.list(kind.name, namespace, label_selector=selector)
    return tuple(kind.decode(msgspec.json.encode(item)) for item in items)


async def _known(read: Callable[[], Awaitable[T]], kind: Kind[Any] | None) -> T | Unknown:
    """Return the result, or why it is unknown. `kind`: the listed kind, None for another request."""
    try:
        return await read()
    except ConnectionFailedError:
        raise
    except ForbiddenError:
        return Unknown(f"you may not list {kind.resource}" if kind is not None else "you may not ask")
    except NotFoundError as error:
        # An older server may have them in another version, which does not mean that there are none.
        return Unknown(f"this server has no {kind.api_version}" if kind is not None else printable(error.message))
    except KdashError as error:
        return Unknown(printable(error.message))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Unknown("unexpected response")


def unknown(what: str, fact: Unknown, could: str) -> PreflightWarning:
    """Warn that something is unknown.

    Args:
        what: in the plural, such as `autoscalers`.
        fact: why it is unknown.
        could: the possible consequence: `one may overwrite this`.
    """
    return PreflightWarning(WarningLevel.CAUTION, "unknown", f"{what}: unknown ({fact.why}); {could}")


def planned_template(obj: Mapping[str, Any], plan: WritePlan) -> Mapping[str, Any]:
    """Return the pod template as it will be, except for images and annotations, which no check reads."""
    if plan.template is not None:
        return plan.template
    template: Mapping[str, Any] = (obj.get("spec") or {}).get("template") or {}
    return template
