"""Background jobs for tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from k9py.runtime.background_jobs import JobState

STARTED = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@dataclass(eq=False)
class FakeJob:
    """A job that is what a test says."""

    kind: str = "port-forward"
    title: str = "svc/web 8080→80"
    state: JobState = JobState.RUNNING
    progress: str = ""
    fraction: float | None = None
    started_at: datetime = STARTED
    url: str = ""
    quit_question: str = ""
    can_stop: bool = True
    detail: str = ""
    facts: Sequence[tuple[str, str]] = ()
    on_stop: Callable[[], Awaitable[None]] | None = None

    async def stop(self) -> None:
        """Do what the test wants, then be stopped."""
        if self.on_stop is not None:
            await self.on_stop()
        self.state = JobState.STOPPED
