"""The logs of a changing set of containers as one stream: pods join and leave, at most `max_streams` open at once.

Invariant: one tail a pod's name and container, alive through all runs of the container and all pods of the name; the
tails' tasks, and one that looks at the clock, are owned by `run()`; cancelling it ends them all. Who comes back goes on
where it was left. One LogStream shows one subject: for another subject, another range, or previous logs, make another.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterable
from typing import Final

from k9py.logs.follow.container_stream import ContainerStream
from k9py.logs.follow.log_range import TAIL, LogRange
from k9py.logs.follow.merge import Merge
from k9py.logs.follow.remarks import Chorus
from k9py.logs.follow.slots import StreamSlots
from k9py.logs.follow.status import StreamCounts, TargetState, TargetStatus
from k9py.logs.line import LogLine
from k9py.logs.source import LogSource, LogTarget
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlicer

_LOG: Final = logging.getLogger(__name__)

Name = tuple[str, str, str]
"""Namespace, pod and container: what a server is asked for. Pods that follow each other under one name share a tail."""

LEAVING_GRACE: Final = 10.0
"""Seconds a pod that is gone may still deliver its last lines."""

MAX_STREAMS: Final = 60

_LOOKS: Final = 1.0
"""Seconds between two looks at turns, silent streams and the nodes' clocks."""

_REMEMBERED: Final = 2_000
"""Places that left and are remembered, should they come back."""


class LogStream:
    """Many tails, one list of lines.

    Args:
        range: how much of the past is shown. The head is not followed.
        previous: show each container's former run, once.
        follow: False ends each log where it ends now.
        max_streams: connections at once; where more are wanted they take turns.
        max_pending: lines that may wait for `drain`. Of the past no more are read meanwhile; of what is written now the
            oldest are dropped and counted in a marker.
        window: seconds a line waits for older ones of other containers.
        lossless: nothing is dropped; what is written now waits at the server too until it is drained.
    """

    def __init__(
        self,
        source: LogSource,
        clock: Clock,
        *,
        range: LogRange = TAIL,  # noqa: A002
        previous: bool = False,
        follow: bool = True,
        max_streams: int = MAX_STREAMS,
        max_pending: int = 50_000,
        window: float = 0.4,
        lossless: bool = False,
        rng: random.Random | None = None,
    ) -> None:
        self.range = range
        self.previous = previous
        self._source = source
        self._clock = clock
        self._follow = follow
        self._rng = rng or random.Random()
        self._merge = Merge(clock, max_lines=max_pending, window=window, lossless=lossless)
        self._slots = StreamSlots(clock, max_streams)
        self._time_slicer = TimeSlicer(clock.monotonic)
        self._chorus = Chorus(clock)
        self._wanted: dict[Name, LogTarget] = {}
        self._targets: tuple[LogTarget, ...] | None = None
        self._tails: dict[Name, ContainerStream] = {}
        self._tasks: dict[Name, asyncio.Task[None]] = {}
        self._began: float | None = None
        self._changed = asyncio.Event()

    def set_targets(self, targets: Iterable[LogTarget]) -> None:
        """Say which containers are wanted now, most wanted first, and in which run they are. Cheap when unchanged."""
        told = tuple(targets)
        if told == self._targets:
            return
        self._targets = told
        self._wanted = {_name(one): one for one in told}
        for place, target in self._wanted.items():
            if place in self._tails:
                self._tails[place].retarget(target)
        self._changed.set()

    def drain(self) -> list[LogLine]:
        """Return the lines that are ripe, in order, at most about 2,000; call it on the screen's tick."""
        return self._merge.drain()

    @property
    def targets(self) -> tuple[LogTarget, ...]:
        """All wanted, followed or not."""
        return self._targets or ()

    @property
    def counts(self) -> StreamCounts:
        """How the targets stand now."""
        states = [self._state(place) for place in self._wanted]
        return StreamCounts(
            wanted=len(states),
            following=states.count(TargetState.FOLLOWING) + states.count(TargetState.OPENING),
            retrying=states.count(TargetState.RETRYING),
            ended=states.count(TargetState.ENDED),
            queued=states.count(TargetState.QUEUED),
        )

    def statuses(self) -> tuple[TargetStatus, ...]:
        """Return how each target stands, in the order they were wanted."""
        return tuple(
            self._tails[place].status if place in self._tails else TargetStatus(target, TargetState.OPENING)
            for place, target in self._wanted.items()
        )

    @property
    def is_catching_up(self) -> bool:
        """True while the beginning is still being put in order."""
        return self._merge.holding

    @property
    def is_finished(self) -> bool:
        """True when every target has ended and all its lines have been drained; False before any was named."""
        if self._targets is None or not self._merge.is_empty:
            return False
        return all(place in self._tasks and self._tasks[place].done() for place in self._wanted)

    async def run(self) -> None:
        """Follow what is wanted until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look(), name="log turns")
            while True:
                self._changed.clear()
                self._reconcile(group)
                await self._changed.wait()

    def _state(self, place: Name) -> TargetState:
        return self._tails[place].state if place in self._tails else TargetState.OPENING

    async def _look(self) -> None:
        while True:
            await self._clock.sleep(_LOOKS)
            if not self._merge.is_stuck:
                self._slots.tick()
            for place, task in self._tasks.items():
                if not task.done():
                    self._tails[place].tick()
            self._merge.look_at_clocks()

    def _reconcile(self, group: asyncio.TaskGroup) -> None:
        for place, task in list(self._tasks.items()):
            tail = self._tails[place]
            if place in self._wanted:
                if tail.is_leaving:
                    tail.stay()
                    if task.done():
                        self._start(group, place)
            elif task.done():
                tail.leave()
                del self._tasks[place]
            elif not tail.is_leaving:
                tail.leave()
                task.add_done_callback(lambda _: self._changed.set())
                group.create_task(self._dismiss(tail, task))
        joining = [place for place in self._wanted if place not in self._tasks]
        is_first = self._began is None
        if is_first and joining:
            self._began = self._clock.monotonic()
        for number, place in enumerate(joining):
            holds = is_first and number < self._slots.limit
            if place not in self._tails:
                self._tails[place] = self._tail(self._wanted[place], joins=not is_first, holds=holds)
            self._tails[place].stay()
            self._start(group, place)
        self._forget()

    def _tail(self, target: LogTarget, *, joins: bool, holds: bool) -> ContainerStream:
        intake = self._merge.intake()
        if holds:
            self._merge.hold_for(intake)
        return ContainerStream(
            self._source,
            target,
            self._clock,
            intake,
            self._slots,
            self._time_slicer,
            range=self.range,
            previous=self.previous,
            follow=self._follow,
            joins=joins,
            holds=holds,
            began=self._began,
            chorus=self._chorus,
            rng=self._rng,
        )

    def _start(self, group: asyncio.TaskGroup, place: Name) -> None:
        tail = self._tails[place]
        self._tasks[place] = group.create_task(_guarded(tail), name=f"log of {place[1]}/{place[2]}")

    def _forget(self) -> None:
        """Let go of the places that left longest ago."""
        surplus = len(self._tails) - len(self._tasks) - _REMEMBERED
        if surplus > 0:
            for place in [one for one in self._tails if one not in self._tasks][:surplus]:
                del self._tails[place]

    async def _dismiss(self, tail: ContainerStream, task: asyncio.Task[None]) -> None:
        """Let a tail whose pod is gone read its last lines, not for ever."""
        timer = asyncio.ensure_future(self._clock.sleep(LEAVING_GRACE))
        try:
            await asyncio.wait((timer, task), return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
        if tail.is_leaving and not task.done():
            tail.dismiss()
            task.cancel()


async def _guarded(tail: ContainerStream) -> None:
    """Run a tail; a mistake of ours in it ends this one and not all."""
    try:
        await tail.run()
    except (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        _LOG.exception("the log of %s/%s ended by a mistake", tail.target.pod, tail.target.container)
        tail.fail()


def _name(target: LogTarget) -> Name:
    return target.namespace, target.pod, target.container
