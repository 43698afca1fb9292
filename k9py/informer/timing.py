"""How much the watcher requests, how long it waits for what, and when it retries.

Invariant: every wait has a limit. Values are seconds unless stated otherwise. To give a failure its own retry
delay: a case in `retry_delay`.
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

PAGE_LIMIT: Final = 500
"""Objects per page. Pages are requested without a resourceVersion: with "0" the server ignores `limit` and may answer
from an old cache; without it the response is consistent, and current servers still serve it from their cache."""

MAX_PAGE_LIMIT: Final = 8_000
"""Where the page limit stops growing when continue tokens expire before a slow list is complete."""

WATCH_SECONDS: Final = 60
"""`timeoutSeconds` of a watch. Bookmarks come about once a minute, but not of every kind (Events have none), not if
nothing was written since, and not through every proxy. What every server does is end the stream in order after this
time, so that counts as the sign of life, and resuming is cheap."""

IDLE_MARGIN: Final = 15.0
"""Seconds a watch may be silent beyond the time after which the server itself ends it: then the connection is dead."""

OVERDUE_SECONDS: Final = 100.0
"""Seconds without a sign of life after which nothing counts as live, whatever the timers of its watch say."""

PROVING_SECONDS: Final = 10
"""`timeoutSeconds` of the first watch after one that fell silent: it has to prove that it is alive."""

PROVING_MARGIN: Final = 5.0
"""Seconds beyond it: short enough for a server that has recovered to be live within some 15 s."""

STREAMED_LIST_SILENCE: Final = 3.0
"""Seconds of silence in which a streaming list has to end: servers send the closing bookmark in a second or two."""

STREAMED_LIST_SECONDS: Final = 15.0
"""Seconds after which a streaming list is abandoned although changes keep coming; it is used only for small kinds."""

RELIST_AFTER: Final = 30.0
"""Seconds of an outage after which everything is relisted: long enough for a server to have been restored."""

SHORTEST_WAIT: Final = 0.8
"""Seconds before the first retry, as in client-go's reflector."""

LONGEST_WAIT: Final = 30.0
"""Seconds between two retries at most, jitter included."""

CONFIRM: Final = 2.0
"""Seconds in which a lagging replica catches up, before a lower version is believed."""

VERIFY_EVERY: Final = 30.0
"""Seconds between two probes because of events with lower versions: a server may repeat itself at length."""

MAX_RETRY_AFTER: Final = 60.0
"""Seconds of a server's `Retry-After` that are respected: nobody watches a dashboard for an hour."""

SHORTEST_WATCH: Final = 1.0
"""Seconds. A watch that ends in order sooner than this, without any data, is a failure and not a timeout."""

SLOW_RETRY: Final = 60.0
"""Seconds between retries if a kind is forbidden or does not exist: a person has to change that first."""

POLL: Final = 20.0
"""Seconds between lists of a kind that may be listed but not watched: each costs a page or more, so not too often."""


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
