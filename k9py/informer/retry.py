"""When a watch retries: how long it backs off after which failure.

Values are seconds. The algorithm (growth, jitter, reset) is `runtime/backoff.py`. To give a failure its own delay: a
case in `retry_delay`.
"""

from __future__ import annotations

from typing import Final

from k9py.api.errors import (
    ApiError,
    ForbiddenError,
    KdashError,
    NotFoundError,
    UnresponsiveError,
    VersionRegressedError,
)
from k9py.runtime.backoff import Backoff

SHORTEST_WAIT: Final = 0.8
"""Seconds before the first retry, as in client-go's reflector."""

LONGEST_WAIT: Final = 30.0
"""Seconds between two retries at most, jitter included."""

CONFIRM: Final = 2.0
"""Seconds in which a lagging replica catches up, before a lower version is believed."""

MAX_RETRY_AFTER: Final = 60.0
"""Seconds of a server's `Retry-After` that are respected: nobody watches a dashboard for an hour."""

SLOW_RETRY: Final = 60.0
"""Seconds between retries if a kind is forbidden or does not exist: a person has to change that first."""


def retry_delay(error: KdashError, backoff: Backoff, *, unanswered_for: float | None) -> float:
    """Return the seconds until the next try.

    Args:
        backoff: of this watch; grows where the failure may be the server's weakness.
        unanswered_for: seconds the request has waited for a response that did not come; None: there was a response.
    """
    match error:
        case VersionRegressedError():
            return CONFIRM
        case ForbiddenError() | NotFoundError():
            return SLOW_RETRY
        case ApiError(retry_after=float() | int() as seconds):
            return max(min(float(seconds), MAX_RETRY_AFTER), backoff.next())
        case UnresponsiveError() if unanswered_for is not None:
            # Waiting for the response already counts as a wait.
            return max(SHORTEST_WAIT, backoff.next() - unanswered_for)
        case _:
            return backoff.next()
