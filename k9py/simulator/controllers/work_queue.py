"""The work queue of a controller: which keys to look at, now or later.

Invariant: a key is in the queue once at most, `reconcile` runs for one key at a time and gives way between two, and
waiting is done on the cluster's clock alone. A refused write (`ApiFailure`) is tried again with back-off, as
client-go's rate limiter does; so is a key whose object nobody can make sense of, which is logged: one odd object must
not stop a controller.
"""

import asyncio
import heapq
import itertools
import logging
from collections import deque
from collections.abc import Callable

from k9py.simulator.clock import SimulationClock
from k9py.simulator.status_errors import StatusError

Key = tuple[str, str]
"""Namespace (empty for cluster-wide kinds) and name."""

_LOG = logging.getLogger(__name__)
_SLACK = 1e-6  # seconds; sums of floats must not leave a key waiting for a moment that is never reached
_FIRST_RETRY = 0.5
_LONGEST_RETRY = 64.0


async def wait_for_wake(clock: SimulationClock, wake: asyncio.Event, seconds: float | None) -> None:
    """Return when the event is set or so many seconds have passed (None: only the event counts)."""
    if seconds is None:
        await wake.wait()
        return
    if seconds <= 0 or wake.is_set():
        return
    woken = asyncio.ensure_future(wake.wait())
    passed = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({woken, passed}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        woken.cancel()
        passed.cancel()


class WorkQueue:
    """Keys to reconcile, in the order they were added, and keys to add when their time has come."""

    def __init__(self, clock: SimulationClock, reconcile: Callable[[Key], float | None]) -> None:
        """Make an empty queue.

        Args:
            clock: what delays are measured on.
            reconcile: brings one key to its wanted state; returns seconds after which to look again, or None.
        """
        self._clock = clock
        self._reconcile = reconcile
        self._ready: deque[Key] = deque()
        self._queued: set[Key] = set()
        self._due: dict[Key, float] = {}
        self._later: list[tuple[float, int, Key]] = []
        self._order = itertools.count()
        self._retries: dict[Key, int] = {}
        self._wake = asyncio.Event()

    def add(self, key: Key) -> None:
        """Look at a key as soon as possible."""
        if key not in self._queued:
            self._queued.add(key)
            self._ready.append(key)
            self._wake.set()

    def add_after(self, key: Key, seconds: float) -> None:
        """Look at a key in so many seconds; an earlier appointment stands."""
        if seconds <= 0:
            self.add(key)
            return
        due = self._clock.monotonic() + seconds
        if key in self._due and self._due[key] <= due:
            return
        self._due[key] = due
        heapq.heappush(self._later, (due, next(self._order), key))
        self._wake.set()

    async def run(self) -> None:
        """Work for ever."""
        while True:
            self._add_due()
            if not self._ready:
                self._wake.clear()
                seconds = self._later[0][0] - self._clock.monotonic() if self._later else None
                await wait_for_wake(self._clock, self._wake, seconds)
                continue
            key = self._ready.popleft()
            self._queued.discard(key)
            self._reconcile_one(key)
            await asyncio.sleep(0)

    def _reconcile_one(self, key: Key) -> None:
        try:
            again = self._reconcile(key)
        except StatusError:
            self._retry(key)
            return
        except Exception:  # noqa: BLE001 - as a real controller recovers from a panic
            _LOG.exception("could not reconcile %s", "/".join(key))
            self._retry(key)
            return
        self._retries.pop(key, None)
        if again is not None:
            self.add_after(key, again)

    def _retry(self, key: Key) -> None:
        retries = self._retries.get(key, 0)
        self._retries[key] = retries + 1
        self.add_after(key, min(_LONGEST_RETRY, _FIRST_RETRY * 2 ** min(retries, 10)))

    def _add_due(self) -> None:
        now = self._clock.monotonic() + _SLACK
        while self._later and self._later[0][0] <= now:
            due, _, key = heapq.heappop(self._later)
            if self._due.get(key) == due:
                del self._due[key]
                self.add(key)
