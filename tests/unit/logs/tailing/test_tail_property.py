"""Whatever happens to a container and the connection: no line twice, none missing without a gap marker, order kept.

The container prints numbered lines; it restarts, its log rotates, the connection breaks or ends in order at any point.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from k9py.logs.source import LogTarget
from k9py.logs.tailing.range import LogRange
from k9py.logs.tailing.slots import Slots
from k9py.logs.tailing.tail import Tail
from k9py.logs.tailing.turns import Turns
from k9py.objects.errors import BadRequestError, ConnectionFailedError
from tests.unit.logs.tailing.scripted import START, Collected, ScriptOver, SteppingClock, line, target


@dataclass(frozen=True)
class Write:
    """Print so many lines, each so long after the one before (0: at the same moment)."""

    lines: int
    milliseconds: int


@dataclass(frozen=True)
class Restart:
    """The container ends and starts anew, a moment later, with an empty log."""


@dataclass(frozen=True)
class Rotate:
    """The oldest lines of the present run go; so many stay.

    Not those of a run of which nobody has seen a line yet: where a container restarted and the start of its new log
    rotated away before, no answer of a kubelet tells that there was more.
    """

    keep: int


Deed = Write | Restart | Rotate


@dataclass(frozen=True)
class Visit:
    """One time the log is followed: what happened before it, what is printed meanwhile, and how it ends."""

    before: list[Deed]
    during: list[Write]
    is_cut: bool


@dataclass
class Container:
    """A container and its kubelet. Lines are (milliseconds since the start, number)."""

    milliseconds: int = 0
    printed: int = 0
    run: list[tuple[int, int]] = field(default_factory=list)
    former: list[tuple[int, int]] | None = None
    is_seen: bool = True

    def do(self, deed: Deed) -> list[tuple[int, int]]:
        """Let it happen; return the lines printed."""
        match deed:
            case Write(lines, milliseconds):
                start = len(self.run)
                for _ in range(lines):
                    self.milliseconds += milliseconds
                    self.run.append((self.milliseconds, self.printed))
                    self.printed += 1
                return self.run[start:]
            case Restart():
                self.milliseconds += 1
                self.run, self.former, self.is_seen = [], self.run, False
            case Rotate(keep) if self.is_seen:
                self.run = self.run[max(0, len(self.run) - keep) :]
        return []


class Kubelet:
    """Serves the container's log as a kubelet does: since whole seconds, the present or the former run."""

    def __init__(self, visits: list[Visit]) -> None:
        self.container = Container()
        self._visits = list(visits)

    def open_log(
        self,
        target: LogTarget,
        *,
        follow: bool,
        tail_lines: int | None = None,
        since_time: datetime | None = None,
        since_seconds: int | None = None,
        limit_bytes: int | None = None,
        previous: bool = False,
    ) -> AbstractAsyncContextManager[AsyncIterator[list[bytes]]]:
        since = -1 if since_time is None else int((since_time - START) / timedelta(seconds=1)) * 1_000
        return self._former(since) if previous else self._present(since)

    @asynccontextmanager
    async def _former(self, since: int) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        former = self.container.former
        if former is None:
            raise BadRequestError("previous terminated container not found", code=400)

        async def lines() -> AsyncIterator[list[bytes]]:
            yield _written(former, since)

        yield lines()

    @asynccontextmanager
    async def _present(self, since: int) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        if not self._visits:
            raise ScriptOver
        visit = self._visits.pop(0)
        for deed in visit.before:
            self.container.do(deed)

        async def lines() -> AsyncIterator[list[bytes]]:
            yield _written(self.container.run, since)
            for deed in visit.during:
                yield _written(self.container.do(deed), since)
            self.container.is_seen = self.container.is_seen or bool(self.container.run)
            if visit.is_cut:
                raise ConnectionFailedError("cut off")

        yield lines()


def _written(lines: list[tuple[int, int]], since: int) -> list[bytes]:
    return [line(at / 1_000, str(number)) for at, number in lines if at >= since]


WRITES = st.builds(Write, st.integers(0, 4), st.sampled_from([0, 0, 1, 300, 1_500]))
DEEDS = st.one_of(WRITES, WRITES, st.builds(Restart), st.builds(Rotate, st.integers(0, 3)))
VISITS = st.lists(
    st.builds(Visit, st.lists(DEEDS, max_size=3), st.lists(WRITES, max_size=2), st.booleans()), min_size=1, max_size=8
)

WHOLE = LogRange("whole", tail_lines=1_000)


@given(visits=VISITS)
@settings(max_examples=300, deadline=None)
async def test_no_line_comes_twice_and_none_is_missing_without_a_marker(visits: list[Visit]) -> None:
    clock, sink = SteppingClock(), Collected()
    tail = Tail(
        Kubelet(visits), target(), clock, sink, Slots(clock, 60), Turns(clock), range=WHOLE, rng=random.Random(1)
    )
    try:
        await tail.run()
    except ScriptOver:
        pass
    last: int | None = None
    may_be_missing = False
    for one in sink.lines:
        if one.marker:
            may_be_missing = may_be_missing or one.marker == "gap"
            continue
        number = int(one.text)
        if last is not None:
            assert number > last, "a line came twice, or out of order"
            assert number == last + 1 or may_be_missing, f"lines {last + 1} to {number - 1} are missing without a word"
        last, may_be_missing = number, False
