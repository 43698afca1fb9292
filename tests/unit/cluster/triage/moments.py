"""Let time pass until triage has done something, with the clock of the test."""

from __future__ import annotations

import asyncio

from k9py.cluster.cluster import Cluster
from tests.unit.cluster.server import HeldClock


async def passed(cluster: Cluster, *, seconds: float = 0.01) -> None:
    """Wait until triage has another report.

    Args:
        seconds: that pass with each turn of the event loop.
    """
    version = cluster.triage.version
    clock = cluster.clock
    assert isinstance(clock, HeldClock)
    for _ in range(3_000):
        if cluster.triage.version != version:
            return
        clock.pass_time(seconds)
        await asyncio.sleep(0)
    raise AssertionError("triage has no other report")


async def looked_again(cluster: Cluster, *, seconds: float) -> None:
    """Let time pass, and everything happen that it brings about."""
    clock = cluster.clock
    assert isinstance(clock, HeldClock)
    clock.pass_time(seconds)
    for _ in range(200):
        await asyncio.sleep(0)
    await cluster.triage.settled()
