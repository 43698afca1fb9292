"""A copy in the background of the dashboard: how it ends, and what a person reads about it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from k9py.api.errors import ConfigError
from k9py.remote.files.copying import Copy, CopyRequest
from k9py.remote.files.endpoints import parse_endpoint
from k9py.remote.files.job import CopyJob
from k9py.runtime.background_jobs import JobState
from k9py.runtime.clock import SystemClock


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (ConfigError("there is no directory ./here", "make it first"), "there is no directory ./here; make it first"),
        (ZeroDivisionError("no\x1b[2Jway"), "internal error: ZeroDivisionError: noway"),
    ],
)
async def test_a_failed_copy_names_the_error_and_its_hint_apart(
    monkeypatch: pytest.MonkeyPatch, error: Exception, detail: str
) -> None:
    async def run(_self: Copy) -> None:
        raise error

    monkeypatch.setattr(Copy, "run", run)
    accesses = SimpleNamespace(refuse=lambda *_words: None)
    session: Any = SimpleNamespace(namespace="shop", clock=SystemClock(), writer=SimpleNamespace(accesses=accesses))
    states: list[JobState] = []
    request = CopyRequest(parse_endpoint("web:/a"), parse_endpoint("./here/"))
    job = CopyJob(session, request, lambda: states.append(job.state))

    job.start()
    assert job._task is not None
    await job._task

    assert states == [JobState.RUNNING, JobState.FAILED]
    assert job.detail == detail
