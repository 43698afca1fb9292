"""Read the last log lines of containers that checks ask for: once for each run, a bounded number at a time.

Invariants: containers of one owner with the same image share their lines, those of the pod that was asked for first. At
most `AT_A_TIME` are read at a time and `PER_MINUTE` begun in a minute; what fails has no lines. Whoever asked runs
again when the lines are there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from k9py.api.errors import KdashError
from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.cluster.reads import ReadGraph, Token
from k9py.diagnosis.graph import Unread
from k9py.logs.line import split_line
from k9py.logs.source import LogSource, LogTarget
from k9py.logs.source_errors import LogSourceError, container_lines
from k9py.runtime.clock import Clock

MAX_LINES: Final = 200
AT_A_TIME: Final = 3
PER_MINUTE: Final = 30
MAX_WAITING: Final = 100
"""Containers that wait to be read; beyond, logs are unread until there is room."""

_LIMIT_BYTES: Final = 256 * 1024
_MAX_LINE: Final = 2_000

_ROOM: Final = ("log", "room")
"""The token of a log that found no room."""

_LogKey = tuple[str, str, str, bool]
"""uid of the owner, or of a pod without one; container, image, whether it is the previous run."""


@dataclass(slots=True)
class _ContainerLog:
    """The lines of a container and which run they are of."""

    run: tuple[str, int]
    target: LogTarget
    lines: tuple[str, ...] | Unread | None


class ContainerLogs:
    """The last lines of containers.

    Args:
        reads: where reads are recorded.
        spawn: runs a task.
        mark: called when lines have been read.
    """

    def __init__(
        self,
        source: LogSource,
        clock: Clock,
        reads: ReadGraph,
        spawn: Callable[[Coroutine[Any, Any, None], str], object],
        mark: Callable[[Iterable[Token]], None],
    ) -> None:
        self._source = source
        self._clock = clock
        self._reads = reads
        self._spawn = spawn
        self._mark = mark
        self._logs: dict[_LogKey, _ContainerLog] = {}
        self._waiting: dict[_LogKey, None] = {}
        self._reading: set[_LogKey] = set()
        self._begun: deque[float] = deque()
        self._is_timer_set = False
        self._is_crowded = False

    def read(self, pods: Iterable[Pod]) -> Iterator[tuple[Pod, str, bool, tuple[str, ...]]]:
        """Yield the lines that have been read for some pods: pod, container, whether of the run before, lines.

        Containers that share their lines have the same tuple.
        """
        for pod in pods:
            for status in pod.statuses():
                for previous in (False, True):
                    log = self._logs.get(_key(pod, status.name, previous))
                    if log is not None and isinstance(log.lines, tuple):
                        yield pod, status.name, previous, log.lines

    def lines(self, pod: Pod, container: str, previous: bool) -> tuple[str, ...] | Unread | None:
        """Return the last lines of a container, None when there are none; Unread until they are read."""
        status = next((each for each in pod.statuses() if each.name == container), None)
        key = _key(pod, container, previous)
        run = (pod.uid, status.restart_count if status is not None else 0)
        self._reads.record(("log", key))
        log = self._logs.get(key)
        target = LogTarget(pod.namespace, pod.name, container, pod.uid)
        if log is None:
            if len(self._waiting) >= MAX_WAITING:
                self._reads.record(_ROOM)
                self._is_crowded = True
                return Unread("too many logs to read")
            log = self._logs[key] = _ContainerLog(run, target, Unread())
            self._request(key)
        elif log.run[0] == pod.uid and log.run != run:
            log.run = run
            self._request(key)
        return log.lines

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being read, or can be begun now."""
        return not self._reading and (not self._waiting or not self._may_begin())

    def sweep(self) -> None:
        """Forget the lines that no check refers to."""
        for key in [key for key in self._logs if not self._reads.is_read(("log", key))]:
            if key not in self._reading:
                del self._logs[key]
                self._waiting.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        self._logs.clear()
        self._waiting.clear()

    # -- reading ------------------------------------------------------------------------------------------------------

    def _request(self, key: _LogKey) -> None:
        self._waiting[key] = None
        self._begin()

    def _may_begin(self) -> bool:
        now = self._clock.monotonic()
        while self._begun and now - self._begun[0] >= 60.0:
            self._begun.popleft()
        return len(self._begun) < PER_MINUTE

    def _begin(self) -> None:
        """Begin to read what waits, as far as the budget allows."""
        for key in tuple(self._waiting):
            if len(self._reading) >= AT_A_TIME:
                return
            if key in self._reading:
                continue
            if not self._may_begin():
                self._wait_for_budget()
                return
            del self._waiting[key]
            self._begun.append(self._clock.monotonic())
            self._reading.add(key)
            self._spawn(self._read(key), "log of a failing container")

    def _wait_for_budget(self) -> None:
        if not self._is_timer_set:
            self._is_timer_set = True
            self._spawn(self._begin_later(), "budget of logs")

    async def _begin_later(self) -> None:
        await self._clock.sleep(max(0.0, self._begun[0] + 60.0 - self._clock.monotonic()))
        self._is_timer_set = False
        self._begin()

    async def _read(self, key: _LogKey) -> None:
        log = self._logs.get(key)
        lines: tuple[str, ...] | None = None
        try:
            if log is not None:
                lines = await read_last_lines(self._source, log.target, previous=key[3])
        except Exception:  # noqa: BLE001 (a log that cannot be read must not end the cluster's tasks)
            lines = None
        finally:
            self._reading.discard(key)
        if log is not None:
            log.lines = lines
        self._mark((("log", key),))
        self._begin()
        if self._is_crowded and not self._waiting:
            self._is_crowded = False
            self._mark((_ROOM,))


async def read_last_lines(source: LogSource, target: LogTarget, *, previous: bool) -> tuple[str, ...] | None:
    """Return the last lines of a container, printable and without timestamps; None when there are none."""
    lines: list[bytes] = []
    try:
        async with source.open_log(
            target, follow=False, tail_lines=MAX_LINES, limit_bytes=_LIMIT_BYTES, previous=previous
        ) as batches:
            async for batch in container_lines(batches):
                lines += batch
                del lines[:-MAX_LINES]
                await asyncio.sleep(0)
    except LogSourceError:
        pass  # lines may have come before it
    except KdashError:
        return None
    texts = tuple(printable(split_line(line)[1][:_MAX_LINE]) for line in lines)
    return texts or None


def _key(pod: Pod, container: str, previous: bool) -> _LogKey:
    specs = (*(pod.spec.containers or ()), *(pod.spec.init_containers or ()))
    image = next((each.image for each in specs if each.name == container), "")
    return (pod.owner_uid or pod.uid, container, image, previous)
