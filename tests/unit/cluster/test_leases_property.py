"""Whatever is leased, closed and rescoped: every lease holds its objects, and nothing is watched that nobody needs."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from k9py.api.kinds import DEPLOYMENT, POD, DynamicKind, Kind, TableKind
from k9py.api.meta import KubeObject
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterState
from k9py.cluster.lease import WatchLease
from k9py.cluster.leases import GRACE_SECONDS
from k9py.cluster.scope import Scope
from k9py.cluster.watches import WATCHED
from tests import factories as make
from tests.unit.cluster.server import FakeServer, HeldClock, until

NAMESPACES = ("a", "b", "c")
KINDS: dict[str, Kind[Any]] = {
    "pods": POD,
    "deployments": DEPLOYMENT,
    "table": TableKind(POD.resource_type),
    "json": DynamicKind(DEPLOYMENT.resource_type),
}
SCOPES = st.sampled_from([(), ("a",), ("b", "c"), ("a", "b")])


@dataclass(frozen=True)
class Take:
    """Take a lease."""

    kind: str
    namespaces: tuple[str, ...] | None


@dataclass(frozen=True)
class Close:
    """Close one of the open leases."""

    number: int


@dataclass(frozen=True)
class Rescope:
    """Watch other namespaces."""

    namespaces: tuple[str, ...]


@dataclass(frozen=True)
class Write:
    """Change an object, or delete it and create it again."""

    kind: str
    namespace: str
    is_recreated: bool


Step = Take | Close | Rescope | Write
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.one_of(
        st.builds(Take, st.sampled_from(sorted(KINDS)), st.one_of(st.none(), SCOPES)),
        st.builds(Close, st.integers(0, 5)),
        st.builds(Rescope, SCOPES),
        st.builds(Write, st.sampled_from(["pods", "deployments"]), st.sampled_from(NAMESPACES), st.booleans()),
    ),
    max_size=14,
)


def objects() -> list[KubeObject]:
    return [build("x", namespace=namespace) for namespace in NAMESPACES for build in (make.pod, make.deployment)]


class Play:
    """A cluster, the leases that are open, and what they should hold."""

    def __init__(self) -> None:
        self.server, self.clock = FakeServer(*objects()), HeldClock()
        self.cluster = Cluster(self.server, Scope(), self.clock)
        self.leases: list[tuple[WatchLease[Any], tuple[str, ...] | None]] = []

    def apply(self, step: Step) -> None:
        match step:
            case Take(kind, namespaces):
                self.leases.append((self.cluster.lease(KINDS[kind], namespaces=namespaces), namespaces))
            case Close(number):
                if self.leases:
                    self.leases.pop(number % len(self.leases))[0].close()
            case Write(kind, namespace, is_recreated):
                key = KINDS[kind].key(namespace, "x")
                written = self.server.objects[key]
                if is_recreated:
                    self.server.delete(key)
                self.server.put(written)
            case Rescope():
                raise AssertionError("is awaited")

    def holds(self, lease: WatchLease[Any], namespaces: tuple[str, ...] | None) -> bool:
        wanted = self.cluster.scope.namespaces if namespaces is None else namespaces
        expected = {
            (key, value.metadata.resource_version)
            for key, value in self.server.objects.items()
            if key.kind == lease.kind.name and (not wanted or key.namespace in wanted)
        }
        held = {(value.key, value.metadata.resource_version) for value in lease.store.values()}
        return lease.state is ClusterState.LIVE and held == expected

    async def settle(self) -> None:
        await until(lambda: all(self.holds(*entry) for entry in self.leases))


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_leases_hold_what_they_name_and_watches_end(steps: list[Step]) -> None:
    asyncio.run(_play(steps))


async def _play(steps: list[Step]) -> None:
    play = Play()
    async with play.cluster as cluster:
        for step in steps:
            if isinstance(step, Rescope):
                await cluster.set_scope(Scope(step.namespaces))
            else:
                play.apply(step)
            await play.settle()
        home = Counter(
            (watched.kind.name, namespace)
            for watched in WATCHED
            for namespace in ((cluster.scope.namespaces or ("",)) if watched.kind.namespaced else ("",))
            for _ in watched.field_selectors
        )
        await until(lambda: not home - Counter(play.server.watched))
        for lease, _ in play.leases:
            lease.close()
        await asyncio.sleep(0)
        play.clock.pass_time(GRACE_SECONDS)
        await until(lambda: Counter(play.server.watched) == home)
