"""The watcher's state machine: its next request, its events and its state, for every kind of response."""

from __future__ import annotations

import pytest

from k9py.api.errors import (
    BadRequestError,
    ConnectionFailedError,
    ExpiredError,
    ForbiddenError,
    InvalidError,
    UnauthorizedError,
    UnavailableError,
)
from k9py.api.kinds import POD
from k9py.informer.events import Empty, InitialWatch, InitListed, InitPage, State, Watching
from k9py.informer.watcher import Watcher
from k9py.runtime.time_slice import TimeSlicer
from tests.unit.informer.playback import play
from tests.unit.informer.scripted import (
    Answer,
    Asked,
    Listed,
    ScriptedServer,
    SteppingClock,
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
BUSY = UnavailableError("busy", code=503)

LIST = Asked("list")
STREAMED = Asked("watch-list")


def watch(version: str) -> Asked:
    return Asked("watch", version)


A1, B2 = pod("a", 1), pod("b", 2)
LIST_A = page(10, A1)


@pytest.mark.parametrize(
    ("script", "asked", "expected", "state"),
    [
        pytest.param([], [LIST], "Init", InitPage(""), id="empty asks for the first page"),
        pytest.param([LIST_A], [LIST, watch("10")], "Init a InitDone", InitListed("10"), id="a list leads to a watch"),
        pytest.param([page(10)], [LIST, watch("10")], "Init InitDone", InitListed("10"), id="an empty list is a list"),
        pytest.param(
            [page(10, A1, token="t"), page(10, B2)],
            [LIST, Asked("list", "t"), watch("10")],
            "Init a b InitDone",
            InitListed("10"),
            id="pages are followed to the last",
        ),
        pytest.param(
            [page(10, A1, token="t"), CUT],
            [LIST, Asked("list", "t"), Asked("list", "t")],
            "Init a ListWatchFailed",
            InitPage("t"),
            id="a page that fails is requested again, not the complete list",
        ),
        pytest.param(
            [page(10, A1, token="t"), EXPIRED],
            [LIST, Asked("list", "t"), LIST],
            "Init a ListWatchFailed Init",
            InitPage(""),
            id="an expired continue token starts over",
        ),
        pytest.param(
            [page(10, A1, token="t"), BadRequestError("invalid continue token", code=400)],
            [LIST, Asked("list", "t"), LIST],
            "Init a ListWatchFailed Init",
            InitPage(""),
            id="a continue token the server does not understand starts over",
        ),
        pytest.param(
            [FORBIDDEN], [LIST, LIST], "Init ListWatchFailed", InitPage(""), id="a forbidden list is asked again"
        ),
        pytest.param(
            [Listed(b'{"metadata":{"resourceVersion":"10"},"items":[{"meta')],
            [LIST, LIST],
            "Init ListWatchFailed",
            InitPage(""),
            id="a list cut off is asked again",
        ),
        pytest.param(
            [LIST_A, Stream([[added(pod("b", 11))]])],
            [LIST, watch("10"), watch("11")],
            "Init a InitDone WatchOpened b@11",
            InitListed("11"),
            id="a watch that ends in order resumes where it was",
        ),
        pytest.param(
            [LIST_A, Stream([[bookmark(40)]])],
            [LIST, watch("10"), watch("40")],
            "Init a InitDone WatchOpened WatchOpened",
            InitListed("40"),
            id="a bookmark moves the place to go on from",
        ),
        pytest.param(
            [LIST_A, Stream([[deleted(pod("a", 12))]])],
            [LIST, watch("10"), watch("12")],
            "Init a InitDone WatchOpened -a",
            InitListed("12"),
            id="a deletion is an event and advances the version",
        ),
        pytest.param(
            [LIST_A, Stream([[modified(pod("a", 11))]], CUT)],
            [LIST, watch("10"), watch("11")],
            "Init a InitDone WatchOpened a@11 ListWatchFailed",
            InitListed("11"),
            id="a cut watch resumes where it was",
        ),
        pytest.param(
            [LIST_A, Stream()],
            [LIST, watch("10"), watch("10")],
            "Init a InitDone WatchOpened",
            InitListed("10"),
            id="a quiet watch that lasted its time is no failure",
        ),
        pytest.param(
            [LIST_A, Stream(seconds=0.2)],
            [LIST, watch("10"), watch("10")],
            "Init a InitDone WatchOpened ListWatchFailed",
            InitListed("10"),
            id="a watch closed immediately is a failure",
        ),
        pytest.param(
            [LIST_A, CUT],
            [LIST, watch("10"), watch("10")],
            "Init a InitDone ListWatchFailed",
            InitListed("10"),
            id="a watch that does not open is tried again",
        ),
        pytest.param(
            [LIST_A, EXPIRED],
            [LIST, watch("10"), LIST],
            "Init a InitDone ListWatchFailed Init",
            InitPage(""),
            id="410 at the start of a watch starts over",
        ),
        pytest.param(
            [LIST_A, Stream([[error(410, "Expired")]])],
            [LIST, watch("10"), LIST],
            "Init a InitDone WatchOpened ListWatchFailed Init",
            InitPage(""),
            id="410 inside a watch starts over",
        ),
        pytest.param(
            [LIST_A, Stream([[error(0, "Expired")]])],
            [LIST, watch("10"), LIST],
            "Init a InitDone WatchOpened ListWatchFailed Init",
            InitPage(""),
            id="Expired is known by its reason too",
        ),
        pytest.param(
            [LIST_A, Stream([[error(500, "InternalError")]])],
            [LIST, watch("10"), watch("10")],
            "Init a InitDone WatchOpened ListWatchFailed",
            InitListed("10"),
            id="another error inside a watch keeps the place",
        ),
        pytest.param(
            [LIST_A, FORBIDDEN],
            [LIST, watch("10"), LIST],
            "Init a InitDone ListWatchFailed Init",
            InitPage(""),
            id="where only list is allowed it is listed again",
        ),
        pytest.param(
            [LIST_A, UnauthorizedError("who are you", code=401)],
            [LIST, watch("10"), watch("10")],
            "Init a InitDone ListWatchFailed",
            InitListed("10"),
            id="401 keeps the place",
        ),
        pytest.param(
            [LIST_A, Stream([[modified(pod("a", 11)), b'{"type":"MODIF']])],
            [LIST, watch("10"), watch("11")],
            "Init a InitDone WatchOpened a@11 ListWatchFailed",
            InitListed("11"),
            id="a damaged line ends the watch, and what came before it is passed on",
        ),
    ],
)
async def test_paged_lists_and_watches(script: list[Answer], asked: list[Asked], expected: str, state: State) -> None:
    run = await play(*script)
    assert run.asked == asked
    assert run.events_text == expected
    assert run.watcher.state == state


@pytest.mark.parametrize(
    ("script", "asked", "expected", "state"),
    [
        pytest.param([], [STREAMED], "Init", InitialWatch(), id="empty requests a streaming list"),
        pytest.param(
            [Stream([[added(A1), added(B2)], [bookmark(10, ends_list=True)], [modified(pod("a", 11))]])],
            [STREAMED, watch("11")],
            "Init a+b InitDone WatchOpened a@11",
            InitListed("11"),
            id="the annotated bookmark ends the list and the stream continues",
        ),
        pytest.param(
            [Stream([[added(A1), bookmark(10, ends_list=True), added(pod("b", 11)), deleted(pod("a", 12))]])],
            [STREAMED, watch("12")],
            "Init a InitDone WatchOpened b@11 -a",
            InitListed("12"),
            id="list, end and changes may come together",
        ),
        pytest.param(
            [Stream([[added(A1), added(B2), deleted(pod("a", 5)), bookmark(10, ends_list=True)]])],
            [STREAMED, watch("10")],
            "Init a+b -a InitDone WatchOpened",
            InitListed("10"),
            id="what is deleted while the list streams is an event",
        ),
        pytest.param(
            [Stream([[added(A1), bookmark(9)]], CUT)],
            [STREAMED, STREAMED],
            "Init a ListWatchFailed Init",
            InitialWatch(),
            id="a streaming list cut off starts over, still streaming",
        ),
        pytest.param(
            [Stream([[added(A1)], [error(410, "Expired")]])],
            [STREAMED, STREAMED],
            "Init a ListWatchFailed Init",
            InitialWatch(),
            id="410 in a streaming list starts over, still streaming",
        ),
        pytest.param(
            [BUSY], [STREAMED, STREAMED], "Init ListWatchFailed Init", InitialWatch(), id="503 means later, not never"
        ),
        *(
            pytest.param([refusal], [STREAMED, LIST], "Init Init", InitPage(""), id=f"refused with {refusal.code}")
            for refusal in (
                BadRequestError("no such parameter", code=400),
                InvalidError("forbidden field", code=422),
                UnavailableError("no progress requests", code=500),
                ForbiddenError("may not watch", code=403),
            )
        ),
        pytest.param(
            [Stream([[error(500, "InternalError")]])],
            [STREAMED, LIST],
            "Init Init",
            InitPage(""),
            id="refused with 200 and an ERROR event",
        ),
        pytest.param(
            [Stream([[added(A1)]])],
            [STREAMED, LIST],
            "Init a Init",
            InitPage(""),
            id="a stream that ends without the bookmark is not understood",
        ),
        pytest.param(
            [InvalidError("no", code=422), LIST_A, EXPIRED],
            [STREAMED, LIST, watch("10"), LIST],
            "Init Init a InitDone ListWatchFailed Init",
            InitPage(""),
            id="a refusal is remembered",
        ),
    ],
)
async def test_streamed_lists(script: list[Answer], asked: list[Asked], expected: str, state: State) -> None:
    run = await play(*script, streaming_list=True)
    assert run.asked == asked
    assert run.events_text == expected
    assert run.watcher.state == state


async def test_the_states_are_visited_in_order() -> None:
    run = await play(page(10, A1, token="t"), page(10, B2), Stream([[added(pod("c", 11))]]))
    assert run.states == [
        InitPage(""),  # Init
        InitPage(""),  # a
        InitPage("t"),  # b
        InitListed("10"),  # InitDone
        Watching("10"),  # WatchOpened
        Watching("11"),  # c
    ]
    assert Watcher(
        POD,
        ScriptedServer(SteppingClock()),
        SteppingClock(),
        TimeSlicer(SteppingClock().monotonic),
        streaming_list=True,
    ).state == (Empty())
