"""Small checks for tests of the engine, and a cluster that runs only these."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from k9py.api.kinds import NODE, POD, SERVICE, Kind
from k9py.api.meta import KubeObject
from k9py.api.nodes import Node
from k9py.api.pods import Pod
from k9py.api.services import Service
from k9py.api.severity import Severity
from k9py.cluster.cluster import Cluster
from k9py.cluster.scope import Scope
from k9py.diagnosis.check import Check, CheckFunction, check
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.graph import Graph, Unread
from tests.unit.cluster.server import FakeServer, HeldClock


def check_of(kind: Kind[Any], check_id: str, function: CheckFunction) -> Check:
    return check(check_id, "for a test", subjects=(kind,), source="https://kubernetes.io/", remedy="mend it")(function)


def found(about: KubeObject, message: str, severity: Severity = Severity.DOWN) -> Finding:
    return Finding(severity, "Reason", message, about.key)


def _unready(pod: Pod, graph: Graph) -> Iterator[Finding]:
    if not pod.is_ready:
        yield found(pod, "not ready")


def _on_bad_node(pod: Pod, graph: Graph) -> Iterator[Finding]:
    node = graph.get(NODE, pod.spec.node_name) if pod.spec.node_name else None
    match node:
        case Unread(reason=reason):
            if reason:
                yield found(pod, f"node unread: {reason}", Severity.INFO)
        case None:
            if pod.spec.node_name:
                yield found(pod, "its node does not exist")
        case Node():
            if node.spec.unschedulable:
                yield found(pod, "its node is cordoned", Severity.WARNING)


def _without_pods(service: Service, graph: Graph) -> Iterator[Finding]:
    pods = graph.pods_of(service.key)
    if not pods:
        yield found(service, "selects no pods")
    elif not any(pod.is_ready for pod in pods):
        yield Finding(
            Severity.DOWN,
            "NotReady",
            "no pod is ready",
            service.key,
            caused_by=tuple(pod.key for pod in pods),
            is_effect=True,
        )


def _young(pod: Pod, graph: Graph) -> Iterator[Finding]:
    created = pod.metadata.creation_timestamp
    if created is None or pod.is_ready:
        return
    if graph.now - created < timedelta(minutes=10):
        graph.look_again(created + timedelta(minutes=10))
    else:
        yield found(pod, "not ready for 10 minutes")


def _broken(pod: Pod, graph: Graph) -> Iterator[Finding]:
    yield found(pod, "before it breaks", Severity.WARNING)
    raise ValueError("no such field")


UNREADY = check_of(POD, "unready", _unready)
ON_BAD_NODE = check_of(POD, "bad-node", _on_bad_node)
WITHOUT_PODS = check_of(SERVICE, "without-pods", _without_pods)
YOUNG = check_of(POD, "young", _young)
BROKEN = check_of(POD, "broken", _broken)


@asynccontextmanager
async def running(
    server: FakeServer, *checks: Check, scope: Scope | None = None, clock: HeldClock | None = None
) -> AsyncIterator[Cluster]:
    """Yield a cluster whose triage runs these checks and has settled."""
    async with Cluster(server, scope or Scope(), clock or HeldClock(), checks=checks) as cluster:
        cluster.triage.open()
        await cluster.triage.settled()
        yield cluster


def messages(cluster: Cluster) -> list[str]:
    """Return `Pod web: not ready` of all problems, by name."""
    report = cluster.triage.report(cluster.clock.now())
    return sorted(
        f"{about.kind} {about.name}: {problem.root.message}" for problem in report.problems for about in problem.objects
    )
