"""The messages of `kdash logs` next to the lines, and the exit code when a log could not be read."""

from __future__ import annotations

import pytest

from k9py.api.errors import BadRequestError, ConnectionFailedError, ForbiddenError, KdashError, NotFoundError
from k9py.cli.logs.options import LogOptions
from k9py.cli.logs.output import LogReporter
from k9py.cli.logs.run import exit_code, log_range
from k9py.logs.follow.log_range import LogRange
from k9py.logs.follow.status import StreamCounts, TargetState, TargetStatus
from k9py.logs.line import WHOLE_STREAM, LogLine
from k9py.logs.source import LogTarget
from k9py.views.exit_codes import ExitCode
from tests.cli.recorded_stream import RecordedStream

WEB = LogTarget("shop", "web-1", "app")
WAITING = BadRequestError('container "app" is waiting to start', code=400)
GONE = NotFoundError("gone", code=404)
FORBIDDEN = ForbiddenError("no right", code=403)
CUT = ConnectionFailedError("cut off")


async def test_a_marker_says_where_and_what() -> None:
    err = RecordedStream()
    reporter = LogReporter(err, colour=False)
    await reporter.print_marker(LogLine(WEB, None, "reconnected after 5s: no lines missing", "note"))
    await reporter.print_marker(LogLine(WHOLE_STREAM, None, "7 lines dropped", "gap"))
    assert err.getvalue().splitlines() == [
        "kdash: web-1/app: reconnected after 5s: no lines missing",
        "kdash: 7 lines dropped",
    ]


async def test_a_marker_is_coloured_where_that_is_welcome_and_always_harmless() -> None:
    err = RecordedStream()
    await LogReporter(err, colour=True).print_marker(LogLine(WEB, None, "bad \x1b[2Jwords", "gap"))
    assert err.getvalue() == "\x1b[1;33mkdash: web-1/app: bad words\x1b[0m\n"


async def test_turns_and_problems_are_reported_when_they_begin() -> None:
    err = RecordedStream()
    reporter = LogReporter(err, colour=False)
    for resting in (0, 3, 3, 0, 2):
        await reporter.print_counts(StreamCounts(wanted=5, following=5 - resting, queued=resting))
    for name in ("", "pods are not seen", "pods are not seen", ""):
        await reporter.print_problem(name)
    assert err.getvalue().splitlines() == [
        "kdash: reading 2 of 5 containers at a time, in turns",
        "kdash: reading 3 of 5 containers at a time, in turns",
        "kdash: pods are not seen",
        "kdash: new pods are detected again",
    ]


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ([], ExitCode.DONE),
        ([None, None], ExitCode.DONE),
        ([None, WAITING, GONE], ExitCode.DONE),
        ([WAITING, WAITING], ExitCode.UNKNOWN),
        ([GONE], ExitCode.UNKNOWN),
        ([None, FORBIDDEN], ExitCode.REFUSED),
        ([None, WAITING, CUT], ExitCode.UNKNOWN),
        ([FORBIDDEN, FORBIDDEN], ExitCode.REFUSED),
    ],
)
def test_what_could_not_be_read_is_shown_by_the_exit_code(errors: list[KdashError | None], code: ExitCode) -> None:
    assert exit_code([TargetStatus(WEB, TargetState.ENDED, error=entry) for entry in errors]) is code


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (LogOptions(), LogRange("")),
        (LogOptions(follow=True), LogRange("", tail_lines=200)),
        (LogOptions(follow=True, tail=0), LogRange("", tail_lines=0)),
        (LogOptions(follow=True, since=60), LogRange("", since_seconds=60)),
        (LogOptions(since=60), LogRange("", since_seconds=60)),
        (LogOptions(tail=5), LogRange("", tail_lines=5)),
    ],
)
def test_without_a_limit_all_of_the_past_is_printed_unless_it_is_followed(
    options: LogOptions, wanted: LogRange
) -> None:
    assert log_range(options) == wanted
