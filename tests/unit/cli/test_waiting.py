"""The progress of `kdash --once`: nothing for a short wait, always something for a long one."""

from __future__ import annotations

import asyncio
import io

import pytest

from k9py.api.errors import ConnectionFailedError, ExpiredError, ForbiddenError, UnavailableError
from k9py.cli.progress import WaitProgress, read_progress
from k9py.cluster.health import ClusterHealth, ClusterState, KindHealth
from tests.unit.cluster.server import HeldClock

BUSY = UnavailableError("the API server asks us to slow down", code=429)


async def said_during(*passing: float, is_terminal: bool) -> list[str]:
    """The output after each step of time, and at the end."""
    clock, err = HeldClock(), io.StringIO()
    printed: list[str] = []
    counts = iter(range(1, 100))

    def written() -> str:
        text = err.getvalue()
        err.seek(0)
        err.truncate()
        return text

    async with WaitProgress(err, clock, lambda: f"reading {next(counts)}", is_terminal=is_terminal):
        for seconds in passing:
            await asyncio.sleep(0)
            clock.pass_time(seconds)
            for _ in range(3):
                await asyncio.sleep(0)
            printed.append(written())
    return [*printed, written()]


@pytest.mark.parametrize(
    ("is_terminal", "passing", "printed"),
    [
        pytest.param(True, [1.9], ["", ""], id="a short wait on a terminal"),
        pytest.param(
            True,
            [2, 0.5, 0.5],
            ["\rkdash: reading 1\x1b[K", "", "\rkdash: reading 2\x1b[K", "\r\x1b[K"],
            id="a longer one is one line, and taken away",
        ),
        pytest.param(False, [9.9], ["", ""], id="a short wait elsewhere"),
        pytest.param(
            False,
            [10, 29, 1],
            ["kdash: reading 1\n", "", "kdash: reading 2\n", ""],
            id="a longer one is a line now and then",
        ),
    ],
)
async def test_progress_of_a_wait(is_terminal: bool, passing: list[float], printed: list[str]) -> None:
    assert await said_during(*passing, is_terminal=is_terminal) == printed


def kind(name: str, state: ClusterState, objects: int = 0, error: Exception | None = None) -> KindHealth:
    assert error is None or isinstance(error, UnavailableError | ConnectionFailedError | ForbiddenError | ExpiredError)
    return KindHealth(name, state, state is ClusterState.LIVE, objects, error)


@pytest.mark.parametrize(
    ("kinds", "text"),
    [
        ([kind("Pod", ClusterState.LOADING, 1204)], "reading pods: 1,204 so far…"),
        ([kind("Pod", ClusterState.LIVE, 1204)], ""),
        (
            [kind("Job", ClusterState.LOADING), kind("Pod", ClusterState.LOADING, 7), kind("Node", ClusterState.LIVE)],
            "reading pods: 7 so far… (1 more to come)",
        ),
        (
            [kind("Pod", ClusterState.UNREACHABLE, 0, BUSY)],
            "reading pods: the API server asks us to slow down; retrying…",
        ),
        (
            [kind("Pod", ClusterState.UNREACHABLE, 500, ExpiredError("too old"))],
            "reading pods: too old; retrying…",
        ),
        ([kind("Pod", ClusterState.UNREACHABLE, 0, ConnectionFailedError("refused"))], ""),
        ([kind("Pod", ClusterState.FORBIDDEN, 0, ForbiddenError("no"))], ""),
    ],
)
def test_the_progress_text_of_a_list(kinds: list[KindHealth], text: str) -> None:
    health = ClusterHealth(ClusterState.LOADING, kinds={kind.kind: kind for kind in kinds})
    assert read_progress(health) == text
