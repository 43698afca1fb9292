"""Access to a node's kubelet as its pods' logs show it: clock skew and reachability.

Reads storage only. Clock skew is an annotation of the Node.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from k9py.simulator.registry.resources import NODES
from k9py.simulator.registry.storage import Storage

SKEW_ANNOTATION = "sim.k9py.dev/clock-skew"
"""Annotation of a Node: seconds its clock is ahead (negative: behind); it stamps the log lines of its containers."""
KUBELET_PORT = 10250


def clock_skew(storage: Storage, name: str) -> timedelta:
    """Return how far a node's clock is ahead."""
    node = storage.get(NODES, None, name)
    annotations = (node["metadata"].get("annotations") or {}) if node is not None else {}
    return timedelta(seconds=float(annotations.get(SKEW_ANNOTATION) or 0))


def is_reachable(storage: Storage, name: str) -> bool:
    """Return whether a node's kubelet answers; a missing node counts as reachable."""
    node = storage.get(NODES, None, name)
    return node is None or _is_reporting(node)


def kubelet_address(storage: Storage, name: str) -> str:
    """Return host and port of a node's kubelet."""
    node = storage.get(NODES, None, name) or {}
    addresses = (node.get("status") or {}).get("addresses") or ()
    host = next((address["address"] for address in addresses if address["type"] == "InternalIP"), name)
    return f"{host}:{KUBELET_PORT}"


def _is_reporting(node: Mapping[str, Any]) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or ()
    return all(condition["status"] != "Unknown" for condition in conditions if condition["type"] == "Ready")
