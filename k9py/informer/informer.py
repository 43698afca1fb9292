"""Keeps one kind in one scope known, for as long as `run` runs, and says how well it is known.

Invariant: the store is written here and nowhere else; `health` is `Live` only while a watch is open. Nothing the server
does ends `run`: losing the cluster is a state.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Final, Generic, NoReturn, TypeVar

from k9py.informer.clock import Clock
from k9py.informer.events import (
    Applied,
    Deleted,
    Disrupted,
    Init,
    InitApplied,
    InitDone,
    Rejected,
    Watched,
    WatchEvent,
)
from k9py.informer.health import Forbidden, Live, Loading, Stale, WatchHealth
from k9py.informer.initial_list import FirstList, InitialList, Relist
from k9py.informer.lister_watcher import ListerWatcher
from k9py.informer.store import Index, Store
from k9py.informer.turns import Turns
from k9py.informer.watcher import PAGE_LIMIT, Watcher
from k9py.objects.errors import ForbiddenError
from k9py.objects.kinds import Kind
from k9py.objects.meta import KubeObject

T = TypeVar("T", bound=KubeObject)

_PAGED: Final = frozenset({"Pod", "ReplicaSet", "ControllerRevision", "Event", "EndpointSlice", "Job"})

_BOOKMARK_INTERVAL: Final = timedelta(seconds=75)


def streams_pay(kind: Kind[T]) -> bool:
    """Tell whether a streamed list is worth asking for.

    It saves a round trip, and is sent uncompressed: good for kinds of which there are dozens. Kinds of which there are
    thousands are listed in compressed pages, a tenth of the bytes.
    """
    return kind.name not in _PAGED


class Informer(Generic[T]):
    """Watches one kind and keeps its `store` equal to the cluster.

    Args:
        turns: shared by all informers of the event loop, so that together they do not hold it; own ones when None.
        indexes: further indexes of the store, by name.
        streamed: ask for streamed lists first; None decides by kind.
        page_limit: objects a page of a paged list.
        on_health: told after `health` changed, with the new value, and after an object was left out.
        rng: source of jitter.
    """

    def __init__(
        self,
        kind: Kind[T],
        lister_watcher: ListerWatcher,
        clock: Clock,
        *,
        turns: Turns | None = None,
        indexes: Mapping[str, Index[T]] | None = None,
        streamed: bool | None = None,
        page_limit: int = PAGE_LIMIT,
        on_health: Callable[[WatchHealth], None] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.kind = kind
        self.store: Store[T] = Store(indexes)
        self.rejected = 0
        """Objects that did not decode and are left out, counted each time one came."""
        self.last_rejection = ""
        """Where and why the last of them did not decode."""
        self._clock = clock
        self._turns = turns or Turns(clock)
        self._watcher = Watcher(
            kind,
            lister_watcher,
            clock,
            self._turns,
            streamed=streams_pay(kind) if streamed is None else streamed,
            page_limit=page_limit,
            rng=rng,
        )
        self._on_health = on_health
        self._health: WatchHealth = Loading()
        self._synced = asyncio.Event()
        self._list: InitialList[T] | None = None
        self._heard_at: datetime = clock.now()
        self._stale_since: datetime | None = None
        self._listed_at: datetime | None = None  # since the last disruption

    @property
    def health(self) -> WatchHealth:
        """How the watch fares."""
        return self._health

    @property
    def synced(self) -> bool:
        """Tell whether the store has been complete once."""
        return self._synced.is_set()

    async def wait_synced(self) -> None:
        """Return when the store has been complete once."""
        await self._synced.wait()

    async def run(self) -> NoReturn:
        """Keep the store up to date until cancelled. Raises no KdashError: what fails is `health`."""
        while True:
            async with aclosing(self._watcher.events()) as batches:
                async for batch in batches:
                    await self._take(batch)

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
                case Watched():
                    self._live()
                case Rejected(message):
                    self.rejected += 1
                    self.last_rejection = message
                    if self._on_health is not None:
                        self._on_health(self._health)
                case Disrupted() as disrupted:
                    await self._wait(disrupted)
        if changed:
            self._heard_at = self._clock.now()
            self.store.commit(changed)

    def _begin(self) -> None:
        self._list = (Relist if self.synced else FirstList)(self.store, self._turns)

    def _add(self, objects: tuple[T, ...]) -> None:
        if self._list is not None:
            self._list.add(objects)
        if not self.synced:
            self._report(Loading(len(self.store)))

    async def _finish(self) -> None:
        if self._list is not None:
            await self._list.finish()
        self._list = None
        self._listed_at = self._heard_at = self._clock.now()
        self._synced.set()

    def _live(self) -> None:
        self._heard_at = self._clock.now()
        self._stale_since = None
        if not isinstance(self._health, Live):
            self._report(Live(self._heard_at))

    async def _wait(self, disrupted: Disrupted) -> None:
        now = self._clock.now()
        polled, self._listed_at = self._listed_at, None
        self._say_failed(disrupted, now, now + timedelta(seconds=disrupted.retry_in), polled)
        await self._clock.sleep(disrupted.retry_in)
        self._say_failed(disrupted, now, None, polled)

    def _say_failed(
        self, disrupted: Disrupted, now: datetime, retry_at: datetime | None, polled: datetime | None
    ) -> None:
        """Report why it is not live. `polled`: when it was listed whole just before the watch was refused."""
        if polled is not None and isinstance(disrupted.error, ForbiddenError):
            self._stale_since = polled
            self._report(Stale(polled, disrupted.error, retry_at))
            return
        if self._stale_since is None:
            # A live server sends a bookmark about once a minute. A longer silence before the failure means that the
            # connection was dead for that long, and the data is as old as the last thing heard.
            self._stale_since = self._heard_at if now - self._heard_at > _BOOKMARK_INTERVAL else now
        match disrupted.error:
            case ForbiddenError() as error:
                self._report(Forbidden(error, retry_at))
            case error if self.synced:
                self._report(Stale(self._stale_since, error, retry_at))
            case error:
                self._report(Loading(len(self.store), error, retry_at))

    def _report(self, health: WatchHealth) -> None:
        if health != self._health:
            self._health = health
            if self._on_health is not None:
                self._on_health(health)
