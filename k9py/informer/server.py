"""What is known about an API server: traits that all its reflectors share, and whether a kind's watches can be trusted.

To learn another trait: an attribute of `ServerTraits`, set where `Watcher` meets it.
"""

from __future__ import annotations

import random
from datetime import datetime
from typing import Final

from k9py.api.errors import KdashError, UnresponsiveError
from k9py.informer import timing
from k9py.runtime.clock import Clock

NO_STREAMING_LISTS: Final = frozenset({0, 400, 403, 405, 415, 422, 500, 501})
"""Codes that mean a server does not stream lists. 403: list may be allowed where watch is not. 500: no progress
requests in its etcd. Codes for "later" (429, 503, 504) and for "log in" (401) are not among them."""

OF_ONE_KIND: Final = frozenset({0, 403})
"""Those of them that mean nothing for other kinds."""

_MAX_DOUBTS: Final = 2


class ServerTraits:
    """How this server departs from what current API servers do.

    Invariant: one object per connection, shared by all its reflectors and kept when the scope changes. A trait belongs
    to the whole server, never to one kind: whatever discovers it records it here, and it is not probed again.

    Attributes:
        supports_streaming_lists: it ends a streaming list (`sendInitialEvents`) with the bookmark that has to end it.
            False after the first refusal, and after the first such list without that bookmark: filtering proxies drop
            it.
        restored_at: when it was last found restored to an older state; None: never.
    """

    def __init__(self) -> None:
        self.supports_streaming_lists = True
        self.restored_at: datetime | None = None


class WatchTrust:
    """Whether the watches of one kind can be trusted, judged by the last ones; lists are judged separately.

    Invariant: a watch that has sent anything is trusted again. To distrust for another reason: a case in `failed`.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._doubts = 0
        self._opened_at = 0.0
        self._has_data = False

    @property
    def needs_proof(self) -> bool:
        """Whether the next watch counts only once it has sent something."""
        return self._doubts >= _MAX_DOUBTS

    def watch_seconds(self, rng: random.Random, *, is_proving: bool) -> tuple[int, float]:
        """Return after how many seconds the server should end the next watch, and the margin until it is dead."""
        if is_proving:
            return timing.PROVING_SECONDS, timing.PROVING_MARGIN
        return int(timing.WATCH_SECONDS * (1 - 0.2 * rng.random())), timing.IDLE_MARGIN

    def opened(self) -> None:
        """Record that a watch was opened; it has sent nothing yet."""
        self._opened_at = self._clock.monotonic()
        self._has_data = False

    def confirmed(self) -> None:
        """Record that the watch has sent something, or has ended in order."""
        self._has_data = True
        self._doubts = 0

    def failed(self, error: KdashError) -> bool:
        """Record how the open watch failed.

        Returns:
            Whether it needed to prove itself, and did not.
        """
        needed_proof = self.needs_proof
        if self._has_data:
            return False
        if isinstance(error, UnresponsiveError):
            self._doubts += _MAX_DOUBTS
        elif self._clock.monotonic() - self._opened_at < timing.PROVING_SECONDS:
            self._doubts += 1  # may be a coincidence; one that was quiet for longer was cut for being idle
        return needed_proof
