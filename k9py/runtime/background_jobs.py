"""What runs for long while a person does something else: port-forwards, downloads, drains, tracked rollouts.

Owns: the list of them. Knows nothing of Kubernetes; a batch/v1 Job is no background job. Whoever starts one adds it and
keeps it current; views pull, and see by `revision` that something has changed. To add a kind: implement
`BackgroundJob`.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Final, Protocol

KEPT_ENDED: Final = 50
"""Jobs that have ended and are still listed; older ones are dropped."""


class JobState(Enum):
    """The state of a background job."""

    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"
    """It cannot do its work now, and tries again: a forward without a ready pod."""
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens."""
        return self in (JobState.DONE, JobState.FAILED, JobState.STOPPED)


class BackgroundJob(Protocol):
    """Something that runs for long. Texts are printable already."""

    @property
    def kind(self) -> str:
        """What it is, one or two words: "port-forward", "download", "drain"."""
        ...

    @property
    def title(self) -> str:
        """What it is about: "deploy/web 8080→80"."""
        ...

    @property
    def state(self) -> JobState: ...

    @property
    def progress(self) -> str:
        """How far it is, or what it waits for: "3 connections, 1.2 MB", "42 % of 80 MB"."""
        ...

    @property
    def fraction(self) -> float | None:
        """How far it is from 0 to 1, None when that is unknown or it has no end."""
        ...

    @property
    def started_at(self) -> datetime: ...

    @property
    def url(self) -> str:
        """What a person can open or copy, "" when there is nothing."""
        ...

    @property
    def quit_question(self) -> str:
        """What is lost when kdash ends now, "" when nothing is: "2 connections are open"."""
        ...

    @property
    def can_stop(self) -> bool: ...

    async def stop(self) -> None:
        """Stop it and wait until it has ended; nothing if it has."""
        ...


class BackgroundJobs:
    """The jobs of a session, oldest first.

    Attributes:
        revision: rises when a job is added or dropped, or `touch` is called.
    """

    def __init__(self) -> None:
        self.revision = 0
        self._jobs: list[BackgroundJob] = []

    @property
    def jobs(self) -> tuple[BackgroundJob, ...]:
        """All jobs, those that ended among them."""
        return tuple(self._jobs)

    @property
    def running(self) -> tuple[BackgroundJob, ...]:
        """The jobs that have not ended."""
        return tuple(job for job in self._jobs if not job.state.has_ended)

    def add(self, job: BackgroundJob) -> None:
        """List a job; the oldest of too many ended ones is dropped."""
        self._jobs.append(job)
        ended = [job for job in self._jobs if job.state.has_ended]
        for old in ended[: len(ended) - KEPT_ENDED]:
            self._jobs.remove(old)
        self.touch()

    def remove(self, job: BackgroundJob) -> None:
        """Drop a job that has ended; nothing if it is not listed."""
        if job in self._jobs:
            self._jobs.remove(job)
            self.touch()

    def touch(self) -> None:
        """Say that something of a job has changed."""
        self.revision += 1

    async def stop_all(self) -> None:
        """Stop the jobs that can be stopped."""
        for job in self.running:
            if job.can_stop:
                await job.stop()
        self.touch()
