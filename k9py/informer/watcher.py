"""Turn lists and watches into one unending run of events: the state machine of one kind in one scope.

    Empty -> InitPage -> ... -> InitListed -> Watching          paged lists, then a watch
    Empty -> InitialWatch -> Watching                           where the server streams lists: one request for both

Invariant: a watch begins exactly where the list or the watch before it ended, so nothing between them is lost; where
that is impossible (410) everything starts over from `Empty`. The watcher never sleeps: it emits `ListWatchFailed`; its
reader waits. To change what an error means, change `_failed`: it holds every transition that is not progress.

Headers prove nothing: a server may send them and then hang, and one restored from a backup opens a watch at a version
it has not reached yet, and is deaf until it has. Therefore
- after a failure, and after a watch that ended without a word, a probe (a consistent list of one object) is asked for
  before the next watch, and its version judged (`KnownVersion`);
- after a watch that fell silent, or two that broke at once without a word, the next is short, and only `WatchOpened`
  when it has said something or has ended in order; if it fails too the list is read anew each time, so that what is
  shown is at least that new;
- after an outage of more than `RELIST_AFTER` everything is read anew: a restored server may be past what was known.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Final, Generic, TypeVar

import msgspec

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
from k9py.informer import timing
from k9py.informer.compact import Compactor
from k9py.informer.doubts import Doubts
from k9py.informer.events import (
    DecodeFailed,
    Init,
    InitApplied,
    InitDone,
    ListWatchFailed,
    ServerRestored,
    WatchEvent,
    WatchOpened,
)
from k9py.informer.intake import Intake
from k9py.informer.lister_watcher import ListerWatcher
from k9py.informer.retries import wait_after
from k9py.informer.server import ServerTraits
from k9py.informer.states import Empty, InitialWatch, InitListed, InitPage, State, Watching
from k9py.informer.versions import KnownVersion
from k9py.informer.wire import UNREADABLE, Bookmark, Removal, Unreadable, Upsert, read_line, read_page
from k9py.runtime.backoff import Backoff
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlicer

T = TypeVar("T", bound=KubeObject)

_REFUSES_STREAMED_LISTS: Final = frozenset({0, 400, 403, 405, 415, 422, 500, 501})
"""Codes that say a server does not stream lists. 403: list may be allowed where watch is not. 500: no progress requests
in its etcd. Codes for "later" (429, 503, 504) and for "log in" (401) are not among them."""

_OF_ONE_KIND: Final = frozenset({0, 403})  # those of them that say nothing of other kinds

_TOO_LARGE_VERSION: Final = "oo large resource version"


class Watcher(Generic[T]):
    """Lists and watches through a `ListerWatcher` for as long as `events` is read.

    Args:
        streamed: ask for streamed lists first; given up for good at the first refusal.
        page_limit: objects a page of a paged list.
        server: what is known of the server, shared by all its watchers.
        rng: source of jitter in waits and watch timeouts.
    """

    def __init__(
        self,
        kind: Kind[T],
        lister_watcher: ListerWatcher,
        clock: Clock,
        time_slicer: TimeSlicer,
        *,
        streamed: bool,
        page_limit: int = timing.PAGE_LIMIT,
        server: ServerTraits | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._kind = kind
        self._lister_watcher = lister_watcher
        self._clock = clock
        self._time_slicer = time_slicer
        self._streamed = streamed
        self._rng = rng or random.Random()
        self._compact = Compactor()
        self._backoff = Backoff(timing.SHORTEST_WAIT, timing.LONGEST_WAIT, rng=self._rng)
        # Lists may succeed and every watch after them be refused as expired: that loop must slow down too, although
        # each round shows objects. Only the watch itself resets this one.
        self._restarts = Backoff(timing.SHORTEST_WAIT, timing.LONGEST_WAIT, rng=self._rng)
        self._page_limit = page_limit
        self._limit = page_limit
        self._state: State = Empty()
        self._server = server or ServerTraits()
        self._known = KnownVersion()
        self._asked_at = clock.monotonic()
        self._lost_at: float | None = None  # since the last answer with data in it
        self._unproven = False  # a probe is due before the next watch
        self._proved = False  # a probe was answered just now
        self._doubts = Doubts(clock)
        self._fell = False  # the last lines had a lower version among them
        self._verified_at: float | None = None

    @property
    def state(self) -> State:
        """Where the machine stands."""
        return self._state

    @property
    def streamed(self) -> bool:
        """Tell whether the next initial list will be asked for as a stream."""
        return self._streamed and self._server.supports_streaming_lists

    def retry_soon(self) -> None:
        """Wait as after a first failure from now on."""
        self._backoff.reset()
        self._restarts.reset()

    def lost_at(self, monotonic: float) -> None:
        """Take the server for lost since then."""
        self._lost_at = monotonic

    def start_over(self, *, went_back: bool = False) -> None:
        """List anew; `went_back`: and take any version for right. Not while `events` is being read."""
        self._state = Empty()
        if went_back:
            self._known.forget()

    async def events(self) -> AsyncGenerator[tuple[WatchEvent[T], ...], None]:
        """Yield events in batches, without end; close it to end the watch. Only one reader at a time: it waits out
        `ListWatchFailed.retry_in` before it asks for the next batch.
        """
        match self._state:  # where the reader before this one has left it
            case InitialWatch():
                self._state = Empty()
            case Watching(resource_version):
                self._state = InitListed(resource_version)
                self._unproven = True
        while True:
            disrupted: ListWatchFailed | None = None
            try:
                async with aclosing(self._step()) as batches:
                    async for batch in batches:
                        yield batch
            except KdashError as error:
                disrupted = self._failed(error)
            if disrupted is not None:
                yield (disrupted,)

    def _step(self) -> AsyncGenerator[tuple[WatchEvent[T], ...], None]:
        match self._state:
            case Empty():
                return self._begin()
            case InitPage(continue_token):
                return self._list(continue_token)
            case InitialWatch():
                return self._watch("", send_initial_events=True)
            case InitListed() | Watching() if self._unproven:
                return self._prove()
            case InitListed(resource_version) | Watching(resource_version):
                return self._watch(resource_version, send_initial_events=False)

    async def _begin(self) -> AsyncGenerator[tuple[WatchEvent[T], ...], None]:
        self._state = InitialWatch() if self.streamed else InitPage("")
        yield (Init(),)

    async def _list(self, continue_token: str) -> AsyncGenerator[tuple[WatchEvent[T], ...], None]:
        self._asked_at = self._clock.monotonic()
        body = await self._lister_watcher.list_page(limit=self._limit, continue_token=continue_token)
        page = read_page(body)
        if not continue_token and self._went_back_to(page.metadata.resource_version):
            self._state = InitPage("")
            yield (ServerRestored(),)
        items = iter(page.items or ())
        batch = await self._decode(items)
        while batch:
            self._progressed()
            yield batch
            batch = await self._decode(items)
        if page.metadata.continue_:
            self._state = InitPage(page.metadata.continue_)
        else:
            self._limit = self._page_limit
            self._unproven = False
            self._lost_at = None
            self._state = InitListed(page.metadata.resource_version)
            yield (InitDone(),)

    async def _decode(self, items: Iterator[msgspec.Raw]) -> tuple[WatchEvent[T], ...]:
        """Decode items of a page until the slice is used up; an empty answer means there are no more."""
        objects: list[T] = []
        rejected: list[DecodeFailed] = []
        async with self._time_slicer.slice():
            for item in items:
                try:
                    objects.append(self._compact(self._kind.decode(item)))
                except UNREADABLE as error:
                    rejected.append(DecodeFailed(f"{self._kind.name}: {error}"))
                if self._time_slicer.is_over:
                    break
        return (InitApplied(tuple(objects)), *rejected) if objects else tuple(rejected)

    async def _watch(
        self, resource_version: str, *, send_initial_events: bool
    ) -> AsyncGenerator[tuple[WatchEvent[T], ...], None]:
        began = self._asked_at = self._clock.monotonic()
        heard = False
        proving = self._doubts.must_prove and not send_initial_events
        seconds = timing.PROVING_SECONDS if proving else int(timing.WATCH_SECONDS * (1 - 0.2 * self._rng.random()))
        margin = timing.PROVING_MARGIN if proving else timing.IDLE_MARGIN
        proved, self._proved = self._proved, False
        async with self._lister_watcher.watch(
            resource_version=resource_version,
            send_initial_events=send_initial_events,
            timeout_seconds=seconds,
            silence=lambda: self._allowed_silence(seconds + margin),
        ) as stream:
            self._doubts.opened()
            if not send_initial_events:
                self._state = Watching(resource_version)
                if not proving:
                    yield (WatchOpened(is_confirmed=proved),)
            async for lines in stream:
                rest = iter(lines)
                more = True
                while more:
                    batch, more, failure = await self._read(rest)
                    if batch:
                        heard = True
                        if proving and not self._doubts.must_prove:
                            proving, batch = False, (WatchOpened(), *batch)
                        yield batch
                    if failure is not None:
                        raise failure
                    if isinstance(self._state, Empty) or await self._has_gone_back():
                        yield (ServerRestored(),)
                        return
                if (
                    isinstance(self._state, InitialWatch)
                    and self._clock.monotonic() - began > timing.STREAMED_LIST_SECONDS
                ):
                    raise UnresponsiveError("the server began a streamed list and does not end it")
        match self._state:
            case Watching(reached):
                if not heard and self._clock.monotonic() - began < timing.SHORTEST_WATCH:
                    raise ConnectionFailedError("the server closed the watch at once and said nothing")
                self._state = InitListed(reached)
                self._unproven, self._proved = not heard, heard
                self._doubts.spoke()
                if proving:
                    yield (WatchOpened(),)
            case _:
                # It went through its time without the bookmark that ends the list: it does not know of such lists.
                self._give_up_streaming()

    def _allowed_silence(self, seconds: float) -> float:
        return timing.STREAMED_LIST_SILENCE if isinstance(self._state, InitialWatch) else seconds

    def _give_up_streaming(self, *, of_one_kind: bool = False) -> None:
        self._streamed = False
        self._state = Empty()
        if not of_one_kind:
            self._server.supports_streaming_lists = False

    async def _prove(self) -> AsyncGenerator[tuple[WatchEvent[T], ...], None]:
        """Make sure, before a watch resumes, that the server answers and has come as far as we know it to have."""
        self._asked_at = self._clock.monotonic()
        if self._lost_at is not None and self._asked_at - self._lost_at > timing.RELIST_AFTER:
            self._state = Empty()
        elif await self._has_fallen():
            yield (ServerRestored(),)
        else:
            self._unproven = False
            self._proved = True
            self._lost_at = None

    async def _has_gone_back(self) -> bool:
        """Find out what lower versions in a watch mean, when there were some."""
        now = self._clock.monotonic()
        if not self._fell or (self._verified_at is not None and now - self._verified_at < timing.VERIFY_EVERY):
            return False
        self._verified_at = now
        return await self._has_fallen()

    async def _has_fallen(self) -> bool:
        return self._went_back_to(read_page(await self._lister_watcher.probe()).metadata.resource_version)

    def _went_back_to(self, resource_version: str) -> bool:
        """Judge the version of a consistent read; True: everything is to be listed anew. Raises WentBackError."""
        if not self._known.has_fallen_to(resource_version):
            return False
        self._state = Empty()
        return True

    def _progressed(self) -> None:
        """The server has sent data."""
        self._backoff.reset()
        self._lost_at = None

    async def _read(self, lines: Iterator[bytes]) -> tuple[tuple[WatchEvent[T], ...], bool, KdashError | None]:
        """Decode lines until the slice is used up or one fails.

        What was decoded before the failing line is returned with the failure: the state has moved past it, and it would
        never be sent again.

        Returns:
            The events, whether there may be more lines, and the failure.
        """
        intake: Intake[T] = Intake(self._state)
        failure: KdashError | None = None
        more = False
        async with self._time_slicer.slice():
            try:
                for line in lines:
                    if line:
                        self._take(line, intake)
                    if self._time_slicer.is_over:
                        more = True
                        break
            except KdashError as error:
                failure = error
        was_listing = isinstance(self._state, InitialWatch)
        self._state = intake.state
        self._fell = intake.fell
        if intake.heard:
            self._progressed()
        if isinstance(self._state, Watching):
            if was_listing:
                try:
                    if self._went_back_to(self._state.resource_version):
                        return (), False, None
                except VersionRegressedError as error:
                    self._state = Empty()
                    return (), False, error
            self._known.saw(self._state.resource_version)
            if intake.heard:
                self._doubts.spoke()
                self._unproven = False
                self._restarts.reset()
        return intake.finish(), more, failure

    def _take(self, line: bytes, intake: Intake[T]) -> None:
        match read_line(self._kind, line):
            case Upsert(new):
                intake.upsert(self._compact(new))
            case Removal(gone):
                intake.remove(gone)
            case Bookmark(resource_version, ends_initial_events):
                intake.bookmark(resource_version, ends_initial_events=ends_initial_events)
            case Unreadable(message):
                intake.reject(message)

    def _failed(self, error: KdashError) -> ListWatchFailed | None:
        """Move to the state from which to try again; None means at once, with nothing to tell."""
        if self._lost_at is None:
            self._lost_at = self._clock.monotonic()
        was_open = isinstance(self._state, Watching)
        match self._state, error:
            case InitialWatch(), UnresponsiveError():
                # No closing bookmark: a proxy in between drops it. What is read of the list is not known to be all.
                self._give_up_streaming()
                return None
            case InitialWatch(), ApiError(code=code) if code in _REFUSES_STREAMED_LISTS:
                self._give_up_streaming(of_one_kind=code in _OF_ONE_KIND)
                return None
            case InitPage(token), ExpiredError() | BadRequestError() if token:
                # The token grew too old before the list was through: begin again, with larger pages.
                self._limit = min(self._limit * 4, timing.LARGEST_PAGE)
                self._state = Empty()
                return ListWatchFailed(error, self._restarts.next())
            case _, ApiError() if isinstance(error, ExpiredError) or _TOO_LARGE_VERSION in error.message:
                self._state = Empty()
                return ListWatchFailed(error, self._restarts.next())
            case ((InitListed() | Watching()), ForbiddenError()):
                # Where list is allowed and watch is not, listing again is all that can be done: the data is that new.
                self._state = Empty()
                return ListWatchFailed(error, timing.POLL)
            case InitialWatch(), _:
                self._state = Empty()
            case Watching(resource_version), _:
                self._state = InitListed(resource_version)
                self._unproven = True
                if self._doubts.failed(error):
                    self._state = Empty()
                    return ListWatchFailed(error, self._restarts.next())
            case InitListed(), _:
                self._unproven = True
            case _:
                pass
        unanswered_for = None if was_open else self._clock.monotonic() - self._asked_at
        return ListWatchFailed(error, wait_after(error, self._backoff, unanswered_for=unanswered_for))
