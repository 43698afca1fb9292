"""Several containers, a kubelet with random faults, connections that break, and a screen that is too slow.

Of every container: no line twice, the order kept, and every missing number inside a marker of it or of all.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k9py.api.errors import BadRequestError, ConnectionFailedError, UnavailableError
from k9py.logs.follow.log_range import LogRange
from k9py.logs.follow.stream import LogStream
from k9py.logs.line import WHOLE_STREAM, LogLine
from k9py.logs.source import LogTarget
from tests.unit.logs.follow.scripted_source import START, DrivenClock, line, settled

NAMES = ("a", "b", "c", "d")
WHOLE = LogRange("whole", tail_lines=100_000)


@dataclass(frozen=True)
class Write:
    """A container prints lines, each this long after the previous one (negative: stamped before it)."""

    who: int
    lines: int
    milliseconds: int


@dataclass(frozen=True)
class Restart:
    """A container ends, and starts again."""

    who: int


@dataclass(frozen=True)
class Rotate:
    """All but the last lines of the current run are dropped, once a line of it was shown."""

    who: int
    keep: int


@dataclass(frozen=True)
class StepBack:
    """The clock of a container's node is set back by three seconds, once per run."""

    who: int


@dataclass(frozen=True)
class Cut:
    """All open streams of a container break."""

    who: int


@dataclass(frozen=True)
class Silence:
    """The open streams of a container stay open and send nothing more."""

    who: int


@dataclass(frozen=True)
class Refuse:
    """The next requests for a container's log fail."""

    who: int
    times: int


@dataclass(frozen=True)
class Replace:
    """A container goes to another node: another pod of the same name, with a log of its own."""

    who: int


@dataclass(frozen=True)
class Tell:
    """The watch reports the container's run."""


@dataclass(frozen=True)
class Wait:
    """Time passes."""

    seconds: float


@dataclass(frozen=True)
class Drain:
    """The screen drains the stream."""


Deed = Write | Restart | Rotate | StepBack | Cut | Silence | Refuse | Replace | Tell | Wait | Drain


@dataclass(eq=False)
class Run:
    """The lines of one run, (milliseconds, text)."""

    number: int = 0
    lines: list[tuple[int, str]] = field(default_factory=list)
    kept: int = 0
    is_over: bool = False


@dataclass(eq=False)
class Opened:
    """A stream a kubelet serves."""

    is_cut: bool = False
    is_silent: bool = False


@dataclass(eq=False)
class Container:
    """One container, its log files, and the streams that read them."""

    name: str
    pod: int = 0
    skew: int = 0
    milliseconds: int = 0
    behind: int = 0
    began: int = -1_000_000
    printed: int = 0
    refusals: int = 0
    is_seen: bool = True
    run: Run = field(default_factory=Run)
    former: Run | None = None
    streams: list[Opened] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def uid(self) -> str:
        return f"{self.name}-{self.pod}"

    @property
    def target(self) -> LogTarget:
        node = f"node-{self.name}"
        return LogTarget("shop", self.name, "app", self.uid, f"{self.uid}/{self.run.number}", node=node)

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class Kubelets:
    """Serves all containers' logs, and lets things happen to them."""

    def __init__(self, skews: Sequence[int]) -> None:
        self.clock = DrivenClock()
        self.containers = [Container(name, skew=skew) for name, skew in zip(NAMES, skews, strict=True)]
        self.gone: dict[str, int] = {}

    def do(self, deed: Write | Restart | Rotate | StepBack | Cut | Silence | Refuse | Replace) -> None:
        entry = self.containers[deed.who]
        match deed:
            case Write(_, lines, milliseconds):
                entry.milliseconds = max(entry.milliseconds, int(self.clock.seconds * 1_000))
                for _ in range(lines):
                    entry.milliseconds += milliseconds
                    stamped = max(entry.began, entry.milliseconds + entry.skew * 1_000 - entry.behind)
                    entry.run.lines.append((stamped, f"{entry.uid} {entry.printed}"))
                    entry.printed += 1
            case Restart():
                # A clock corrected across a restart would make runs whose order cannot be determined.
                entry.began = max((at for at, _ in entry.run.lines), default=entry.began) + 1
                entry.milliseconds, entry.behind = entry.milliseconds + 1, 0
                entry.run.is_over = True
                entry.run, entry.former, entry.is_seen = Run(entry.run.number + 1), entry.run, False
            case Rotate(_, keep) if entry.is_seen:
                entry.run.kept = max(entry.run.kept, len(entry.run.lines) - keep)
            case StepBack():
                entry.behind = 3_000
            case Cut():
                for stream in entry.streams:
                    stream.is_cut = True
            case Silence():
                for stream in entry.streams:
                    stream.is_silent = True
            case Refuse(_, times):
                entry.refusals += times
            case Replace():
                entry.run.is_over = True
                self.gone[entry.uid] = entry.printed
                entry.wake()
                self.containers[deed.who] = Container(entry.name, entry.pod + 1, entry.skew)
            case _:
                pass
        entry.wake()

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
        return self._opened(target, since, previous=previous, follow=follow)

    @asynccontextmanager
    async def _opened(
        self, target: LogTarget, since: int, *, previous: bool, follow: bool
    ) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        entry = next(entry for entry in self.containers if entry.name == target.pod)  # a server knows names
        if entry.refusals:
            entry.refusals -= 1
            raise UnavailableError("dial tcp 10.0.0.1:10250: connection refused", code=500)
        if previous and entry.former is None:
            raise BadRequestError("previous terminated container not found", code=400)
        stream = Opened()
        entry.streams.append(stream)
        try:
            former = entry.former
            read = former if previous else None if follow else entry.run
            yield self._ended(read, since) if read else self._followed(entry, entry.run, stream, since)
        finally:
            entry.streams.remove(stream)

    async def _ended(self, run: Run, since: int) -> AsyncIterator[list[bytes]]:
        yield _written(run.lines[run.kept :], since)

    async def _followed(self, entry: Container, run: Run, stream: Opened, since: int) -> AsyncIterator[list[bytes]]:
        sent = run.kept
        while True:
            if stream.is_cut:
                raise ConnectionFailedError("cut off")
            changed = entry.changed
            if not stream.is_silent:
                if sent < len(run.lines):
                    new, sent = _written(run.lines[sent:], since), len(run.lines)
                    yield new
                    continue
                if run.is_over:
                    return
            await changed.wait()


def _written(lines: Sequence[tuple[int, str]], since: int) -> list[bytes]:
    return [line(at / 1_000, text) for at, text in lines if at >= since]


WHO = st.integers(0, len(NAMES) - 1)
DEEDS = st.one_of(
    st.builds(Write, WHO, st.integers(1, 5), st.sampled_from([0, 1, 300])),
    st.builds(Write, WHO, st.integers(1, 40), st.sampled_from([0, 1, 50, -1, -20])),
    st.builds(Restart, WHO),
    st.builds(Rotate, WHO, st.integers(0, 3)),
    st.builds(StepBack, WHO),
    st.builds(Cut, WHO),
    st.builds(Silence, WHO),
    st.builds(Refuse, WHO, st.integers(1, 3)),
    st.builds(Replace, WHO),
    st.builds(Tell),
    st.builds(Wait, st.sampled_from([0.1, 0.5, 3, 15, 70])),
    st.builds(Drain),
    st.builds(Drain),
)


@given(
    deeds=st.lists(DEEDS, max_size=40),
    skews=st.tuples(*[st.sampled_from([0, 0, -7, 5])] * len(NAMES)),
    max_streams=st.sampled_from([1, 2, 60]),
    max_pending=st.sampled_from([20, 50_000]),
)
@pytest.mark.slow
@settings(max_examples=150, deadline=None)
async def test_every_missing_line_of_every_container_lies_inside_a_marker(
    deeds: list[Deed], skews: tuple[int, ...], max_streams: int, max_pending: int
) -> None:
    kubelets = Kubelets(skews)
    clock = kubelets.clock
    stream = LogStream(
        kubelets, clock, range=WHOLE, max_streams=max_streams, max_pending=max_pending, rng=random.Random(1)
    )
    output: list[LogLine] = []

    def drain() -> None:
        lines = stream.drain()
        output.extend(lines)
        for entry in lines:
            for container in kubelets.containers:
                if not entry.marker:
                    container.is_seen |= any(text == entry.text for _, text in container.run.lines)

    stream.set_targets(entry.target for entry in kubelets.containers)
    running = asyncio.create_task(stream.run())
    try:
        for deed in deeds:
            match deed:
                case Tell():
                    stream.set_targets(entry.target for entry in kubelets.containers)
                case Wait(seconds):
                    await clock.advance(seconds)
                case Drain():
                    drain()
                case _:
                    kubelets.do(deed)
            await settled()
        for entry in kubelets.containers:
            entry.refusals = 0
        stream.set_targets(entry.target for entry in kubelets.containers)
        for _ in range(400):
            await clock.advance(0.5)
            drain()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    printed = {entry.uid: entry.printed for entry in kubelets.containers} | kubelets.gone
    for uid, count in printed.items():
        check(uid, count, output)


def check(uid: str, printed: int, output: Sequence[LogLine]) -> None:
    """Every number of a pod's container is there in order, or a marker stands where it is missing.

    A pod that follows another under its name may have been read as that one until the watch reported it.
    """
    name = uid.partition("-")[0]
    last = -1
    may_be_missing = False
    begun = False
    for entry in output:
        if entry.target.pod != name and entry.target != WHOLE_STREAM:
            continue
        if entry.marker:
            may_be_missing = may_be_missing or entry.marker == "gap"
            continue
        whose, _, count = entry.text.partition(" ")
        if whose != uid:
            continue
        number = int(count)
        assert number > last, f"{uid}: line {number} came twice, or out of order"
        assert number == last + 1 or may_be_missing or not begun, f"{uid}: {last + 1} to {number - 1} are missing"
        last, may_be_missing, begun = number, False, True
    if begun:
        assert last == printed - 1 or may_be_missing, f"{uid}: lines after {last} of {printed} are missing"
