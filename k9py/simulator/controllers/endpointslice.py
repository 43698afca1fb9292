"""The EndpointSlice controller (and the older Endpoints object): the pods behind a Service.

Invariant: a Service with a selector has at least one slice, even an empty one; a slice has at most 100 endpoints, all
with the same ports. A pod is an endpoint from the time it has an address until it is removed: `serving` means ready,
`terminating` being deleted, `ready` serving and not terminating.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from k9py.simulator.clock import timestamp
from k9py.simulator.controllers.owner_references import key_of, owner_reference
from k9py.simulator.controllers.pod_factory import random_suffix
from k9py.simulator.controllers.pod_state import is_finished, is_ready, is_terminating
from k9py.simulator.controllers.work_queue import Key
from k9py.simulator.registry.resources import ENDPOINTS, ENDPOINTSLICES, NODES, PODS, SERVICES
from k9py.simulator.registry.storage import StorageEvent
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]
Port = tuple[str | None, str, int]
"""Name, protocol and number."""

SERVICE_NAME = "kubernetes.io/service-name"
_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_CONTROLLER = "endpointslice-controller.k8s.io"
_TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time"
_MAX_ENDPOINTS = 100


def selects(service: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Return whether a Service's selector matches; a Service without one matches nothing."""
    selector = service["spec"].get("selector")
    return bool(selector) and selector.items() <= labels.items()


def ports_of(service: Mapping[str, Any], pod: Mapping[str, Any]) -> tuple[Port, ...]:
    """Return the ports a pod offers to a Service; named target ports are resolved in its containers."""
    ports = []
    for port in service["spec"].get("ports") or ():
        protocol = port.get("protocol", "TCP")
        target = port.get("targetPort", port["port"])
        number = target if isinstance(target, int) else _named_port(pod, target, protocol)
        if number is not None:
            ports.append((port.get("name"), protocol, number))
    return tuple(ports)


def _named_port(pod: Mapping[str, Any], name: str, protocol: str) -> int | None:
    for container in pod["spec"]["containers"]:
        for port in container.get("ports") or ():
            if port.get("name") == name and port.get("protocol", "TCP") == protocol:
                return int(port["containerPort"])
    return None


def endpoint_of(service: Mapping[str, Any], pod: Mapping[str, Any], zone: str | None) -> Object:
    """Return a pod as an endpoint."""
    serving, terminating = is_ready(pod), is_terminating(pod)
    always = bool(service["spec"].get("publishNotReadyAddresses"))
    endpoint: Object = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {
            "ready": always or (serving and not terminating),
            "serving": serving,
            "terminating": terminating,
        },
        "targetRef": {
            "kind": "Pod",
            "namespace": pod["metadata"]["namespace"],
            "name": pod["metadata"]["name"],
            "uid": pod["metadata"]["uid"],
        },
        "nodeName": pod["spec"].get("nodeName"),
    }
    if service["spec"].get("clusterIP") == "None" and pod["spec"].get("hostname"):
        endpoint["hostname"] = pod["spec"]["hostname"]
    if zone:
        endpoint["zone"] = zone
    return endpoint


class EndpointSliceController:
    """Maintains the slices of every Service with a selector."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state
        self._storage = state.storage

    def keys(self, change: StorageEvent) -> list[Key]:
        """Return the Services a change affects."""
        if change.resource is SERVICES:
            return [key_of(change.obj)]
        if change.resource is PODS:
            before = (change.old or change.obj)["metadata"].get("labels") or {}
            after = change.obj["metadata"].get("labels") or {}
            services = self._storage.list(SERVICES, change.obj["metadata"]["namespace"])
            return [key_of(service) for service in services if selects(service, after) or selects(service, before)]
        return []

    def reconcile(self, key: Key) -> float | None:
        """Write the slices and the Endpoints of one Service."""
        service = self._storage.get(SERVICES, *key)
        if service is None:
            self._storage.remove(ENDPOINTS, *key)
            return None
        if not service["spec"].get("selector") or service["spec"].get("type") == "ExternalName":
            return None
        pods = [
            pod
            for pod in self._storage.list(PODS, key[0])
            if selects(service, pod["metadata"].get("labels") or {})
            and not is_finished(pod)
            and (pod.get("status") or {}).get("podIP")
        ]
        by_ports: dict[tuple[Port, ...], list[Object]] = {}
        for pod in pods:
            by_ports.setdefault(ports_of(service, pod), []).append(endpoint_of(service, pod, self._zone(pod)))
        self._write_slices(service, by_ports)
        self._write_endpoints(service, pods)
        return None

    def _zone(self, pod: Object) -> str | None:
        node = self._storage.get(NODES, None, pod["spec"].get("nodeName", ""))
        return None if node is None else (node["metadata"].get("labels") or {}).get("topology.kubernetes.io/zone")

    def _write_slices(self, service: Object, by_ports: Mapping[tuple[Port, ...], Sequence[Object]]) -> None:
        contents: list[tuple[list[Object] | None, list[Object] | None]] = []
        for ports, endpoints in by_ports.items():
            listed = [{"name": n or "", "protocol": p, "port": number} for n, p, number in ports]
            starts = range(0, len(endpoints), _MAX_ENDPOINTS)
            contents.extend((list(endpoints[start : start + _MAX_ENDPOINTS]), listed) for start in starts)
        if not contents:
            contents.append((None, None))
        namespace, name = key_of(service)
        owned = self._storage.owned_by(service["metadata"]["uid"])
        current = sorted((obj for resource, obj in owned if resource is ENDPOINTSLICES), key=key_of)
        for number, (endpoints_or_none, ports_or_none) in enumerate(contents):
            content = {"addressType": "IPv4", "endpoints": endpoints_or_none, "ports": ports_or_none}
            if number < len(current):
                if all(current[number].get(field) == value for field, value in content.items()):
                    continue
                metadata = dict(current[number]["metadata"])
                metadata["annotations"] = {_TRIGGER_TIME: timestamp(self._state.clock.now())}
                self._storage.update(ENDPOINTSLICES, {**current[number], **content, "metadata": metadata})
            else:
                metadata = self._slice_metadata(service, namespace, name)
                self._storage.create(ENDPOINTSLICES, {"metadata": metadata, **content})
        for extra in current[len(contents) :]:
            self._storage.remove(ENDPOINTSLICES, namespace, extra["metadata"]["name"])

    def _slice_metadata(self, service: Object, namespace: str, name: str) -> Object:
        labels = {**(service["metadata"].get("labels") or {}), _MANAGED_BY: _CONTROLLER, SERVICE_NAME: name}
        if service["spec"].get("clusterIP") == "None":
            labels["service.kubernetes.io/headless"] = ""
        return {
            "name": f"{name}-{random_suffix(self._state.rng)}",
            "generateName": f"{name}-",
            "namespace": namespace,
            "labels": labels,
            "annotations": {_TRIGGER_TIME: timestamp(self._state.clock.now())},
            "ownerReferences": [owner_reference(SERVICES, service)],
        }

    def _write_endpoints(self, service: Object, pods: Sequence[Object]) -> None:
        namespace, name = key_of(service)
        current = self._storage.get(ENDPOINTS, namespace, name)
        subsets = self._subsets(service, pods)
        if current is not None and current.get("subsets") == subsets:
            return
        metadata = dict(current["metadata"]) if current else {"name": name, "namespace": namespace}
        metadata["labels"] = {
            **(service["metadata"].get("labels") or {}),
            "endpoints.kubernetes.io/managed-by": "endpoint-controller",
        }
        metadata["annotations"] = {_TRIGGER_TIME: timestamp(self._state.clock.now())}
        body = {"metadata": metadata, **({"subsets": subsets} if subsets else {})}
        if current is None:
            self._storage.create(ENDPOINTS, body)
        else:
            self._storage.update(ENDPOINTS, body)

    def _subsets(self, service: Object, pods: Sequence[Object]) -> list[Object] | None:
        by_ports: dict[tuple[Port, ...], dict[str, list[Object]]] = {}
        for pod in pods:
            if is_terminating(pod):
                continue
            address = {
                "ip": pod["status"]["podIP"],
                "nodeName": pod["spec"].get("nodeName"),
                "targetRef": endpoint_of(service, pod, None)["targetRef"],
            }
            group = by_ports.setdefault(ports_of(service, pod), {})
            group.setdefault("addresses" if is_ready(pod) else "notReadyAddresses", []).append(address)
        if not by_ports:
            return None
        return [
            {
                **groups,
                "ports": [{**({"name": n} if n else {}), "port": number, "protocol": p} for n, p, number in ports],
            }
            for ports, groups in by_ports.items()
        ]
