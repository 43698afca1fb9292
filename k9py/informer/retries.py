"""How long to wait after which failure.

To give another failure a wait of its own: one `case`.
"""

from __future__ import annotations

from k9py.api.errors import (
    ApiError,
    ForbiddenError,
    KdashError,
    NotFoundError,
    UnresponsiveError,
    VersionRegressedError,
)
from k9py.informer import timing
from k9py.runtime.backoff import Backoff


def wait_after(error: KdashError, backoff: Backoff, *, unanswered_for: float | None) -> float:
    """Return the seconds until the next try.

    Args:
        backoff: of this watch; grows where the failure may be the server's weakness.
        unanswered_for: seconds the request has waited for the answer that did not come; None: there was an answer.
    """
    match error:
        case VersionRegressedError():
            return timing.CONFIRM
        case ForbiddenError() | NotFoundError():
            return timing.SLOW_RETRY
        case ApiError(retry_after=float() | int() as seconds):
            return max(min(float(seconds), timing.MAX_RETRY_AFTER), backoff.next())
        case UnresponsiveError() if unanswered_for is not None:
            # Waiting for the response was a wait already.
            return max(timing.SHORTEST_WAIT, backoff.next() - unanswered_for)
        case _:
            return backoff.next()
