"""How much the watcher asks for at once, how long it waits for what, and when it tries again.

Invariant: nothing is waited for without a limit. Seconds, where nothing else is said.
"""

from __future__ import annotations

from typing import Final

PAGE_LIMIT: Final = 500
"""Objects a page. Pages are asked for without a resourceVersion: with "0" the server ignores `limit` and may answer
from an old cache; without it the answer is consistent, and current servers still serve it from their cache."""

LARGEST_PAGE: Final = 8_000
"""Where the page limit stops growing when continue tokens expire before a slow list is through."""

WATCH_SECONDS: Final = 60
"""`timeoutSeconds` of a watch. Bookmarks come about once a minute, but not of every kind (Events have none), not where
nothing was written since, and not through every proxy. What every server does is end the stream in order after this
time, so that is the sign of life, and coming back is cheap."""

IDLE_MARGIN: Final = 15.0
"""Seconds a watch may be silent beyond the time after which the server itself ends it: then the connection is dead."""

LATE_AFTER: Final = 100.0
"""Seconds without a sign of life after which nothing is called live any more, whatever the timers of its watch say."""

PROVING_SECONDS: Final = 10
"""`timeoutSeconds` of the first watch after one that fell silent: it has to prove that it is alive."""

PROVING_MARGIN: Final = 5.0
"""Seconds beyond it: soon enough for a server that is well again to be live within some 15 s."""

STREAMED_LIST_SILENCE: Final = 3.0
"""Seconds of silence in which a streamed list has to end: servers send the closing bookmark in a second or two."""

STREAMED_LIST_SECONDS: Final = 15.0
"""Seconds after which a streamed list is given up although changes keep coming; the kinds it is for are small."""

RELIST_AFTER: Final = 30.0
"""Seconds of an outage after which everything is listed anew: long enough for a server to have been restored."""

SHORTEST_WAIT: Final = 0.8
"""Seconds before the first retry, as in client-go's reflector."""

LONGEST_WAIT: Final = 30.0
"""Seconds between two retries at most, jitter included."""

CONFIRM: Final = 2.0
"""Seconds in which a replica that lags catches up, before a lower version is believed."""

VERIFY_EVERY: Final = 30.0
"""Seconds between two probes because of events with lower versions: a server may repeat itself at length."""

MAX_RETRY_AFTER: Final = 60.0
"""Seconds of a server's `Retry-After` that are kept to: nobody waits an hour in front of a dashboard."""

SHORTEST_WATCH: Final = 1.0
"""Seconds. A watch that ends in order sooner than this, with nothing said, is a failure and not a timeout."""

SLOW_RETRY: Final = 60.0
"""Seconds between tries of what is forbidden or does not exist: a person has to change that first."""

POLL: Final = 20.0
"""Seconds between lists of what may be listed and not watched: a page or some of them each time, so not too often."""
