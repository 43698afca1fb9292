"""When a reflector is `Live`, and what ends that: silence, a restored server, a crash."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from k9py.api.errors import (
    ConnectionFailedError,
    ExpiredError,
    ForbiddenError,
    UnresponsiveError,
    VersionRegressedError,
    WatchCrashedError,
)
from k9py.api.kinds import POD
from k9py.api.pods import Pod
from k9py.informer.health import Live, Loading, Stale, WatchHealth
from k9py.informer.reflector import Reflector
from k9py.informer.retry import CONFIRM
from k9py.informer.store import ChangeBatch
from k9py.informer.timing import OVERDUE_SECONDS
from tests.unit.informer.scripted import (
    START,
    Answer,
    ScriptedServer,
    ScriptOver,
    SteppingClock,
    Stream,
    added,
    bookmark,
    modified,
    page,
    pod,
)
from tests.unit.informer.test_reflector import Stage

CUT = ConnectionFailedError("cut off")
EXPIRED = ExpiredError("too old", code=410)
SILENT = UnresponsiveError("silent")

A1, B2 = pod("a", 1), pod("b", 2)
LIST_A = page(10, A1)


def in_short(healths: list[WatchHealth]) -> list[str]:
    """The kinds of health in order, without repetitions."""
    names = [type(health).__name__ for health in healths]
    return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]


@pytest.mark.parametrize(
    ("script", "healths"),
    [
        pytest.param([LIST_A], ["Loading", "Live"], id="a list is data"),
        pytest.param([LIST_A, Stream()], ["Loading", "Live"], id="a watch that ends in order is alive"),
        pytest.param([LIST_A, CUT], ["Loading", "Live", "Stale"], id="a watch that does not open"),
        pytest.param([LIST_A, CUT, Stream((), CUT)], ["Loading", "Live", "Stale", "Live", "Stale"], id="reopened"),
        pytest.param(
            [LIST_A, *[Stream((), SILENT)] * 2, LIST_A, *[Stream((), SILENT), LIST_A] * 3],
            ["Loading", "Live", "Stale"],
            id="a half-open server is never live again by its headers",
        ),
        pytest.param(
            [LIST_A, *[Stream((), CUT, seconds=1)] * 3, LIST_A, *[Stream((), CUT, seconds=1), LIST_A] * 3],
            ["Loading", "Live", "Stale", "Live", "Stale"],
            id="a proxy that cuts every watch immediately does not make it live each time",
        ),
        pytest.param(
            [LIST_A, *[Stream(seconds=0.5)] * 3, LIST_A, *[Stream(seconds=0.5), LIST_A] * 3],
            ["Loading", "Live", "Stale", "Live", "Stale"],
            id="a proxy that ends every watch immediately does not make it live each time",
        ),
        pytest.param(
            [LIST_A, *[Stream((), CUT, seconds=40)] * 2],
            ["Loading", "Live", "Stale", "Live", "Stale"],
            id="a proxy that cuts what was quiet for long is live in between",
        ),
        pytest.param(
            [LIST_A, Stream((), SILENT), Stream([[bookmark(11)]])],
            ["Loading", "Live", "Stale", "Live"],
            id="a word after the silence",
        ),
        pytest.param(
            [LIST_A, ForbiddenError("may not watch", code=403), LIST_A, ForbiddenError("may not watch", code=403)],
            ["Loading", "Live", "Stale"],
            id="what may only be listed stays so",
        ),
    ],
)
async def test_live_means_that_data_or_a_sign_of_life_came_recently(script: list[Answer], healths: list[str]) -> None:
    stage = Stage(*script)
    await stage.play()
    assert in_short(stage.healths) == healths


async def test_after_silence_the_data_is_as_old_as_the_last_sign_of_life() -> None:
    stage = Stage(LIST_A, Stream([[bookmark(11)]], SILENT, seconds=60))
    await stage.play()
    assert stage.informer.health == Stale(START, SILENT)


async def test_while_only_lists_work_the_data_is_as_old_as_the_last_list() -> None:
    stage = Stage(LIST_A, *[Stream((), SILENT, seconds=25)] * 2, page(11, A1, B2))
    await stage.play()
    health = stage.informer.health
    assert isinstance(health, Stale)
    assert health.since == stage.clock.now()
    assert stage.held == {"a": "1", "b": "2"}


async def test_it_is_overdue_when_nothing_came_for_longer_than_any_watch_may_be_silent() -> None:
    stage = Stage(LIST_A)
    await stage.play()
    late: list[bool] = []
    for seconds in (OVERDUE_SECONDS, 1):
        stage.clock.seconds += seconds
        late.append(stage.informer.is_overdue)
    assert late == [False, True]
    assert stage.informer.last_activity_at == START


async def test_a_kind_that_never_changes_is_not_overdue_while_its_watches_end_in_order() -> None:
    first = Stream([[bookmark(10, ends_list=True)]], seconds=58)
    stage = Stage(first, *[Stream(seconds=58)] * 5, streaming_list=True)
    late: list[bool] = []
    probe, watch = stage.server.probe, stage.server.watch

    def watching(**options: Any) -> Any:
        late.append(stage.informer.is_overdue)
        return watch(**options)

    async def probing() -> bytes:
        late.append(stage.informer.is_overdue)
        return await probe()

    stage.server.probe = probing  # type: ignore[method-assign]
    stage.server.watch = watching  # type: ignore[method-assign]
    await stage.play()
    assert len(late) > 10
    assert not any(late)
    assert in_short(stage.healths) == ["Live"]


# A restored server


async def test_a_restored_server_is_relisted_and_older_objects_replace_newer_ones() -> None:
    before = page(100, pod("a", 90), pod("b", 95), pod("new", 99))
    stage = Stage(
        before, CUT, page(80, pod("a", 70), pod("b", 60)), Stream([[modified(pod("b", 81))]]), probes=[80, 80]
    )
    await stage.play()
    assert stage.held == {"a": "70", "b": "81"}
    assert stage.times_gone_back == 1
    assert "Stale" in in_short(stage.healths)
    assert isinstance(stage.informer.health, Live)


async def test_nothing_is_live_during_a_relist() -> None:
    stage = Stage(LIST_A, CUT, page(4, B2), probes=[4, 4])
    await stage.play()
    at = next(i for i, health in enumerate(stage.healths) if isinstance(health, Stale))
    assert all(isinstance(health, Stale) for health in stage.healths[at:])
    errors = {type(health.error) for health in stage.healths if isinstance(health, Stale)}
    assert errors == {ConnectionFailedError, VersionRegressedError}
    assert CONFIRM in stage.clock.waits


async def test_a_version_given_a_second_time_to_another_state_is_not_taken_for_the_first() -> None:
    again = page(80, pod("a", 70, label="restored"), pod("same", 60))
    stage = Stage(page(100, pod("a", 70), pod("same", 60)), CUT, again, probes=[80, 80])
    await stage.play()
    held = {obj.name: obj.metadata.labels for obj in stage.informer.store.values()}
    assert held["a"] == {"label": "restored"}
    assert stage.changes == ["+a", "+same", "~a"]


async def test_an_older_object_reveals_a_restored_server_that_has_advanced_since() -> None:
    # The version of the list is higher than known; only that of the object shows it.
    restored = page(120, pod("a", 70), pod("b", 115))
    stage = Stage(page(100, pod("a", 90)), EXPIRED, restored, restored)
    await stage.play()
    assert stage.held == {"a": "70", "b": "115"}
    assert stage.times_gone_back == 1


async def test_an_object_recreated_under_its_name_is_not_an_older_one() -> None:
    stage = Stage(page(100, pod("a", 90)), EXPIRED, page(120, pod("a", 70, uid="other")))
    await stage.play()
    assert stage.times_gone_back == 0


async def test_a_restore_found_by_another_kind_relists_this_one_without_a_probe() -> None:
    stage = Stage(page(100, pod("a", 90)), Stream([], "open"), page(80, pod("a", 70)))
    task = asyncio.create_task(stage.informer.run())
    await stage.server.hangs.wait()
    stage.informer.handle_server_restored()
    assert isinstance(stage.informer.health, Stale)
    with pytest.raises(ScriptOver):
        await task
    assert stage.server.open_streams == 0
    assert stage.held == {"a": "70"}
    assert stage.times_gone_back == 0
    assert stage.server.probed == 0


async def test_a_first_list_begun_before_the_restore_is_discarded() -> None:
    again = page(80, pod("a", 1, label="restored"))
    stage = Stage(page(100, A1, B2, token="t"), EXPIRED, again, again)
    await stage.play()
    assert {obj.name: obj.metadata.labels for obj in stage.informer.store.values()} == {"a": {"label": "restored"}}
    assert isinstance(stage.informer.health, Live)


# A crash of one watch


class Flawed:
    """A subscriber that fails at some batches."""

    def __init__(self, *failures: BaseException | None) -> None:
        self._failures = list(failures)

    def __call__(self, batch: ChangeBatch[Pod]) -> None:
        failure = self._failures.pop(0) if self._failures else None
        if failure is not None:
            raise failure


CRASH = RuntimeError("no such thing")


@pytest.mark.parametrize("failure", [CRASH, RecursionError(), KeyError("x"), asyncio.CancelledError()], ids=repr)
async def test_a_watch_that_crashes_is_not_live_reports_it_and_restarts(failure: BaseException) -> None:
    stage = Stage(LIST_A, Stream([[modified(pod("a", 11))]]), page(12, pod("a", 12)), Stream([[added(pod("c", 13))]]))
    stage.informer.store.subscribe(Flawed(None, failure))
    await stage.play()
    crashes = [health for health in stage.healths if isinstance(health, Stale)]
    assert crashes
    error = crashes[0].error
    assert isinstance(error, WatchCrashedError)
    assert "pods" in error.message
    assert type(failure).__name__ in error.message
    assert crashes[0].retry_at == START + timedelta(seconds=stage.clock.waits[0])
    assert isinstance(stage.informer.health, Live)
    assert stage.held == {"a": "12", "c": "13"}


async def test_a_first_list_that_crashes_leaves_the_kind_unknown() -> None:
    stage = Stage(LIST_A)
    stage.informer.store.subscribe(Flawed(CRASH))
    await stage.play()
    health = stage.informer.health
    assert isinstance(health, Loading)
    assert isinstance(health.error, WatchCrashedError)
    assert not stage.informer.has_synced


async def test_crashes_in_a_row_are_retried_more_and_more_slowly() -> None:
    lists = [page(10 + n, pod("a", n + 1)) for n in range(6)]
    stage = Stage(*lists)
    stage.informer.store.subscribe(Flawed(*[CRASH] * 6))
    await stage.play()
    assert stage.clock.waits == [2.0, 4.0, 8.0, 16.0, 24.0, 24.0]


async def test_a_health_callback_that_always_fails_is_not_called_without_a_pause() -> None:
    enough = asyncio.Event()

    def fail(_: WatchHealth) -> None:
        if len(clock.waits) >= 5:
            enough.set()
        raise CRASH

    clock = SteppingClock()
    informer = Reflector(POD, ScriptedServer(clock, *[LIST_A] * 9), clock, streaming_list=False, on_health=fail)
    task = asyncio.create_task(informer.run())
    await enough.wait()
    assert min(clock.waits) >= 2
    task.cancel()
    await asyncio.wait({task})


async def test_cancellation_is_no_crash() -> None:
    stage = Stage(LIST_A, Stream([], "open"))
    task = asyncio.create_task(stage.informer.run())
    await stage.server.hangs.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert in_short(stage.healths) == ["Loading", "Live"]


async def test_retrying_now_ends_a_hanging_request_and_resumes_from_where_it_was() -> None:
    stage = Stage(LIST_A, Stream([], "open"), Stream([[bookmark(11)]]))
    task = asyncio.create_task(stage.informer.run())
    await stage.server.hangs.wait()
    stage.informer.retry_now()
    with pytest.raises(ScriptOver):
        await task
    assert [request.verb for request in stage.server.asked] == ["list", "watch", "watch", "watch"]
    assert stage.server.probed == 1
    assert in_short(stage.healths) == ["Loading", "Live"]


async def test_retrying_now_resets_the_backoff() -> None:
    stage = Stage(*[CUT] * 8)
    await stage.play()
    assert stage.clock.waits[-1] > 20
    stage.server.answer_with(*[CUT] * 2)
    stage.informer.retry_now()
    await stage.play()
    assert stage.clock.waits[8] == stage.clock.waits[0]


class PagesAndQuiet(ScriptedServer):
    """A healthy server: every list comes in four pages, every watch stays open without data."""

    def _next(self) -> Answer:
        asked = self.asked[-1]
        if asked.verb == "watch":
            return Stream([], "open")
        at = int(asked.at or 0)
        return page(100, *PODS[at * 10 : at * 10 + 10], token=str(at + 1) if at < 3 else "")


PODS = [pod(f"p{number}", number + 1) for number in range(40)]


@pytest.mark.parametrize("is_first", [True, False], ids=["the first list", "a list after it"])
async def test_whenever_it_is_interrupted_the_store_is_complete_before_it_is_live(is_first: bool) -> None:
    for passes in range(60):
        clock = SteppingClock(tick=0.001)  # a slice of work ends every few objects
        is_live = asyncio.Event()
        informer = Reflector(
            POD,
            PagesAndQuiet(clock),
            clock,
            streaming_list=False,
            on_health=lambda health, is_live=is_live: is_live.set() if isinstance(health, Live) else is_live.clear(),  # type: ignore[misc]
        )
        task = asyncio.create_task(informer.run())
        if not is_first:
            await informer.wait_for_sync()
            informer.store.remove_all(tuple(informer.store.keys()))  # what the next list has to restore
            informer.handle_server_restored()
        for _ in range(passes):
            await asyncio.sleep(0)
        informer.retry_now()
        await is_live.wait()
        assert len(informer.store) == len(PODS), f"interrupted after {passes} passes"
        task.cancel()
        await asyncio.wait({task})
