"""Keep the store of one kind in one scope equal to the cluster while `run` runs, and report how current it is.

Invariant: the store is written here and nowhere else. `health` follows the rules in the module `health`. Nothing the
server does ends `run`, and no failure inside kdash does: losing the cluster is a state, and so is a watch that crashed
and is restarted.
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
    ColumnsChanged,
    DecodeFailed,
    Deleted,
    Init,
    InitApplied,
    InitDone,
    ListedOnly,
    ListWatchFailed,
    ServerRestored,
    WatchEvent,
    WatchOpened,
)
from k9py.informer.health import Forbidden, Listed, Live, Loading, Stale, WatchHealth, silence_error
from k9py.informer.initial_list import FirstList, InitialList, Relist
from k9py.informer.list_form import prefers_streaming_list
from k9py.informer.lister_watcher import ListerWatcher
from k9py.informer.retry import LONGEST_WAIT
from k9py.informer.server import ServerTraits
from k9py.informer.store import Index, Store
from k9py.informer.timing import IDLE_MARGIN, OVERDUE_SECONDS, PAGE_LIMIT, WATCH_SECONDS
from k9py.informer.watcher import Watcher
from k9py.runtime.backoff import Backoff
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlicer

T = TypeVar("T", bound=KubeObject)

_MAX_SILENCE: Final = timedelta(seconds=WATCH_SECONDS + IDLE_MARGIN)
"""The longest a live watch goes without a sign of life."""

_FIRST_WAIT_AFTER_CRASH: Final = 2.0
"""Seconds."""


class Reflector(Generic[T]):
    """Watches one kind and keeps its `store` equal to the cluster.

    Args:
        time_slicer: shared by all reflectors of the event loop, so that together they do not hold it; None: its own.
        indexes: further indexes of the store, by name.
        streaming_list: request streaming lists first; None decides by kind.
        page_limit: objects per page of a paged list.
        on_health: called with the new value after `health` changed, and after an object was left out.
        on_server_restored: called when this reflector found the server restored to an older state; not called for what
            `handle_server_restored` passes on.
        server: what the reflectors of the server share about it; None: its own.
        rng: source of jitter.

    Attributes:
        decode_error_count: objects that did not decode and are left out, counted each time one arrived.
        last_decode_error: where and why the last of them did not decode; "" again after a list that had none.
    """

    def __init__(
        self,
        kind: Kind[T],
        lister_watcher: ListerWatcher,
        clock: Clock,
        *,
        time_slicer: TimeSlicer | None = None,
        indexes: Mapping[str, Index[T]] | None = None,
        streaming_list: bool | None = None,
        page_limit: int = PAGE_LIMIT,
        on_health: Callable[[WatchHealth], None] | None = None,
        on_server_restored: Callable[[], None] | None = None,
        server: ServerTraits | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.kind = kind
        self.store: Store[T] = Store(indexes)
        self.decode_error_count = 0
        self.last_decode_error = ""
        self._clock = clock
        self._time_slicer = time_slicer or TimeSlicer(clock.monotonic)
        self._watcher = Watcher(
            kind,
            lister_watcher,
            clock,
            self._time_slicer,
            streaming_list=prefers_streaming_list(kind) if streaming_list is None else streaming_list,
            page_limit=page_limit,
            server=server,
            rng=rng,
        )
        self._crash_backoff = Backoff(_FIRST_WAIT_AFTER_CRASH, LONGEST_WAIT, rng=rng)
        self._on_health = on_health
        self._on_server_restored = on_server_restored
        self._health: WatchHealth = Loading()
        self._synced = asyncio.Event()
        self._list: InitialList[T] | None = None
        self._decode_error_in_list = ""
        self._task: asyncio.Task[None] | None = None
        self._was_interrupted = False
        self._is_restored = False
        self._distrust_versions = False  # versions that the store holds may have been issued twice
        self._last_activity_at: datetime = clock.now()
        self._last_activity = clock.monotonic()
        self._stale_since: datetime | None = None
        self._listed_at: datetime | None = None  # since the last failure

    @property
    def health(self) -> WatchHealth:
        """The health of the watch."""
        return self._health

    @property
    def has_synced(self) -> bool:
        """Whether the store has been complete once."""
        return self._synced.is_set()

    async def wait_for_sync(self) -> None:
        """Return when the store has been complete once."""
        await self._synced.wait()

    @property
    def last_activity_at(self) -> datetime:
        """When data or another sign of life came last."""
        return self._last_activity_at

    @property
    def is_overdue(self) -> bool:
        """Whether nothing has arrived for longer than a watch may be silent, whatever `health` is.

        This happens when this machine was suspended: then no timer has run.
        """
        return self._clock.monotonic() - self._last_activity > OVERDUE_SECONDS

    async def run(self) -> NoReturn:
        """Keep the store up to date until cancelled. Raises no Exception: failures are reported as `health`."""
        crash: BaseException | None = None
        while True:
            self._was_interrupted = False
            task = self._task = asyncio.create_task(self._follow(crash))
            try:
                await asyncio.wait({task})
            finally:
                task.cancel()
                await asyncio.wait({task})
            crash = None
            if task.cancelled():
                # Not interrupted: nobody requested its end. Something it shares with others was cancelled.
                crash = None if self._was_interrupted else asyncio.CancelledError()
                continue
            match task.exception():
                case _OlderObjectsError():
                    self.handle_server_restored()
                    self._notify_server_restored()
                case Exception() as crash:
                    pass
                case BaseException() as end:
                    raise end

    def retry_now(self, *, reset_backoff: bool = True) -> None:
        """End the current wait and retry; with `reset_backoff` as if it had not failed before."""
        if reset_backoff:
            self._watcher.reset_backoff()
            self._crash_backoff.reset()
        match self._health:
            case Loading(retry_at=datetime()) | Stale(retry_at=datetime()) | Forbidden(retry_at=datetime()) as health:
                self._report(replace(health, retry_at=None))
        self._interrupt()

    def check_liveness(self) -> None:
        """Restart the watch if it is overdue; see `is_overdue`."""
        if self.is_overdue and isinstance(self._health, Live):
            self._watcher.mark_lost(self._last_activity)
            self._stale_since = self._last_activity_at
            self._report(Stale(self._last_activity_at, silence_error()))
            self._interrupt()

    def handle_server_restored(self) -> None:
        """Relist even if the server's versions are not lower."""
        self._is_restored = True
        self._distrust_store()
        self._interrupt()

    # -- following the watcher ----------------------------------------------------------------------------------------

    def _interrupt(self) -> None:
        if self._task is not None:
            self._was_interrupted = True
            self._task.cancel()

    async def _follow(self, crash: BaseException | None) -> None:
        """Process the watcher's events. `crash`: the error the previous run failed with."""
        if crash is not None:
            await self._wait(ListWatchFailed(_crash_error(self.kind, crash), self._crash_backoff.next()))
        # An interrupted list is read again from its beginning: its end may have been sent and not been processed.
        if crash is not None or self._is_restored or self._list is not None:
            self._watcher.start_over(accept_any_version=self._is_restored)
            self._is_restored = False
            self._list = None
        async with aclosing(self._watcher.events()) as batches:
            async for batch in batches:
                await self._process(batch)

    async def _process(self, batch: tuple[WatchEvent[T], ...]) -> None:
        changed: list[Applied[T] | Deleted[T]] = []
        for event in batch:
            match event:
                case Applied():
                    changed.append(event)
                case Deleted(deleted):
                    if self._list is None:
                        changed.append(event)
                    else:
                        self._list.remove(deleted)
                case Init():
                    self._begin_list()
                case InitApplied(objects):
                    self._add_to_list(objects)
                case InitDone():
                    await self._finish_list()
                case WatchOpened(is_confirmed):
                    self._become_live(is_confirmed=is_confirmed)
                case ServerRestored():
                    self._distrust_store()
                    self._notify_server_restored()
                    self._begin_list()
                case ColumnsChanged():
                    self._handle_new_columns()
                case ListedOnly():
                    self._stale_since = None
                    self._report(Listed(self._last_activity_at))
                    await asyncio.Event().wait()  # until `retry_now`
                case DecodeFailed(message):
                    self.decode_error_count += 1
                    self.last_decode_error = self._decode_error_in_list = message
                    if self._on_health is not None:
                        self._on_health(self._health)
                case ListWatchFailed() as failed:
                    await self._wait(failed)
        if changed:
            self._record_activity()
            self.store.apply(changed)

    def _record_activity(self) -> None:
        self._last_activity_at = self._clock.now()
        self._last_activity = self._clock.monotonic()

    def _distrust_store(self) -> None:
        self._distrust_versions = True
        now = self._clock.now()
        self._stale_since = self._stale_since or now
        error = VersionRegressedError("The server went back in time: relisting everything", "Restored from a backup?")
        self._report(Stale(now, error) if self.has_synced else Loading(len(self.store), error))

    def _handle_new_columns(self) -> None:
        """Compare the rows themselves with the next list: the same version of an object is printed differently now."""
        self._distrust_versions = True
        if self._list is not None:
            self._begin_list()
        if self._on_health is not None:
            self._on_health(self._health)

    def _notify_server_restored(self) -> None:
        if self._on_server_restored is not None:
            self._on_server_restored()

    # -- the initial list ---------------------------------------------------------------------------------------------

    def _begin_list(self) -> None:
        self._decode_error_in_list = ""
        if self.has_synced:
            self._list = Relist(self.store, self._time_slicer, distrust_versions=self._distrust_versions)
            return
        if self._distrust_versions:
            self.store.remove_all(tuple(self.store.keys()))
        self._list = FirstList(self.store, self._time_slicer)

    def _add_to_list(self, objects: tuple[T, ...]) -> None:
        self._record_activity()
        if self._list is None:
            raise RuntimeError("objects of a list that was not begun")  # a crash is visible, an empty store is not
        self._list.add(objects)
        if self._list.has_older_objects:
            raise _OlderObjectsError
        if not self.has_synced:
            self._report(Loading(len(self.store)))

    async def _finish_list(self) -> None:
        if self._list is None:
            raise RuntimeError("the end of a list that was not begun")
        await self._list.finish()
        self._list = None
        self._distrust_versions = False
        previous_error, self.last_decode_error = self.last_decode_error, self._decode_error_in_list
        if previous_error != self.last_decode_error and self._on_health is not None:
            self._on_health(self._health)
        self._record_activity()
        self._listed_at = self._last_activity_at
        is_first = not self.has_synced
        self._synced.set()
        match self._health:
            case Live():
                pass
            case Stale() as stale:
                # As current as this list; live once the watch after it is open, which may be forbidden or fail.
                self._stale_since = self._last_activity_at
                self._report(replace(stale, since=self._last_activity_at))
            case _ if is_first and self.kind.resource_type.can_watch:
                self._report(Live(self._last_activity_at))

    # -- health -------------------------------------------------------------------------------------------------------

    def _become_live(self, *, is_confirmed: bool) -> None:
        if is_confirmed:
            self._record_activity()
        self._stale_since = None
        if not isinstance(self._health, Live):
            self._report(Live(self._clock.now()))

    async def _wait(self, failed: ListWatchFailed) -> None:
        now = self._clock.now()
        listed_at, self._listed_at = self._listed_at, None
        try:
            self._report_failure(failed, now, now + timedelta(seconds=failed.retry_in), listed_at)
        finally:  # a callback may fail: it must not be retried without a pause
            await self._clock.sleep(failed.retry_in)
        self._report_failure(failed, now, None, listed_at)

    def _report_failure(
        self, failed: ListWatchFailed, now: datetime, retry_at: datetime | None, listed_at: datetime | None
    ) -> None:
        """Report why it is not live. `listed_at`: when the list was complete, just before the watch was refused."""
        if listed_at is not None and isinstance(failed.error, ForbiddenError):
            self._stale_since = listed_at
            self._report(Stale(listed_at, failed.error, retry_at))
            return
        if self._stale_since is None:
            # A live server sends something about once a minute. A longer silence before the failure means that the
            # connection was dead for that long, and the data is as old as the last sign of life.
            was_silent = isinstance(failed.error, UnresponsiveError) or now - self._last_activity_at > _MAX_SILENCE
            self._stale_since = self._last_activity_at if was_silent else now
        match failed.error:
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
    reason = f"{type(crash).__name__}: {crash}" if str(crash) else type(crash).__name__
    return WatchCrashedError(
        f"Internal error while reading {kind.resource}: {reason}",
        "This is a bug in kdash: please report it. Retrying automatically.",
    )


class _OlderObjectsError(Exception):
    """A list held an object in an older state than the store."""
