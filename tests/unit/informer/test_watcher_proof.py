"""What proves that a watch is alive and its server was not restored, and what happens without proof."""

from __future__ import annotations

import pytest

from k9py.api.errors import (
    ApiError,
    BadRequestError,
    ConnectionFailedError,
    ExpiredError,
    ForbiddenError,
    KdashError,
    NotFoundError,
    UnavailableError,
    UnresponsiveError,
    VersionRegressedError,
)
from k9py.informer.events import InitListed, ListWatchFailed, WatchOpened
from k9py.informer.retry import CONFIRM, MAX_RETRY_AFTER
from k9py.informer.server import ServerTraits
from k9py.informer.timing import (
    IDLE_MARGIN,
    PROVING_MARGIN,
    PROVING_SECONDS,
    RELIST_AFTER,
    STREAMED_LIST_SECONDS,
    STREAMED_LIST_SILENCE,
    VERIFY_EVERY,
    WATCH_SECONDS,
)
from tests.unit.informer.playback import play
from tests.unit.informer.scripted import Answer, Asked, Listed, Stream, added, bookmark, error, modified, page, pod

CUT = ConnectionFailedError("cut off")
EXPIRED = ExpiredError("too old", code=410)
SILENT = UnresponsiveError("silent")
TOO_LARGE = UnavailableError("Timeout: Too large resource version: 10, current: 4", code=504, retry_after=1)

LIST = Asked("list")
STREAMED = Asked("watch-list")

A1, B2 = pod("a", 1), pod("b", 2)
LIST_A = page(10, A1)
QUIET = Stream()
NO_END = Stream([[added(A1)], [added(B2), bookmark(9)]], SILENT)


def watch(version: int | str) -> Asked:
    return Asked("watch", str(version))


# A streaming list that does not end


async def test_a_streaming_list_without_the_closing_bookmark_becomes_a_paged_list_immediately() -> None:
    run = await play(NO_END, LIST_A, streaming_list=True)
    assert run.asked == [STREAMED, LIST, watch(10)]
    assert run.events_text == "Init a b Init a InitDone"
    assert run.waits == []


async def test_a_streaming_list_may_be_silent_for_seconds_and_the_watch_after_it_for_long() -> None:
    run = await play(Stream([[added(A1)], [bookmark(10, ends_list=True)], [bookmark(11)]]), streaming_list=True)
    assert run.server.idle_timeouts[:2] == [STREAMED_LIST_SILENCE] * 2
    assert all(WATCH_SECONDS / 2 < timeout <= WATCH_SECONDS + IDLE_MARGIN for timeout in run.server.idle_timeouts[2:])


async def test_a_streaming_list_in_which_only_changes_keep_coming_is_given_up_too() -> None:
    lines = [[modified(pod("a", version))] for version in range(100)]
    run = await play(Stream(lines, between=STREAMED_LIST_SECONDS / 10), LIST_A, streaming_list=True)
    assert run.asked[:2] == [STREAMED, LIST]
    assert run.events_text.count("a@") == 0


@pytest.mark.parametrize(
    ("answer", "is_learnt"),
    [
        pytest.param(NO_END, True, id="no closing bookmark"),
        pytest.param(Stream([[added(A1)]]), True, id="ended without the closing bookmark"),
        pytest.param(SILENT, True, id="no answer"),
        pytest.param(BadRequestError("no such parameter", code=400), True, id="400"),
        pytest.param(ForbiddenError("may not watch", code=403), False, id="403 is of one kind"),
        pytest.param(CUT, False, id="a cut proves nothing"),
    ],
)
async def test_a_refused_streaming_list_is_not_tried_for_other_kinds(answer: Answer, is_learnt: bool) -> None:
    traits = ServerTraits()
    await play(answer, streaming_list=True, traits=traits)
    other = await play(streaming_list=True, traits=traits)
    assert other.asked == [LIST if is_learnt else STREAMED]


# A restored server


@pytest.mark.parametrize(
    ("probes", "expected", "asked"),
    [
        pytest.param([12], "ListWatchFailed", [watch(10)], id="versions go on"),
        pytest.param([10], "ListWatchFailed", [watch(10)], id="nothing was written"),
        pytest.param([4, 11], "ListWatchFailed ListWatchFailed", [watch(10)], id="a replica that lagged"),
        pytest.param([4, 4], "ListWatchFailed ListWatchFailed ServerRestored Init", [LIST], id="a restore"),
        pytest.param(
            [4, 6],
            "ListWatchFailed ListWatchFailed ServerRestored Init",
            [LIST],
            id="a restore that is being written to",
        ),
        pytest.param(
            [CUT, 4, CUT, 4], "ListWatchFailed " * 4 + "ServerRestored Init", [LIST], id="a restore, with cuts"
        ),
        pytest.param([None, None], "ListWatchFailed", [watch(10)], id="a version that is no number"),
    ],
)
async def test_after_a_break_the_version_is_probed_before_the_watch_resumes(
    probes: list[int | KdashError | None], expected: str, asked: list[Asked]
) -> None:
    run = await play(LIST_A, CUT, probes=probes)
    assert run.asked == [LIST, watch(10), *asked]
    assert run.events_text == f"Init a InitDone {expected}"


async def test_a_lower_version_is_probed_again_after_a_moment_and_not_immediately() -> None:
    run = await play(LIST_A, CUT, probes=[4, 4])
    assert run.waits[1] == CONFIRM
    doubt = [event.error for event in run.events if isinstance(event, ListWatchFailed)][1]
    assert isinstance(doubt, VersionRegressedError)
    assert "resourceVersion 4" in doubt.message
    assert "10" in doubt.message


async def test_a_list_with_a_lower_version_is_believed_the_second_time() -> None:
    run = await play(page(10, A1), EXPIRED, page(4, B2), page(4, B2))
    assert run.asked == [LIST, watch(10), LIST, LIST, watch(4)]
    assert run.events_text == "Init a InitDone ListWatchFailed Init ListWatchFailed ServerRestored b InitDone"


async def test_a_list_of_a_lagging_replica_is_not_shown() -> None:
    run = await play(page(10, A1), EXPIRED, page(4, B2), page(11, A1))
    assert run.events_text == "Init a InitDone ListWatchFailed Init ListWatchFailed a InitDone"
    assert run.watcher.state == InitListed("11")


async def test_a_streaming_list_with_a_lower_version_is_believed_the_second_time_and_read_once_more() -> None:
    def stream(version: int, obj: dict[str, object]) -> Stream:
        return Stream([[added(obj), bookmark(version, ends_list=True)]], EXPIRED)

    run = await play(stream(10, A1), stream(4, B2), stream(4, B2), stream(5, B2), streaming_list=True)
    assert run.asked[:4] == [STREAMED] * 4
    assert run.events_text.startswith(
        "Init a InitDone WatchOpened ListWatchFailed Init ListWatchFailed Init ServerRestored "
        "Init b InitDone WatchOpened"
    )


@pytest.mark.parametrize("line", [bookmark(4), modified(pod("b", 4))], ids=["bookmark", "event"])
@pytest.mark.parametrize(
    ("probes", "goes_back"),
    [([12], False), ([4, 12], False), ([4, 4], True), ([None], False)],
    ids=["repeats itself", "lags", "restored", "no number"],
)
async def test_a_lower_version_inside_a_watch_is_verified(line: bytes, probes: list[int], goes_back: bool) -> None:
    run = await play(LIST_A, Stream([[bookmark(12)], [line]]), probes=probes)
    assert run.server.probed >= len(probes)
    assert ("ServerRestored" in run.events_text) is goes_back
    assert "b@4" not in run.events_text


async def test_a_server_that_repeats_itself_at_length_is_not_probed_each_time() -> None:
    lines = [[modified(pod("b", 4))]] * 50
    run = await play(LIST_A, Stream([[bookmark(12)], *lines], between=VERIFY_EVERY / 10), probes=[12] * 50)
    assert 5 <= run.server.probed <= 6


async def test_a_version_too_large_for_the_server_relists() -> None:
    run = await play(LIST_A, TOO_LARGE, page(4, B2), page(4, B2))
    assert run.asked == [LIST, watch(10), LIST, LIST, watch(4)]
    assert "ServerRestored b InitDone" in run.events_text


async def test_versions_that_are_not_numbers_are_never_compared() -> None:
    run = await play(page("x9", A1), EXPIRED, page("a1", B2))
    assert run.events_text == "Init a InitDone ListWatchFailed Init b InitDone"


async def test_after_a_long_outage_everything_is_relisted() -> None:
    # A server restored in the meantime may have gone on past the known version.
    run = await play(LIST_A, *[CUT] * 5, LIST_A, probes=[CUT] * 10)
    assert sum(run.waits[:-1]) > RELIST_AFTER
    assert run.asked == [LIST, watch(10), LIST, *[LIST] * 4, watch(10)]


async def test_a_watch_that_ended_without_data_is_followed_by_a_probe() -> None:
    # One opened at a version the server has not reached yet is deaf.
    run = await play(LIST_A, QUIET, Stream([[bookmark(12)]]), QUIET, probes=[11])
    assert run.asked == [LIST, watch(10), watch(10), watch(12), watch(12)]
    assert run.server.probed == 2
    assert [event.is_confirmed for event in run.events if isinstance(event, WatchOpened)] == [False, True, True, True]


# Silence


async def test_after_silence_a_short_watch_has_to_send_something_before_it_counts() -> None:
    run = await play(LIST_A, Stream((), SILENT), Stream([[bookmark(11)]]), QUIET)
    assert run.events_text == "Init a InitDone WatchOpened ListWatchFailed WatchOpened WatchOpened WatchOpened"
    assert run.server.timeouts[1] == PROVING_SECONDS
    assert PROVING_SECONDS + PROVING_MARGIN in run.server.idle_timeouts
    assert run.server.timeouts[2] > WATCH_SECONDS / 2
    assert run.server.probed == 1 + 1


async def test_a_short_watch_that_ends_in_order_has_proved_itself() -> None:
    run = await play(LIST_A, Stream((), SILENT), Stream(seconds=PROVING_SECONDS), QUIET)
    assert run.events_text == "Init a InitDone WatchOpened ListWatchFailed WatchOpened WatchOpened"


async def test_watches_that_stay_silent_while_lists_work_relist_each_time() -> None:
    run = await play(LIST_A, *[Stream((), SILENT)] * 2, page(11, A1), Stream((), SILENT), page(12, A1))
    assert run.asked == [LIST, watch(10), watch(10), LIST, watch(11), LIST, watch(12)]
    assert (
        run.events_text
        == "Init a InitDone WatchOpened ListWatchFailed ListWatchFailed Init a InitDone ListWatchFailed Init a InitDone"
    )


async def test_relists_slow_down_while_every_watch_breaks_immediately() -> None:
    broken = Stream((), CUT, seconds=0.5)
    rounds: list[Answer] = [page(11, A1), broken] * 7
    run = await play(LIST_A, broken, broken, broken, *rounds)
    assert min(run.waits[-3:]) > 20


async def test_the_wait_for_a_response_counts_as_waiting() -> None:
    hangs: list[Answer] = [SILENT] * 8
    at_once, late = await play(*hangs), await play(*hangs, takes=20)
    assert max(at_once.waits) > 20
    assert max(late.waits) <= 10


# Bounds


@pytest.mark.parametrize(
    "failure",
    [
        UnavailableError("later", code=429, retry_after=3600),
        UnavailableError("later", code=503, retry_after=float("inf")),
        ApiError("odd", code=418, retry_after=1e12),
    ],
    ids=lambda error: f"{error.code}",
)
async def test_no_retry_after_delays_longer_than_a_minute(failure: KdashError) -> None:
    assert (await play(failure)).waits == [MAX_RETRY_AFTER]


async def test_an_error_event_with_a_long_retry_is_bounded_too() -> None:
    run = await play(LIST_A, Stream([[error(429, "TooManyRequests", retryAfterSeconds=3600)]]))
    assert run.waits == [MAX_RETRY_AFTER]


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(b'{"metadata":{"name":"\xff\xfe"}}', id="not UTF-8"),
        pytest.param(b'{"metadata":[]}', id="another shape"),
    ],
)
async def test_an_item_that_does_not_decode_is_left_out_of_its_page(item: bytes) -> None:
    run = await play(Listed(LIST_A.body.replace(b'"items": [', b'"items": [' + item + b",")))
    assert run.events_text == "Init a DecodeFailed InitDone"


async def test_a_kind_that_does_not_exist_is_retried_after_a_minute() -> None:
    run = await play(NotFoundError("no such API", code=404))
    assert run.waits == [60.0]
