"""The line of a log that shows why a container failed: found and fetched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import pytest

from k9py.api.errors import NotFoundError
from k9py.cluster.failing_line import read_failing_line
from k9py.logs.failing_line import failing_line
from k9py.logs.source import LogTarget
from k9py.rollouts.cohort_status import FailingContainer


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["starting", "panic: no config", "goroutine 1 [running]:"], "panic: no config"),
        (["ready", "ERROR cannot reach db", "FATAL giving up"], "ERROR cannot reach db"),
        (["cannot find x", "error: x is needed"], "error: x is needed"),
        (["listening", "could not bind port 80"], "could not bind port 80"),
        (["loaded, 0 errors", "checked error=nil", "bye"], "bye"),
        (["level=info msg=\"retry after error\"", "level=error msg=\"no route\""], 'level=error msg="no route"'),
        (["[INFO] error handler installed", "java.lang.IllegalStateException: no db"],
         "java.lang.IllegalStateException: no db"),
        (["E0626 10:00:00.1 main.go:3] no lease", "exiting"], "E0626 10:00:00.1 main.go:3] no lease"),
        (["Traceback (most recent call last):", '  File "a.py", line 1', "    x", "KeyError: 'DB'", "bye"],
         "KeyError: 'DB'"),
        (["Traceback (most recent call last):"], "Traceback (most recent call last):"),
        (["one", "two", "", "  "], "two"),
        (["\x1b[31mERROR\x1b[0m bad\x07"], "ERROR bad\N{REPLACEMENT CHARACTER}"),
        (["", " "], None),
        ([], None),
    ],
)  # fmt: skip
def test_the_line_that_shows_the_failure_is_found(lines: list[str], expected: str | None) -> None:
    assert failing_line([entry.encode() for entry in lines]) == expected
    assert failing_line([f"2026-11-22T12:00:00.123456789Z {entry}".encode() for entry in lines]) == expected


def test_a_huge_line_is_cut() -> None:
    line = failing_line([b"error " + b"x" * 100_000])
    assert line is not None
    assert len(line) == 500


class OneLog:
    """A source with one log that records the requested options."""

    def __init__(self, batches: Sequence[list[bytes]] | NotFoundError) -> None:
        self._batches = batches
        self.asked: tuple[LogTarget, bool, int | None, bool] | None = None

    @asynccontextmanager
    async def open_log(
        self,
        target: LogTarget,
        *,
        follow: bool,
        tail_lines: int | None = None,
        since_time: datetime | None = None,
        since_seconds: int | None = None,
        limit_bytes: int | None = None,
        previous: bool = False,
    ) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        self.asked = (target, follow, tail_lines, previous)
        if isinstance(self._batches, NotFoundError):
            raise self._batches
        yield self._lines(self._batches)

    async def _lines(self, batches: Sequence[list[bytes]]) -> AsyncIterator[list[bytes]]:
        for entry in batches:
            yield entry


CRASHED = FailingContainer("shop", "checkout-1", "uid-1", "app", previous=True)


async def test_the_previous_containers_log_is_read_where_it_crashed() -> None:
    source = OneLog([[b"2026-11-22T12:00:00Z starting"], [b"2026-11-22T12:00:01Z fatal: no config"]])
    assert await read_failing_line(source, CRASHED) == "fatal: no config"
    assert source.asked == (LogTarget("shop", "checkout-1", "app", "uid-1"), False, 200, True)


async def test_an_unreadable_log_gives_no_failing_line() -> None:
    assert await read_failing_line(OneLog(NotFoundError("gone")), CRASHED) is None
