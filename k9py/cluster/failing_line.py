"""Read the log line that explains why a cohort fails: one short request, made only if something failed."""

from __future__ import annotations

from typing import Final

from k9py.api.errors import KdashError
from k9py.logs.failing_line import failing_line
from k9py.logs.source import LogSource, LogTarget
from k9py.logs.source_errors import LogSourceError, container_lines
from k9py.rollouts.cohort_status import FailingContainer

MAX_LINES: Final = 200


async def read_failing_line(source: LogSource, failing: FailingContainer) -> str | None:
    """Return the line that explains the failure, among the last 200 of the container; None when none is readable."""
    target = LogTarget(failing.namespace, failing.pod, failing.container, failing.uid)
    lines: list[bytes] = []
    try:
        async with source.open_log(target, follow=False, tail_lines=MAX_LINES, previous=failing.previous) as batches:
            async for batch in container_lines(batches):
                lines += batch
    except LogSourceError:
        pass  # lines may have come before it
    except KdashError:
        return None
    return failing_line(lines[-MAX_LINES:])
