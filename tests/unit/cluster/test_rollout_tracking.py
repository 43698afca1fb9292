"""Tracking a rollout: every step once, until it is complete or will not complete."""

from __future__ import annotations

import asyncio

import pytest

from k9py.api.workloads import Deployment
from k9py.cluster.cluster import Cluster
from k9py.cluster.rollout_tracking import STALL_CONFIRM_SECONDS, track_rollout
from k9py.cluster.scope import Scope
from k9py.rollouts.status import RolloutState, RolloutStatus
from tests import factories as make
from tests.unit.cluster.server import FakeServer, HeldClock, until

KEY = make.key("Deployment", "checkout")


def at(generation: int, updated: int, *, observed: int | None = None) -> Deployment:
    return make.deployment(generation=generation, observed=observed, updated=updated, available=updated)


class Following:
    """A tracked rollout, with the states it went through."""

    def __init__(self, server: FakeServer, *, generation: int | None, timeout: float | None = None) -> None:
        self.clock = HeldClock()
        self.cluster = Cluster(server, Scope(), self.clock)
        self.seen: list[RolloutStatus] = []
        self._generation = generation
        self._timeout = timeout

    async def run(self) -> None:
        async for status in track_rollout(self.cluster, KEY, generation=self._generation, timeout=self._timeout):
            self.seen.append(status)

    @property
    def states(self) -> list[RolloutState]:
        return [status.state for status in self.seen]


async def test_it_tracks_until_complete_and_yields_each_step_once() -> None:
    server = FakeServer(at(1, 3))
    following = Following(server, generation=2)
    async with following.cluster, asyncio.timeout(5):
        await until(lambda: following.cluster.health.is_complete)
        task = asyncio.create_task(following.run())
        server.put(at(2, 0, observed=1))
        await until(lambda: len(following.seen) == 1)
        server.put(at(2, 1))
        await until(lambda: len(following.seen) == 2)
        server.put(at(2, 1))
        server.put(at(2, 3))
        await task
    assert following.states == [RolloutState.UNKNOWN, RolloutState.PROGRESSING, RolloutState.COMPLETE]


async def test_the_state_before_the_write_is_not_its_outcome() -> None:
    server = FakeServer(at(1, 3))
    following = Following(server, generation=2)
    async with following.cluster:
        await until(lambda: following.cluster.health.is_complete)
        task = asyncio.create_task(following.run())
        for _ in range(50):
            await asyncio.sleep(0)
        assert following.seen == []
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_stall_ends_it_with_its_cause() -> None:
    stuck = make.deployment(
        generation=2,
        updated=1,
        available=2,
        conditions=[make.condition("Progressing", "False", "ProgressDeadlineExceeded", "no progress")],
    )
    server = FakeServer(stuck)
    following = Following(server, generation=2)
    async with following.cluster, asyncio.timeout(5):
        task = asyncio.create_task(following.run())
        await until(lambda: following.states == [RolloutState.STALLED])
        following.clock.pass_time(STALL_CONFIRM_SECONDS)
        await task
    assert following.states == [RolloutState.STALLED]
    assert following.seen[-1].cause_message


async def test_the_stall_of_the_rollout_before_is_not_the_outcome() -> None:
    left_over = [make.condition("Progressing", "False", "ProgressDeadlineExceeded", "no progress")]
    server = FakeServer(make.deployment(generation=2, updated=0, available=2, conditions=left_over))
    following = Following(server, generation=2)
    async with following.cluster, asyncio.timeout(5):
        await until(lambda: following.cluster.health.is_complete)
        task = asyncio.create_task(following.run())
        await until(lambda: following.states == [RolloutState.STALLED])
        following.clock.pass_time(STALL_CONFIRM_SECONDS / 2)
        server.put(at(2, 1))
        await until(lambda: following.states[-1] is RolloutState.PROGRESSING)
        following.clock.pass_time(STALL_CONFIRM_SECONDS)
        server.put(at(2, 3))
        await task
    assert following.states == [RolloutState.STALLED, RolloutState.PROGRESSING, RolloutState.COMPLETE]


async def test_a_rollout_that_is_deleted_ends_it() -> None:
    server = FakeServer(at(2, 1))
    following = Following(server, generation=2)
    async with following.cluster, asyncio.timeout(5):
        await until(lambda: following.cluster.health.is_complete)
        task = asyncio.create_task(following.run())
        await until(lambda: len(following.seen) == 1)
        server.delete(KEY)
        await task
    assert following.states == [RolloutState.PROGRESSING]


async def test_it_stops_at_the_timeout_whether_complete_or_not() -> None:
    server = FakeServer(at(2, 1))
    following = Following(server, generation=2, timeout=30)
    async with following.cluster, asyncio.timeout(5):
        await until(lambda: following.cluster.health.is_complete)
        task = asyncio.create_task(following.run())
        await until(lambda: len(following.seen) == 1)
        while not task.done():
            following.clock.pass_time(1)
            await asyncio.sleep(0)
    assert following.clock.seconds >= 30
    assert following.states == [RolloutState.PROGRESSING]
