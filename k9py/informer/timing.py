"""How much the watcher requests, and how long it waits for what.

Invariant: every wait has a limit. Values are seconds unless stated otherwise. When it retries: `retry.py`.
"""

from __future__ import annotations

from typing import Final

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

VERIFY_EVERY: Final = 30.0
"""Seconds between two probes because of events with lower versions: a server may repeat itself at length."""

SHORTEST_WATCH: Final = 1.0
"""Seconds. A watch that ends in order sooner than this, without any data, is a failure and not a timeout."""

POLL: Final = 20.0
"""Seconds between lists of a kind that may be listed but not watched: each costs a page or more, so not too often."""
