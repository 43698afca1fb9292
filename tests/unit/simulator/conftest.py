"""Fixtures of the simulator's tests: a running cluster, and a client that returns raw responses."""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from tests.unit.simulator.client import RawClient


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """An empty cluster with a manual clock."""
    with Simulator(clock=ManualClock()) as running:
        yield running


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[RawClient]:
    """The administrator's client."""
    timeout = aiohttp.ClientTimeout(total=None, sock_read=30)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield RawClient(session, simulator.url, simulator.token("admin"))
