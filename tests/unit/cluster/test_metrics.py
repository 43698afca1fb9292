"""Metrics: polled while leased, known while fresh, and a state of its own where they are missing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from k9py.api.errors import ForbiddenError, KdashError, NotFoundError, UnavailableError
from k9py.api.kinds import Kind
from k9py.api.meta import ObjectRef
from k9py.api.metrics import Usage
from k9py.cluster.metrics import HISTORY_LENGTH, STALE_SECONDS, Metrics, MetricsHealth, MetricsState
from k9py.informer.lister_watcher import ListerWatcher
from k9py.informer.poller import POLL_SECONDS
from k9py.runtime.time_slice import TimeSlicer
from tests.factories import NOW
from tests.unit.cluster.server import HeldClock, until

CART = ObjectRef("Pod", "shop", "cart-1")
NODE = ObjectRef("Node", "", "n1")


def pod(name: str, measured_at: datetime, *containers: tuple[str, str, str], namespace: str = "shop") -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": namespace},
        "timestamp": measured_at.isoformat(),
        "containers": [{"name": of, "usage": {"cpu": cpu, "memory": memory}} for of, cpu, memory in containers],
    }


class Server:
    """Implements `MetricsConnection` with one answer for every list.

    Attributes:
        items: what a list returns, or the error it fails with.
        listed: (resource, namespace) of every list so far.
    """

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] | KdashError = []
        self.listed: list[tuple[str, str]] = []

    def lister_watcher(
        self, kind: Kind[Any], namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ListerWatcher:
        return Lister(self, kind.resource, namespace)


class Lister:
    """Implements `ListerWatcher`."""

    def __init__(self, server: Server, resource: str, namespace: str) -> None:
        self._server = server
        self._place = (resource, namespace)

    async def list_page(self, *, limit: int, continue_token: str = "", resource_version: str | None = None) -> bytes:
        self._server.listed.append(self._place)
        if isinstance(self._server.items, KdashError):
            raise self._server.items
        return json.dumps({"metadata": {}, "items": self._server.items}).encode()

    async def probe(self) -> bytes:
        raise AssertionError("metrics are not probed")

    def watch(
        self,
        *,
        resource_version: str,
        send_initial_events: bool,
        timeout_seconds: int,
        idle_timeout: Callable[[], float] | None = None,
    ) -> AbstractAsyncContextManager[AsyncIterator[list[bytes]]]:
        raise AssertionError("metrics cannot be watched")


class Watched:
    """Metrics of a server, and the clock they are read by."""

    def __init__(self) -> None:
        self.server, self.clock = Server(), HeldClock()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.metrics = Metrics(self.server, self.clock, TimeSlicer(self.clock.monotonic), self._spawn)

    def _spawn(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self.tasks.add(task)
        return task

    async def poll(self) -> None:
        """Wait for the next answer."""
        version = self.metrics.version
        await until(lambda: self.clock.has_sleepers)
        self.clock.pass_time(POLL_SECONDS)
        await until(lambda: self.metrics.version > version)


@asynccontextmanager
async def watched(items: list[dict[str, Any]] | KdashError) -> AsyncIterator[Watched]:
    shown = Watched()
    shown.server.items = items
    try:
        yield shown
    finally:
        for task in shown.tasks:
            task.cancel()
        await asyncio.gather(*shown.tasks, return_exceptions=True)


async def test_nothing_is_requested_without_a_lease() -> None:
    async with watched([]) as shown:
        shown.clock.pass_time(POLL_SECONDS)
        await asyncio.sleep(0)
        assert shown.server.listed == []
        assert shown.metrics.health("Pod") == MetricsHealth()
        assert shown.metrics.usage(CART) is None


async def test_a_pod_uses_what_its_containers_use() -> None:
    async with watched([pod("cart-1", NOW, ("app", "250m", "64Mi"), ("proxy", "1500u", "1Mi"))]) as shown:
        shown.metrics.lease_pods()
        await until(lambda: shown.metrics.version > 0)
        usage = shown.metrics.usage(CART)
        assert usage is not None
        assert usage.cpu == pytest.approx(0.2515)
        assert usage.memory == 65 * 2**20
        assert shown.metrics.container_usage(CART)["proxy"] == Usage(0.0015, 2**20)
        assert shown.metrics.health("Pod") == MetricsHealth(MetricsState.LIVE, NOW)


async def test_an_amount_that_is_no_quantity_is_unknown() -> None:
    async with watched([pod("cart-1", NOW, ("app", "lots", "64Mi"))]) as shown:
        shown.metrics.lease_pods()
        await until(lambda: shown.metrics.version > 0)
        assert shown.metrics.usage(CART) is None


async def test_nodes_are_read_from_their_own_list() -> None:
    node = {"metadata": {"name": "n1"}, "timestamp": NOW.isoformat(), "usage": {"cpu": "2", "memory": "1Gi"}}
    async with watched([node]) as shown:
        shown.metrics.lease_nodes()
        await until(lambda: shown.metrics.version > 0)
        assert shown.metrics.usage(NODE) == Usage(2.0, 2**30)
        assert shown.server.listed == [("nodes", "")]


async def test_two_leases_of_a_scope_share_its_polls_until_the_last_one_ends() -> None:
    async with watched([pod("cart-1", NOW, ("app", "1", "1"))]) as shown:
        first, second = shown.metrics.lease_pods(["shop"]), shown.metrics.lease_pods(["shop"])
        await until(lambda: shown.metrics.version > 0)
        assert shown.server.listed == [("pods", "shop")]
        first.close()
        first.close()
        await shown.poll()
        assert shown.metrics.usage(CART) is not None
        second.close()
        assert shown.metrics.usage(CART) is None
        assert shown.metrics.health("Pod") == MetricsHealth()
        await until(lambda: all(task.done() for task in shown.tasks))


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (NotFoundError("no such API", code=404), MetricsState.NOT_INSTALLED),
        (ForbiddenError("you may not list pods", code=403), MetricsState.FORBIDDEN),
        (UnavailableError("no endpoints", code=503), MetricsState.UNAVAILABLE),
    ],
    ids=["missing", "forbidden", "unavailable"],
)
async def test_what_cannot_be_read_is_a_state_and_is_tried_again(error: KdashError, state: MetricsState) -> None:
    async with watched(error) as shown:
        shown.metrics.lease_pods()
        await until(lambda: shown.metrics.version > 0)
        assert shown.metrics.health("Pod") == MetricsHealth(state, None, error)
        shown.server.items = [pod("cart-1", NOW, ("app", "1", "1"))]
        await shown.poll()
        assert shown.metrics.health("Pod").state is MetricsState.LIVE


async def test_an_old_sample_is_unknown() -> None:
    async with watched([pod("cart-1", NOW, ("app", "1", "1"))]) as shown:
        shown.metrics.lease_pods()
        await until(lambda: shown.metrics.version > 0)
        shown.server.items = UnavailableError("no endpoints", code=503)
        while shown.clock.seconds <= STALE_SECONDS - POLL_SECONDS:
            await shown.poll()
            assert shown.metrics.usage(CART) is not None
        await shown.poll()
        await shown.poll()
        assert shown.metrics.usage(CART) is None
        assert shown.metrics.health("Pod").measured_at == NOW


async def test_the_last_samples_are_kept_and_each_measurement_once() -> None:
    async with watched([]) as shown:
        shown.metrics.lease_pods()
        await until(lambda: shown.metrics.version > 0)
        for number in range(HISTORY_LENGTH + 3):
            measured_at = NOW + timedelta(seconds=15 * number)
            shown.server.items = [pod("cart-1", measured_at, ("app", str(number), "1"))]
            await shown.poll()
            await shown.poll()  # the same measurement again
        history = shown.metrics.history(CART)
        assert history is not None
        assert list(history.cpu) == list(range(3, HISTORY_LENGTH + 3))
        assert list(history.memory) == [1] * HISTORY_LENGTH


async def test_a_pod_that_is_gone_is_forgotten() -> None:
    async with watched([pod("cart-1", NOW, ("app", "1", "1"))]) as shown:
        shown.metrics.lease_pods()
        await until(lambda: shown.metrics.version > 0)
        shown.server.items = []
        await shown.poll()
        assert shown.metrics.usage(CART) is None
        assert shown.metrics.history(CART) is None
