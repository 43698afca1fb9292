"""Find workloads whose template names a node that does not exist: no scheduler looks at their pods.

The garbage collector of pods deletes each such pod within a minute (pkg/controller/podgc, orphaned pods), and the
controller replaces it, so that no pod lives long enough to show it.
"""

from __future__ import annotations

from collections.abc import Iterator

from k9py.api.causes import CauseKind
from k9py.api.kinds import DAEMON_SET, DEPLOYMENT, NODE, STATEFUL_SET
from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.api.workloads import Workload
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.proof import absence, did_you_mean, field


@check(
    "workload-node-name",
    "the pod template of a workload names a node that does not exist",
    subjects=(DEPLOYMENT, STATEFUL_SET, DAEMON_SET),
    reads=("Node",),
    source="https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename",
    remedy="remove nodeName from the pod template, or name a node that exists",
)
def workload_node_name(workload: Workload, graph: Graph) -> Iterator[Finding]:
    """Yield the node that a template names and that does not exist."""
    spec = workload.spec.template.spec
    name = spec.node_name if spec is not None else ""
    if not name or workload.metadata.deletion_timestamp is not None or getattr(workload.spec, "replicas", 1) == 0:
        return
    nodes = graph.list(NODE)
    if isinstance(nodes, Unread) or any(node.name == name for node in nodes):
        return
    names = tuple(node.name for node in nodes)
    yield Finding(
        Severity.DOWN,
        "NodeNotFound",
        f"node {printable(name)}, which its pod template names, does not exist{did_you_mean(name, names)}",
        workload.key,
        kind=CauseKind.NODE,
        evidence=(field(workload, "spec.template.spec.nodeName", name), absence(ObjectRef("Node", "", name))),
        next_steps=(NextStep("edit nodeName", "object.edit"),),
    )
