"""How the watcher handles unusual events, and how long it makes its reader wait."""

from __future__ import annotations

import itertools

import pytest

from k9py.api.errors import (
    ApiError,
    ConnectionFailedError,
    ExpiredError,
    ForbiddenError,
    KdashError,
    NotFoundError,
    UnavailableError,
)
from k9py.informer.events import DecodeFailed, ListWatchFailed
from k9py.informer.retry import SLOW_RETRY
from tests.unit.informer.playback import play
from tests.unit.informer.scripted import (
    Answer,
    Asked,
    Stream,
    added,
    bookmark,
    deleted,
    error,
    modified,
    page,
    pod,
)

CUT = ConnectionFailedError("cut off")
EXPIRED = ExpiredError("too old", code=410)
FORBIDDEN = ForbiddenError("may not", code=403)


def watch(version: str) -> Asked:
    return Asked("watch", version)


A1, B2 = pod("a", 1), pod("b", 2)
LIST_A = page(10, A1)


async def test_events_already_passed_on_are_not_passed_on_again() -> None:
    repeats = [added(pod("a", 9)), modified(pod("b", 11)), deleted(pod("b", 12)), modified(pod("b", 11)), bookmark(8)]
    run = await play(LIST_A, Stream([repeats, [added(pod("c", 12)), added(pod("c", 13))]]))
    assert run.events_text == "Init a InitDone WatchOpened b@11 -b WatchOpened c@13"
    assert run.asked[-1] == watch("13")


async def test_versions_that_are_not_numbers_are_taken_in_the_servers_order() -> None:
    run = await play(page("x", A1), Stream([[modified(pod("a", "b")), modified(pod("a", "a"))]]))
    assert run.events_text == "Init a InitDone WatchOpened a@b a@a"
    assert run.asked[-1] == watch("a")


async def test_the_server_error_object_is_a_status_and_never_read_as_the_kind() -> None:
    run = await play(LIST_A, Stream([[error(429, "TooManyRequests", retryAfterSeconds=17)]]))
    disrupted = run.events[-1]
    assert isinstance(disrupted, ListWatchFailed)
    assert isinstance(disrupted.error, UnavailableError)
    assert disrupted.error.message == "refused on purpose"
    assert disrupted.retry_in == 17


async def test_an_object_that_does_not_decode_is_left_out_and_the_others_arrive() -> None:
    odd = pod("odd", 4)
    odd["spec"] = "not a spec"
    run = await play(
        page(10, A1, odd, B2), Stream([[added(odd | {}), added(pod("c", 11))], [b"", b'{"type":"NEW","object":{}}']])
    )
    assert run.events_text == "Init a+b DecodeFailed InitDone WatchOpened DecodeFailed c@11 DecodeFailed"
    message = next(event.message for event in run.events if isinstance(event, DecodeFailed))
    assert message.startswith("Pod: ")
    assert "spec" in message


async def test_a_line_of_several_megabytes_is_one_event() -> None:
    big = pod("big", 11)
    big["metadata"]["annotations"] = {"note": "x" * 3_000_000}
    run = await play(LIST_A, Stream([[added(big)]]))
    assert run.events_text.endswith("big@11")


async def test_a_line_written_in_another_order_is_decoded_by_the_slow_path() -> None:
    line = b'{ "object": {"metadata": {"name": "z", "resourceVersion": "11"}}, "type": "ADDED" }'
    run = await play(LIST_A, Stream([[line]]))
    assert run.events_text.endswith("z@11")


async def test_waits_double_and_stay_between_their_bounds() -> None:
    run = await play(*[CUT] * 9)
    waits = run.waits
    assert 0.8 <= waits[0] <= 1.0
    assert all(later > earlier for earlier, later in itertools.pairwise(waits[:6]))
    assert all(24 <= wait <= 30 for wait in waits[5:])


@pytest.mark.parametrize(
    ("progress", "starts_anew"),
    [
        pytest.param(Stream([[modified(pod("a", 11))]], CUT), True, id="an object"),
        pytest.param(Stream([[bookmark(11)]], CUT), True, id="a bookmark"),
        pytest.param(Stream([], CUT), False, id="an open stream without data"),
        pytest.param(Stream([[b'{"type":']], CUT), False, id="noise"),
    ],
)
async def test_only_progress_makes_waits_short_again(progress: Stream, starts_anew: bool) -> None:
    run = await play(LIST_A, CUT, CUT, CUT, progress)
    assert (run.waits[-1] <= 1.0) is starts_anew


async def test_a_watch_that_expires_after_every_list_is_slowed_down() -> None:
    rounds: list[Answer] = [LIST_A, Stream([[error(410, "Expired")]])] * 5
    run = await play(*rounds)
    assert run.waits == sorted(run.waits)
    assert run.waits[-1] > 10


@pytest.mark.parametrize(
    ("failure", "at_least"),
    [
        (UnavailableError("later", code=429, retry_after=45), 45.0),
        (UnavailableError("later", code=503, retry_after=0.1), 0.8),
        (FORBIDDEN, SLOW_RETRY),
        (NotFoundError("no such resource", code=404), SLOW_RETRY),
        (ApiError("odd", code=418), 0.8),
    ],
)
async def test_each_failure_is_retried_when_that_may_help(failure: KdashError, at_least: float) -> None:
    run = await play(failure)
    assert run.waits[0] >= at_least
    assert run.waits[0] <= max(1.0, at_least)


async def test_pages_grow_when_tokens_expire_before_a_slow_list_is_complete() -> None:
    rounds: list[Answer] = [page(10, A1, token="t"), EXPIRED] * 4
    run = await play(*rounds, LIST_A, EXPIRED)
    assert run.limits == [500, 500, 2000, 2000, 8000, 8000, 8000, 8000, 8000, 500]


async def test_a_watch_with_progress_resets_the_relist_backoff() -> None:
    expired: list[Answer] = [LIST_A, Stream([[error(410, "Expired")]])] * 4
    run = await play(*expired, LIST_A, Stream([[bookmark(11)], [error(410, "Expired")]]))
    assert run.waits[-2] > 5
    assert run.waits[-1] <= 1.0
