"""Streams that end inside a line, and what a node writes in place of a log or after it."""

from __future__ import annotations

import pytest

from k9py.api.errors import ConnectionFailedError, NotFoundError
from k9py.cluster.failing_line import read_failing_line
from k9py.logs.source import PartialLine
from k9py.logs.source_errors import LogSourceError, container_lines, parse_source_error
from k9py.rollouts.cohort_status import FailingContainer
from tests.unit.logs.follow.scripted_source import ScriptedLogs, Stream, line
from tests.unit.logs.follow.test_container_stream import Stage

TOO_MANY = b"failed to create fsnotify watcher: too many open files"
CUT = ConnectionFailedError("cut off")
GONE = NotFoundError('pods "checkout-1" not found', code=404)


def half(second: float, text: str) -> PartialLine:
    return PartialLine(line(second, text))


@pytest.mark.parametrize(
    ("streams", "texts"),
    [
        pytest.param(
            [[line(0, "first"), half(1, "sec")], [line(0, "first"), line(1, "second"), line(2, "third")]],
            ["first", "second", "third"],
            id="the next stream has it whole",
        ),
        pytest.param(
            [[line(0, "first"), half(1, "x" * 20_000)], [line(0, "first"), line(1, "x" * 40_000), line(2, "third")]],
            ["first", "x" * 40_000, "third"],
            id="a long line",
        ),
        pytest.param([[half(0, "fi")], [line(0, "first")]], ["first"], id="the very first line"),
        pytest.param(
            [[line(0, "first"), half(1, "sec")], [half(1, "secon")], [line(1, "second"), line(2, "third")]],
            ["first", "second", "third"],
            id="cut twice, and what was before it rotated away",
        ),
        pytest.param(
            [[line(0, "first"), half(1, "$ ")]] * 3,
            ["first", "$ "],
            id="the container wrote no line end",
        ),
        pytest.param(
            [[line(0, "first"), half(1, "wait")]] * 3
            + [[line(0, "first"), line(1, "wait: done"), line(2, "third")]] * 2,
            ["first", "wait", ": done", "third"],
            id="shown as it stood, then it went on",
        ),
        pytest.param(
            [[line(0, "first"), half(1, "wait")]] * 3 + [[line(0, "first"), line(1, "wait"), line(2, "third")]] * 2,
            ["first", "wait", "third"],
            id="shown as it stood, then its line end came",
        ),
        pytest.param(
            [[line(0, "first"), half(1, "sec")], [line(0, "first"), line(2, "third")]],
            ["first", "sec", "third"],
            id="another line stands in its place",
        ),
        pytest.param(
            [[line(0, "first"), PartialLine(b"2026-11-22T12:0")], [line(0, "first"), line(1, "second")]],
            ["first", "second"],
            id="cut inside its timestamp",
        ),
        pytest.param(
            [[line(0, "first"), PartialLine(line(1, ""))], [line(0, "first"), line(1, "second")]],
            ["first", "second"],
            id="cut behind its timestamp",
        ),
        pytest.param(
            [[line(0, "first"), PartialLine(line(1, "caf") + b"\xc3")], [line(0, "first"), line(1, "café")]],
            ["first", "café"],
            id="cut inside a character",
        ),
        pytest.param(
            [
                [line(0, "stop"), line(0, "go"), half(0, "s")],
                [line(0, "stop"), line(0, "go"), line(0, "s2"), line(1, "z")],
            ],
            ["stop", "go", "s2", "z"],
            id="a line before it begins alike",
        ),
        pytest.param(
            [[line(0, "a"), line(0, "a"), half(0, "a")], [line(0, "a"), line(0, "a"), line(0, "ab"), line(1, "z")]],
            ["a", "a", "ab", "z"],
            id="the lines before it are alike",
        ),
        pytest.param(
            [[line(0, "x"), line(0, "a"), half(0, "a")], [line(0, "a"), line(0, "ab"), line(1, "z")]],
            ["x", "a", "ab", "z"],
            id="a line before it begins alike, and what was before that rotated away",
        ),
    ],
)
async def test_a_stream_that_ends_inside_a_line_loses_and_doubles_nothing(
    streams: list[list[bytes]], texts: list[str]
) -> None:
    output = await Stage(*[Stream(lines) for lines in streams]).play()
    assert output == [("", text) for text in texts]


async def test_an_unterminated_node_error_is_never_a_line() -> None:
    first, second, third = line(0, "first"), half(1, "sec"), line(1, "second")
    output = await Stage(
        *[
            Stream(lines)
            for lines in ([PartialLine(TOO_MANY)], [first, second], [PartialLine(TOO_MANY)], [first, third])
        ]
    ).play()
    assert [text for marker, text in output if not marker] == ["first", "second"]
    assert [text for marker, text in output if marker] == [f"node error: {TOO_MANY.decode()}"]


async def test_the_last_words_without_a_line_end_come_before_what_ends_the_log() -> None:
    output = await Stage(Stream([line(0, "first"), half(1, "last words")]), GONE).play()
    assert output == [("", "first"), ("", "last words"), ("end", "pod deleted")]


@pytest.mark.parametrize("previous", [False, True])
async def test_a_log_that_is_not_followed_ends_with_its_last_words(previous: bool) -> None:
    output = await Stage(Stream([line(0, "first"), half(1, "last")]), follow=False, previous=previous).play()
    assert [text for marker, text in output if not marker] == ["first", "last"]


async def test_a_line_cut_by_a_broken_connection_is_not_taken_for_a_whole_one() -> None:
    output = await Stage(Stream([line(0, "first")], then=CUT), Stream([line(0, "first"), line(1, "second")])).play()
    assert output == [("", "first"), ("", "second")]


async def test_a_node_error_at_the_end_of_each_stream_is_reported_once() -> None:
    lines = [line(number, f"line {number}") for number in range(1, 9)]
    stage = Stage(*[Stream([*lines[: 2 * count], TOO_MANY]) for count in (1, 2, 3, 3, 3, 4)])
    output = await stage.play()
    assert [text for marker, text in output if not marker] == [f"line {number}" for number in range(1, 9)]
    assert [text for marker, text in output if marker] == [f"node error: {TOO_MANY.decode()}"]
    assert stage.clock.waits[4] > stage.clock.waits[3], "it waits longer while nothing new comes"


@pytest.mark.parametrize(
    "text",
    [
        "unable to retrieve container logs for containerd://0a1b2c",
        'failed to try resolving symlinks in path "/var/log/pods/shop_web/app/0.log": lstat: no such file or directory',
        'Get "https://10.0.0.1:10250/containerLogs/shop/web/app?follow=true": dial tcp 10.0.0.1:10250: i/o timeout',
        'container "app" in pod "web-1" is waiting to start: ContainerCreating',
        'rpc error: code = NotFound desc = an error occurred when try to find container "0a1b": not found',
        'failed to watch file "/var/log/pods/x/0.log": no space left on device',
        '{"kind":"Status","apiVersion":"v1","status":"Failure","message":"x"}',
    ],
)
async def test_an_error_in_place_of_a_log_is_a_note_and_reading_resumes(text: str) -> None:
    output = await Stage(Stream([text.encode()]), Stream([PartialLine(text.encode())]), Stream([line(1, "a")])).play()
    assert [marker for marker, _ in output] == ["note", ""]
    assert output[1] == ("", "a")


async def test_a_waiting_container_is_reported_like_a_refusal() -> None:
    output = await Stage(Stream([b'container "app" in pod "x" is waiting to start: PodInitializing'])).play()
    assert output == [("note", "waiting to start: init containers have not finished")]


async def test_an_error_in_place_of_the_former_log_is_not_called_its_end() -> None:
    output = await Stage(Stream([b"unable to retrieve container logs for containerd://0a"]), previous=True).play()
    assert output == [("note", "node error: unable to retrieve container logs for containerd://0a")]


async def test_what_a_container_says_with_a_timestamp_is_its_own() -> None:
    output = await Stage(Stream([line(1, TOO_MANY.decode()), line(2, 'Get "https://x/": refused')])).play()
    assert [marker for marker, _ in output] == ["", ""]


async def collected(*batches: list[bytes], follows_stamped: bool = False) -> tuple[list[bytes], str]:
    """Return what is passed on, and the error at the end."""

    async def stream() -> object:
        for batch in batches:
            yield batch

    received: list[bytes] = []
    try:
        async for batch in container_lines(stream(), follows_stamped=follows_stamped):  # type: ignore[arg-type]
            received += batch
    except LogSourceError as error:
        return received, error.message
    return received, ""


async def test_a_node_that_writes_no_timestamps_keeps_its_lines() -> None:
    lines = [b"starting", b'Get "https://x/": refused', b"going on"]
    assert await collected(lines[:2], lines[2:]) == (lines, "")


async def test_an_unknown_unterminated_text_after_timestamped_lines_is_a_node_error() -> None:
    odd = PartialLine(b"kubelet: something new")
    assert await collected([line(1, "a")], [odd]) == ([line(1, "a")], "kubelet: something new")
    assert await collected([odd]) == ([odd], "")


async def test_a_cut_timestamp_is_no_text_of_the_node() -> None:
    assert await collected([line(1, "a"), PartialLine(b"2026-11-2")]) == ([line(1, "a")], "")


def test_an_error_is_made_harmless() -> None:
    output = parse_source_error(b"rpc error: code = \x1b[31mx")
    assert output is not None
    assert output.isprintable()


@pytest.mark.parametrize(
    ("lines", "output"),
    [
        ([b"unable to retrieve container logs for containerd://0a"], None),
        ([line(1, "boom: failed"), b"unable to retrieve container logs for containerd://0a"], "boom: failed"),
    ],
)
async def test_the_line_that_tells_why_a_container_failed_is_not_the_nodes(
    lines: list[bytes], output: str | None
) -> None:
    source = ScriptedLogs({"checkout-1": [Stream(lines)]})
    failing = FailingContainer("shop", "checkout-1", "uid", "app", previous=False)
    assert await read_failing_line(source, failing) == output
