"""A copy that runs in the background of the dashboard.

Invariants: it ends in one of the end states whatever happens; stopping waits until no file is written any more, and
leaves a part that a copy with `resumes` continues.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from k9py.api.errors import KdashError
from k9py.api.text import printable
from k9py.remote.files.copying import Copy, CopyRequest
from k9py.runtime.background_jobs import JobState
from k9py.session import ClusterSession


class CopyJob:
    """A download or an upload. Implements `BackgroundJob` and `DetailedJob`.

    Args:
        changed: called when its state has changed.

    Raises:
        ReadOnlyError: the session is read-only.
    """

    def __init__(self, session: ClusterSession, request: CopyRequest, changed: Callable[[], object]) -> None:
        self._request, self._changed = request, changed
        self._copy = Copy(session, request)
        self._task: asyncio.Task[None] | None = None
        self._error: KdashError | None = None
        self.state = JobState.STARTING
        self.started_at: datetime = session.clock.now()

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name=self.kind)

    @property
    def kind(self) -> str:
        """What it is."""
        return "download" if self._request.is_download else "upload"

    @property
    def title(self) -> str:
        """What is copied where."""
        remote, local = self._request.remote, self._request.local
        path = printable(f"{remote.name}:{remote.path}")
        here = printable(local.path)
        return f"{path} → {here}" if self._request.is_download else f"{here} → {path}"

    @property
    def progress(self) -> str:
        """How far it is."""
        return self._copy.progress.text

    @property
    def fraction(self) -> float | None:
        """How far it is from 0 to 1."""
        return 1.0 if self.state is JobState.DONE else self._copy.progress.fraction

    @property
    def url(self) -> str:
        """Nothing to open."""
        return ""

    @property
    def quit_question(self) -> str:
        """What is lost when kdash ends now."""
        return "" if self.state.has_ended else f"a {self.kind} is at {self.progress}; it can be resumed"

    @property
    def can_stop(self) -> bool:
        """Whether it runs."""
        return not self.state.has_ended

    @property
    def detail(self) -> str:
        """Why it has failed, or what was left out."""
        if self._error is not None:
            return printable("; ".join(filter(None, (self._error.message, self._error.hint))))
        return next(self._copy.progress.left_out_lines(), "")

    @property
    def facts(self) -> Sequence[tuple[str, str]]:
        """All that is known."""
        progress, container = self._copy.progress, self._copy.container
        facts = [("pod", f"{container.pod} ({container.container})")] if container is not None else []
        facts += [("file", progress.current)] if progress.current else []
        facts += [("left out", line) for line in progress.left_out_lines()]
        facts += [("error", self.detail)] if self._error is not None else []
        return [(name, printable(value)) for name, value in facts]

    async def stop(self) -> None:
        """Stop it; what is there can be resumed."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})
            if not self.state.has_ended:  # it was cancelled before it began
                self._set(JobState.STOPPED)

    async def _run(self) -> None:
        self._set(JobState.RUNNING)
        end = JobState.FAILED
        try:
            await self._copy.run()
            end = JobState.FAILED if self._has_failures else JobState.DONE
        except asyncio.CancelledError:
            end = JobState.STOPPED
        except KdashError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 -- a fault of kdash ends this copy, not what runs beside it
            self._error = KdashError(f"internal error: {type(error).__name__}: {error}")
        finally:
            self._set(end)

    @property
    def _has_failures(self) -> bool:
        return self._copy.progress.has_failed or self._copy.progress.has_refused

    def _set(self, state: JobState) -> None:
        self.state = state
        self._changed()
