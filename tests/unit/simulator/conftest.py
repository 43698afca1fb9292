"""Fixtures of the simulator's tests: a running cluster, and a client that shows what went over the wire."""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from tests.unit.simulator.client import Client


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """An empty cluster whose clock stands still until it is advanced."""
    with Simulator(clock=ManualClock()) as running:
        yield running


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[Client]:
    """The administrator's client."""
    timeout = aiohttp.ClientTimeout(total=None, sock_read=30)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield Client(session, simulator.url, simulator.token("admin"))
