"""Turn lists and watches into one endless stream of events: the state machine of one kind in one scope.

    Empty -> InitPage -> ... -> InitListed -> Watching          paged lists, then a watch
    Empty -> InitialWatch -> Watching                           where the server streams lists: one request for both
    Empty -> InitPage -> ... -> Empty                           types that cannot be watched

Invariant: a watch begins exactly where the list or watch before it ended, so nothing between them is lost; where that
is impossible (410) everything starts over from `Empty`. The watcher never sleeps: it yields `ListWatchFailed`, and its
reader waits. To change what an error means, change `_handle_error`: it holds every transition that is not progress.

Response headers prove nothing: a server may send them and then hang, and one restored from a backup opens a watch at a
version it has not reached yet and sends nothing until it has. Therefore
- after a failure, and after a watch that ended without data, a probe (a consistent list of one object) comes before the
  next watch, and its version is judged (`KnownVersion`);
- after a watch that fell silent, or two that broke immediately without data, the next one is short, and `WatchOpened`
  only when it has sent something or has ended in order (`WatchTrust`); each time it fails too, the kind is relisted, so
  that the store is at least that new;
- after an outage of more than `RELIST_AFTER` it is relisted: a restored server may be past what was known.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Final, Generic, TypeVar

from k9py.api.errors import (
    ApiError,
    BadRequestError,
    ConnectionFailedError,
    ExpiredError,
    ForbiddenError,
    KdashError,
    UnresponsiveError,
    VersionRegressedError,
)
from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject
from k9py.informer import retry, timing
from k9py.informer.decoder import WatchDecoder, decode_items, decode_lines, learn_columns, read_page
from k9py.informer.events import (
    ColumnsChanged,
    Empty,
    Init,
    InitDone,
    InitialWatch,
    InitListed,
    InitPage,
    ListedOnly,
    ListWatchFailed,
    ServerRestored,
    State,
    WatchEvent,
    Watching,
    WatchOpened,
)
from k9py.informer.interning import Interner
from k9py.informer.lister_watcher import ListerWatcher
from k9py.informer.resource_version import KnownVersion
from k9py.informer.server import NO_STREAMING_LISTS, OF_ONE_KIND, ServerTraits, WatchTrust
from k9py.runtime.backoff import Backoff
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlicer

T = TypeVar("T", bound=KubeObject)

_TOO_LARGE_VERSION: Final = "oo large resource version"


class Watcher(Generic[T]):
    """Lists and watches through a `ListerWatcher` for as long as `events` is read.

    Args:
        streaming_list: request streaming lists first; given up permanently at the first refusal.
        page_limit: objects per page of a paged list.
        server: what is known of the server, shared by all its watchers.
        rng: source of the jitter in retries and watch timeouts.
    """

    def __init__(
        self,
        kind: Kind[T],
        lister_watcher: ListerWatcher,
        clock: Clock,
        time_slicer: TimeSlicer,
        *,
        streaming_list: bool,
        page_limit: int = timing.PAGE_LIMIT,
        server: ServerTraits | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._kind = kind
        self._lister_watcher = lister_watcher
        self._clock = clock
        self._time_slicer = time_slicer
        self._streaming_list = streaming_list
        self._rng = rng or random.Random()
        self._intern = Interner()
        self._backoff = Backoff(retry.SHORTEST_WAIT, retry.LONGEST_WAIT, rng=self._rng)
        # Lists may succeed and every watch after them be refused as expired: that loop must slow down too, although
        # each round brings objects. Only the watch itself resets this one.
        self._relist_backoff = Backoff(retry.SHORTEST_WAIT, retry.LONGEST_WAIT, rng=self._rng)
        self._page_limit = page_limit
        self._current_page_limit = page_limit
        self._state: State = Empty()
        self._server = server or ServerTraits()
        self._known_version = KnownVersion()
        self._columns = kind.columns  # of the objects passed on so far
        self._trust = WatchTrust(clock)
        self._requested_at = clock.monotonic()
        self._lost_at: float | None = None  # since the last response with data in it
        self._needs_probe = False  # before the next watch
        self._was_probed = False  # just now
        self._saw_lower_version = False  # in the last lines
        self._verified_at: float | None = None

    @property
    def state(self) -> State:
        """The current state."""
        return self._state

    @property
    def streaming_list(self) -> bool:
        """Whether the next initial list will be requested as a stream."""
        return self._streaming_list and self._server.supports_streaming_lists

    def reset_backoff(self) -> None:
        """Wait as after a first failure from now on."""
        self._backoff.reset()
        self._relist_backoff.reset()

    def mark_lost(self, monotonic: float) -> None:
        """Treat the server as lost since then."""
        self._lost_at = monotonic

    def start_over(self, *, accept_any_version: bool = False) -> None:
        """Relist, after a restore from lower versions on; call it only while `events` is not being read."""
        self._state = Empty()
        if accept_any_version:
            self._known_version.forget()

    async def events(self) -> AsyncGenerator[tuple[WatchEvent[T], ...], None]:
        """Yield events in batches, without end; one reader at a time, which waits `ListWatchFailed.retry_in` itself."""
        match self._state:  # where the previous reader left it
            case InitialWatch():
                self._state = Empty()
            case Watching(resource_version):
                self._state = InitListed(resource_version)
                self._needs_probe = True
        while True:
            failed: ListWatchFailed | None = None
            try:
                async with aclosing(self._step()) as batches:
                    async for batch in batches:
                        yield batch
            except KdashError as error:
                failed = self._handle_error(error)
            if failed is not None:
                yield (failed,)

    def _step(self) -> AsyncGenerator[tuple[WatchEvent[T], ...], None]:
        match self._state:
            case Empty():
                return self._begin()
            case InitPage(continue_token):
                return self._list(continue_token)
            case InitialWatch():
                return self._watch("", send_initial_events=True)
            case InitListed() | Watching() if self._needs_probe:
                return self._probe()
            case InitListed(resource_version) | Watching(resource_version):
                return self._watch(resource_version, send_initial_events=False)

    async def _begin(self) -> AsyncGenerator[tuple[WatchEvent[T], ...], None]:
        self._state = InitialWatch() if self.streaming_list else InitPage("")
        yield (Init(),)

    # -- lists --------------------------------------------------------------------------------------------------------

    async def _list(self, continue_token: str) -> AsyncGenerator[tuple[WatchEvent[T], ...], None]:
        self._requested_at = self._clock.monotonic()
        body = await self._lister_watcher.list_page(limit=self._current_page_limit, continue_token=continue_token)
        page = read_page(body)
        if not continue_token and self._check_regression(page.metadata.resource_version):
            self._state = InitPage("")
            yield (ServerRestored(),)
        if not continue_token:
            learn_columns(self._kind, body)
        if self._have_columns_changed():
            yield (ColumnsChanged(),)
        items = iter(page.elements)
        batch = await decode_items(self._kind, self._intern, items, self._time_slicer)
        while batch:
            self._record_progress()
            yield batch
            batch = await decode_items(self._kind, self._intern, items, self._time_slicer)
        if page.metadata.continue_:
            self._state = InitPage(page.metadata.continue_)
        else:
            self._current_page_limit = self._page_limit
            self._needs_probe = False
            self._lost_at = None
            if self._kind.resource_type.can_watch:
                self._state = InitListed(page.metadata.resource_version)
                yield (InitDone(),)
            else:
                self._state = Empty()
                yield (InitDone(), ListedOnly())

    # -- watches ------------------------------------------------------------------------------------------------------

    async def _watch(
        self, resource_version: str, *, send_initial_events: bool
    ) -> AsyncGenerator[tuple[WatchEvent[T], ...], None]:
        opened_at = self._requested_at = self._clock.monotonic()
        has_data = False
        is_proving = self._trust.needs_proof and not send_initial_events
        seconds, margin = self._trust.watch_seconds(self._rng, is_proving=is_proving)
        was_probed, self._was_probed = self._was_probed, False
        async with self._lister_watcher.watch(
            resource_version=resource_version,
            send_initial_events=send_initial_events,
            timeout_seconds=seconds,
            idle_timeout=lambda: self._idle_timeout(seconds + margin),
        ) as stream:
            self._trust.opened()
            if not send_initial_events:
                self._state = Watching(resource_version)
                if not is_proving:
                    yield (WatchOpened(is_confirmed=was_probed),)
            async for lines in stream:
                remaining = iter(lines)
                has_more = True
                while has_more:
                    was_listing = isinstance(self._state, InitialWatch)
                    batch, has_more, failure = await self._read(remaining)
                    has_new_columns = self._have_columns_changed()
                    if has_new_columns:
                        batch = (ColumnsChanged(), *batch)
                    if batch:
                        has_data = True
                        if is_proving and not self._trust.needs_proof:
                            is_proving, batch = False, (WatchOpened(), *batch)
                        yield batch
                    if has_new_columns and not was_listing:
                        self._state = Empty()
                        return
                    if failure is not None:
                        raise failure
                    if isinstance(self._state, Empty) or await self._verify_lower_version():
                        yield (ServerRestored(),)
                        return
                open_for = self._clock.monotonic() - opened_at
                if isinstance(self._state, InitialWatch) and open_for > timing.STREAMED_LIST_SECONDS:
                    raise UnresponsiveError("the server began a streaming list and does not end it")
        match self._state:
            case Watching(reached):
                if not has_data and self._clock.monotonic() - opened_at < timing.SHORTEST_WATCH:
                    raise ConnectionFailedError("the server closed the watch immediately, without data")
                self._state = InitListed(reached)
                self._needs_probe, self._was_probed = not has_data, has_data
                self._trust.confirmed()
                if is_proving:
                    yield (WatchOpened(),)
            case _:
                # It ended in time, without the bookmark that ends the list: it does not support streaming lists.
                self._give_up_streaming()

    def _idle_timeout(self, seconds: float) -> float:
        return timing.STREAMED_LIST_SILENCE if isinstance(self._state, InitialWatch) else seconds

    def _give_up_streaming(self, *, of_one_kind: bool = False) -> None:
        self._streaming_list = False
        self._state = Empty()
        if not of_one_kind:
            self._server.supports_streaming_lists = False

    async def _read(self, lines: Iterator[bytes]) -> tuple[tuple[WatchEvent[T], ...], bool, KdashError | None]:
        """Decode lines until the time slice is over or a line fails.

        What came before the failing line is returned with the failure: the state has moved past it.

        Returns:
            The events, whether there may be more lines, and the failure.
        """
        decoder: WatchDecoder[T] = WatchDecoder(self._kind, self._intern, self._state)
        has_more, failure = await decode_lines(decoder, lines, self._time_slicer)
        was_listing = isinstance(self._state, InitialWatch)
        self._state = decoder.state
        self._saw_lower_version = decoder.saw_lower_version
        if decoder.has_data:
            self._record_progress()
        if isinstance(self._state, Watching):
            if was_listing:
                try:
                    if self._check_regression(self._state.resource_version):
                        return (), False, None
                except VersionRegressedError as error:
                    self._state = Empty()
                    return (), False, error
            self._known_version.observe(self._state.resource_version)
            if decoder.has_data:
                self._trust.confirmed()
                self._needs_probe = False
                self._relist_backoff.reset()
        return decoder.finish(), has_more, failure

    # -- proof --------------------------------------------------------------------------------------------------------

    async def _probe(self) -> AsyncGenerator[tuple[WatchEvent[T], ...], None]:
        """Make sure, before a watch resumes, that the server answers and is at least at the version known of it."""
        self._requested_at = self._clock.monotonic()
        if self._lost_at is not None and self._requested_at - self._lost_at > timing.RELIST_AFTER:
            self._state = Empty()
        elif await self._probe_regression():
            yield (ServerRestored(),)
        elif self._have_columns_changed():
            self._state = Empty()
            yield (ColumnsChanged(),)
        else:
            self._needs_probe = False
            self._was_probed = True
            self._lost_at = None

    async def _verify_lower_version(self) -> bool:
        """Determine what lower versions in a watch mean, if there were any; True: the server was restored."""
        now = self._clock.monotonic()
        if not self._saw_lower_version or (
            self._verified_at is not None and now - self._verified_at < timing.VERIFY_EVERY
        ):
            return False
        self._verified_at = now
        return await self._probe_regression()

    async def _probe_regression(self) -> bool:
        body = await self._lister_watcher.probe()
        learn_columns(self._kind, body)
        return self._check_regression(read_page(body).metadata.resource_version)

    def _check_regression(self, resource_version: str) -> bool:
        """Judge the version of a consistent read; True: relist everything. Raises VersionRegressedError."""
        if not self._known_version.check_regression(resource_version):
            return False
        self._state = Empty()
        return True

    def _have_columns_changed(self) -> bool:
        """Return whether the server prints other columns than those of the objects passed on so far."""
        before, self._columns = self._columns, self._kind.columns
        return bool(before) and before is not self._columns

    def _record_progress(self) -> None:
        """Record that the server has sent data."""
        self._backoff.reset()
        self._lost_at = None

    # -- failures -----------------------------------------------------------------------------------------------------

    def _handle_error(self, error: KdashError) -> ListWatchFailed | None:
        """Move to the state from which to retry; None: immediately, with nothing to report."""
        if self._lost_at is None:
            self._lost_at = self._clock.monotonic()
        was_open = isinstance(self._state, Watching)
        match self._state, error:
            case InitialWatch(), UnresponsiveError():
                # No closing bookmark: a proxy in between drops it. The list so far is not known to be complete.
                self._give_up_streaming()
                return None
            case InitialWatch(), ApiError(code=code) if code in NO_STREAMING_LISTS:
                self._give_up_streaming(of_one_kind=code in OF_ONE_KIND)
                return None
            case InitPage(token), ExpiredError() | BadRequestError() if token:
                # The token expired before the list was complete: start over, with larger pages.
                self._current_page_limit = min(self._current_page_limit * 4, timing.MAX_PAGE_LIMIT)
                self._state = Empty()
                return ListWatchFailed(error, self._relist_backoff.next())
            case _, ApiError() if isinstance(error, ExpiredError) or _TOO_LARGE_VERSION in error.message:
                self._state = Empty()
                return ListWatchFailed(error, self._relist_backoff.next())
            case ((InitListed() | Watching()), ForbiddenError()):
                # Where list is allowed and watch is not, the list can only be polled.
                self._state = Empty()
                return ListWatchFailed(error, timing.POLL)
            case InitialWatch(), _:
                self._state = Empty()
            case Watching(resource_version), _:
                self._state = InitListed(resource_version)
                self._needs_probe = True
                if self._trust.failed(error):
                    self._state = Empty()
                    return ListWatchFailed(error, self._relist_backoff.next())
            case InitListed(), _:
                self._needs_probe = True
            case _:
                pass
        waited = None if was_open else self._clock.monotonic() - self._requested_at
        return ListWatchFailed(error, retry.retry_delay(error, self._backoff, unanswered_for=waited))
