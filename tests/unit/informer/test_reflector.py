"""The reflector: its store after every sequence of events, what it publishes, and the health it reports."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from k9py.api.errors import ConnectionFailedError, ExpiredError, ForbiddenError, KdashError
from k9py.api.kinds import DEPLOYMENT, POD, SERVICE
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.informer.health import Forbidden, Live, Loading, Stale, WatchHealth
from k9py.informer.list_form import prefers_streaming_list
from k9py.informer.reflector import Reflector
from k9py.informer.store import ChangeBatch
from k9py.informer.timing import POLL
from k9py.runtime.time_slice import TimeSlicer
from tests.unit.informer.scripted import (
    START,
    Answer,
    ScriptedServer,
    ScriptOver,
    SteppingClock,
    Stream,
    added,
    bookmark,
    deleted,
    modified,
    page,
    pod,
)

CUT = ConnectionFailedError("cut off")
EXPIRED = ExpiredError("too old", code=410)
FORBIDDEN = ForbiddenError("may not", code=403)


class NoJitter(random.Random):
    """Waits of whole tenths of a second, so that times are exact."""

    def random(self) -> float:
        return 0.0


class Stage:
    """A reflector with a scripted server, and everything it reported."""

    def __init__(
        self,
        *script: Answer,
        streaming_list: bool = False,
        tick: float = 0.0,
        probes: Sequence[int | KdashError | None] = (),
    ) -> None:
        self.clock = SteppingClock(tick=tick)
        self.server = ScriptedServer(self.clock, *script, probes=probes)
        self.times_gone_back = 0
        self.healths: list[WatchHealth] = []
        self.informer: Reflector[Pod] = Reflector(
            POD,
            self.server,
            self.clock,
            streaming_list=streaming_list,
            on_health=self.healths.append,
            on_server_restored=self._count,
            rng=NoJitter(),
        )
        self.batches: list[ChangeBatch[Pod]] = []
        self.informer.store.subscribe(self.batches.append)

    def _count(self) -> None:
        self.times_gone_back += 1

    async def play(self) -> None:
        """Run to the end of the script."""
        with pytest.raises(ScriptOver):
            await self.informer.run()

    @property
    def held(self) -> dict[str, str]:
        """Version by name."""
        return {obj.name: obj.metadata.resource_version for obj in self.informer.store.values()}

    @property
    def changes(self) -> list[str]:
        """Each published change: +name, -name, ~name."""
        return [
            ("-" if change.new is None else "+" if change.old is None else "~") + change.key.name
            for batch in self.batches
            for change in batch.changes
        ]


A1, B2 = pod("a", 1), pod("b", 2)


async def test_the_store_is_the_list_and_then_follows_the_watch() -> None:
    stage = Stage(page(10, A1, B2), Stream([[modified(pod("a", 11)), deleted(pod("b", 12)), added(pod("c", 13))]]))
    await stage.play()
    assert stage.held == {"a": "11", "c": "13"}
    assert stage.changes == ["+a", "+b", "~a", "-b", "+c"]


async def test_a_streaming_list_fills_the_store_the_same_way() -> None:
    lines = [added(A1), added(B2), deleted(pod("b", 5)), bookmark(10, ends_list=True), added(pod("c", 11))]
    stage = Stage(Stream([lines]), streaming_list=True)
    await stage.play()
    assert stage.held == {"a": "1", "c": "11"}


async def test_rows_show_before_the_first_list_is_complete() -> None:
    stage = Stage(page(10, A1, token="t"))
    await stage.play()
    assert stage.held == {"a": "1"}
    assert not stage.informer.has_synced
    assert stage.informer.health == Loading(1)


async def test_a_restarted_first_list_keeps_nothing_of_the_try_before() -> None:
    stage = Stage(page(10, A1, B2, token="t"), EXPIRED, page(20, B2))
    await stage.play()
    assert stage.held == {"b": "2"}
    assert stage.changes == ["+a", "+b", "-a"]


async def test_the_old_store_is_readable_until_a_new_list_is_complete() -> None:
    seen: list[dict[str, str]] = []
    stage = Stage(page(10, A1, B2), EXPIRED, page(20, pod("c", 15), token="t"), page(20, pod("a", 16)))
    list_page = stage.server.list_page

    async def looking(*, limit: int, continue_token: str = "", resource_version: str | None = None) -> bytes:
        seen.append(stage.held)
        return await list_page(limit=limit, continue_token=continue_token, resource_version=resource_version)

    stage.server.list_page = looking  # type: ignore[method-assign]
    await stage.play()
    assert seen == [{}, {"a": "1", "b": "2"}, {"a": "1", "b": "2"}]
    assert stage.held == {"a": "16", "c": "15"}


async def test_a_relist_publishes_only_what_differs_and_what_vanished_as_deleted() -> None:
    stage = Stage(page(10, A1, B2, pod("d", 4)), EXPIRED, page(20, A1, pod("b", 12), pod("c", 13)))
    await stage.play()
    assert stage.changes == ["+a", "+b", "+d", "~b", "+c", "-d"]
    assert len(stage.batches) == 2


async def test_a_relist_that_fails_half_way_changes_nothing() -> None:
    stage = Stage(page(10, A1), EXPIRED, page(20, B2, token="t"), EXPIRED)
    await stage.play()
    assert stage.held == {"a": "1"}


async def test_an_object_deleted_while_a_relist_streams_is_deleted() -> None:
    first = Stream([[added(A1), bookmark(10, ends_list=True)]], EXPIRED)
    second = Stream([[added(A1), added(B2), deleted(pod("a", 15)), bookmark(20, ends_list=True)]])
    stage = Stage(first, second, streaming_list=True)
    await stage.play()
    assert stage.held == {"b": "2"}
    assert stage.changes == ["+a", "+b", "-a"]


async def test_old_events_after_a_reconnect_bring_nothing_back() -> None:
    lines = [added(pod("b", 11)), deleted(pod("b", 12))]
    stage = Stage(page(10, A1), Stream([lines], CUT), Stream([lines, [added(pod("c", 13))]]))
    await stage.play()
    assert stage.held == {"a": "1", "c": "13"}
    assert stage.changes == ["+a", "+c"]


async def test_the_order_of_a_burst_is_kept_over_slices() -> None:
    cycle = (added, modified, deleted)
    lines = [cycle[n % 3](pod("x", 11 + n)) for n in range(150)]
    stage = Stage(page(10), Stream([[*lines, added(pod("x", 200))]]), tick=0.001)
    await stage.play()
    assert stage.held == {"x": "200"}
    assert len(stage.batches) > 10


async def test_an_object_that_does_not_decode_is_counted_and_named() -> None:
    odd = pod("odd", 3)
    odd["status"] = []
    stage = Stage(page(10, A1, odd))
    await stage.play()
    assert stage.held == {"a": "1"}
    assert stage.informer.decode_error_count == 1
    assert "status" in stage.informer.last_decode_error


@pytest.mark.parametrize(
    ("listed_again", "named"), [([], False), ([{**pod("odd", 12), "status": []}], True)], ids=["all decode", "one not"]
)
async def test_what_does_not_decode_is_named_until_a_list_has_nothing_of_the_kind(
    listed_again: list[dict[str, object]], named: bool
) -> None:
    stage = Stage(page(10, A1, {**pod("odd", 3), "status": []}), EXPIRED, page(12, A1, *listed_again))
    heard: list[str] = []
    stage.informer._on_health = lambda _: heard.append(stage.informer.last_decode_error)
    await stage.play()
    assert any("status" in message for message in heard)
    assert ("status" in stage.informer.last_decode_error) is named
    assert ("status" in heard[-1]) is named


async def test_health_follows_the_life_of_a_watch() -> None:
    stage = Stage(CUT, page(10, A1), Stream([[bookmark(11)]], CUT, seconds=30), FORBIDDEN)
    await stage.play()
    waits = iter(stage.clock.waits)
    failed = START + timedelta(seconds=next(waits))
    cut = failed + timedelta(seconds=30)
    again = cut + timedelta(seconds=next(waits))
    assert stage.healths[:7] == [
        Loading(0, CUT, failed),
        Loading(0, CUT, None),
        Loading(1),
        Live(failed),
        Stale(cut, CUT, again),
        Stale(cut, CUT, None),
        Forbidden(FORBIDDEN, again + timedelta(seconds=next(waits))),
    ]


async def test_what_may_be_listed_and_not_watched_is_polled_and_as_old_as_its_last_list() -> None:
    stage = Stage(page(10, A1), FORBIDDEN, page(20, B2), FORBIDDEN)
    await stage.play()
    assert stage.held == {"b": "2"}
    assert stage.clock.waits == [POLL, POLL]
    first, second = START, START + timedelta(seconds=POLL)
    wait = timedelta(seconds=POLL)
    assert [health for health in stage.healths if isinstance(health, Stale) and health.retry_at] == [
        Stale(first, FORBIDDEN, first + wait),
        Stale(second, FORBIDDEN, second + wait),
    ]
    assert not any(isinstance(health, Forbidden) for health in stage.healths)


async def test_data_is_stale_since_the_break_and_not_since_the_latest_try() -> None:
    stage = Stage(page(10, A1), Stream([[bookmark(11)]], CUT, seconds=30), CUT, CUT, CUT)
    await stage.play()
    last = stage.informer.health
    assert isinstance(last, Stale)
    assert last.since == START + timedelta(seconds=30)


async def test_after_a_long_silence_data_is_as_old_as_the_last_sign_of_life() -> None:
    stage = Stage(page(10, A1), Stream([[bookmark(11)]], CUT, seconds=150))
    await stage.play()
    last = stage.informer.health
    assert isinstance(last, Stale)
    assert last.since == START


async def test_a_watch_that_comes_back_is_live_again() -> None:
    stage = Stage(page(10, A1), CUT, Stream([[bookmark(11)]], "closed"))
    await stage.play()
    assert isinstance(stage.informer.health, Live)
    assert [type(health) for health in stage.healths] == [Loading, Live, Stale, Stale, Live]


async def test_a_watch_renewed_in_order_stays_live_without_data() -> None:
    stage = Stage(page(10, A1), Stream([[bookmark(11)]]), Stream([[bookmark(12)]]))
    await stage.play()
    assert [type(health) for health in stage.healths] == [Loading, Live]


async def test_it_waits_exactly_as_long_as_health_reports() -> None:
    stage = Stage(FORBIDDEN)
    await stage.play()
    assert stage.clock.waits == [60.0]
    assert stage.healths[0] == Forbidden(FORBIDDEN, START + timedelta(seconds=60))


@pytest.mark.parametrize(
    "script",
    [
        pytest.param((page(10, A1), Stream([[modified(pod("a", 11))]], "open")), id="watching"),
        pytest.param((Stream([[added(A1)]], "open"),), id="streaming a list"),
    ],
)
async def test_cancelling_closes_the_stream_and_ends_immediately(script: tuple[Answer, ...]) -> None:
    stage = Stage(*script, streaming_list=isinstance(script[0], Stream))
    task = asyncio.create_task(stage.informer.run())
    await stage.server.hangs.wait()
    assert stage.server.open_streams == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stage.server.open_streams == 0
    assert stage.held["a"]


async def test_waiting_for_the_first_list_ends_when_it_is_complete() -> None:
    stage = Stage(page(10, A1), Stream([], "open"))
    task = asyncio.create_task(stage.informer.run())
    await stage.informer.wait_for_sync()
    assert stage.informer.has_synced
    assert stage.held == {"a": "1"}
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def _passes(clock: SteppingClock, time_slicer: TimeSlicer) -> Callable[[], list[float]]:
    """Count the clock's seconds between passes of the event loop."""
    at = [clock.seconds]

    def mark() -> None:
        at.append(clock.seconds)
        asyncio.get_running_loop().call_soon(mark)

    asyncio.get_running_loop().call_soon(mark)
    return lambda: [later - earlier for earlier, later in itertools.pairwise(at)]


@pytest.mark.parametrize("what", ["pages", "burst", "relist"])
async def test_the_loop_passes_between_slices(what: str) -> None:
    # The clock moves a millisecond each time it is read, which is once an object.
    pods = [pod(f"p{n}", n + 1) for n in range(300)]
    newer = [pod(f"p{n}", n + 1001) for n in range(300)]
    script: dict[str, tuple[Answer, ...]] = {
        "pages": (page(1000, *pods),),
        "burst": (page(1000), Stream([[added(obj) for obj in newer]], seconds=0)),
        "relist": (page(1000, *pods), EXPIRED, page(2000, *newer)),
    }
    stage = Stage(*script[what], tick=0.001)
    clock = stage.clock

    async def no_time(seconds: float) -> None:
        clock.waits.append(seconds)

    clock.sleep = no_time  # type: ignore[method-assign]
    longest = _passes(clock, TimeSlicer(clock.monotonic))
    await stage.play()
    assert len(stage.held) == 300
    assert max(longest()) < 0.015
    assert max(len(batch.changes) for batch in stage.batches) <= 200


async def test_reflectors_that_share_a_time_slicer_hold_the_loop_no_longer_than_one() -> None:
    clock = SteppingClock(tick=0.001)
    time_slicer = TimeSlicer(clock.monotonic)
    pods = [pod(f"p{n}", n + 1) for n in range(100)]
    informers = [
        Reflector(POD, ScriptedServer(clock, page(1000, *pods)), clock, time_slicer=time_slicer, streaming_list=False)
        for _ in range(8)
    ]
    longest = _passes(clock, time_slicer)
    results = await asyncio.gather(*(informer.run() for informer in informers), return_exceptions=True)
    assert all(isinstance(result, ScriptOver) for result in results)
    assert {len(informer.store) for informer in informers} == {100}
    assert max(longest()) < 0.015


def test_streaming_lists_are_requested_for_kinds_with_few_objects() -> None:
    assert prefers_streaming_list(SERVICE)
    assert prefers_streaming_list(DEPLOYMENT)
    assert not prefers_streaming_list(POD)


async def test_pods_are_kept_small_and_otherwise_equal() -> None:
    stage = Stage(page(10, A1 | {"metadata": A1["metadata"] | {"annotations": {"checksum": "x" * 64}}}))
    await stage.play()
    held = stage.informer.store.get(ObjectRef("Pod", "shop", "a"))
    assert held is not None
    assert held.metadata.annotations is None
