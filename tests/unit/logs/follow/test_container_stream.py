"""One container's stream: nothing twice, nothing missing without a marker, refusals reported once and retried."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

import pytest

from k9py.api.errors import (
    BadRequestError,
    ConnectionFailedError,
    ForbiddenError,
    KdashError,
    NotFoundError,
    UnavailableError,
)
from k9py.logs.follow.container_reader import ReadOptions
from k9py.logs.follow.container_stream import FORBIDDEN_DELAY, MAX_DELAY, ContainerStream
from k9py.logs.follow.log_range import HEAD, PREVIOUS, RANGES, TAIL, LogRange
from k9py.logs.follow.resume import STEP_BACK
from k9py.logs.follow.slots import StreamSlots
from k9py.logs.follow.status import TargetState
from k9py.logs.line import LogLine
from k9py.runtime.time_slice import TimeSlicer
from tests.unit.logs.follow.scripted_source import (
    START,
    Collected,
    ScriptedLogs,
    ScriptOver,
    SteppingClock,
    Stream,
    line,
    target,
)

CUT = ConnectionFailedError("cut off")
NO_PREVIOUS = BadRequestError('previous terminated container "app" in pod "checkout-1" not found', code=400)
WAITING = BadRequestError(
    'container "app" in pod "checkout-1" is waiting to start: trying and failing to pull image', code=400
)


class Stage:
    """A container stream on a scripted source, with everything it reported recorded."""

    def __init__(
        self,
        *script: Stream | KdashError,
        previous: bool = False,
        follow: bool = True,
        range: LogRange = TAIL,  # noqa: A002
        container_id: str = "",
    ) -> None:
        self.clock = SteppingClock()
        self.source = ScriptedLogs({"checkout-1": list(script)})
        self.sink = Collected()
        self.lines = self.sink.lines
        self.stream = ContainerStream(
            self.source,
            target(container_id=container_id),
            self.clock,
            self.sink,
            StreamSlots(self.clock, 60),
            TimeSlicer(self.clock.monotonic),
            ReadOptions(range=range, previous=previous, follow=follow),
            rng=random.Random(1),
        )

    async def play(self) -> list[tuple[str, str]]:
        """Run to the end of the script; return (marker, text) of all lines."""
        try:
            await self.stream.run()
        except ScriptOver:
            pass
        return [(entry.marker, entry.text) for entry in self.lines]


async def test_lines_come_with_their_time_and_begin_with_the_tail_asked_for() -> None:
    stage = Stage(Stream([line(1, "a"), line(2, "b")]))
    assert await stage.play() == [("", "a"), ("", "b")]
    assert [(entry.timestamp - START).total_seconds() for entry in stage.lines if entry.timestamp] == [1, 2]
    assert stage.source.asked[0].tail == 200
    assert stage.source.asked[0].follow


async def test_after_a_break_it_resumes_before_the_last_timestamps_and_skips_what_was_seen() -> None:
    stage = Stage(
        Stream([line(1.1, "a"), line(1.4, "b"), line(1.4, "b")], then=CUT),
        Stream([line(1.1, "a"), line(1.4, "b"), line(1.4, "b"), line(1.4, "b"), line(2, "c")]),
    )
    output = await stage.play()
    assert [text for marker, text in output if marker == ""] == ["a", "b", "b", "b", "c"]
    assert [marker for marker, _ in output if marker == "gap"] == []
    assert stage.source.asked[1].tail is None
    assert stage.source.asked[1].since == START + timedelta(seconds=1.1) - STEP_BACK


async def test_a_proven_continuation_after_a_long_break_is_a_note_not_a_gap() -> None:
    stage = Stage(Stream([line(1, "a")], then=CUT), CUT, CUT, CUT, Stream([line(1, "a")]))
    output = await stage.play()
    assert ("note", "log interrupted: cut off") in output
    assert [marker for marker, _ in output].count("note") == 2
    assert output[-1][1].startswith("reconnected after ")
    assert output[-1][1].endswith("no lines missing")


async def test_a_stream_that_ends_normally_and_resumes_shows_no_marker() -> None:
    stage = Stage(Stream([line(1, "a")]), Stream([line(1, "a"), line(2, "b")]), Stream([line(2, "b")]))
    assert await stage.play() == [("", "a"), ("", "b")]


async def test_an_ended_container_is_polled_with_growing_delays() -> None:
    stage = Stage(Stream([line(1, "a")]), *[Stream([line(1, "a")])] * 8)
    await stage.play()
    assert stage.clock.waits[0] < 2
    assert stage.clock.waits[-1] > 7
    assert max(stage.clock.waits) <= MAX_DELAY


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
        ("start", "container restarted"),
        ("", "new"),
    ]
    assert stage.source.asked[2].previous
    assert not stage.source.asked[2].follow


@pytest.mark.parametrize(
    ("former", "expected"),
    [
        (NO_PREVIOUS, [("gap", "02 and 12:00:09"), ("", "new")]),
        (Stream(), [("gap", "02 and 12:00:09"), ("", "new")]),
        (Stream([line(1, "older")]), [("gap", "02 and 12:00:09"), ("", "new")]),
        (
            Stream([line(5, "of another run")]),
            [("gap", "02 and 12:00:05"), ("", "of another run"), ("start", ""), ("", "new")],
        ),
        (
            Stream([line(5, "of another run")], then=CUT),
            [("gap", "02 and 12:00:05"), ("", "of another run"), ("gap", "05 and 12:00:09"), ("", "new")],
        ),
        (
            Stream([line(2, "b"), line(3, "c")], then=CUT),
            [("", "c"), ("gap", "03 and 12:00:09"), ("", "new")],
        ),
        (CUT, [("gap", "02 and 12:00:09"), ("", "new")]),
    ],
    ids=["none", "empty", "older", "two restarts", "two restarts and breaks off", "breaks off", "cannot be read"],
)
async def test_an_unproven_continuation_is_a_gap_with_its_start_and_end_time(
    former: Stream | KdashError, expected: list[tuple[str, str]]
) -> None:
    stage = Stage(Stream([line(1, "a"), line(2, "b")], then=CUT), Stream([line(9, "new")]), former)
    output = (await stage.play())[2:]
    assert [marker for marker, _ in output] == [marker for marker, _ in expected]
    for (marker, text), (_, message) in zip(output, expected, strict=True):
        if marker == "gap":
            assert text.endswith(f"lines between 12:00:{message} may be missing")
        elif marker == "":
            assert text == message


async def test_with_a_known_container_id_a_gap_names_its_cause() -> None:
    script = (Stream([line(1, "a")], then=CUT), Stream([line(9, "new")]), NO_PREVIOUS)
    assert (await Stage(*script, container_id="one").play())[1][1].startswith("log rotated")
    restarted = Stage(*script, container_id="one")
    restarted.source.on_open[1] = lambda: restarted.stream.retarget(target(container_id="two"))
    output = await restarted.play()
    assert output[1][1].startswith("container restarted: lines")
    assert [entry.target.container_id for entry in restarted.lines if not entry.marker] == ["one", "two"]
    unknown = await Stage(*script).play()
    assert unknown[1][1].startswith("container restarted or log rotated")


async def test_a_reported_restart_delivers_the_rest_and_the_start_before_the_first_new_line() -> None:
    stage = Stage(
        Stream([line(1, "a")]),
        Stream([line(1, "a"), line(2, "panic")]),  # the answer to previous=true
        Stream([], then="closed"),  # the new run, silent
        Stream([line(1, "a"), line(2, "panic")]),
        Stream([line(8, "new")]),
        Stream([line(2, "panic")]),
        container_id="one",
    )
    stage.source.on_open[1] = lambda: None
    stage.clock.on_sleep = lambda: stage.stream.retarget(target(container_id="two"))
    output = await stage.play()
    assert output[:3] == [("", "a"), ("", "panic"), ("start", "container restarted")]
    assert [entry.target.container_id for entry in stage.lines[:3]] == ["one", "one", "two"]
    assert [text for marker, text in output if not marker] == ["a", "panic", "new"]
    assert [marker for marker, _ in output].count("start") == 1


async def test_a_log_that_is_not_followed_ends_at_its_end() -> None:
    stage = Stage(Stream([line(1, "a")], then=CUT), Stream([line(1, "a"), line(2, "b")]), follow=False)
    assert await stage.play() == [("", "a"), ("", "b")]
    assert not stage.source.asked[0].follow
    assert stage.stream.state is TargetState.ENDED


async def test_a_log_that_is_not_followed_is_tried_a_few_times_and_says_what_may_be_missing() -> None:
    stage = Stage(Stream([line(1, "a")], then=CUT), CUT, CUT, CUT, follow=False)
    output = await stage.play()
    assert output[-1] == ("gap", "not read to its end: lines after 12:00:01 may be missing")
    assert stage.stream.status.error is CUT


async def test_the_head_ends_after_its_bytes_with_a_marker() -> None:
    small = LogRange("head", head_bytes=60)
    whole, cut = Stage(Stream([line(1, "a")]), range=HEAD), Stage(Stream([line(1, "a" * 40)]), range=small)
    assert await whole.play() == [("", "a")]
    assert (whole.source.asked[0].size, whole.source.asked[0].follow) == (HEAD.head_bytes, False)
    assert [marker for marker, _ in await cut.play()] == ["", "end"]


async def test_a_pod_that_is_gone_while_its_log_was_broken_off_may_have_written_more() -> None:
    stage = Stage(Stream([line(1, "a")], then=CUT), NotFoundError('pods "checkout-1" not found', code=404))
    assert await stage.play() == [
        ("", "a"),
        ("gap", "pod deleted: lines after 12:00:01 may be missing"),
        ("end", "pod deleted"),
    ]


async def test_a_container_that_starts_later_is_read_from_its_beginning() -> None:
    stage = Stage(WAITING, Stream([line(1, "hello")]))
    await stage.play()
    assert [entry.tail for entry in stage.source.asked[:2]] == [200, None]
    assert stage.source.asked[1].seconds is not None


async def test_a_refusal_is_reported_once_and_retried_until_the_container_starts() -> None:
    stage = Stage(WAITING, WAITING, WAITING, Stream([line(1, "hello")]))
    assert await stage.play() == [("note", "waiting to start: image cannot be pulled"), ("", "hello")]
    assert len(stage.clock.waits) >= 3


async def test_a_pod_that_is_gone_ends_its_tail() -> None:
    stage = Stage(Stream([line(1, "last words")]), NotFoundError('pods "checkout-1" not found', code=404))
    assert await stage.play() == [("", "last words"), ("end", "pod deleted")]


async def test_a_pod_its_node_has_not_heard_of_yet_is_tried_again() -> None:
    unknown = NotFoundError("the server could not find the requested resource ( pods/log checkout-1)", code=404)
    stage = Stage(unknown, unknown, Stream([line(1, "first words")]), NotFoundError('pods "checkout-1" not found'))
    assert await stage.play() == [
        ("note", "the node does not know this pod yet"),
        ("", "first words"),
        ("end", "pod deleted"),
    ]


async def test_a_forbidden_log_is_a_note_and_is_retried_rarely() -> None:
    stage = Stage(ForbiddenError('cannot get resource "pods/log"', code=403))
    output = await stage.play()
    assert output == [("note", 'not allowed to read this log: cannot get resource "pods/log"')]
    assert stage.clock.waits == [FORBIDDEN_DELAY]


async def test_retry_after_is_obeyed() -> None:
    stage = Stage(UnavailableError("too many requests", code=429, retry_after=25))
    await stage.play()
    assert stage.clock.waits == [25]


async def test_previous_logs_are_read_once_and_end() -> None:
    stage = Stage(Stream([line(1, "panic")]), previous=True)
    assert await stage.play() == [("", "panic"), ("end", "end of the previous container's log")]
    assert [(entry.previous, entry.follow) for entry in stage.source.asked] == [(True, False)]


async def test_no_previous_container_is_a_note() -> None:
    stage = Stage(NO_PREVIOUS, previous=True)
    assert await stage.play() == [("note", "no previous container")]


async def test_lines_without_a_timestamp_are_shown_whole() -> None:
    stage = Stage(Stream([line(1, "a"), b"unable to retrieve container logs", b"2026-99-99T99:99:99Z x"]))
    assert await stage.play() == [
        ("", "a"),
        ("", "unable to retrieve container logs"),
        ("", "2026-99-99T99:99:99Z x"),
    ]


async def test_a_container_restarted_before_its_log_was_first_read_shows_its_former_run_first() -> None:
    stage = Stage(WAITING, Stream([line(9, "again")]), Stream([line(2, "panic")]), Stream([line(2, "panic")]))
    stage.source.formers.add("checkout-1")
    output = await stage.play()
    assert [marker for marker, _ in output[1:]] == ["gap", "", "start", ""]
    assert output[1][1].endswith("lines before 12:00:02 may be missing")


async def test_another_pod_of_the_same_name_is_read_from_its_beginning() -> None:
    stage = Stage(Stream([line(5, "a")]), Stream([line(1, "other")]), Stream([]), Stream([line(1, "other")]))
    successor = target()._replace(uid="another", node="n2")
    stage.clock.on_sleep = lambda: stage.stream.retarget(successor)
    output = await stage.play()
    assert [text for marker, text in output if not marker] == ["a", "other"]
    assert [entry.target.uid for entry in stage.lines if not entry.marker] == ["uid-checkout-1", "another"]


async def test_a_text_that_begins_like_an_unbelievable_timestamp_is_text() -> None:
    message = "0001-01-01T00:00:00+14:00 boo"
    stage = Stage(
        Stream([line(1, "a"), message.encode()], then=CUT), Stream([line(1, "a"), message.encode(), line(2, "b")])
    )
    assert [text for marker, text in await stage.play() if not marker] == ["a", message, "b"]


@pytest.mark.parametrize("chosen", RANGES, ids=lambda entry: str(entry.label))
async def test_previous_logs_are_read_alike_whatever_range_is_chosen(chosen: LogRange) -> None:
    lines = [line(1, f"{number} {'x' * 100}") for number in range(3_000)]  # 300 kB
    stage = Stage(Stream(lines), previous=True, range=chosen)
    output = await stage.play()
    assert len(output) == 3_001
    assert output[-1] == ("end", "end of the previous container's log")
    asked = stage.source.asked[0]
    assert (asked.tail, asked.seconds, asked.size) == (PREVIOUS.tail_lines, None, None)


async def test_previous_logs_that_were_not_read_whole_say_so() -> None:
    stage = Stage(Stream([line(1, "x")] * 5_000), previous=True)
    output = await stage.play()
    assert output[-1] == ("end", "end of the previous container's log: only its last 5,000 lines were read")


async def test_a_range_that_was_asked_for_in_lines_holds_for_previous_logs_too() -> None:
    stage = Stage(Stream([line(1, "x")]), previous=True, range=LogRange("", tail_lines=10, since_seconds=60))
    stage.source.formers.add("checkout-1")
    await stage.play()
    assert (stage.source.asked[0].tail, stage.source.asked[0].seconds) == (10, 60)


async def test_a_reported_run_that_began_long_before_it_was_read_may_have_lost_its_beginning() -> None:
    for began, markers in ((-20, ["start", "gap"]), (0, ["start"])):
        stage = Stage(
            Stream([line(-30, "a")], then=CUT),
            *[CUT] * 5,
            Stream([line(-30, "a"), line(-25, "panic")]),  # the answer to previous=true
            Stream([line(30, "new")]),
            Stream([line(-25, "panic")]),
            container_id="one",
        )

        def tell(stage: Stage = stage, began: int = began) -> None:
            if len(stage.clock.waits) == 6:
                at = START + timedelta(seconds=stage.clock.seconds + began)
                stage.stream.retarget(target(container_id="two")._replace(started_at=at))

        stage.clock.on_sleep = tell
        output = await stage.play()
        assert [text for marker, text in output if not marker] == ["a", "panic", "new"]
        assert [marker for marker, _ in output if marker not in ("", "note")] == markers


A, B, C = line(1.000002, "A"), line(1.000001, "B"), line(2, "C")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([A, B], [A, B, C], "ABC"),
        ([A], [A, B, C], "ABC"),
        ([line(10, "A"), line(11, "B")], [line(10, "A"), line(11, "B"), line(8, "C"), line(11.5, "D")], "ABCD"),
        ([line(10, "A"), line(11, "B"), line(8, "C")], [*(line(10, "A"), line(11, "B"), line(8, "C")), B], "ABCB"),
        ([A, B, A], [A, B, A, B, C], "ABABC"),
        ([A] * 100, [A] * 102, "A" * 102),
        ([A, B, C], [B, C, line(3, "D")], "ABCD"),  # the first was rotated away
        ([A, B, C], [C, B, line(3, "D")], "ABCBD"),
    ],
)
async def test_timestamps_that_step_back_lose_nothing_and_repeat_nothing(
    before: list[bytes], after: list[bytes], expected: str
) -> None:
    stage = Stage(Stream(before, then=CUT), Stream(after))
    output = await stage.play()
    assert "".join(text for _, text in output) == expected


async def test_another_run_with_a_slow_clock_is_delivered_whole_after_a_gap() -> None:
    stage = Stage(Stream([line(10, "A"), line(11, "B")], then=CUT), Stream([line(7, "C"), line(8, "D")]), NO_PREVIOUS)
    output = await stage.play()
    assert [marker or text for marker, text in output] == ["A", "B", "gap", "C", "D"]


async def test_a_stream_that_broke_before_its_first_line_does_not_count_as_read() -> None:
    restarted = target(container_id="two")._replace(started_at=START + timedelta(seconds=1))
    former = Stream([line(-30, "a")])
    broken = Stream(then=CUT)
    stage = Stage(
        Stream([line(-30, "a")], then=CUT), *[CUT] * 6,
        former, broken, former, broken, former, Stream([line(30, "new")]), former,
        container_id="one",
    )  # fmt: skip
    stage.clock.on_sleep = lambda: stage.stream.retarget(restarted) if len(stage.clock.waits) == 7 else None
    output = await stage.play()
    assert [marker or text for marker, text in output if marker != "note"] == ["a", "start", "gap", "new"]


async def test_a_pod_that_goes_while_a_later_run_was_reported_may_have_written_more() -> None:
    gone = NotFoundError('pods "checkout-1" not found', code=404)
    stage = Stage(Stream([line(1, "a")]), gone, gone, container_id="one")
    add = stage.sink.add

    def report_while_it_is_read(lines: Sequence[LogLine]) -> None:
        add(lines)
        stage.stream.retarget(target(container_id="two"))
        stage.stream.leave()

    stage.sink.add = report_while_it_is_read  # type: ignore[method-assign]
    output = await stage.play()
    assert [marker for marker, _ in output] == ["", "gap", "end"]


@pytest.mark.parametrize("again", [[], [b"rpc error: no such container"]], ids=["once", "in the log"])
async def test_a_line_without_a_timestamp_proves_nothing_and_is_not_given_twice(again: list[bytes]) -> None:
    output = b"rpc error: no such container"
    stage = Stage(Stream([line(1, "a"), output], then=CUT), Stream([line(1, "a"), *again, line(2, "b")]))
    assert await stage.play() == [("", "a"), ("", output.decode()), ("", "b")]
