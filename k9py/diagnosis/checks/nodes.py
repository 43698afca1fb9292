"""Find nodes that are not ready, under pressure, cordoned, or run a kubelet that does not suit the API server.

Invariant: what is wrong with a node is worded in `node_states`, which checks of pods use too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from k9py.api.kinds import NODE
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.nodes import Node
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.node_states import node_findings
from k9py.diagnosis.proof import field

_VERSION: Final = lazy_pattern(r"^v?(?P<major>\d+)\.(?P<minor>\d+)")
_SKEW: Final = 3
"""Minor versions that a kubelet may be older than the newest one, which is no newer than the API server."""


@check(
    "node-not-ready",
    "a node is not ready, or has not been heard of",
    subjects=(NODE,),
    source="https://kubernetes.io/docs/reference/node/node-status/#condition",
    remedy="bring the node back, or drain and replace it",
)
def node_not_ready(node: Node, graph: Graph) -> Iterator[Finding]:
    """Yield why a node is not ready."""
    return (each for each in node_findings(node, graph) if each.check == "node-not-ready")


@check(
    "node-pressure",
    "a node is short of memory, disk or process ids, or its kernel has a problem",
    subjects=(NODE,),
    source="https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/",
    remedy="move pods away, or give the node more of it",
)
def node_pressure(node: Node, graph: Graph) -> Iterator[Finding]:
    """Yield what a node is short of: it evicts pods, and takes no new ones."""
    return (each for each in node_findings(node, graph) if each.check == "node-pressure")


@check(
    "node-cordoned",
    "a node is cordoned: by whom, since when",
    subjects=(NODE,),
    source="https://kubernetes.io/docs/concepts/architecture/nodes/#manual-node-administration",
    remedy="uncordon it once its maintenance is over",
)
def node_cordoned(node: Node, graph: Graph) -> Iterator[Finding]:
    """Yield that a node is cordoned."""
    return (each for each in node_findings(node, graph) if each.check == "node-cordoned")


@check(
    "node-version-skew",
    "a kubelet is too many minor versions older than the others",
    subjects=(NODE,),
    source="https://kubernetes.io/releases/version-skew-policy/#kubelet",
    remedy="upgrade the node",
)
def node_version_skew(node: Node, graph: Graph) -> Iterator[Finding]:
    """Yield that a kubelet is older than the newest one allows."""
    nodes = graph.list(NODE)
    own = _version(node)
    if own is None or isinstance(nodes, Unread):
        return
    newest = max((version for each in nodes if (version := _version(each)) is not None), default=own)
    if newest[0] == own[0] and newest[1] - own[1] > _SKEW:
        info = node.status.node_info
        text = f"its kubelet {_name(own)} is {newest[1] - own[1]} minor versions older than {_name(newest)} of others"
        proof = (field(node, "status.nodeInfo.kubeletVersion", printable(info.kubelet_version if info else "")),)
        yield Finding(Severity.INFO, "VersionSkew", text, node.key, evidence=proof)


def _version(node: Node) -> tuple[int, int] | None:
    parsed = _VERSION.match(node.status.node_info.kubelet_version) if node.status.node_info else None
    return (int(parsed["major"]), int(parsed["minor"])) if parsed else None


def _name(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
