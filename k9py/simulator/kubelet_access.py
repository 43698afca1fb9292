"""What is wrong with a node, as far as the logs of its pods show it: its clock, and whether it can be reached.

Pure reads of the storage. A clock that is wrong by so many seconds is an annotation on the Node.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from k9py.simulator.registry.resources import NODES
from k9py.simulator.registry.storage import Storage

SKEW_ANNOTATION = "sim.k9py.dev/clock-skew"
"""On a Node: seconds its clock is ahead (or, below zero, behind); what its containers write is stamped by it."""
KUBELET_PORT = 10250


def clock_skew(storage: Storage, name: str) -> timedelta:
    """Return how far a node's clock is ahead."""
    node = storage.get(NODES, None, name)
    annotations = (node["metadata"].get("annotations") or {}) if node is not None else {}
    return timedelta(seconds=float(annotations.get(SKEW_ANNOTATION) or 0))


def is_reachable(storage: Storage, name: str) -> bool:
    """Tell whether a node's kubelet answers; a node that is not there is nobody's fault here."""
    node = storage.get(NODES, None, name)
    return node is None or _is_reporting(node)


def kubelet_address(storage: Storage, name: str) -> str:
    """Return host and port of a node's kubelet."""
    node = storage.get(NODES, None, name) or {}
    addresses = (node.get("status") or {}).get("addresses") or ()
    host = next((one["address"] for one in addresses if one["type"] == "InternalIP"), name)
    return f"{host}:{KUBELET_PORT}"


def _is_reporting(node: Mapping[str, Any]) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or ()
    return all(one["status"] != "Unknown" for one in conditions if one["type"] == "Ready")
