"""Simulated past: controllers and nodes run a cluster on a manual clock before the scenario starts.

Invariant: the result is what they produced, ages included; nothing of the past keeps running. The past runs on a thread
and loop of its own, because a scenario is loaded on a running loop.
"""

import asyncio
import random
import threading
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from k9py.simulator.background_tasks import BackgroundTasks
from k9py.simulator.clock import ManualClock
from k9py.simulator.controllers.controller_manager import start_controllers
from k9py.simulator.kubelet.nodes import start_nodes
from k9py.simulator.registry.storage import Storage
from k9py.simulator.state import SimulatorState


def fast_forward(
    state: SimulatorState,
    seed: Callable[[SimulatorState], object],
    happening: Callable[[SimulatorState], Coroutine[Any, Any, None]],
    seconds: float,
) -> None:
    """Fill a cluster with the result of running a seed for a number of seconds up to now.

    Args:
        state: the cluster; existing objects stay.
        seed: fills the past cluster.
        happening: runs in the past cluster.
        seconds: length of the simulated past.

    Raises:
        BaseException: an error in the simulated past.
    """
    rng = random.Random(state.rng.random())
    clock = ManualClock(state.clock.now() - timedelta(seconds=seconds))
    past = SimulatorState(Storage(clock, new_uid=state.storage.new_uid, pick=rng.choice), clock, rng)
    problems: list[BaseException] = []

    def live() -> None:
        try:
            asyncio.run(_live(past, clock, seed, happening, seconds))
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            problems.append(error)

    thread = threading.Thread(target=live, name="simulated past")
    thread.start()
    thread.join()
    if problems:
        raise problems[0]
    _take_over(state, past)


async def _live(
    past: SimulatorState,
    clock: ManualClock,
    seed: Callable[[SimulatorState], object],
    happening: Callable[[SimulatorState], Coroutine[Any, Any, None]],
    seconds: float,
) -> None:
    seed(past)
    parts = [start_controllers(past), start_nodes(past), BackgroundTasks([happening(past)])]
    try:
        await clock.advance(seconds)
    finally:
        for part in reversed(parts):
            await part.stop()


def _take_over(state: SimulatorState, past: SimulatorState) -> None:
    state.container_runs.merge(past.container_runs)
    state.storage.resources.register(*past.storage.resources)
    for resource in past.storage.resources.stored():
        for obj in past.storage.list(resource):
            metadata = obj["metadata"]
            if state.storage.get(resource, metadata.get("namespace"), metadata["name"]) is None:
                state.storage.create(resource, {**obj, "metadata": dict(metadata)})
