"""Read a kind again and again, for an API without watch (metrics.k8s.io). Nothing else is polled.

Invariant: `run` ends only when it is cancelled: what fails is reported, and tried again after the interval. Objects are
decoded in time slices.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Final, Generic, NoReturn, TypeVar

import msgspec

from k9py.api.errors import ExpiredError, KdashError
from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject
from k9py.informer.decoder import DECODE_ERRORS, read_page
from k9py.informer.lister_watcher import ListerWatcher
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlicer

T = TypeVar("T", bound=KubeObject)

POLL_SECONDS: Final = 15.0
"""metrics-server measures every 15 seconds: asking more often returns the same numbers."""


class Poller(Generic[T]):
    """Lists one kind in one scope at an interval.

    Args:
        on_object: called with every object of a list, in time slices.
        on_complete: called when a list has been read to its end.
        on_error: called when a list failed, also in the middle.
    """

    def __init__(
        self,
        kind: Kind[T],
        lister: ListerWatcher,
        clock: Clock,
        time_slicer: TimeSlicer,
        *,
        on_object: Callable[[T], None],
        on_complete: Callable[[], None],
        on_error: Callable[[KdashError], None],
        interval: float = POLL_SECONDS,
    ) -> None:
        self._kind = kind
        self._lister = lister
        self._clock = clock
        self._time_slicer = time_slicer
        self._on_object = on_object
        self._on_complete = on_complete
        self._on_error = on_error
        self._interval = interval
        self._asked = asyncio.Event()

    def poll_now(self) -> None:
        """Read again without waiting for the end of the interval."""
        self._asked.set()

    async def run(self) -> NoReturn:
        """Poll until cancelled."""
        while True:
            self._asked.clear()
            try:
                await self.read()
            except KdashError as error:
                self._on_error(error)
            else:
                self._on_complete()
            await self._wait()

    async def read(self) -> None:
        """Read the complete list; an object that does not decode is left out. Raises KdashError."""
        try:
            await self._read_pages()
        except ExpiredError:  # the list changed between two pages
            await self._read_pages()

    async def _read_pages(self) -> None:
        token = ""
        while True:
            page = read_page(await self._lister.list_page(limit=0, continue_token=token))
            items = iter(page.elements)
            while not await self._read_slice(items):
                pass
            token = page.metadata.continue_
            if not token:
                return

    async def _read_slice(self, items: Iterator[msgspec.Raw]) -> bool:
        """Decode items until the time slice is over; return whether there are no more."""
        async with self._time_slicer.slice():
            for item in items:
                try:
                    value = self._kind.decode(item)
                except DECODE_ERRORS:
                    continue
                self._on_object(value)
                if self._time_slicer.is_over:
                    return False
        return True

    async def _wait(self) -> None:
        """Wait for the interval, or until somebody asks for a poll."""
        tasks = (asyncio.ensure_future(self._clock.sleep(self._interval)), asyncio.ensure_future(self._asked.wait()))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
