"""The logs of a changing set of containers as one stream: pods join and leave, and take turns if there are too many.

Invariant: one `ContainerStream` for each pod name and container, alive through all runs of the container and all pods
of the name. Their tasks, and one that checks the clock, are owned by `run()`; cancelling it ends them all. A container
that comes back continues where it was left. One LogStream shows one subject: for another subject, another range, or
previous logs, make another.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterable
from typing import Final

from k9py.logs.follow.container_reader import ReadOptions
from k9py.logs.follow.container_stream import ContainerStream
from k9py.logs.follow.log_range import TAIL, LogRange
from k9py.logs.follow.markers import MarkerDedup
from k9py.logs.follow.merge import Merge
from k9py.logs.follow.slots import StreamSlots
from k9py.logs.follow.status import StreamCounts, TargetState, TargetStatus
from k9py.logs.line import LogLine
from k9py.logs.source import LogSource, LogTarget
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlicer

_LOG: Final = logging.getLogger(__name__)

StreamKey = tuple[str, str, str]
"""Namespace, pod and container: what identifies a log on the server. Successive pods of one name share a stream."""

LEAVING_GRACE: Final = 10.0
"""Seconds in which a deleted pod may still deliver its last lines."""

MAX_STREAMS: Final = 60

_TICK_SECONDS: Final = 1.0
"""Seconds between two checks of turns, silent streams and the nodes' clocks."""

_MAX_REMEMBERED: Final = 2_000
"""Streams without a task that are remembered, in case their container comes back."""


class LogStream:
    """Many containers' logs as one sequence of lines.

    Args:
        range: how much of the past is shown. The head is not followed.
        previous: show each container's previous run, once.
        follow: False ends each log where it ends now.
        max_streams: logs open at a time; where more are wanted they take turns.
        max_pending: lines that may wait for `drain`. When it is reached, lines of the past are not read, and of the
        lines
            written now the oldest are dropped and counted in a marker.
        window: seconds a line waits for older ones of other containers.
        lossless: nothing is dropped; lines written now wait at the server too until there is room.
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
        self._dedup = MarkerDedup(clock)
        self._wanted: dict[StreamKey, LogTarget] = {}
        self._targets: tuple[LogTarget, ...] | None = None
        self._streams: dict[StreamKey, ContainerStream] = {}
        self._tasks: dict[StreamKey, asyncio.Task[None]] = {}
        self._started_at: float | None = None
        self._changed = asyncio.Event()

    def set_targets(self, targets: Iterable[LogTarget]) -> None:
        """Set which containers are wanted now, most wanted first, and which run they are in. Cheap when unchanged."""
        wanted = tuple(targets)
        if wanted == self._targets:
            return
        self._targets = wanted
        self._wanted = {_stream_key(target): target for target in wanted}
        for key, target in self._wanted.items():
            if key in self._streams:
                self._streams[key].retarget(target)
        self._changed.set()

    def drain(self) -> list[LogLine]:
        """Return the lines that are ready, in order, at most about 2,000; call it on the screen's tick."""
        return self._merge.drain()

    @property
    def targets(self) -> tuple[LogTarget, ...]:
        """All that are wanted, whether they are followed or not."""
        return self._targets or ()

    @property
    def counts(self) -> StreamCounts:
        """How many targets are in which state."""
        states = [self._streams[key].state if key in self._streams else TargetState.OPENING for key in self._wanted]
        return StreamCounts(
            wanted=len(states),
            following=states.count(TargetState.FOLLOWING) + states.count(TargetState.OPENING),
            retrying=states.count(TargetState.RETRYING),
            ended=states.count(TargetState.ENDED),
            queued=states.count(TargetState.QUEUED),
        )

    def statuses(self) -> tuple[TargetStatus, ...]:
        """Return the state of each target, in the order they were wanted."""
        return tuple(
            self._streams[key].status if key in self._streams else TargetStatus(target, TargetState.OPENING)
            for key, target in self._wanted.items()
        )

    @property
    def is_catching_up(self) -> bool:
        """True while the beginning is still being put in order."""
        return self._merge.is_catching_up

    @property
    def is_finished(self) -> bool:
        """True when every target has ended and all lines have been drained; False before `set_targets`."""
        if self._targets is None or not self._merge.is_empty:
            return False
        return all(key in self._tasks and self._tasks[key].done() for key in self._wanted)

    async def run(self) -> None:
        """Follow the wanted containers until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tick(), name="log streams")
            while True:
                self._changed.clear()
                self._reconcile(group)
                await self._changed.wait()

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(_TICK_SECONDS)
            if not self._merge.is_stuck:
                self._slots.tick()
            for key, task in self._tasks.items():
                if not task.done():
                    self._streams[key].tick()
            self._merge.check_clocks()

    def _reconcile(self, group: asyncio.TaskGroup) -> None:
        """Start the streams that are wanted and end those that are not."""
        for key, task in list(self._tasks.items()):
            stream = self._streams[key]
            if key in self._wanted:
                if stream.is_leaving:
                    stream.stay()
                    if task.done():
                        self._start(group, key)
            elif task.done():
                stream.leave()
                del self._tasks[key]
            elif not stream.is_leaving:
                stream.leave()
                task.add_done_callback(lambda _: self._changed.set())
                group.create_task(self._dismiss(stream, task))
        joining = [key for key in self._wanted if key not in self._tasks]
        is_first = self._started_at is None
        if is_first and joining:
            self._started_at = self._clock.monotonic()
        for number, key in enumerate(joining):
            holds_others = is_first and number < self._slots.limit
            if key not in self._streams:
                self._streams[key] = self._add_stream(
                    self._wanted[key], joins_late=not is_first, holds_others=holds_others
                )
            self._streams[key].stay()
            self._start(group, key)
        self._forget_oldest()

    def _add_stream(self, target: LogTarget, *, joins_late: bool, holds_others: bool) -> ContainerStream:
        merge_input = self._merge.add_input()
        if holds_others:
            self._merge.hold_for(merge_input)
        options = ReadOptions(
            range=self.range,
            previous=self.previous,
            follow=self._follow,
            joins_late=joins_late,
            holds_others=holds_others,
            view_started_at=self._started_at,
        )
        return ContainerStream(
            self._source,
            target,
            self._clock,
            merge_input,
            self._slots,
            self._time_slicer,
            options,
            dedup=self._dedup,
            rng=self._rng,
        )

    def _start(self, group: asyncio.TaskGroup, key: StreamKey) -> None:
        stream = self._streams[key]
        self._tasks[key] = group.create_task(_run_guarded(stream), name=f"log of {key[1]}/{key[2]}")

    def _forget_oldest(self) -> None:
        """Forget the streams without a task that left longest ago."""
        surplus = len(self._streams) - len(self._tasks) - _MAX_REMEMBERED
        if surplus > 0:
            for key in [key for key in self._streams if key not in self._tasks][:surplus]:
                del self._streams[key]

    async def _dismiss(self, stream: ContainerStream, task: asyncio.Task[None]) -> None:
        """Let a stream whose pod was deleted read its last lines, for `LEAVING_GRACE` at most."""
        timer = asyncio.ensure_future(self._clock.sleep(LEAVING_GRACE))
        try:
            await asyncio.wait((timer, task), return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
        if stream.is_leaving and not task.done():
            stream.dismiss()
            task.cancel()


async def _run_guarded(stream: ContainerStream) -> None:
    """Run a stream; a bug in it ends this one and not all."""
    try:
        await stream.run()
    except (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        _LOG.exception("internal error while reading the log of %s/%s", stream.target.pod, stream.target.container)
        stream.fail()


def _stream_key(target: LogTarget) -> StreamKey:
    return target.namespace, target.pod, target.container
