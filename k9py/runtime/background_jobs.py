"""What runs for long while a person does something else: port-forwards, downloads, drains, tracked rollouts.

Owns: the list of them. Knows nothing of Kubernetes; a batch/v1 Job is no background job. Whoever starts one adds it and
keeps it current; views pull, and see by `revision` that something has changed. To add a kind: implement
`BackgroundJob`, and `DetailedJob` where there is more to show than a row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Final, Protocol, runtime_checkable

KEPT_ENDED: Final = 50
"""Jobs that have ended and are still listed; older ones are dropped."""
STOP_SECONDS: Final = 3.0
"""How long the end of kdash waits for its jobs."""


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


@runtime_checkable
class DetailedJob(Protocol):
    """A job that knows more than its row shows. Texts are printable already."""

    @property
    def detail(self) -> str:
        """What a person asks next, in one line: the address it listens on, or why it waits or has failed."""
        ...

    @property
    def facts(self) -> Sequence[tuple[str, str]]:
        """All that is known, as names and values: ("pod", "web-7f9-aa"), ("errors", "14:02:11 connection refused")."""
        ...


class BackgroundJobs:
    """The jobs of a session, oldest first.

    Attributes:
        revision: rises when a job is added or dropped, or `touch` is called.
    """

    def __init__(self) -> None:
        self.revision = 0
        self._jobs: list[BackgroundJob] = []
        self._numbers: dict[int, int] = {}
        self._last_number = 0
        self._seen_failures: frozenset[int] = frozenset()

    @property
    def jobs(self) -> tuple[BackgroundJob, ...]:
        """All jobs, those that ended among them."""
        return tuple(self._jobs)

    @property
    def running(self) -> tuple[BackgroundJob, ...]:
        """The jobs that have not ended."""
        return tuple(job for job in self._jobs if not job.state.has_ended)

    def number(self, job: BackgroundJob) -> int:
        """Return the number of a job, from 1: no other one has it, but what replaces the job. Raises KeyError."""
        return self._numbers[id(job)]

    def add(self, job: BackgroundJob, *, replaces: BackgroundJob | None = None) -> None:
        """List a job; the oldest of too many ended ones is dropped.

        Args:
            replaces: what it is started again for: it takes its number, and that one is dropped.
        """
        if replaces is not None and replaces in self._jobs:
            self._numbers[id(job)] = self._numbers[id(replaces)]
            self.remove(replaces)
        else:
            self._last_number += 1
            self._numbers[id(job)] = self._last_number
        self._jobs.append(job)
        ended = [job for job in self._jobs if job.state.has_ended]
        for old in ended[: max(0, len(ended) - KEPT_ENDED)]:
            self.remove(old)
        self.touch()

    def remove(self, job: BackgroundJob) -> None:
        """Drop a job that has ended; nothing if it is not listed."""
        if job in self._jobs:
            self._jobs.remove(job)
            del self._numbers[id(job)]
            self._seen_failures -= {id(job)}
            self.touch()

    def touch(self) -> None:
        """Note that something of a job has changed."""
        self.revision += 1

    @property
    def unseen_failures(self) -> tuple[BackgroundJob, ...]:
        """The jobs that have failed since a person looked at the list."""
        return tuple(job for job in self._jobs if job.state is JobState.FAILED and id(job) not in self._seen_failures)

    def mark_seen(self) -> None:
        """Note that a person has seen what failed until now."""
        if self.unseen_failures:
            self._seen_failures = frozenset(id(job) for job in self._jobs if job.state is JobState.FAILED)
            self.touch()

    def clear_ended(self) -> int:
        """Drop the jobs that have ended; return how many there were."""
        ended = [job for job in self._jobs if job.state.has_ended]
        for job in ended:
            self.remove(job)
        return len(ended)

    def take_all(self) -> BackgroundJobs:
        """Return the jobs as a list of their own; this one is empty then: they belong to a cluster that is left."""
        taken = BackgroundJobs()
        taken._jobs, self._jobs = self._jobs, []
        taken._numbers, self._numbers = self._numbers, {}
        self._seen_failures = frozenset()
        self.touch()
        return taken

    async def stop_all(self, seconds: float = STOP_SECONDS) -> None:
        """Stop the jobs that can be stopped, at the same time; one that does not end in time is left alone."""
        stops = [asyncio.ensure_future(job.stop()) for job in self.running if job.can_stop]
        if stops:
            _, pending = await asyncio.wait(stops, timeout=seconds)
            for stop in pending:
                stop.cancel()
            await asyncio.gather(*stops, return_exceptions=True)
        self.touch()
