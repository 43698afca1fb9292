"""Decode list pages and watch lines into objects and watcher events.

Invariant: an object is decoded as its kind only after the type of its event has been read, because an ERROR event
carries a Status, whose `status` is a string where a kind has a struct. A frame that does not parse means that the
stream is damaged (ConnectionFailedError: resume from the last known version); an object that does not fit its kind is
skipped, alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Generic, TypeVar

import msgspec

from k9py.api.errors import ApiError, ConnectionFailedError, KdashError, api_error_type
from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject
from k9py.informer.events import (
    Applied,
    DecodeFailed,
    Deleted,
    InitApplied,
    InitDone,
    InitialWatch,
    State,
    WatchEvent,
    Watching,
    WatchOpened,
)
from k9py.informer.interning import Interner
from k9py.informer.resource_version import version_number
from k9py.runtime.time_slice import TimeSlicer

T = TypeVar("T", bound=KubeObject)

INITIAL_EVENTS_END: Final = "k8s.io/initial-events-end"

DECODE_ERRORS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises. msgspec lets the last two through as they are; none of them may end the watch of a kind."""

_DAMAGED_HINT: Final = "a proxy in between may have cut it"


class ListMeta(msgspec.Struct, frozen=True, rename="camel"):
    """metav1.ListMeta: the version a watch starts from, and the token of the next page ("" on the last)."""

    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class Page(msgspec.Struct, frozen=True):
    """A list response whose items are not decoded yet; they are views into the bytes of the response.

    Args:
        rows: what a Table has in place of `items`.
    """

    metadata: ListMeta
    items: tuple[msgspec.Raw, ...] | None = None
    rows: tuple[msgspec.Raw, ...] | None = None

    @property
    def elements(self) -> tuple[msgspec.Raw, ...]:
        """The items, or the rows of a Table."""
        return self.items or self.rows or ()


class Upsert(msgspec.Struct, Generic[T], frozen=True):
    """An ADDED or MODIFIED line."""

    object: T


class Removal(msgspec.Struct, Generic[T], frozen=True):
    """A DELETED line."""

    object: T


class Bookmark(msgspec.Struct, frozen=True):
    """A promise that everything up to `resource_version` has been sent."""

    resource_version: str
    ends_initial_events: bool


class Undecodable(msgspec.Struct, frozen=True):
    """A complete line whose object does not fit its kind."""

    message: str


Line = Upsert[T] | Removal[T] | Bookmark | Undecodable


class _Envelope(msgspec.Struct, frozen=True):
    type: str
    object: msgspec.Raw


class _BookmarkMeta(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""
    annotations: dict[str, str] | None = None


class _BookmarkRowObject(msgspec.Struct, frozen=True):
    metadata: _BookmarkMeta


class _BookmarkRow(msgspec.Struct, frozen=True):
    object: _BookmarkRowObject


class _BookmarkObject(msgspec.Struct, frozen=True):
    """An object with nothing but its version; as a Table, the annotations are those of its only row."""

    metadata: _BookmarkMeta
    rows: tuple[_BookmarkRow, ...] | None = None

    @property
    def ends_initial_events(self) -> bool:
        metadata = self.rows[0].object.metadata if self.rows else self.metadata
        return INITIAL_EVENTS_END in (metadata.annotations or ())


class _StatusDetails(msgspec.Struct, frozen=True, rename="camel"):
    retry_after_seconds: int = 0


class _Status(msgspec.Struct, frozen=True):
    message: str = ""
    reason: str = ""
    code: int = 0
    details: _StatusDetails | None = None


_page: Final = msgspec.json.Decoder(Page)
_envelope: Final = msgspec.json.Decoder(_Envelope)
_bookmark: Final = msgspec.json.Decoder(_BookmarkObject)
_status: Final = msgspec.json.Decoder(_Status)

# The API server writes every line with these prefixes. Cutting the object out saves a scan of the whole line, which is
# a third of the cost of an event; a line written in another way takes the slow path.
_ADDED: Final = b'{"type":"ADDED","object":'
_MODIFIED: Final = b'{"type":"MODIFIED","object":'
_DELETED: Final = b'{"type":"DELETED","object":'


def read_page(body: bytes) -> Page:
    """Parse the frame of a list response or a Table, with one scan over its bytes.

    Raises:
        ConnectionFailedError: the body is not a list: cut off, or not from an API server.
    """
    try:
        return _page.decode(body)
    except DECODE_ERRORS as error:
        raise ConnectionFailedError(f"the server's list response is damaged: {error}", _DAMAGED_HINT) from error


def learn_columns(kind: Kind[T], body: bytes) -> None:
    """Pass the columns that a list response defines to its kind. Raises ConnectionFailedError, as `read_page` does."""
    try:
        kind.learn_columns(body)
    except DECODE_ERRORS as error:
        raise ConnectionFailedError(f"the server's Table is damaged: {error}", _DAMAGED_HINT) from error


async def decode_items(
    kind: Kind[T], intern: Interner, items: Iterator[msgspec.Raw], time_slicer: TimeSlicer
) -> tuple[WatchEvent[T], ...]:
    """Decode items of a page until the time slice is over; an empty result means there are no more."""
    objects: list[T] = []
    failed: list[DecodeFailed] = []
    async with time_slicer.slice():
        for item in items:
            try:
                objects.append(intern(kind.decode(item)))
            except DECODE_ERRORS as error:
                failed.append(DecodeFailed(f"{kind.name}: {error}"))
            if time_slicer.is_over:
                break
    return (InitApplied(tuple(objects)), *failed) if objects else tuple(failed)


def read_line(kind: Kind[T], line: bytes) -> Line[T]:
    """Decode one watch event.

    Raises:
        ApiError: the event is an ERROR; the class follows the code of its Status (ExpiredError for 410).
        ConnectionFailedError: the line is not a watch event.
    """
    try:
        if line.startswith(_MODIFIED):
            return Upsert(kind.decode(_cut_object(line, _MODIFIED)))
        if line.startswith(_ADDED):
            return Upsert(kind.decode(_cut_object(line, _ADDED)))
        if line.startswith(_DELETED):
            return Removal(kind.decode(_cut_object(line, _DELETED)))
    except DECODE_ERRORS:
        pass  # the slow path distinguishes a damaged line from an object that does not fit
    return _read_any(kind, line)


def _cut_object(line: bytes, prefix: bytes) -> memoryview:
    return memoryview(line)[len(prefix) : -1]


def _read_any(kind: Kind[T], line: bytes) -> Line[T]:
    try:
        envelope = _envelope.decode(line)
    except RecursionError:
        return Undecodable(f"{kind.name}: an object is nested too deeply")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConnectionFailedError(f"the watch stream is damaged: {error}", _DAMAGED_HINT) from error
    try:
        match envelope.type:
            case "ADDED" | "MODIFIED":
                return Upsert(kind.decode(envelope.object))
            case "DELETED":
                return Removal(kind.decode(envelope.object))
            case "BOOKMARK":
                bookmark = _bookmark.decode(envelope.object)
                kind.learn_columns(envelope.object)
                return Bookmark(bookmark.metadata.resource_version, bookmark.ends_initial_events)
            case "ERROR":
                raise _error_from_status(envelope.object)
            case other:
                return Undecodable(f"{kind.name}: unknown watch event {other!r}")
    except DECODE_ERRORS as error:
        return Undecodable(f"{kind.name}: {error}")


def _error_from_status(raw: msgspec.Raw) -> ApiError:
    try:
        status = _status.decode(raw)
    except DECODE_ERRORS:
        status = _Status(message="the watch ended with an error that is not a Status")
    code = status.code or (410 if status.reason in ("Expired", "Gone") else 0)
    retry_after = status.details.retry_after_seconds if status.details else 0
    return api_error_type(code)(
        status.message or status.reason or "the server ended the watch with an error",
        code=code,
        reason=status.reason,
        retry_after=float(retry_after) if retry_after else None,
    )


class WatchDecoder(Generic[T]):
    """Decodes one slice of watch lines into events, and tracks the state they lead to.

    Invariant: once the initial list is complete, an object is passed on only if its version is newer than everything
    passed on before. A server that repeats itself after a reconnect can neither duplicate an object nor bring a deleted
    one back.

    Attributes:
        has_data: an object or a bookmark came.
        saw_lower_version: something carried a lower version than was reached before: a repetition, a lagging replica,
            or a restore.
    """

    def __init__(self, kind: Kind[T], intern: Interner, state: State) -> None:
        self.has_data = False
        self.saw_lower_version = False
        self._kind = kind
        self._intern = intern
        self._events: list[WatchEvent[T]] = []
        self._initial: list[T] = []
        self._in_list = not isinstance(state, Watching)
        self._version = state.resource_version if isinstance(state, Watching) else ""
        self._number = version_number(self._version)

    @property
    def state(self) -> State:
        """The state after the lines decoded so far."""
        return InitialWatch() if self._in_list else Watching(self._version)

    def decode(self, line: bytes) -> None:
        """Decode a line. Raises what `read_line` raises."""
        match read_line(self._kind, line):
            case Upsert(new):
                self.has_data = True
                self._upsert(self._intern(new))
            case Removal(deleted):
                self.has_data = True
                self._remove(deleted)
            case Bookmark(resource_version, ends_initial_events):
                self.has_data = True
                self._bookmark(resource_version, ends_initial_events=ends_initial_events)
            case Undecodable(message):
                self._events.append(DecodeFailed(message))

    def finish(self) -> tuple[WatchEvent[T], ...]:
        """Return the events."""
        self._flush()
        return tuple(self._events)

    def _upsert(self, new: T) -> None:
        if self._in_list:
            self._initial.append(new)
        elif self._is_newer(new):
            self._events.append(Applied(new))

    def _remove(self, deleted: T) -> None:
        if self._in_list:
            self._flush()
            self._events.append(Deleted(deleted))
        elif self._is_newer(deleted):
            self._events.append(Deleted(deleted))

    def _bookmark(self, resource_version: str, *, ends_initial_events: bool) -> None:
        """Advance to a bookmark; one that ends the initial events makes the stream an ordinary watch."""
        if self._in_list:
            if not ends_initial_events:
                return
            self._in_list = False
            self._flush()
            self._events.append(InitDone())
        number = version_number(resource_version)
        if number is None or self._number is None or number > self._number:
            self._version, self._number = resource_version, number
        elif number < self._number:
            self.saw_lower_version = True
        self._events.append(WatchOpened())

    def _flush(self) -> None:
        if self._initial:
            self._events.append(InitApplied(tuple(self._initial)))
            self._initial = []

    def _is_newer(self, value: T) -> bool:
        version = value.metadata.resource_version
        number = version_number(version)
        if number is not None and self._number is not None and number <= self._number:
            self.saw_lower_version = self.saw_lower_version or number < self._number
            return False
        self._version, self._number = version, number
        return True


async def decode_lines(
    decoder: WatchDecoder[T], lines: Iterator[bytes], time_slicer: TimeSlicer
) -> tuple[bool, KdashError | None]:
    """Decode lines until the time slice is over or a line fails.

    Returns:
        Whether there may be more lines, and the failure.
    """
    async with time_slicer.slice():
        try:
            for line in lines:
                if line:
                    decoder.decode(line)
                if time_slicer.is_over:
                    return True, None
        except KdashError as error:
            return False, error
    return False, None
