"""Rows of Services, Endpoints, Events, Nodes and other kinds around workloads.

Invariant: cells are in the order of the kind's columns in `table.py`.
"""

from datetime import datetime
from typing import Any

from k9py.simulator.printers.ages import UNKNOWN, age, since
from k9py.simulator.registry.cache import Object

_SHOWN_ENDPOINTS = 3


def plain_cells(obj: Object, now: datetime) -> list[Any]:
    """Return Name and Age, for kinds without their own columns."""
    return [obj["metadata"]["name"], age(obj, now)]


def pairs(mapping: Any) -> str:
    """Format labels as `a=b,c=d`, or `<none>`."""
    return ",".join(f"{key}={mapping[key]}" for key in sorted(mapping)) if mapping else "<none>"


def service_cells(obj: Object, now: datetime) -> list[Any]:
    spec = obj.get("spec") or {}
    ports = []
    for port in spec.get("ports") or ():
        node = f":{port['nodePort']}" if port.get("nodePort") else ""
        ports.append(f"{port['port']}{node}/{port.get('protocol', 'TCP')}")
    return [
        obj["metadata"]["name"],
        spec.get("type", ""),
        spec.get("clusterIP") or "<none>",
        _external(obj),
        ",".join(ports) or "<none>",
        age(obj, now),
        pairs(spec.get("selector")),
    ]


def _external(obj: Object) -> str:
    spec = obj.get("spec") or {}
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName", "<none>"))
    if not spec.get("type"):
        return UNKNOWN
    if spec.get("type") == "LoadBalancer":
        ingress = ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
        balanced = ",".join(entry.get("ip") or entry.get("hostname", "") for entry in ingress)
        if spec.get("externalIPs"):
            return ",".join(filter(None, (balanced, *spec["externalIPs"])))
        return balanced or "<pending>"
    return ",".join(spec.get("externalIPs") or ()) or "<none>"


def endpoints_cells(obj: Object, now: datetime) -> list[Any]:
    addresses: list[str] = []
    no_port: Object = {}
    for subset in obj.get("subsets") or ():
        for port in subset.get("ports") or (no_port,):
            addresses += [f"{a['ip']}:{port['port']}" if port else a["ip"] for a in subset.get("addresses") or ()]
    return [obj["metadata"]["name"], _few(addresses, "<none>"), age(obj, now)]


def _few(items: list[str], none: str) -> str:
    if not items:
        return none
    rest = len(items) - _SHOWN_ENDPOINTS
    return ",".join(items[:_SHOWN_ENDPOINTS]) + (f" + {rest} more..." if rest > 0 else "")


def endpoint_slice_cells(obj: Object, now: datetime) -> list[Any]:
    ports = [str(port["port"]) if port.get("port") is not None else port.get("name") or "*" for port in _ports(obj)]
    addresses = [address for endpoint in obj.get("endpoints") or () for address in endpoint.get("addresses") or ()]
    return [
        obj["metadata"]["name"],
        obj.get("addressType", ""),
        _few(ports, "<unset>"),
        _few(addresses, "<unset>"),
        age(obj, now),
    ]


def _ports(obj: Object) -> list[Object]:
    return list(obj.get("ports") or ())


def event_cells(obj: Object, now: datetime) -> list[Any]:
    """Return an event's row; takes both API versions of events."""
    about = obj.get("involvedObject") or obj.get("regarding") or {}
    first = obj.get("firstTimestamp") or obj.get("deprecatedFirstTimestamp") or obj.get("eventTime")
    last = obj.get("lastTimestamp") or obj.get("deprecatedLastTimestamp") or obj.get("eventTime")
    series = obj.get("series") or {}
    last = series.get("lastObservedTime") or last
    source = obj.get("source") or obj.get("deprecatedSource") or {}
    component = source.get("component") or obj.get("reportingComponent") or obj.get("reportingController") or ""
    host = source.get("host") or obj.get("reportingInstance") or ""
    return [
        since(last, now),
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{about.get('kind', '').lower()}/{about.get('name', '')}" if about else "",
        about.get("fieldPath", ""),
        f"{component}, {host}" if host else component,
        (obj.get("message") or obj.get("note") or "").strip(),
        since(first, now),
        series.get("count") or obj.get("count") or obj.get("deprecatedCount") or 1,
        obj["metadata"]["name"],
    ]


def namespace_cells(obj: Object, now: datetime) -> list[Any]:
    return [obj["metadata"]["name"], (obj.get("status") or {}).get("phase", ""), age(obj, now)]


def node_cells(obj: Object, now: datetime) -> list[Any]:
    status, labels = obj.get("status") or {}, obj["metadata"].get("labels") or {}
    conditions = {condition["type"]: condition["status"] for condition in status.get("conditions") or ()}
    word = {"True": "Ready", "False": "NotReady"}.get(conditions.get("Ready", ""), "Unknown")
    if conditions.get("Ready") == "Unknown":
        word = "NotReady"
    if (obj.get("spec") or {}).get("unschedulable"):
        word += ",SchedulingDisabled"
    prefix = "node-role.kubernetes.io/"
    roles = {label.removeprefix(prefix) for label in labels if label.startswith(prefix)}
    roles |= {labels["kubernetes.io/role"]} if labels.get("kubernetes.io/role") else set()
    addresses = {address["type"]: address["address"] for address in status.get("addresses") or ()}
    system = status.get("nodeInfo") or {}
    return [
        obj["metadata"]["name"],
        word,
        ",".join(sorted(roles)) or "<none>",
        age(obj, now),
        system.get("kubeletVersion", ""),
        addresses.get("InternalIP", "<none>"),
        addresses.get("ExternalIP", "<none>"),
        system.get("osImage") or UNKNOWN,
        _kernel(system),
        system.get("containerRuntimeVersion") or UNKNOWN,
    ]


def _kernel(system: Object) -> str:
    version, architecture = system.get("kernelVersion") or UNKNOWN, system.get("architecture")
    return f"{version} ({architecture})" if architecture else version


def config_map_cells(obj: Object, now: datetime) -> list[Any]:
    count = len(obj.get("data") or ()) + len(obj.get("binaryData") or ())
    return [obj["metadata"]["name"], count, age(obj, now)]


def secret_cells(obj: Object, now: datetime) -> list[Any]:
    return [obj["metadata"]["name"], obj.get("type", ""), len(obj.get("data") or ()), age(obj, now)]


def service_account_cells(obj: Object, now: datetime) -> list[Any]:
    return [obj["metadata"]["name"], age(obj, now)]


def resource_quota_cells(obj: Object, now: datetime) -> list[Any]:
    status = obj.get("status") or {}
    hard, used = status.get("hard") or (obj.get("spec") or {}).get("hard") or {}, status.get("used") or {}
    usages = {name: f"{name}: {used.get(name, 0)}/{hard[name]}" for name in sorted(hard)}
    limits = [text for name, text in usages.items() if name.startswith("limits.")]
    requests = [text for name, text in usages.items() if not name.startswith("limits.")]
    return [obj["metadata"]["name"], ", ".join(requests), ", ".join(limits), age(obj, now)]


def metrics_cells(metrics: Object, now: datetime) -> list[Any]:
    """Return the row of PodMetrics (the sum of its containers) or NodeMetrics, as a metrics-server prints it."""
    usages = [entry["usage"] for entry in metrics.get("containers") or ()] or [metrics["usage"]]
    cpu = sum(int(usage["cpu"].removesuffix("n")) for usage in usages)
    memory = sum(int(usage["memory"].removesuffix("Ki")) for usage in usages)
    return [metrics["metadata"]["name"], f"{cpu}n" if cpu else "0", f"{memory}Ki", metrics["window"]]
