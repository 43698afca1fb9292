"""One target's tail: nothing twice, nothing missing without a marker, refusals told once and tried again."""

from __future__ import annotations

import random

import pytest

from k9py.logs.line import LogLine
from k9py.logs.tailing.tail import FORBIDDEN_DELAY, LONGEST_DELAY, Tail
from k9py.objects.errors import (
    BadRequestError,
    ConnectionFailedError,
    ForbiddenError,
    KdashError,
    NotFoundError,
    UnavailableError,
)
from tests.unit.logs.tailing.scripted import START, ScriptedLogs, ScriptOver, SteppingClock, Stream, line, target

CUT = ConnectionFailedError("cut off")
NO_PREVIOUS = BadRequestError('previous terminated container "app" in pod "checkout-1" not found', code=400)
WAITING = BadRequestError(
    'container "app" in pod "checkout-1" is waiting to start: trying and failing to pull image', code=400
)


class Stage:
    """A tail before a scripted source, with everything it said written down."""

    def __init__(self, *script: Stream | KdashError, previous: bool = False) -> None:
        self.clock = SteppingClock()
        self.source = ScriptedLogs({"checkout-1": list(script)})
        self.lines: list[LogLine] = []
        self.caught_up: list[str] = []
        self.tail = Tail(
            self.source,
            target(),
            self.clock,
            self.lines.append,
            tail_lines=10,
            previous=previous,
            caught_up=lambda one: self.caught_up.append(one.pod),
            rng=random.Random(1),
        )

    async def play(self) -> list[tuple[str, str]]:
        """Run to the end of the script; return (marker, text) of all lines."""
        try:
            await self.tail.run()
        except ScriptOver:
            pass
        return [(one.marker, one.text) for one in self.lines]


async def test_lines_come_with_their_time_and_begin_with_the_tail_asked_for() -> None:
    stage = Stage(Stream([line(1, "a"), line(2, "b")]))
    assert await stage.play() == [("", "a"), ("", "b")]
    assert [(one.at - START).total_seconds() for one in stage.lines if one.at] == [1, 2]
    assert stage.source.asked[0].tail == 10
    assert stage.source.asked[0].follow


async def test_after_a_break_it_resumes_at_the_last_timestamp_and_skips_what_was_seen() -> None:
    stage = Stage(
        Stream([line(1.1, "a"), line(1.4, "b"), line(1.4, "b")], then=CUT),
        # The server answers in whole seconds: it repeats the second.
        Stream([line(1.1, "a"), line(1.4, "b"), line(1.4, "b"), line(1.4, "b"), line(2, "c")]),
    )
    said = await stage.play()
    assert [text for marker, text in said if marker == ""] == ["a", "b", "b", "b", "c"]
    assert [marker for marker, _ in said if marker == "gap"] == []
    assert stage.source.asked[1].tail is None
    assert stage.source.asked[1].since == stage.lines[1].at


async def test_a_proven_continuation_after_a_long_break_is_noted_and_is_no_gap() -> None:
    stage = Stage(Stream([line(1, "a")], then=CUT), CUT, CUT, CUT, Stream([line(1, "a")]))
    said = await stage.play()
    assert ("note", "log interrupted: cut off") in said
    assert [marker for marker, _ in said].count("note") == 2
    assert said[-1][1].startswith("reconnected after ")
    assert said[-1][1].endswith("no line is missing")


async def test_a_stream_that_ends_in_order_and_goes_on_says_nothing() -> None:
    stage = Stage(Stream([line(1, "a")]), Stream([line(1, "a"), line(2, "b")]), Stream([line(2, "b")]))
    assert await stage.play() == [("", "a"), ("", "b")]


async def test_an_ended_container_is_asked_ever_more_seldom() -> None:
    stage = Stage(Stream([line(1, "a")]), *[Stream([line(1, "a")])] * 8)
    await stage.play()
    assert stage.clock.waits[0] < 2
    assert stage.clock.waits[-1] > 0.7 * LONGEST_DELAY
    assert max(stage.clock.waits) <= 1.2 * LONGEST_DELAY


async def test_a_restart_shows_the_rest_of_the_former_container_first() -> None:
    stage = Stage(
        Stream([line(1, "a"), line(2, "b")]),
        Stream([line(9, "new")]),
        Stream([line(2, "b"), line(3, "panic")]),  # the answer to previous=true
    )
    assert await stage.play() == [
        ("", "a"),
        ("", "b"),
        ("", "panic"),
        ("start", "the container was restarted"),
        ("", "new"),
    ]
    assert stage.source.asked[2].previous
    assert not stage.source.asked[2].follow


@pytest.mark.parametrize(
    "former",
    [NO_PREVIOUS, Stream([line(5, "of another run")]), Stream([line(2, "b"), line(3, "c")], then=CUT), Stream()],
    ids=["none", "does not reach back", "breaks off", "empty"],
)
async def test_what_cannot_be_proven_is_a_gap_that_says_between_when_and_when(former: Stream | KdashError) -> None:
    stage = Stage(Stream([line(1, "a"), line(2, "b")], then=CUT), Stream([line(9, "new")]), former)
    said = await stage.play()
    gaps = [text for marker, text in said if marker == "gap"]
    assert len(gaps) == 1
    assert gaps[0].endswith("lines between 12:00:02 and 12:00:09 may be missing")
    assert said[-1] == ("", "new")


async def test_a_refusal_is_told_once_and_tried_until_the_container_starts() -> None:
    stage = Stage(WAITING, WAITING, WAITING, Stream([line(1, "hello")]))
    assert await stage.play() == [("note", WAITING.message), ("", "hello")]
    assert stage.caught_up == ["checkout-1"]
    assert len(stage.clock.waits) >= 3


async def test_a_pod_that_is_gone_ends_its_tail() -> None:
    stage = Stage(Stream([line(1, "last words")]), NotFoundError('pods "checkout-1" not found', code=404))
    assert await stage.play() == [("", "last words"), ("end", "the pod is gone")]


async def test_a_pod_its_node_has_not_heard_of_yet_is_tried_again() -> None:
    unknown = NotFoundError("the server could not find the requested resource ( pods/log checkout-1)", code=404)
    stage = Stage(unknown, unknown, Stream([line(1, "first words")]), NotFoundError('pods "checkout-1" not found'))
    assert await stage.play() == [
        ("note", "the node does not know this pod yet"),
        ("", "first words"),
        ("end", "the pod is gone"),
    ]


async def test_no_right_to_read_is_a_note_and_is_tried_seldom() -> None:
    stage = Stage(ForbiddenError('cannot get resource "pods/log"', code=403))
    said = await stage.play()
    assert said == [("note", 'no right to read this log: cannot get resource "pods/log"')]
    assert stage.clock.waits == [FORBIDDEN_DELAY]


async def test_retry_after_is_obeyed() -> None:
    stage = Stage(UnavailableError("too many requests", code=429, retry_after=25))
    await stage.play()
    assert stage.clock.waits == [25]


async def test_previous_logs_are_read_once_and_end() -> None:
    stage = Stage(Stream([line(1, "panic")]), previous=True)
    assert await stage.play() == [("", "panic"), ("end", "end of the previous container's log")]
    assert [(one.previous, one.follow) for one in stage.source.asked] == [(True, False)]


async def test_no_previous_container_is_a_note() -> None:
    stage = Stage(NO_PREVIOUS, previous=True)
    assert await stage.play() == [("note", NO_PREVIOUS.message)]


async def test_lines_without_a_timestamp_are_shown_whole() -> None:
    stage = Stage(Stream([line(1, "a"), b"unable to retrieve container logs", b"2026-99-99T99:99:99Z x"]))
    assert await stage.play() == [
        ("", "a"),
        ("", "unable to retrieve container logs"),
        ("", "2026-99-99T99:99:99Z x"),
    ]
