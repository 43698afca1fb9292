"""A log stream over real HTTP against a simulated cluster, both driven by one clock that moves only on request.

The simulator lives on its own thread; `Follower.step` moves its clock, wakes the sleepers on this side, lets what was
sent arrive, and drains the stream into a ledger. What is proven holds whatever arrives in which step.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.cluster.cluster import Cluster
from k9py.kube.connect import connect
from k9py.kube.connection import Connection
from k9py.kube.options import ConnectOptions
from k9py.logs.follow.stream import LogStream
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.registry.resources import by_kind
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.integration.clusters import watched, whole
from tests.unit.simulator.numbered import ContainerId, Counts, Ledger, WrittenLines, numbered

NAMESPACE = "shop"
Object = dict[str, Any]


class SharedClock:
    """The simulator's time, for what waits on this loop."""

    def __init__(self, simulator: Simulator) -> None:
        self._clock = simulator.clock
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.monotonic() + seconds, next(self._order), woken))
        await woken

    def wake(self) -> None:
        """Wake the sleepers that are due."""
        while self._sleepers and self._sleepers[0][0] <= self.monotonic():
            woken = heapq.heappop(self._sleepers)[2]
            if not woken.done():
                woken.set_result(None)


class Follower:
    """Follows the containers of one workload.

    Args:
        subject: whose pods' logs are followed.
    """

    def __init__(self, simulator: Simulator, connection: Connection, cluster: Cluster, subject: ObjectRef) -> None:
        self.simulator = simulator
        self.ledger = Ledger()
        self.clock = SharedClock(simulator)
        self.stream: LogStream
        self._connection = connection
        self._cluster = cluster
        self._subject = subject
        self._written = simulator.call(WrittenLines, NAMESPACE)
        self._known: dict[ContainerId, str] = {}  # and the id of the run it was in
        self._first: frozenset[ContainerId] = frozenset()

    async def step(self, seconds: float = 0.5) -> None:
        """Advance the time on both sides and drain the stream."""
        await asyncio.to_thread(self.simulator.advance, seconds)
        self.clock.wake()
        await self.settle()

    async def settle(self) -> None:
        """Let what was sent arrive: the response to a request made now comes after it. Then report and drain."""
        try:
            await self._connection.server_version()
        except KdashError:
            await asyncio.sleep(0)
        targets = self._cluster.queries.log_targets(self._subject)
        for target in targets:
            self._known.setdefault(target.container_key, target.container_id)
        if not self._first:
            self._first = frozenset(self._known)
        self.stream.set_targets(targets)
        self.ledger.add(self.stream.drain())

    async def run(self, seconds: float, step: float = 0.5) -> None:
        """Advance the time in steps."""
        for _ in range(round(seconds / step)):
            await self.step(step)

    async def until(self, condition: Callable[[], bool], what: str, limit: float = 120.0) -> None:
        """Step until a condition holds. Fails if it does not hold within `seconds` of the cluster's time."""
        for _ in range(round(limit / 0.5)):
            if condition():
                return
            await self.step()
        raise AssertionError(f"not within {limit:.0f} s: {what}\n" + "\n".join(self.ledger.markers[-20:]))

    async def prove(self) -> None:
        """Wait for everything written so far, and check the ledger for violations."""
        self.simulator.clear_faults()
        wanted = self._counts()
        waited = ""
        try:
            await self.until(lambda: not self.ledger.unfinished(wanted), "all that was written", 200.0)
        except AssertionError as error:
            waited = str(error)
        output = self.ledger.violations(self._counts(), joined=self.simulator.call(self._joined))
        output += self.ledger.unfinished(wanted)
        assert not output, "\n".join([*output, waited, "markers:", *self.ledger.markers])

    def _counts(self) -> Counts:
        """Return the lines written by pods that were seen: a pod that came and went unseen cannot be reported."""
        counts = self.simulator.call(lambda _: self._written.counts())
        return {place: runs for place, runs in counts.items() if place in self._known}

    def _joined(self, _: SimulatorState) -> dict[ContainerId, int]:
        later = self._known.items() - {(place, self._known[place]) for place in self._first}
        return {place: self._written.run_of(container_id) for place, container_id in later}


@asynccontextmanager
async def following(simulator: Simulator, folder: Path, subject: ObjectRef, **options: Any) -> AsyncIterator[Follower]:
    """Follow a workload's logs; options are the stream's."""
    path = simulator.write_kubeconfig(folder / "config-logs", namespace=NAMESPACE)
    connection = await connect(ConnectOptions(str(path)), environ={"HOME": str(folder)})
    try:
        async with watched(simulator, folder, namespace=NAMESPACE) as cluster:
            await whole(cluster)
            follower = Follower(simulator, connection, cluster, subject)
            follower.stream = LogStream(connection, follower.clock, **options)
            async with asyncio.TaskGroup() as group:
                running = group.create_task(follower.stream.run())
                try:
                    yield follower
                finally:
                    running.cancel()
    finally:
        await connection.aclose()


def workload(
    simulator: Simulator,
    kind: str,
    name: str,
    *,
    replicas: int = 3,
    rate: float = 5.0,
    annotations: Mapping[str, str] | None = None,
) -> ObjectRef:
    """Create a workload of numbered containers."""

    def create(state: SimulatorState) -> None:
        template = {
            "metadata": {"labels": {"app": name}, "annotations": numbered(rate, **(annotations or {}))},
            "spec": {"containers": [{"name": "app", "image": f"registry.example.com/{name}:1.0.0"}]},
        }
        spec: Object = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
        if kind == "StatefulSet":
            spec["serviceName"] = name
        create_object(state, by_kind(kind), {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec})

    simulator.call(create)
    return ObjectRef(kind, NAMESPACE, name)


def change_pods(simulator: Simulator, name: str, **annotations: str) -> int:
    """Annotate every pod of a workload; returns how many there were."""

    def change(state: SimulatorState) -> int:
        matching = pods(state, name)
        for pod in matching:
            reported = {**(pod["metadata"].get("annotations") or {}), **annotations}
            state.storage.update(by_kind("Pod"), {**pod, "metadata": {**pod["metadata"], "annotations": reported}})
        return len(matching)

    return simulator.call(change)


def pods(state: SimulatorState, name: str) -> list[Object]:
    """Return the pods of a workload."""
    all_pods = state.storage.list(by_kind("Pod"), NAMESPACE)
    return [pod for pod in all_pods if pod["metadata"]["labels"].get("app") == name]


def roll_out(state: SimulatorState, kind: str, name: str, tag: str) -> None:
    """Give a workload another image."""
    resource = by_kind(kind)
    workload = state.storage.get(resource, NAMESPACE, name)
    assert workload is not None
    template = workload["spec"]["template"]
    containers = [{**template["spec"]["containers"][0], "image": f"registry.example.com/{name}:{tag}"}]
    template = {**template, "spec": {**template["spec"], "containers": containers}}
    state.storage.update(resource, {**workload, "spec": {**workload["spec"], "template": template}})
