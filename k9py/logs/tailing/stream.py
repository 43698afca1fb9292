"""The logs of a changing set of containers as one stream: pods join and leave, at most `max_streams` at once.

Invariant: one task a followed target, all owned by `run()`; cancelling `run()` ends them all. One LogStream shows one
subject: for another subject, or for previous logs, make another.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass

from k9py.logs.line import LogLine
from k9py.logs.source import LogSource, LogTarget
from k9py.logs.tailing.clock import Clock
from k9py.logs.tailing.merge import Merge
from k9py.logs.tailing.tail import Tail, TailState

LEAVING_GRACE = 10.0
"""Seconds a pod that is gone may still deliver its last lines."""


@dataclass(frozen=True, slots=True)
class StreamCounts:
    """How many containers are wanted, and how many of them are open, waiting to be tried again, or ended."""

    wanted: int = 0
    following: int = 0
    waiting: int = 0
    ended: int = 0
    left_out: int = 0

    def __str__(self) -> str:
        followed = self.wanted - self.left_out
        return f"{followed} of {self.wanted}" if self.left_out else str(self.wanted)


class LogStream:
    """Many tails, one list of lines.

    Args:
        previous: show each container's former run, once.
        tail_lines: lines of the past a target begins with.
        max_streams: connections at once; targets beyond are left out until others leave (first come, first served).
        max_pending: lines that may wait for `drain`; beyond it the oldest are dropped and counted in a marker.
    """

    def __init__(
        self,
        source: LogSource,
        clock: Clock,
        *,
        previous: bool = False,
        tail_lines: int = 200,
        max_streams: int = 50,
        max_pending: int = 50_000,
        rng: random.Random | None = None,
    ) -> None:
        self.previous = previous
        self._source = source
        self._clock = clock
        self._tail_lines = tail_lines
        self._max_streams = max_streams
        self._rng = rng or random.Random()
        self._merge = Merge(clock, max_lines=max_pending)
        self._wanted: dict[LogTarget, None] = {}
        self._tails: dict[LogTarget, tuple[Tail, asyncio.Task[None]]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()

    def set_targets(self, targets: Iterable[LogTarget]) -> None:
        """Say which containers are wanted now, most wanted first. Cheap when nothing changed."""
        wanted = dict.fromkeys(targets)
        if list(wanted) != list(self._wanted):
            self._wanted = wanted
            self._changed.set()

    def drain(self) -> list[LogLine]:
        """Return the lines that came since the last call, in order; call it on the screen's tick."""
        return self._merge.drain()

    @property
    def targets(self) -> tuple[LogTarget, ...]:
        """All wanted, followed or not."""
        return tuple(self._wanted)

    @property
    def counts(self) -> StreamCounts:
        """How the targets stand now."""
        states = [tail.state for target, (tail, _) in self._tails.items() if target in self._wanted]
        return StreamCounts(
            wanted=len(self._wanted),
            following=states.count(TailState.FOLLOWING),
            waiting=states.count(TailState.WAITING) + states.count(TailState.OPENING),
            ended=states.count(TailState.ENDED),
            left_out=max(0, len(self._wanted) - len(states)),
        )

    async def run(self) -> None:
        """Follow what is wanted until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._changed.clear()
                self._reconcile(group)
                await self._changed.wait()

    def _reconcile(self, group: asyncio.TaskGroup) -> None:
        for target in [one for one in self._tails if one not in self._wanted]:
            tail, task = self._tails.pop(target)
            tail.leave()
            if not task.done():
                self._leaving.add(task)
                task.add_done_callback(self._leaving.discard)
                group.create_task(self._dismiss(tail, task))
        running = sum(1 for _, task in self._tails.values() if not task.done())
        joining = [one for one in self._wanted if one not in self._tails][: max(0, self._max_streams - running)]
        self._merge.expect(joining)
        for target in joining:
            tail = Tail(
                self._source,
                target,
                self._clock,
                self._merge.add,
                tail_lines=self._tail_lines,
                previous=self.previous,
                caught_up=self._merge.caught_up,
                rng=self._rng,
            )
            task = group.create_task(tail.run(), name=f"log of {target.pod}/{target.container}")
            task.add_done_callback(lambda _: self._changed.set())
            self._tails[target] = (tail, task)

    async def _dismiss(self, tail: Tail, task: asyncio.Task[None]) -> None:
        """Let a tail whose pod is gone read its last lines, not for ever."""
        if tail.state is TailState.FOLLOWING:
            timer = asyncio.ensure_future(self._clock.sleep(LEAVING_GRACE))
            try:
                await asyncio.wait((timer, task), return_when=asyncio.FIRST_COMPLETED)
            finally:
                timer.cancel()
        task.cancel()
