"""A controller's work queue: keys to reconcile, now or after a delay.

Invariant: a key is in the queue at most once, `reconcile` runs for one key at a time and the queue yields in between,
and all waiting uses the cluster's clock. A refused write (`StatusError`) is retried with client-go's exponential
back-off; so is a key whose reconcile fails otherwise, which is logged: one malformed object must not stop a
controller.
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
_SLACK = 1e-6  # seconds; tolerance for rounding errors in sums of floats
_FIRST_RETRY = 0.5
_LONGEST_RETRY = 64.0


async def wait_for_wake(clock: SimulationClock, wake: asyncio.Event, seconds: float | None) -> None:
    """Return when the event is set or the seconds have passed (None: wait for the event only)."""
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
    """Keys to reconcile in the order they were added, and keys to add later."""

    def __init__(self, clock: SimulationClock, reconcile: Callable[[Key], float | None]) -> None:
        """Create an empty queue.

        Args:
            clock: measures delays.
            reconcile: reconciles one key; returns seconds until the next reconcile, or None.
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
        """Reconcile a key as soon as possible."""
        if key not in self._queued:
            self._queued.add(key)
            self._ready.append(key)
            self._wake.set()

    def add_after(self, key: Key, seconds: float) -> None:
        """Reconcile a key after a delay in seconds; an earlier schedule is kept."""
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
        """Run until cancelled."""
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
