"""One run of an operation as a background job: what is done to one object or to several, until its tracking has ended.

Owns: which runs are listed: those on several objects and those that can be stopped from the first write on, others once
a write has to be tracked: what is done at once is no job. Invariant: texts are those of the status that every screen
shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from k9py.api.plural import count_noun
from k9py.api.text import printable
from k9py.operations.operation import Operation, name_of
from k9py.operations.target import TargetSnapshot
from k9py.runtime.background_jobs import BackgroundJobs, JobState
from k9py.tui.operations.operation_log import OperationStatus
from k9py.views.values import Tone

_ENDS = {Tone.OK: JobState.DONE, Tone.FAIL: JobState.FAILED}


class OperationJob:
    """A run of an operation; implements `DetailedJob`.

    Args:
        jobs: where it is listed.
        kind: of the operation, such as "restart".
        title: the object, or how many.
        count: of objects.
        now: returns the time.
        stop: asks to stop after the current object, None where the run cannot be stopped.
    """

    url = ""

    def __init__(
        self,
        jobs: BackgroundJobs,
        kind: str,
        title: str,
        count: int,
        now: Callable[[], datetime],
        stop: Callable[[], None] | None,
    ) -> None:
        self.kind = kind
        self.title = printable(title)
        self.started_at = now()
        self._jobs = jobs
        self._now = now
        self._count = count
        self._number = 0
        self._stop = stop
        self._status: OperationStatus | None = None
        self._state = JobState.RUNNING
        self._problem = ""
        self._is_listed = False
        self._ended = asyncio.Event()

    # -- the run ------------------------------------------------------------------------------------------------------

    def begin(self, status: OperationStatus, number: int) -> None:
        """Begin the write of an object.

        Args:
            number: of the object, from 1.
        """
        self._status, self._number = status, number
        if number == 1:
            self.started_at = self._now()
        if self._stop is not None:
            self.list()
        self._jobs.touch()

    def list(self) -> None:
        """List it: it has written something whose effect takes time."""
        if not self._is_listed:
            self._is_listed = True
            self._jobs.add(self)

    def end(self, problem: str = "") -> None:
        """End it; once ended, nothing changes.

        Args:
            problem: why it failed, "" when it did not.
        """
        if self._state.has_ended:
            return
        tone = Tone.WARN if self._status is None else self._status.shown.tone
        self._problem = printable(problem)
        self._state = JobState.FAILED if problem else _ENDS.get(tone, JobState.STOPPED)
        self._ended.set()
        if self._is_listed:
            self._jobs.touch()

    # -- DetailedJob --------------------------------------------------------------------------------------------------

    @property
    def state(self) -> JobState:
        """RUNNING until its tracking has ended."""
        return self._state

    @property
    def fraction(self) -> float | None:
        """The share of objects that are done, and of the pods of the current one."""
        if self._status is None:
            return None
        shown = self._status.shown
        current = None if not shown.desired else min(shown.available, shown.desired) / shown.desired
        if self._count == 1:
            return current
        return (self._number - 1 + (current or 0.0)) / self._count

    @property
    def progress(self) -> str:
        """What the status says, of several objects also how many are done."""
        if self._status is None:
            return ""
        shown = self._status.shown
        text = printable(shown.status_text)
        return text if self._count == 1 else f"{self._number} of {self._count} · {text}"

    @property
    def detail(self) -> str:
        """Why it failed, otherwise to which of several objects it is done now."""
        if self._problem or self._status is None or self._count == 1:
            return self._problem
        shown = self._status.shown
        return printable(f"{shown.key.qualified_kind} {shown.key.name} {shown.what}")

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """The object and its pods."""
        facts = [("object", self.detail), ("status", self.progress)] if not self._problem else []
        facts = [(name, value) for name, value in facts if value]
        if self._status is not None and (desired := self._status.shown.desired):
            shown = self._status.shown
            facts.append(("pods", f"{shown.updated} updated, {shown.available} available of {desired}"))
        return (*facts, ("error", self._problem)) if self._problem else tuple(facts)

    @property
    def quit_question(self) -> str:
        """What is not done when it ends now; a rollout is finished by the cluster."""
        if self._state.has_ended or self._stop is None:
            return ""
        if self._count == 1:
            return f"the {self.kind} would end in the middle"
        return f"{self._number - 1} of {self._count} done: those after the current one would be left out"

    @property
    def can_stop(self) -> bool:
        """Whether the objects after the current one can be left out."""
        return self._stop is not None and not self._state.has_ended

    async def stop(self) -> None:
        """Stop after the current object, and return when that has ended."""
        if self._stop is not None and not self._state.has_ended:
            self._stop()
            self._jobs.touch()
            await self._ended.wait()


def job_of(
    jobs: BackgroundJobs,
    operation: Operation[Any],
    targets: Sequence[TargetSnapshot],
    now: Callable[[], datetime],
    stop: Callable[[], None],
) -> OperationJob:
    """Return the job of a run; only one on several objects, or one that says so, can be stopped."""
    count = len(targets)
    title = name_of(targets[0].key) if count == 1 else count_noun(count, "object")
    return OperationJob(jobs, operation.id, title, count, now, stop if count > 1 or operation.can_stop else None)
