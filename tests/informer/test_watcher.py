"""The watcher's state machine: what it asks next, what it tells, and where it stands, for every kind of answer."""

from __future__ import annotations

import itertools
import random
from contextlib import aclosing
from typing import NamedTuple

import pytest

from k9py.informer.events import Applied, Deleted, Disrupted, InitApplied, Rejected, WatchEvent
from k9py.informer.turns import Turns
from k9py.informer.watcher import SLOW_RETRY, Empty, InitialWatch, InitListed, InitPage, State, Watcher, Watching
from k9py.objects.errors import (
    ApiError,
    BadRequestError,
    ConnectionFailedError,
    ExpiredError,
    ForbiddenError,
    InvalidError,
    KdashError,
    NotFoundError,
    UnauthorizedError,
    UnavailableError,
)
from k9py.objects.kinds import POD
from k9py.objects.pods import Pod
from tests.informer.scripted import (
    Answer,
    Asked,
    Listed,
    ScriptedServer,
    ScriptOver,
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


class Run(NamedTuple):
    """What became of a script."""

    asked: list[Asked]
    events: list[WatchEvent[Pod]]
    states: list[State]
    watcher: Watcher[Pod]
    limits: list[int]

    @property
    def told(self) -> str:
        """The events in short, one word each."""
        return " ".join(map(_word, self.events))

    @property
    def waits(self) -> list[float]:
        return [one.retry_in for one in self.events if isinstance(one, Disrupted)]


def _word(event: WatchEvent[Pod]) -> str:
    match event:
        case InitApplied(objects):
            return "+".join(one.name for one in objects)
        case Applied(one):
            return f"{one.name}@{one.metadata.resource_version}"
        case Deleted(one):
            return f"-{one.name}"
        case _:
            return type(event).__name__


async def play(*script: Answer, streamed: bool = False) -> Run:
    """Run a watcher through a script, waiting for nothing."""
    clock = SteppingClock()
    server = ScriptedServer(clock, *script)
    watcher = Watcher(POD, server, clock, Turns(clock), streamed=streamed, rng=random.Random(7))
    events: list[WatchEvent[Pod]] = []
    states: list[State] = []

    async def read() -> None:
        async with aclosing(watcher.events()) as batches:
            async for batch in batches:
                events.extend(batch)
                states.append(watcher.state)

    with pytest.raises(ScriptOver):
        await read()
    assert server.open_streams == 0
    return Run(server.asked, events, states, watcher, server.limits)


A1, B2, C3 = pod("a", 1), pod("b", 2), pod("c", 3)
LIST_A = page(10, A1)


@pytest.mark.parametrize(
    ("script", "asked", "told", "state"),
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
            "Init a Disrupted",
            InitPage("t"),
            id="a page that fails is asked for again, not the whole list",
        ),
        pytest.param(
            [page(10, A1, token="t"), EXPIRED],
            [LIST, Asked("list", "t"), LIST],
            "Init a Disrupted Init",
            InitPage(""),
            id="an expired continue token starts over",
        ),
        pytest.param(
            [page(10, A1, token="t"), BadRequestError("invalid continue token", code=400)],
            [LIST, Asked("list", "t"), LIST],
            "Init a Disrupted Init",
            InitPage(""),
            id="a continue token the server does not understand starts over",
        ),
        pytest.param([FORBIDDEN], [LIST, LIST], "Init Disrupted", InitPage(""), id="a forbidden list is asked again"),
        pytest.param(
            [Listed(b'{"metadata":{"resourceVersion":"10"},"items":[{"meta')],
            [LIST, LIST],
            "Init Disrupted",
            InitPage(""),
            id="a list cut off is asked again",
        ),
        pytest.param(
            [LIST_A, Stream([[added(pod("b", 11))]])],
            [LIST, watch("10"), watch("11")],
            "Init a InitDone Watched b@11",
            InitListed("11"),
            id="a watch that ends in order goes on where it was",
        ),
        pytest.param(
            [LIST_A, Stream([[bookmark(40)]])],
            [LIST, watch("10"), watch("40")],
            "Init a InitDone Watched Watched",
            InitListed("40"),
            id="a bookmark moves the place to go on from",
        ),
        pytest.param(
            [LIST_A, Stream([[deleted(pod("a", 12))]])],
            [LIST, watch("10"), watch("12")],
            "Init a InitDone Watched -a",
            InitListed("12"),
            id="a deletion is told and moves the place",
        ),
        pytest.param(
            [LIST_A, Stream([[modified(pod("a", 11))]], CUT)],
            [LIST, watch("10"), watch("11")],
            "Init a InitDone Watched a@11 Disrupted",
            InitListed("11"),
            id="a cut watch goes on where it was",
        ),
        pytest.param(
            [LIST_A, Stream()],
            [LIST, watch("10"), watch("10")],
            "Init a InitDone Watched",
            InitListed("10"),
            id="a quiet watch that lasted its time is no failure",
        ),
        pytest.param(
            [LIST_A, Stream(seconds=0.2)],
            [LIST, watch("10"), watch("10")],
            "Init a InitDone Watched Disrupted",
            InitListed("10"),
            id="a watch closed at once is a failure",
        ),
        pytest.param(
            [LIST_A, CUT],
            [LIST, watch("10"), watch("10")],
            "Init a InitDone Disrupted",
            InitListed("10"),
            id="a watch that does not open is tried again",
        ),
        pytest.param(
            [LIST_A, EXPIRED],
            [LIST, watch("10"), LIST],
            "Init a InitDone Disrupted Init",
            InitPage(""),
            id="410 at the start of a watch starts over",
        ),
        pytest.param(
            [LIST_A, Stream([[error(410, "Expired")]])],
            [LIST, watch("10"), LIST],
            "Init a InitDone Watched Disrupted Init",
            InitPage(""),
            id="410 inside a watch starts over",
        ),
        pytest.param(
            [LIST_A, Stream([[error(0, "Expired")]])],
            [LIST, watch("10"), LIST],
            "Init a InitDone Watched Disrupted Init",
            InitPage(""),
            id="Expired is known by its reason too",
        ),
        pytest.param(
            [LIST_A, Stream([[error(500, "InternalError")]])],
            [LIST, watch("10"), watch("10")],
            "Init a InitDone Watched Disrupted",
            InitListed("10"),
            id="another error inside a watch keeps the place",
        ),
        pytest.param(
            [LIST_A, FORBIDDEN],
            [LIST, watch("10"), LIST],
            "Init a InitDone Disrupted Init",
            InitPage(""),
            id="where only list is allowed it is listed again",
        ),
        pytest.param(
            [LIST_A, UnauthorizedError("who are you", code=401)],
            [LIST, watch("10"), watch("10")],
            "Init a InitDone Disrupted",
            InitListed("10"),
            id="401 keeps the place",
        ),
        pytest.param(
            [LIST_A, Stream([[modified(pod("a", 11)), b'{"type":"MODIF']])],
            [LIST, watch("10"), watch("11")],
            "Init a InitDone Watched a@11 Disrupted",
            InitListed("11"),
            id="a damaged line ends the watch, and what came before it is told",
        ),
    ],
)
async def test_paged_lists_and_watches(script: list[Answer], asked: list[Asked], told: str, state: State) -> None:
    run = await play(*script)
    assert run.asked == asked
    assert run.told == told
    assert run.watcher.state == state


@pytest.mark.parametrize(
    ("script", "asked", "told", "state"),
    [
        pytest.param([], [STREAMED], "Init", InitialWatch(), id="empty asks for a streamed list"),
        pytest.param(
            [Stream([[added(A1), added(B2)], [bookmark(10, ends_list=True)], [modified(pod("a", 11))]])],
            [STREAMED, watch("11")],
            "Init a+b InitDone Watched a@11",
            InitListed("11"),
            id="the annotated bookmark ends the list and the stream goes on",
        ),
        pytest.param(
            [Stream([[added(A1), bookmark(10, ends_list=True), added(pod("b", 11)), deleted(pod("a", 12))]])],
            [STREAMED, watch("12")],
            "Init a InitDone Watched b@11 -a",
            InitListed("12"),
            id="list, end and changes may come together",
        ),
        pytest.param(
            [Stream([[added(A1), added(B2), deleted(pod("a", 5)), bookmark(10, ends_list=True)]])],
            [STREAMED, watch("10")],
            "Init a+b -a InitDone Watched",
            InitListed("10"),
            id="what is deleted while the list streams is told",
        ),
        pytest.param(
            [Stream([[added(A1), bookmark(9)]], CUT)],
            [STREAMED, STREAMED],
            "Init a Disrupted Init",
            InitialWatch(),
            id="a streamed list cut off starts over, still streamed",
        ),
        pytest.param(
            [Stream([[added(A1)], [error(410, "Expired")]])],
            [STREAMED, STREAMED],
            "Init a Disrupted Init",
            InitialWatch(),
            id="410 in a streamed list starts over, still streamed",
        ),
        pytest.param(
            [BUSY], [STREAMED, STREAMED], "Init Disrupted Init", InitialWatch(), id="503 says later, not never"
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
            "Init Init a InitDone Disrupted Init",
            InitPage(""),
            id="a refusal is remembered",
        ),
    ],
)
async def test_streamed_lists(script: list[Answer], asked: list[Asked], told: str, state: State) -> None:
    run = await play(*script, streamed=True)
    assert run.asked == asked
    assert run.told == told
    assert run.watcher.state == state


async def test_the_states_on_the_way_are_those_of_the_design() -> None:
    run = await play(page(10, A1, token="t"), page(10, B2), Stream([[added(pod("c", 11))]]))
    assert run.states == [
        InitPage(""),  # Init
        InitPage(""),  # a
        InitPage("t"),  # b
        InitListed("10"),  # InitDone
        Watching("10"),  # Watched
        Watching("11"),  # c
    ]
    assert Watcher(
        POD, ScriptedServer(SteppingClock()), SteppingClock(), Turns(SteppingClock()), streamed=True
    ).state == (Empty())


async def test_events_already_told_are_not_told_again() -> None:
    repeats = [added(pod("a", 9)), modified(pod("b", 11)), deleted(pod("b", 12)), modified(pod("b", 11)), bookmark(8)]
    run = await play(LIST_A, Stream([repeats, [added(pod("c", 12)), added(pod("c", 13))]]))
    assert run.told == "Init a InitDone Watched b@11 -b Watched c@13"
    assert run.asked[-1] == watch("13")


async def test_versions_that_are_no_numbers_are_taken_in_the_servers_order() -> None:
    run = await play(page("x", A1), Stream([[modified(pod("a", "b")), modified(pod("a", "a"))]]))
    assert run.told == "Init a InitDone Watched a@b a@a"
    assert run.asked[-1] == watch("a")


async def test_the_server_error_object_is_a_status_and_never_read_as_the_kind() -> None:
    run = await play(LIST_A, Stream([[error(429, "TooManyRequests", retryAfterSeconds=17)]]))
    disrupted = run.events[-1]
    assert isinstance(disrupted, Disrupted)
    assert isinstance(disrupted.error, UnavailableError)
    assert disrupted.error.message == "said so"
    assert disrupted.retry_in == 17


async def test_an_object_that_does_not_fit_is_left_out_and_the_rest_arrives() -> None:
    odd = pod("odd", 4)
    odd["spec"] = "not a spec"
    run = await play(
        page(10, A1, odd, B2), Stream([[added(odd | {}), added(pod("c", 11))], [b"", b'{"type":"NEW","object":{}}']])
    )
    assert run.told == "Init a+b Rejected InitDone Watched Rejected c@11 Rejected"
    message = next(one.message for one in run.events if isinstance(one, Rejected))
    assert message.startswith("Pod: ")
    assert "spec" in message


async def test_a_line_of_several_megabytes_is_one_event() -> None:
    big = pod("big", 11)
    big["metadata"]["annotations"] = {"note": "x" * 3_000_000}
    run = await play(LIST_A, Stream([[added(big)]]))
    assert run.told.endswith("big@11")


async def test_a_line_written_in_another_order_is_read_the_longer_way() -> None:
    line = b'{ "object": {"metadata": {"name": "z", "resourceVersion": "11"}}, "type": "ADDED" }'
    run = await play(LIST_A, Stream([[line]]))
    assert run.told.endswith("z@11")


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
        pytest.param(Stream([], CUT), False, id="an open stream that says nothing"),
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
async def test_each_failure_is_tried_again_when_it_may_help(failure: KdashError, at_least: float) -> None:
    run = await play(failure)
    assert run.waits[0] >= at_least
    assert run.waits[0] <= max(1.0, at_least)


async def test_pages_grow_when_tokens_expire_before_a_slow_list_is_through() -> None:
    rounds: list[Answer] = [page(10, A1, token="t"), EXPIRED] * 4
    run = await play(*rounds, LIST_A, EXPIRED)
    assert run.limits == [500, 500, 2000, 2000, 8000, 8000, 8000, 8000, 8000, 500]
