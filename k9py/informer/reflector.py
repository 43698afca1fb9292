"""Keeps one kind in one scope known, for as long as `run` runs, and says how well it is known.

Invariant: the store is written here and nowhere else. `health` follows the rules in `health`. Nothing the server does
ends `run`, and no failure of ours: losing the cluster is a state, and so is a watch that crashed, which starts anew.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Generic, NoReturn, TypeVar

from k9py.api.errors import ForbiddenError, UnresponsiveError, VersionRegressedError, WatchCrashedError
from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject
from k9py.informer.events import (
    Applied,
    DecodeFailed,
    Deleted,
    Init,
    InitApplied,
    InitDone,
    ListWatchFailed,
    ServerRestored,
    WatchEvent,
    WatchOpened,
)
from k9py.informer.health import Forbidden, Live, Loading, Stale, WatchHealth
from k9py.informer.initial_list import FirstList, InitialList, Relist
from k9py.informer.lister_watcher import ListerWatcher
from k9py.informer.server import ServerTraits
from k9py.informer.store import Index, Store
from k9py.informer.timing import IDLE_MARGIN, LATE_AFTER, LONGEST_WAIT, PAGE_LIMIT, WATCH_SECONDS
from k9py.informer.watcher import Watcher
from k9py.runtime.backoff import Backoff
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlicer

T = TypeVar("T", bound=KubeObject)

_PAGED: Final = frozenset({"Pod", "ReplicaSet", "ControllerRevision", "Event", "EndpointSlice", "Job"})

_HEARD_OFTEN: Final = timedelta(seconds=WATCH_SECONDS + IDLE_MARGIN)

_FIRST_WAIT_AFTER_CRASH: Final = 2.0


def prefers_streaming_list(kind: Kind[T]) -> bool:
    """Tell whether a streamed list is worth asking for.

    It saves a round trip, and is sent uncompressed: good for kinds of which there are dozens. Kinds of which there are
    thousands are listed in compressed pages, a tenth of the bytes.
    """
    return kind.name not in _PAGED


class Reflector(Generic[T]):
    """Watches one kind and keeps its `store` equal to the cluster.

    Args:
        time_slicer: shared by all reflectors of the event loop, so that together they do not hold it; None: its own.
        indexes: further indexes of the store, by name.
        streamed: ask for streamed lists first; None decides by kind.
        page_limit: objects a page of a paged list.
        on_health: told after `health` changed, with the new value, and after an object was left out.
        on_went_back: told when the server turned out to have been restored to an older state; not told of what others
            found out, which is `server_went_back`.
        server: what all informers of the server have learnt of it; own ones when None.
        rng: source of jitter.
    """

    def __init__(
        self,
        kind: Kind[T],
        lister_watcher: ListerWatcher,
        clock: Clock,
        *,
        time_slicer: TimeSlicer | None = None,
        indexes: Mapping[str, Index[T]] | None = None,
        streamed: bool | None = None,
        page_limit: int = PAGE_LIMIT,
        on_health: Callable[[WatchHealth], None] | None = None,
        on_server_restored: Callable[[], None] | None = None,
        server: ServerTraits | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.kind = kind
        self.store: Store[T] = Store(indexes)
        self.decode_error_count = 0
        """Objects that did not decode and are left out, counted each time one came."""
        self.last_decode_error = ""
        """Where and why the last of them did not decode; "" again when a list since held none."""
        self._clock = clock
        self._time_slicer = time_slicer or TimeSlicer(clock.monotonic)
        self._watcher = Watcher(
            kind,
            lister_watcher,
            clock,
            self._time_slicer,
            streamed=prefers_streaming_list(kind) if streamed is None else streamed,
            page_limit=page_limit,
            server=server,
            rng=rng,
        )
        self._crashes = Backoff(_FIRST_WAIT_AFTER_CRASH, LONGEST_WAIT, rng=rng)
        self._on_health = on_health
        self._on_went_back = on_server_restored
        self._health: WatchHealth = Loading()
        self._synced = asyncio.Event()
        self._list: InitialList[T] | None = None
        self._rejection_in_list = ""
        self._following: asyncio.Task[None] | None = None
        self._interrupted = False
        self._starts_over = False
        self._distrust = False  # versions that the store holds may have been given twice
        self._heard_at: datetime = clock.now()
        self._heard = clock.monotonic()
        self._stale_since: datetime | None = None
        self._listed_at: datetime | None = None  # since the last disruption

    @property
    def health(self) -> WatchHealth:
        """How the watch fares."""
        return self._health

    @property
    def has_synced(self) -> bool:
        """Tell whether the store has been complete once."""
        return self._synced.is_set()

    async def wait_for_sync(self) -> None:
        """Return when the store has been complete once."""
        await self._synced.wait()

    @property
    def last_activity_at(self) -> datetime:
        """When data or a sign of life came last."""
        return self._heard_at

    @property
    def is_overdue(self) -> bool:
        """Tell whether nothing has come for longer than any watch may be silent, whatever `health` says.

        It is so after this machine slept: then no timer has run.
        """
        return self._clock.monotonic() - self._heard > LATE_AFTER

    async def run(self) -> NoReturn:
        """Keep the store up to date until cancelled. Raises no Exception: what fails is `health`."""
        crash: BaseException | None = None
        while True:
            self._interrupted = False
            following = self._following = asyncio.create_task(self._follow(crash))
            try:
                await asyncio.wait({following})
            finally:
                following.cancel()
                await asyncio.wait({following})
            crash = None
            if following.cancelled():
                # Not interrupted: nobody asked it to end. Something it shares with others was cancelled.
                crash = None if self._interrupted else asyncio.CancelledError()
                continue
            match following.exception():
                case _OlderObjectsError():
                    self.handle_server_restored()
                    self._tell_went_back()
                case Exception() as crash:
                    pass
                case BaseException() as end:
                    raise end

    def retry_now(self, *, forget: bool = True) -> None:
        """Give up what is being waited for and try again; `forget`: as if it had not failed before."""
        if forget:
            self._watcher.retry_soon()
            self._crashes.reset()
        match self._health:
            case Loading(retry_at=datetime()) | Stale(retry_at=datetime()) | Forbidden(retry_at=datetime()) as health:
                self._report(replace(health, retry_at=None))
        self._interrupt()

    def check_liveness(self) -> None:
        """Give up a watch that is late; see `is_late`."""
        if self.is_overdue and isinstance(self._health, Live):
            self._watcher.lost_at(self._heard)
            self._stale_since = self._heard_at
            error = UnresponsiveError("Nothing has come from the server for too long", "It is asked again by itself.")
            self._report(Stale(self._heard_at, error))
            self._interrupt()

    def handle_server_restored(self) -> None:
        """Read everything anew, older or not."""
        self._starts_over = True
        self._doubt_all()
        self._interrupt()

    def _interrupt(self) -> None:
        if self._following is not None:
            self._interrupted = True
            self._following.cancel()

    async def _follow(self, crash: BaseException | None) -> None:
        """Read the watcher's events. `crash`: what the one before this has failed with."""
        if crash is not None:
            await self._wait(ListWatchFailed(_crash_error(self.kind, crash), self._crashes.next()))
        # A list that was interrupted is read again from its beginning: its end may have been said, and not been heard.
        if crash is not None or self._starts_over or self._list is not None:
            self._watcher.start_over(went_back=self._starts_over)
            self._starts_over = False
            self._list = None
        async with aclosing(self._watcher.events()) as batches:
            async for batch in batches:
                await self._take(batch)

    def _doubt_all(self) -> None:
        self._distrust = True
        now = self._clock.now()
        self._stale_since = self._stale_since or now
        error = VersionRegressedError(
            "The server went back in time: everything is read again", "Restored from a backup?"
        )
        self._report(Stale(now, error) if self.has_synced else Loading(len(self.store), error))

    def _tell_went_back(self) -> None:
        if self._on_went_back is not None:
            self._on_went_back()

    async def _take(self, batch: tuple[WatchEvent[T], ...]) -> None:
        changed: list[Applied[T] | Deleted[T]] = []
        for event in batch:
            match event:
                case Applied():
                    changed.append(event)
                case Deleted(gone):
                    if self._list is None:
                        changed.append(event)
                    else:
                        self._list.remove(gone)
                case Init():
                    self._begin()
                case InitApplied(objects):
                    self._add(objects)
                case InitDone():
                    await self._finish()
                case WatchOpened(heard):
                    self._live(heard=heard)
                case ServerRestored():
                    self._doubt_all()
                    self._tell_went_back()
                    self._begin()
                case DecodeFailed(message):
                    self.decode_error_count += 1
                    self.last_decode_error = self._rejection_in_list = message
                    if self._on_health is not None:
                        self._on_health(self._health)
                case ListWatchFailed() as disrupted:
                    await self._wait(disrupted)
        if changed:
            self._hear()
            self.store.apply(changed)

    def _hear(self) -> None:
        self._heard_at = self._clock.now()
        self._heard = self._clock.monotonic()

    def _begin(self) -> None:
        self._rejection_in_list = ""
        if self.has_synced:
            self._list = Relist(self.store, self._time_slicer, distrust=self._distrust)
            return
        if self._distrust:
            self.store.remove_all(tuple(self.store.keys()))
        self._list = FirstList(self.store, self._time_slicer)

    def _add(self, objects: tuple[T, ...]) -> None:
        self._hear()
        if self._list is None:
            raise RuntimeError("objects of a list that was not begun")  # a crash is seen, an empty store is not
        self._list.add(objects)
        if self._list.fell:
            raise _OlderObjectsError
        if not self.has_synced:
            self._report(Loading(len(self.store)))

    async def _finish(self) -> None:
        if self._list is None:
            raise RuntimeError("the end of a list that was not begun")
        await self._list.finish()
        self._list = None
        self._distrust = False
        rejection_before, self.last_decode_error = self.last_decode_error, self._rejection_in_list
        if rejection_before != self.last_decode_error and self._on_health is not None:
            self._on_health(self._health)
        self._hear()
        self._listed_at = self._heard_at
        is_first = not self.has_synced
        self._synced.set()
        match self._health:
            case Live():
                pass
            case Stale() as stale:
                # As new as this list; live when the watch after it is open, which may not be allowed or not work.
                self._stale_since = self._heard_at
                self._report(replace(stale, since=self._heard_at))
            case _ if is_first:
                self._report(Live(self._heard_at))

    def _live(self, *, heard: bool) -> None:
        if heard:
            self._hear()
        self._stale_since = None
        if not isinstance(self._health, Live):
            self._report(Live(self._clock.now()))

    async def _wait(self, disrupted: ListWatchFailed) -> None:
        now = self._clock.now()
        polled, self._listed_at = self._listed_at, None
        try:
            self._say_failed(disrupted, now, now + timedelta(seconds=disrupted.retry_in), polled)
        finally:  # whoever is told may fail: that must not be tried again without a pause
            await self._clock.sleep(disrupted.retry_in)
        self._say_failed(disrupted, now, None, polled)

    def _say_failed(
        self, disrupted: ListWatchFailed, now: datetime, retry_at: datetime | None, polled: datetime | None
    ) -> None:
        """Report why it is not live. `polled`: when it was listed whole just before the watch was refused."""
        if polled is not None and isinstance(disrupted.error, ForbiddenError):
            self._stale_since = polled
            self._report(Stale(polled, disrupted.error, retry_at))
            return
        if self._stale_since is None:
            # A live server says something about once a minute. A longer silence before the failure means that the
            # connection was dead for that long, and the data is as old as the last thing heard.
            was_silent = isinstance(disrupted.error, UnresponsiveError) or now - self._heard_at > _HEARD_OFTEN
            self._stale_since = self._heard_at if was_silent else now
        match disrupted.error:
            case ForbiddenError() as error:
                self._report(Forbidden(error, retry_at))
            case error if self.has_synced:
                self._report(Stale(self._stale_since, error, retry_at))
            case error:
                self._report(Loading(len(self.store), error, retry_at))

    def _report(self, health: WatchHealth) -> None:
        if health != self._health:
            self._health = health
            if self._on_health is not None:
                self._on_health(health)


def _crash_error(kind: Kind[T], crash: BaseException) -> WatchCrashedError:
    words = f"{type(crash).__name__}: {crash}" if str(crash) else type(crash).__name__
    return WatchCrashedError(
        f"Reading {kind.resource} failed inside kdash: {words}",
        "This is a bug in kdash: please report it. It is read again by itself.",
    )


class _OlderObjectsError(Exception):
    """An object came in a list as it was before what the store holds."""
