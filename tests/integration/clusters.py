"""A `Cluster` connected to a simulator over real HTTP, and waits for its state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from k9py.cluster.cluster import Cluster
from k9py.cluster.scope import choose_scope
from k9py.kube.connect import connect
from k9py.kube.connection import Connection
from k9py.kube.options import ConnectOptions
from k9py.runtime.clock import SystemClock
from k9py.simulator.server import Simulator

PATIENCE = 20.0
"""Real seconds within which a condition must hold: a bound for failures, not a wait."""


class ImpatientClock(SystemClock):
    """The system's clock, but waiting for the next try takes almost no time."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def now(self) -> datetime:
        """The cluster's own time, so that all ages use one clock."""
        return self._simulator.clock.now()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.02))


@asynccontextmanager
async def connected(
    simulator: Simulator, folder: Path, user: str = "admin", *, namespace: str = "shop"
) -> AsyncIterator[Connection]:
    """Connect as a user, and watch nothing; the kubeconfig is `folder / user`."""
    path = simulator.write_kubeconfig(folder / user, user=user, namespace=namespace)
    connection = await connect(ConnectOptions(str(path)), environ={"HOME": str(folder)})
    try:
        yield connection
    finally:
        await connection.aclose()


@asynccontextmanager
async def watched(
    simulator: Simulator, folder: Path, *, user: str = "admin", wanted: Sequence[str] = (), namespace: str = "shop"
) -> AsyncIterator[Cluster]:
    """Connect as the dashboard does, and watch."""
    async with connected(simulator, folder, user, namespace=namespace) as connection:
        choice = await choose_scope(connection, wanted, context_namespace=connection.info.namespace)
        async with Cluster(connection, choice.scope, ImpatientClock(simulator), notice=choice.notice) as cluster:
            yield cluster


async def until(cluster: Cluster, condition: Callable[[], bool]) -> None:
    """Return when the condition holds; it is checked again after every change of the cluster."""
    feed = cluster.open_feed()
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await feed.changed()
                feed.drain()
    finally:
        cluster.close_feed(feed)


async def whole(cluster: Cluster) -> None:
    await until(cluster, lambda: cluster.health.is_complete)
