"""Nodes: state, what is allocated of them, the pods on them, the system.

The sums are those of kubectl: requests and limits of the pods that are not finished, each pod counted as the scheduler
counts it (component-helpers/resource/helpers.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from k9py.api.plural import count_noun
from k9py.api.standard_types import standard_type
from k9py.api.times import age, parse_rfc3339
from k9py.resources.describe.describer import PODS, DescribeContext, Describer, Description, RelatedRequest, Unread
from k9py.resources.describe.json_fields import JsonObject, object_at, objects_at, text_at, texts_at
from k9py.resources.describe.lines import moment, quantity, quantity_text, unknown_line, value_line
from k9py.resources.describe.scheduling import taint_text
from k9py.views.describe import DescribeLine, Section, line, section
from k9py.views.values import Tone

_LEASE: Final = "lease"
_ROLE: Final = "node-role.kubernetes.io/"
_DECIMAL: Final = ("cpu",)
_FULL_PERCENT: Final = 90
"""Percent of a node's resources from which its requests are worth a warning."""
_INFO: Final = (
    ("machine ID", "machineID"),
    ("system UUID", "systemUUID"),
    ("boot ID", "bootID"),
    ("kernel version", "kernelVersion"),
    ("OS image", "osImage"),
    ("operating system", "operatingSystem"),
    ("architecture", "architecture"),
    ("container runtime version", "containerRuntimeVersion"),
    ("kubelet version", "kubeletVersion"),
    ("kube-proxy version", "kubeProxyVersion"),
)

Amounts = Mapping[str, Decimal]


def _requests(body: JsonObject) -> tuple[RelatedRequest, ...]:
    name = text_at(body, "metadata", "name")
    return (
        RelatedRequest(PODS, standard_type("", "Pod"), field_selector=f"spec.nodeName={name}"),
        RelatedRequest(
            _LEASE,
            standard_type("coordination.k8s.io", "Lease"),
            "kube-node-lease",
            field_selector=f"metadata.name={name}",
        ),
    )


def _node(body: JsonObject, context: DescribeContext) -> Description:
    spec, status = object_at(body, "spec"), object_at(body, "status")
    labels = object_at(body, "metadata", "labels")
    roles = sorted(name.removeprefix(_ROLE) for name in labels if name.startswith(_ROLE))
    cordoned = spec.get("unschedulable") is True
    addresses = (f"{text_at(a, 'type')} {text_at(a, 'address')}" for a in objects_at(status, "addresses"))
    head = (
        _ready_line(body),
        line("unschedulable", "true" if cordoned else "false", Tone.WARN if cordoned else Tone.PLAIN),
        line("taints", ", ".join(map(taint_text, objects_at(spec, "taints"))) or "none"),
        line("roles", ", ".join(filter(None, roles)) or "none"),
        *_lease_lines(context),
        line("addresses", ", ".join(addresses)),
        value_line("kubelet version", status, "nodeInfo", "kubeletVersion"),
    )
    pods = context.objects(PODS)
    return Description(
        head,
        urgent=(_resources(body, pods),),
        details=(_pods(pods, context, body), _system(body)),
    )


def _ready_line(body: JsonObject) -> DescribeLine:
    ready = next((c for c in objects_at(body, "status", "conditions") if text_at(c, "type") == "Ready"), None)
    if ready is None:
        return line("ready", "unknown: not reported", Tone.UNKNOWN)
    status = text_at(ready, "status")
    tone = {"True": Tone.OK, "False": Tone.FAIL}.get(status, Tone.UNKNOWN)
    return line("ready", status if status == "True" else f"{status}: {text_at(ready, 'message')}", tone)


def _lease_lines(context: DescribeContext) -> Iterator[DescribeLine]:
    leases = context.objects(_LEASE)
    if isinstance(leases, Unread):
        yield unknown_line("lease", leases)
    elif not leases:
        yield line("lease", "none in namespace kube-node-lease", Tone.MUTED)
    else:
        spec = object_at(leases[0], "spec")
        renewed, acquired = moment(spec.get("renewTime"), context.now), moment(spec.get("acquireTime"), context.now)
        yield line("lease", f"holder {text_at(spec, 'holderIdentity')}, renewed {renewed}, acquired {acquired}")


# -- resources --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PodAmounts:
    """What a pod requests, and its limits."""

    requests: Amounts
    limits: Amounts


def pod_amounts(pod: JsonObject) -> PodAmounts:
    """Return what a pod requests and its limits, as the scheduler counts them."""
    return PodAmounts(_amounts(pod, "requests"), _amounts(pod, "limits"))


def _amounts(pod: JsonObject, field: str) -> dict[str, Decimal]:
    """Sum up the containers; an init container counts where it needs more than all that run after it."""
    spec = object_at(pod, "spec")
    total: dict[str, Decimal] = {}
    for container in objects_at(spec, "containers"):
        _add(total, _quantities(container, field))
    sidecars: dict[str, Decimal] = {}
    peak: dict[str, Decimal] = {}
    for container in objects_at(spec, "initContainers"):
        amounts = _quantities(container, field)
        if text_at(container, "restartPolicy") == "Always":
            _add(sidecars, amounts)
            _add(total, amounts)
            amounts = {}
        running = dict(sidecars)
        _add(running, amounts)
        _raise_to(peak, running)
    _raise_to(total, peak)
    total.update(_quantities(spec, field))  # of the whole pod
    overhead = {name: quantity(value) for name, value in object_at(spec, "overhead").items()}
    for name, value in overhead.items():
        if field == "requests" or name in total:
            _add(total, {name: value})
    return total


def _quantities(holder: JsonObject, field: str) -> dict[str, Decimal]:
    return {name: quantity(value) for name, value in object_at(holder, "resources", field).items()}


def _add(total: dict[str, Decimal], amounts: Amounts) -> None:
    for name, value in amounts.items():
        total[name] = total.get(name, Decimal(0)) + value


def _raise_to(total: dict[str, Decimal], amounts: Amounts) -> None:
    for name, value in amounts.items():
        total[name] = max(total.get(name, Decimal(0)), value)


def _running(pods: Iterable[JsonObject]) -> list[JsonObject]:
    return [pod for pod in pods if text_at(pod, "status", "phase") not in ("Succeeded", "Failed")]


def amount_text(name: str, value: Decimal, allocatable: Decimal) -> str:
    """Return an amount and which part of what is allocatable it is: `370m (2%)`."""
    text = quantity_text(value, binary=name not in _DECIMAL)
    return f"{text} ({int(value * 100 / allocatable)}%)" if allocatable else text


def _resources(body: JsonObject, pods: tuple[JsonObject, ...] | Unread) -> Section:
    """Return a line for each resource: what is requested of what can be allocated."""
    capacity, allocatable = object_at(body, "status", "capacity"), object_at(body, "status", "allocatable")
    requests: dict[str, Decimal] = {}
    limits: dict[str, Decimal] = {}
    running = [] if isinstance(pods, Unread) else _running(pods)
    for pod in running:
        amounts = pod_amounts(pod)
        _add(requests, amounts.requests)
        _add(limits, amounts.limits)
    lines = [] if not isinstance(pods, Unread) else [unknown_line("allocated", pods)]
    for name in dict.fromkeys((*capacity, *allocatable)):
        have = quantity(allocatable.get(name))
        text = f"capacity {text_at(capacity, name)}, allocatable {text_at(allocatable, name)}"
        tone = Tone.PLAIN
        if not isinstance(pods, Unread):
            used = Decimal(len(running)) if name == "pods" else requests.get(name, Decimal(0))
            if name == "pods":
                text += f", running {amount_text('cpu', used, have)}"
            elif not name.startswith("hugepages-") or used:
                limit = amount_text(name, limits.get(name, Decimal(0)), have)
                text += f", requests {amount_text(name, used, have)}, limits {limit}"
            tone = Tone.WARN if have and used * 100 >= have * _FULL_PERCENT else Tone.PLAIN
        lines.append(line(name, text, tone))
    return section("Allocated resources", lines)


def _pods(pods: tuple[JsonObject, ...] | Unread, context: DescribeContext, body: JsonObject) -> Section:
    if isinstance(pods, Unread):
        return section("Pods", [unknown_line("", pods)])
    allocatable = object_at(body, "status", "allocatable")
    cpu, memory = quantity(allocatable.get("cpu")), quantity(allocatable.get("memory"))
    lines = []
    running = sorted(
        _running(pods), key=lambda pod: (text_at(pod, "metadata", "namespace"), text_at(pod, "metadata", "name"))
    )
    for pod in running:
        amounts = pod_amounts(pod)
        parts = (
            f"cpu requests {amount_text('cpu', amounts.requests.get('cpu', Decimal(0)), cpu)}",
            f"limits {amount_text('cpu', amounts.limits.get('cpu', Decimal(0)), cpu)}",
            f"memory requests {amount_text('memory', amounts.requests.get('memory', Decimal(0)), memory)}",
            f"limits {amount_text('memory', amounts.limits.get('memory', Decimal(0)), memory)}",
            f"age {age(parse_rfc3339(pod['metadata'].get('creationTimestamp')), context.now)}",
        )
        metadata = object_at(pod, "metadata")
        lines.append(line(f"{text_at(metadata, 'namespace')}/{text_at(metadata, 'name')}", ", ".join(parts)))
    return section(f"Non-terminated pods: {count_noun(len(running), 'pod')} in total", lines)


def _system(body: JsonObject) -> Section:
    return section(
        "System",
        [
            *(value_line(label, body, "status", "nodeInfo", field) for label, field in _INFO),
            value_line("pod CIDR", body, "spec", "podCIDR"),
            line("pod CIDRs", texts_at(body, "spec", "podCIDRs")),
            value_line("provider ID", body, "spec", "providerID"),
        ],
    )


DESCRIBERS = (Describer("Node", _node, _requests),)
