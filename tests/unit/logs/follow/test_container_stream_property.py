"""Whatever happens to a container and the connection: no line twice, none missing without a gap marker, order kept.

The container prints numbered lines; it restarts, its log rotates, the connection breaks, ends in order or is given up
(for another's turn, or because it may be half-open) at any point; the watch reports its runs, early, late or never.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from k9py.api.errors import BadRequestError, ConnectionFailedError
from k9py.logs.follow.container_reader import ReadOptions
from k9py.logs.follow.container_stream import ContainerStream
from k9py.logs.follow.log_range import LogRange
from k9py.logs.follow.slots import StreamSlots
from k9py.logs.source import LogTarget, PartialLine
from k9py.runtime.time_slice import TimeSlicer
from tests.unit.logs.follow.scripted_source import START, Collected, ScriptOver, SteppingClock, line, target


@dataclass(frozen=True)
class Write:
    """Print `lines` lines, each this long after the previous one (0: at the same time; negative: stamped before it)."""

    lines: int
    milliseconds: int


@dataclass(frozen=True)
class Restart:
    """The container ends and starts again, a moment later, with an empty log."""


@dataclass(frozen=True)
class Rotate:
    """The oldest lines of the current run are dropped; `keep` stay.

    Not those of a run of which nobody has seen a line yet: where a container restarted and the start of its new log
    rotated away before, no answer of a kubelet shows that there was more.
    """

    keep: int


@dataclass(frozen=True)
class StepBack:
    """The node's clock is set back by three seconds, once."""


@dataclass(frozen=True)
class Tell:
    """The watch reports which run the container is in."""


Deed = Write | Restart | Rotate | StepBack | Tell


@dataclass(frozen=True)
class Visit:
    """One time the log is followed: what happens before it, what is printed meanwhile, how it ends, and what then is.

    `former` happens before the first answer about the former run in this visit: between the two requests.
    """

    before: list[Deed]
    during: list[Write]
    former: list[Deed]
    after: list[Deed]
    end: Literal["closed", "cut", "given up", "inside a line", "node's words"]
    cut_at: int = -1


@dataclass
class Run:
    """The lines one run printed, (milliseconds since the start, text); those before `kept` were rotated away."""

    number: int = 0
    lines: list[tuple[int, str]] = field(default_factory=list)
    kept: int = 0

    def written(self, since: int, first: int | None = None) -> list[bytes]:
        start = self.kept if first is None else first
        return [line(at / 1_000, text) for at, text in self.lines[start:] if at >= since]


@dataclass
class Container:
    """A container and its kubelet."""

    milliseconds: int = 0
    printed: int = 0
    run: Run = field(default_factory=Run)
    former: Run | None = None
    is_seen: bool = True
    is_right: bool = False
    restarted: int = -1_000_000
    is_reported_immediately: bool = False
    tell: Callable[[str], None] = lambda run: None

    def next_line(self) -> bytes:
        """Print one more line, and return it."""
        self.do(Write(1, 1))
        at, text = self.run.lines.pop()
        self.run.lines.append((at, f"{text} and more"))
        return line(at / 1_000, f"{text} and more")

    def do(self, deed: Deed) -> None:
        match deed:
            case Write(lines, milliseconds):
                for _ in range(lines):
                    self.milliseconds = max(self.restarted, self.milliseconds + milliseconds)
                    self.run.lines.append((self.milliseconds, f"{self.printed} run {self.run.number}"))
                    self.printed += 1
            case Restart():
                # A clock corrected across a restart would make runs whose order cannot be determined.
                self.restarted = self.milliseconds = (
                    max((at for at, _ in self.run.lines), default=self.milliseconds) + 1
                )
                self.run, self.former, self.is_seen = Run(self.run.number + 1), self.run, False
                if self.is_reported_immediately:
                    self.tell(f"run {self.run.number}")
            case StepBack() if not self.is_right:
                self.milliseconds -= 3_000
                self.is_right = True
            case Tell():
                self.tell(f"run {self.run.number}")
            case Rotate(keep) if self.is_seen:
                self.run.kept = max(self.run.kept, len(self.run.lines) - keep)


class Kubelet:
    """Serves the container's log as a kubelet does: since whole seconds, the present or the former run."""

    def __init__(self, visits: list[Visit]) -> None:
        self.container = Container()
        self._visits = list(visits)
        self._visit: Visit | None = None
        self.give_up: Callable[[], None] = lambda: None

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
        since = -1_000_000 if since_time is None else (since_time - START) // timedelta(seconds=1) * 1_000
        return self._former(since) if previous else self._present(since)

    @asynccontextmanager
    async def _former(self, since: int) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        if self._visit is not None:
            for deed in self._visit.former:
                self.container.do(deed)
        former = self.container.former
        if former is None:
            raise BadRequestError("previous terminated container not found", code=400)

        async def lines() -> AsyncIterator[list[bytes]]:
            yield former.written(since)

        yield lines()

    @asynccontextmanager
    async def _present(self, since: int) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        if not self._visits:
            raise ScriptOver
        visit = self._visit = self._visits.pop(0)
        for deed in visit.before:
            self.container.do(deed)

        run = self.container.run

        async def lines() -> AsyncIterator[list[bytes]]:
            sent = len(run.lines)
            yield run.written(since)
            for deed in visit.during:
                if self.container.run is run:  # or it was restarted while the former run was asked for
                    self.container.do(deed)
                new, sent = run.written(since, sent), len(run.lines)
                yield new
            self.container.is_seen = self.container.is_seen or (self.container.run is run and bool(run.lines))
            for after in visit.after:
                self.container.do(after)
            if visit.end == "given up":
                asyncio.get_running_loop().call_soon(self.give_up)
                await asyncio.Event().wait()
            if visit.end == "cut":
                raise ConnectionFailedError("cut off")
            rest = run.written(since, sent)  # an orderly end comes after the last line
            if visit.end == "inside a line" and self.container.run is run:
                rest.append(PartialLine(self.container.next_line()[: visit.cut_at]))
            if visit.end == "node's words":
                rest.append(b"failed to create fsnotify watcher: too many open files")
            yield rest

        yield lines()


WRITES = st.builds(Write, st.integers(0, 4), st.sampled_from([0, 0, 1, 300, 1_500, -1, -20]))
DEEDS = st.one_of(
    WRITES,
    WRITES,
    st.builds(Restart),
    st.builds(Rotate, st.integers(0, 3)),
    st.builds(StepBack),
    st.builds(Tell),
    st.builds(Tell),
)
VISITS = st.lists(
    st.builds(
        Visit,
        st.lists(DEEDS, max_size=3),
        st.lists(WRITES, max_size=2),
        st.lists(DEEDS, max_size=1),
        st.lists(DEEDS, max_size=3),
        st.sampled_from(["closed", "cut", "given up", "inside a line", "node's words"]),
        st.sampled_from([5, -9, -2, -1]),
    ),
    min_size=1,
    max_size=8,
)
OPTIONS = ReadOptions(range=LogRange("whole", tail_lines=1_000))


@given(visits=VISITS, are_reported=st.booleans())
@settings(max_examples=300, deadline=None)
async def test_no_line_comes_twice_and_none_is_missing_without_a_marker(
    visits: list[Visit], are_reported: bool
) -> None:
    clock, sink, kubelet = SteppingClock(), Collected(), Kubelet(visits)
    first = target(container_id="run 0" if are_reported else "")
    stream = ContainerStream(
        kubelet,
        first,
        clock,
        sink,
        StreamSlots(clock, 60),
        TimeSlicer(clock.monotonic),
        OPTIONS,
        rng=random.Random(1),
    )
    kubelet.give_up = stream.yield_slot
    if are_reported:
        kubelet.container.tell = lambda run: stream.retarget(target(container_id=run))
    try:
        await stream.run()
    except ScriptOver:
        pass
    last: int | None = None
    may_be_missing = False
    for entry in sink.lines:
        if entry.marker:
            may_be_missing = may_be_missing or entry.marker == "gap"
            continue
        number = int(entry.text.split()[0])
        if last is not None:
            assert number > last, "a line came twice, or out of order"
            assert number == last + 1 or may_be_missing, (
                f"lines {last + 1} to {number - 1} are missing without a marker"
            )
        last, may_be_missing = number, False


@given(visits=VISITS)
@settings(max_examples=300, deadline=None)
async def test_each_line_says_which_run_printed_it_when_the_watch_is_in_step(visits: list[Visit]) -> None:
    clock, sink, kubelet = SteppingClock(), Collected(), Kubelet(visits)
    stream = ContainerStream(
        kubelet,
        target(container_id="run 0"),
        clock,
        sink,
        StreamSlots(clock, 60),
        TimeSlicer(clock.monotonic),
        OPTIONS,
        rng=random.Random(1),
    )
    kubelet.give_up = stream.yield_slot
    kubelet.container.tell = lambda run: stream.retarget(target(container_id=run))
    kubelet.container.is_reported_immediately = True
    try:
        await stream.run()
    except ScriptOver:
        pass
    for entry in sink.lines:
        if not entry.marker:
            assert entry.target.container_id in {" ".join(entry.text.split()[1:3]), ""}
