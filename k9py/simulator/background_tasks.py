"""The tasks of the simulator's components.

Invariant: every task of controllers, nodes and scenarios belongs to one `BackgroundTasks`; an error of a task is never
lost: `stop` raises it.
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from typing import Any

_LOG = logging.getLogger(__name__)


class BackgroundTasks:
    """Tasks that run until they are stopped."""

    def __init__(self, work: Iterable[Coroutine[Any, Any, None]]) -> None:
        """Start a task for each coroutine, on the running loop."""
        self._tasks = [asyncio.create_task(coroutine) for coroutine in work]
        for task in self._tasks:
            task.add_done_callback(_log_failure)

    async def stop(self) -> None:
        """End all tasks.

        Raises:
            BaseException: what the first task that failed raised.
        """
        for task in self._tasks:
            task.cancel()
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, asyncio.CancelledError):
                raise outcome


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        _LOG.error("a part of the simulated cluster failed", exc_info=task.exception())
