"""Turn lists and watches into one unending run of events: the state machine of one kind in one scope.

    Empty -> InitPage -> ... -> InitListed -> Watching          paged lists, then a watch
    Empty -> InitialWatch -> Watching                           where the server streams lists: one request for both

Invariant: a watch begins exactly where the list or the watch before it ended, so nothing between them is lost; where
that is impossible (410) everything starts over from `Empty`. The watcher never sleeps: it says `Disrupted` and its
reader waits. To change what an error means, change `_failed`: it holds every transition that is not progress.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Final, Generic, TypeVar

import msgspec

from k9py.informer.backoff import Backoff
from k9py.informer.clock import Clock
from k9py.informer.compact import Compactor
from k9py.informer.events import Disrupted, Init, InitApplied, InitDone, Rejected, Watched, WatchEvent
from k9py.informer.intake import Intake
from k9py.informer.lister_watcher import ListerWatcher
from k9py.informer.states import Empty, InitialWatch, InitListed, InitPage, State, Watching
from k9py.informer.turns import Turns
from k9py.informer.wire import Bookmark, Removal, Unreadable, Upsert, read_line, read_page
from k9py.objects.errors import (
    ApiError,
    BadRequestError,
    ConnectionFailedError,
    ExpiredError,
    ForbiddenError,
    KdashError,
    NotFoundError,
)
from k9py.objects.kinds import Kind
from k9py.objects.meta import KubeObject

T = TypeVar("T", bound=KubeObject)

PAGE_LIMIT: Final = 500
"""Objects a page. Pages are asked for without a resourceVersion: with "0" the server ignores `limit` and may answer
from an old cache; without it the answer is consistent, and current servers still serve it from their cache."""

LARGEST_PAGE: Final = 8_000
"""Where the page limit stops growing when continue tokens expire before a slow list is through."""

WATCH_SECONDS: Final = 120
"""`timeoutSeconds` of a watch: how long a half-open connection can go unnoticed. Servers send a bookmark about once a
minute and coming back is cheap, so this is shorter than a server's own half hour."""

SHORTEST_WATCH: Final = 1.0
"""Seconds. A watch that ends in order sooner than this, with nothing said, is a failure and not a timeout."""

SLOW_RETRY: Final = 60.0
"""Seconds between tries of what is forbidden or does not exist: a person has to change that first."""

POLL: Final = 20.0
"""Seconds between lists of what may be listed and not watched: a page or some of them each time, so not too often."""

_REFUSES_STREAMED_LISTS: Final = frozenset({0, 400, 403, 405, 415, 422, 500, 501})
"""Codes that say a server does not stream lists. 403: list may be allowed where watch is not. 500: no progress requests
in its etcd. Codes for "later" (429, 503, 504) and for "log in" (401) are not among them."""


class Watcher(Generic[T]):
    """Lists and watches through a `ListerWatcher` for as long as `events` is read.

    Args:
        streamed: ask for streamed lists first; given up for good at the first refusal.
        page_limit: objects a page of a paged list.
        rng: source of jitter in waits and watch timeouts.
    """

    def __init__(
        self,
        kind: Kind[T],
        lister_watcher: ListerWatcher,
        clock: Clock,
        turns: Turns,
        *,
        streamed: bool,
        page_limit: int = PAGE_LIMIT,
        rng: random.Random | None = None,
    ) -> None:
        self._kind = kind
        self._lister_watcher = lister_watcher
        self._clock = clock
        self._turns = turns
        self._streamed = streamed
        self._rng = rng or random.Random()
        self._compact = Compactor()
        self._backoff = Backoff(rng=self._rng)
        # Lists may succeed and every watch after them be refused as expired: that loop must slow down too, although
        # each round shows objects. Only the watch itself resets this one.
        self._restarts = Backoff(rng=self._rng)
        self._page_limit = page_limit
        self._limit = page_limit
        self._state: State = Empty()

    @property
    def state(self) -> State:
        """Where the machine stands."""
        return self._state

    @property
    def streamed(self) -> bool:
        """Tell whether the next initial list will be asked for as a stream."""
        return self._streamed

    async def events(self) -> AsyncGenerator[tuple[WatchEvent[T], ...], None]:
        """Yield events in batches, without end; close it to end the watch. Only one reader at a time.

        The reader waits out `Disrupted.retry_in` before it asks for the next batch.
        """
        while True:
            disrupted: Disrupted | None = None
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
            case InitListed(resource_version) | Watching(resource_version):
                return self._watch(resource_version, send_initial_events=False)

    async def _begin(self) -> AsyncGenerator[tuple[WatchEvent[T], ...], None]:
        self._state = InitialWatch() if self._streamed else InitPage("")
        yield (Init(),)

    async def _list(self, continue_token: str) -> AsyncGenerator[tuple[WatchEvent[T], ...], None]:
        body = await self._lister_watcher.list_page(limit=self._limit, continue_token=continue_token)
        page = read_page(body)
        items = iter(page.items or ())
        batch = await self._decode(items)
        while batch:
            self._backoff.reset()
            yield batch
            batch = await self._decode(items)
        if page.metadata.continue_:
            self._state = InitPage(page.metadata.continue_)
        else:
            self._limit = self._page_limit
            self._state = InitListed(page.metadata.resource_version)
            yield (InitDone(),)

    async def _decode(self, items: Iterator[msgspec.Raw]) -> tuple[WatchEvent[T], ...]:
        """Decode items of a page until the slice is used up; an empty answer means there are no more."""
        objects: list[T] = []
        rejected: list[Rejected] = []
        async with self._turns.turn():
            for item in items:
                try:
                    objects.append(self._compact(self._kind.decode(item)))
                except msgspec.DecodeError as error:
                    rejected.append(Rejected(f"{self._kind.name}: {error}"))
                if self._turns.over:
                    break
        return (InitApplied(tuple(objects)), *rejected) if objects else tuple(rejected)

    async def _watch(
        self, resource_version: str, *, send_initial_events: bool
    ) -> AsyncGenerator[tuple[WatchEvent[T], ...], None]:
        began = self._clock.monotonic()
        heard = False
        async with self._lister_watcher.watch(
            resource_version=resource_version,
            send_initial_events=send_initial_events,
            timeout_seconds=int(WATCH_SECONDS * (1 - 0.2 * self._rng.random())),
        ) as stream:
            if not send_initial_events:
                self._state = Watching(resource_version)
                yield (Watched(),)
            async for lines in stream:
                rest = iter(lines)
                more = True
                while more:
                    batch, more, failure = await self._read(rest)
                    if batch:
                        heard = True
                        yield batch
                    if failure is not None:
                        raise failure
        match self._state:
            case Watching(reached):
                self._state = InitListed(reached)
                if not heard and self._clock.monotonic() - began < SHORTEST_WATCH:
                    raise ConnectionFailedError("the server closed the watch at once and said nothing")
            case _:
                # It went through its time without the bookmark that ends the list: it does not know of such lists.
                self._streamed = False
                self._state = Empty()

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
        async with self._turns.turn():
            try:
                for line in lines:
                    if line:
                        self._take(line, intake)
                    if self._turns.over:
                        more = True
                        break
            except KdashError as error:
                failure = error
        self._state = intake.state
        if intake.heard:
            self._backoff.reset()
            if isinstance(self._state, Watching):
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

    def _failed(self, error: KdashError) -> Disrupted | None:
        """Move to the state from which to try again; None means at once, with nothing to tell."""
        match self._state, error:
            case InitialWatch(), ApiError(code=code) if code in _REFUSES_STREAMED_LISTS:
                self._streamed = False
                self._state = Empty()
                return None
            case InitPage(token), ExpiredError() | BadRequestError() if token:
                # The token grew too old before the list was through: begin again, with larger pages.
                self._limit = min(self._limit * 4, LARGEST_PAGE)
                self._state = Empty()
                return Disrupted(error, self._restarts.next())
            case _, ExpiredError():
                self._state = Empty()
                return Disrupted(error, self._restarts.next())
            case ((InitListed() | Watching()), ForbiddenError()):
                # Where list is allowed and watch is not, listing again is all that can be done: the data is that new.
                self._state = Empty()
                return Disrupted(error, POLL)
            case InitialWatch(), _:
                self._state = Empty()
            case Watching(resource_version), _:
                self._state = InitListed(resource_version)
            case _:
                pass
        return Disrupted(error, self._wait(error))

    def _wait(self, error: KdashError) -> float:
        match error:
            case ForbiddenError() | NotFoundError():
                return SLOW_RETRY
            case ApiError(retry_after=float() | int() as seconds):
                return max(float(seconds), self._backoff.next())
            case _:
                return self._backoff.next()
