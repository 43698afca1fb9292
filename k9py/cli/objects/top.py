"""`kdash top`: what pods and nodes use now, from metrics.k8s.io, beside what they request and may use.

Invariants: a figure that is not known is "-", never zero. Without the API the command says so and exits with 2.
Source: staging/src/k8s.io/metrics/pkg/apis/metrics/v1beta1/types.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar, Final, TypeVar

from k9py.api.errors import KdashError, NotFoundError, UnavailableError
from k9py.api.kinds import NODE, POD, Kind
from k9py.api.meta import KubeObject, KubeStruct
from k9py.api.metrics import NODE_METRICS, POD_METRICS
from k9py.api.nodes import Node
from k9py.api.quantities import parse_quantity
from k9py.api.text import printable
from k9py.cli.command_line import ScopeArguments
from k9py.cli.objects.listing import Scope, gather_all, list_objects
from k9py.cli.objects.options import TopOptions
from k9py.cli.objects.text_table import NAMESPACE_COLUMN, TextTable, print_table
from k9py.cli.session import Invocation, open_session
from k9py.session import ClusterSession
from k9py.views.exit_codes import ExitCode
from k9py.views.values import Cell, Column, Tone

UNKNOWN: Final = "-"
_MIB: Final = 1 << 20
_WARN_PERCENT: Final = 90
"""Percent of a limit, or of a node, from which a figure is coloured."""


class _Resources(KubeStruct, frozen=True):
    requests: dict[str, str] | None = None
    limits: dict[str, str] | None = None


class _Container(KubeStruct, frozen=True):
    name: str = ""
    resources: _Resources = _Resources()
    restart_policy: str = ""


class _PodSpec(KubeStruct, frozen=True):
    containers: tuple[_Container, ...] | None = None
    init_containers: tuple[_Container, ...] | None = None


class _PodResources(KubeObject, frozen=True):
    """A pod with the resources of its containers."""

    KIND: ClassVar[str] = "Pod"

    spec: _PodSpec = _PodSpec()


_POD_RESOURCES: Final = Kind(POD.resource_type, _PodResources)


T = TypeVar("T", bound=KubeObject)


@dataclass(frozen=True, slots=True)
class Used:
    """What an object uses, and what that is measured against. CPU in cores, memory in bytes; None is unknown.

    Args:
        requested, limit: of a pod; of a node, `limit` is what it can allocate.
    """

    namespace: str
    name: str
    cpu: Decimal | None
    memory: Decimal | None
    requested_cpu: Decimal | None = None
    requested_memory: Decimal | None = None
    limit_cpu: Decimal | None = None
    limit_memory: Decimal | None = None


async def top(invocation: Invocation, arguments: ScopeArguments, options: TopOptions) -> ExitCode:
    """Print the usage; return the exit code. Raises KdashError: there are no metrics."""
    async with open_session(invocation) as session:
        scope = Scope.of(session, arguments, label_selector=options.label_selector)
        used, problem = await (_nodes if options.of_nodes else _pods)(session, scope)
    what = "nodes" if options.of_nodes else "pods"
    missing = [name for name in options.names if name not in {item.name for item in used}]
    if options.names:
        used = [item for item in used if item.name in options.names]
    used = _ordered(used, options.sort_by)
    if invocation.arguments.json:
        invocation.console.print_json([_values(item) for item in used])
    elif used:
        namespaced = not options.of_nodes and not scope.is_one_namespace
        columns = _columns(of_nodes=options.of_nodes, namespaced=namespaced)
        rows = [_cells(item, of_nodes=options.of_nodes, namespaced=namespaced) for item in used]
        print_table(invocation.console, TextTable(columns, rows), headers=not options.no_headers)
    elif not missing:
        invocation.console.print_err(f"kdash: metrics.k8s.io has no {what} here")
    invocation.console.print_warnings([problem] if problem else [])
    if missing:
        names = ", ".join(map(printable, missing))
        hint = "a pod that has just started has none yet; -n chooses the namespace"
        raise NotFoundError(
            f"no metrics of {names}", "check the name with kdash get nodes" if options.of_nodes else hint
        )
    return ExitCode.DONE


async def _metrics(session: ClusterSession, kind: Kind[T], scope: Scope) -> Sequence[T]:
    try:
        return (await list_objects(session, kind, scope)).objects
    except NotFoundError as error:
        hint = "install metrics-server (or another provider of metrics.k8s.io) in the cluster"
        raise NotFoundError(
            "metrics.k8s.io is not installed: the cluster has no CPU and memory figures", hint
        ) from error
    except UnavailableError as error:
        hint = "kubectl get apiservice v1beta1.metrics.k8s.io shows why"
        raise UnavailableError(f"metrics.k8s.io does not answer: {error.message}", hint, code=error.code) from error


async def _pods(session: ClusterSession, scope: Scope) -> tuple[list[Used], str]:
    metrics, (pods, problem) = await gather_all(
        [_metrics(session, POD_METRICS, scope), _or_problem(session, _POD_RESOURCES, scope)]
    )
    by_name = {(pod.namespace, pod.name): pod for pod in pods}
    used = []
    for item in metrics:
        pod = by_name.get((item.namespace, item.name))
        totals = _total(container.usage for container in item.containers or ())
        bounds = _pod_bounds(pod) if pod is not None else {}
        used.append(Used(item.namespace, item.name, totals.get("cpu"), totals.get("memory"), **bounds))
    return used, problem


async def _nodes(session: ClusterSession, scope: Scope) -> tuple[list[Used], str]:
    scope = replace(scope, namespaces=("",))
    metrics, (nodes, problem) = await gather_all(
        [_metrics(session, NODE_METRICS, scope), _or_problem(session, NODE, scope)]
    )
    by_name: dict[str, Node] = {node.name: node for node in nodes}
    used = []
    for item in metrics:
        node = by_name.get(item.name)
        allocatable = _quantities((node.status.allocatable if node else None) or {})
        usage = _quantities(item.usage or {})
        used.append(
            Used(
                "",
                item.name,
                usage.get("cpu"),
                usage.get("memory"),
                limit_cpu=allocatable.get("cpu"),
                limit_memory=allocatable.get("memory"),
            )
        )
    return used, problem


async def _or_problem(session: ClusterSession, kind: Kind[Any], scope: Scope) -> tuple[Sequence[Any], str]:
    """Return the objects, or why they are not known: usage is shown without them."""
    try:
        return (await list_objects(session, kind, scope)).objects, ""
    except KdashError as error:
        return (), f"percentages are unknown: {error.message}"


def _quantities(texts: Mapping[str, str]) -> dict[str, Decimal]:
    parsed = {}
    for name, text in texts.items():
        try:
            parsed[name] = parse_quantity(text)
        except ValueError:
            continue
    return parsed


def _total(usages: Iterable[Mapping[str, str] | None]) -> dict[str, Decimal]:
    """Return the sums; a resource that one of them lacks is not known."""
    each = [_quantities(usage or {}) for usage in usages]
    names = set.intersection(*map(set, each)) if each else set()
    return {name: sum((usage[name] for usage in each), Decimal(0)) for name in names}


def _sum(amounts: Iterable[Mapping[str, str] | None]) -> dict[str, Decimal]:
    """Return the sums of what is given; a container that requests nothing adds nothing."""
    sums: dict[str, Decimal] = {}
    for amount in amounts:
        for name, value in _quantities(amount or {}).items():
            sums[name] = sums.get(name, Decimal(0)) + value
    return sums


def _pod_bounds(pod: _PodResources) -> dict[str, Decimal]:
    """Return what the containers that run side by side request and may use; without a limit on each there is none."""
    init = [container for container in pod.spec.init_containers or () if container.restart_policy == "Always"]
    containers = [*(pod.spec.containers or ()), *init]
    requests = _sum(container.resources.requests for container in containers)
    limits = _total(container.resources.limits for container in containers)
    bounds = {f"requested_{name}": requests[name] for name in ("cpu", "memory") if name in requests}
    return bounds | {f"limit_{name}": limits[name] for name in ("cpu", "memory") if name in limits}


def _ordered(used: Sequence[Used], sort_by: str) -> list[Used]:
    by_name = sorted(used, key=lambda item: (item.namespace, item.name))
    match sort_by:
        case "cpu":
            return sorted(by_name, key=lambda item: item.cpu or Decimal(-1), reverse=True)
        case "memory":
            return sorted(by_name, key=lambda item: item.memory or Decimal(-1), reverse=True)
    return by_name


def _columns(*, of_nodes: bool, namespaced: bool) -> tuple[Column, ...]:
    titles = ("CPU", "CPU%", "MEMORY", "MEMORY%") if of_nodes else (
        "CPU", "%REQ", "%LIM", "MEMORY", "%REQ", "%LIM"
    )  # fmt: skip
    numbers = tuple(Column(f"{index}-{title}", title, align_right=True) for index, title in enumerate(titles))
    return (*((NAMESPACE_COLUMN,) if namespaced else ()), Column("name", "NAME"), *numbers)


def _cells(item: Used, *, of_nodes: bool, namespaced: bool) -> tuple[Cell, ...]:
    cells = [Cell(printable(item.namespace))] if namespaced else []
    cells.append(Cell(printable(item.name)))
    for text, value, requested, limit in (
        (_cpu_text(item.cpu), item.cpu, item.requested_cpu, item.limit_cpu),
        (_memory_text(item.memory), item.memory, item.requested_memory, item.limit_memory),
    ):
        cells.append(Cell(text))
        if not of_nodes:
            cells.append(_percent_cell(value, requested, warns=False))
        cells.append(_percent_cell(value, limit, warns=True))
    return tuple(cells)


def percent(value: Decimal | None, whole: Decimal | None) -> int | None:
    """Return the share in whole percent, None where it is not known."""
    return int(value * 100 / whole) if value is not None and whole else None


def _percent_cell(value: Decimal | None, whole: Decimal | None, *, warns: bool) -> Cell:
    share = percent(value, whole)
    if share is None:
        return Cell(UNKNOWN, Tone.MUTED)
    return Cell(f"{share}%", Tone.WARN if warns and share >= _WARN_PERCENT else Tone.PLAIN)


def _cpu_text(cores: Decimal | None) -> str:
    return UNKNOWN if cores is None else f"{-int(-cores * 1000 // 1)}m"


def _memory_text(size: Decimal | None) -> str:
    return UNKNOWN if size is None else f"{int(size / _MIB)}Mi"


def _values(item: Used) -> dict[str, Any]:
    return {
        "namespace": printable(item.namespace) or None,
        "name": printable(item.name),
        "cpu_cores": None if item.cpu is None else float(item.cpu),
        "memory_bytes": None if item.memory is None else int(item.memory),
        "cpu_percent_of_requests": percent(item.cpu, item.requested_cpu),
        "cpu_percent_of_limits": percent(item.cpu, item.limit_cpu),
        "memory_percent_of_requests": percent(item.memory, item.requested_memory),
        "memory_percent_of_limits": percent(item.memory, item.limit_memory),
    }
