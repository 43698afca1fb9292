"""Logs that a test writes line by line, in place of the simulated ones."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from k9py.simulator.state import ContainerLogLine, ContainerLogRun
from tests.unit.simulator.objects import Object

START = datetime(2026, 1, 15, 11, 59, 50, tzinfo=UTC)


class ScriptedRun:
    """A log that a test writes."""

    def __init__(self, *texts: str) -> None:
        self._lines: list[ContainerLogLine] = []
        self._changed = asyncio.Event()
        self._over = False
        for text in texts:
            self.write(text)

    def write(self, text: str) -> None:
        at = len(self._lines)
        self._lines.append(ContainerLogLine(at, START + timedelta(seconds=at), text))
        self._changed.set()

    def end(self) -> None:
        self._over = True
        self._changed.set()

    def read(self, after: int = -1) -> Sequence[ContainerLogLine]:
        return [line for line in self._lines if line.sequence > after]

    async def wait_for_more(self, after: int) -> bool:
        while not self.read(after) and not self._over:
            self._changed.clear()
            await self._changed.wait()
        return bool(self.read(after))


class ScriptedLogSource:
    """The current and the previous run of every container."""

    def __init__(self, present: ScriptedRun, previous: ScriptedRun) -> None:
        self._present = present
        self._previous = previous

    def open(self, pod: Object, container: str, *, previous: bool = False) -> ContainerLogRun | None:
        return self._previous if previous else self._present
