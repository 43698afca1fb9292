"""Run a watcher through a script and record the result."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import aclosing
from typing import NamedTuple

import pytest

from k9py.api.errors import KdashError
from k9py.api.kinds import POD
from k9py.api.pods import Pod
from k9py.informer.events import Applied, Deleted, InitApplied, ListWatchFailed, State, WatchEvent
from k9py.informer.server import ServerTraits
from k9py.informer.watcher import Watcher
from k9py.runtime.time_slice import TimeSlicer
from tests.unit.informer.scripted import (
    Answer,
    Asked,
    ScriptedServer,
    ScriptOver,
    SteppingClock,
)


class Run(NamedTuple):
    """The result of a script."""

    asked: list[Asked]
    events: list[WatchEvent[Pod]]
    states: list[State]
    watcher: Watcher[Pod]
    limits: list[int]
    server: ScriptedServer

    @property
    def events_text(self) -> str:
        """The events as text, one word each."""
        return " ".join(map(_word, self.events))

    @property
    def waits(self) -> list[float]:
        return [event.retry_in for event in self.events if isinstance(event, ListWatchFailed)]


def _word(event: WatchEvent[Pod]) -> str:
    match event:
        case InitApplied(objects):
            return "+".join(obj.name for obj in objects)
        case Applied(one):
            return f"{one.name}@{one.metadata.resource_version}"
        case Deleted(one):
            return f"-{one.name}"
        case _:
            return type(event).__name__


async def play(
    *script: Answer,
    streaming_list: bool = False,
    probes: Sequence[int | KdashError | None] = (),
    takes: float = 0,
    traits: ServerTraits | None = None,
) -> Run:
    """Run a watcher through a script; waits advance the clock and take no real time."""
    clock = SteppingClock()
    server = ScriptedServer(clock, *script, probes=probes, takes=takes)
    watcher = Watcher(
        POD,
        server,
        clock,
        TimeSlicer(clock.monotonic),
        streaming_list=streaming_list,
        server=traits,
        rng=random.Random(7),
    )
    events: list[WatchEvent[Pod]] = []
    states: list[State] = []

    async def read() -> None:
        async with aclosing(watcher.events()) as batches:
            async for batch in batches:
                events.extend(batch)
                states.append(watcher.state)
                for event in batch:
                    if isinstance(event, ListWatchFailed):
                        await clock.sleep(event.retry_in)

    with pytest.raises(ScriptOver):
        await read()
    assert server.open_streams == 0
    return Run(server.asked, events, states, watcher, server.limits, server)
