"""Whatever changes, in whatever order: what triage reports is what it would report had it just begun."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from k9py.api.kinds import POD, SERVICE
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.pods import Pod
from k9py.api.services import Service
from k9py.api.severity import Severity
from k9py.cluster.cluster import Cluster
from k9py.cluster.scope import Scope
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.problem import Problem
from tests import factories as make
from tests.unit.cluster.server import FakeServer, HeldClock
from tests.unit.cluster.triage.checks import ON_BAD_NODE, UNREADY, WITHOUT_PODS, YOUNG, check_of, found
from tests.unit.cluster.triage.objects import cordoned, node


def _events(pod: Pod, graph: Graph) -> Iterator[Finding]:
    if any(event.reason == "BackOff" for event in graph.events(pod)):
        yield found(pod, "backs off")


def _namesake(service: Service, graph: Graph) -> Iterator[Finding]:
    pods = graph.list(POD, service.namespace)
    if not isinstance(pods, Unread) and any(pod.name == service.name for pod in pods):
        yield found(service, "has a namesake", Severity.WARNING)


def _last_line(pod: Pod, graph: Graph) -> Iterator[Finding]:
    lines = None if pod.is_ready else graph.last_lines(pod, "app")
    if isinstance(lines, tuple):
        yield found(pod, lines[-1], Severity.WARNING)


CHECKS = (
    UNREADY,
    ON_BAD_NODE,
    WITHOUT_PODS,
    YOUNG,
    check_of(POD, "events", _events),
    check_of(SERVICE, "namesake", _namesake),
    check_of(POD, "last-line", _last_line),
)


@dataclass(frozen=True)
class Put:
    """Add or change an object."""

    number: int
    is_well: bool
    app: str


@dataclass(frozen=True)
class Delete:
    """Delete an object."""

    kind: str
    number: int


@dataclass(frozen=True)
class Wait:
    """Let time pass, or only let triage work for a while."""

    seconds: int


NUMBERS = st.integers(0, 2)
STEPS = st.lists(
    st.one_of(
        st.builds(Put, NUMBERS, st.booleans(), st.sampled_from("ab")),
        st.builds(Delete, st.sampled_from(("Pod", "Service", "Node", "Event")), NUMBERS),
        st.builds(Wait, st.sampled_from((0, 0, 1, 30, 400))),
    ),
    min_size=1,
    max_size=12,
)


def objects(step: Put) -> list[KubeObject]:
    """Return a pod and, depending on its number, what goes with it."""
    name, node_name = f"x{step.number}", f"n{step.number}"
    pod = make.pod(name, labels={"app": step.app}, ready=step.is_well, node=node_name, created=300)
    more: list[KubeObject] = [node(node_name) if step.is_well else cordoned(node_name)]
    if step.number:
        more.append(make.service(name, selector={"app": step.app}))
    if not step.is_well:
        more.append(make.event(pod, "BackOff"))
    return [pod, *more]


def essence(problem: Problem) -> tuple[object, ...]:
    return (str(problem.subject), problem.severity, problem.root.message, problem.objects, problem.effects)


async def fresh(server: FakeServer, clock: HeldClock) -> list[tuple[object, ...]]:
    """Return what triage reports that begins now."""
    other = HeldClock()
    other.seconds = clock.seconds
    async with Cluster(server, Scope(), other, checks=CHECKS) as cluster:
        lease = cluster.triage.open()
        await asyncio.wait_for(cluster.triage.settled(), 10)
        report = cluster.triage.report(other.now())
        lease.close()
    return [essence(problem) for problem in report.problems]


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_what_is_reported_does_not_depend_on_what_was_before(steps: list[Put | Delete | Wait]) -> None:
    async def run() -> None:
        clock = HeldClock()
        server = FakeServer(make.pod("x0", labels={"app": "a"}), make.service("x1", selector={"app": "a"}))
        server.logs = {f"shop/x{number}/app": [f"line of x{number}"] for number in range(3)}
        async with Cluster(server, Scope(), clock, checks=CHECKS) as cluster:
            lease = cluster.triage.open()
            await cluster.triage.settled()
            for step in steps:
                match step:
                    case Put():
                        for each in objects(step):
                            server.put(each)
                    case Delete():
                        name = f"n{step.number}" if step.kind == "Node" else f"x{step.number}"
                        name += ".backoff" if step.kind == "Event" else ""
                        ref = ObjectRef(step.kind, "" if step.kind == "Node" else "shop", name)
                        if ref in server.objects:
                            server.delete(ref)
                    case Wait():
                        clock.pass_time(step.seconds)
                        for _ in range(30):
                            await asyncio.sleep(0)
            for _ in range(100):
                await asyncio.sleep(0)  # the watches deliver
            clock.pass_time(11)
            await asyncio.wait_for(cluster.triage.settled(), 10)
            for _ in range(50):
                await asyncio.sleep(0)
            await asyncio.wait_for(cluster.triage.settled(), 10)
            report = cluster.triage.report(clock.now())
            assert [essence(problem) for problem in report.problems] == await fresh(server, clock)
            lease.close()

    asyncio.run(run())
