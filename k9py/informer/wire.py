"""The frames around objects: list pages, watch lines, bookmarks, and the Status inside an ERROR event.

Invariant: an object is decoded as its kind only after its event's type has been read, because an ERROR carries a Status
whose `status` is a string where a kind has a struct. A frame that does not parse means the stream is damaged
(ConnectionFailedError: come back from the last known version); an object that does not fit means one object is skipped.
"""

from __future__ import annotations

from typing import Final, Generic, TypeVar

import msgspec

from k9py.api.errors import (
    ApiError,
    BadRequestError,
    ConflictError,
    ConnectionFailedError,
    ExpiredError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthorizedError,
    UnavailableError,
)
from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject

T = TypeVar("T", bound=KubeObject)

INITIAL_EVENTS_END: Final = "k8s.io/initial-events-end"


class ListMeta(msgspec.Struct, frozen=True, rename="camel"):
    """metav1.ListMeta: where a watch goes on, and the token of the next page ("" on the last)."""

    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class Page(msgspec.Struct, frozen=True):
    """A list response with its items still undecoded; they are views into the response's bytes."""

    metadata: ListMeta
    items: tuple[msgspec.Raw, ...] | None = None


class Bookmark(msgspec.Struct, frozen=True):
    """A promise that everything up to `resource_version` has been sent."""

    resource_version: str
    ends_initial_events: bool


class Upsert(msgspec.Struct, Generic[T], frozen=True):
    """An ADDED or MODIFIED line."""

    object: T


class Removal(msgspec.Struct, Generic[T], frozen=True):
    """A DELETED line."""

    object: T


class Unreadable(msgspec.Struct, frozen=True):
    """A whole line whose object does not fit its kind."""

    message: str


Line = Upsert[T] | Removal[T] | Bookmark | Unreadable


class _Envelope(msgspec.Struct, frozen=True):
    type: str
    object: msgspec.Raw


class _BookmarkMeta(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""
    annotations: dict[str, str] | None = None


class _BookmarkObject(msgspec.Struct, frozen=True):
    metadata: _BookmarkMeta


class _StatusDetails(msgspec.Struct, frozen=True, rename="camel"):
    retry_after_seconds: int = 0


class _Status(msgspec.Struct, frozen=True):
    message: str = ""
    reason: str = ""
    code: int = 0
    details: _StatusDetails | None = None


UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises. msgspec lets the last two through as they are; none of them may end the watching of a kind."""

_page: Final = msgspec.json.Decoder(Page)
_envelope: Final = msgspec.json.Decoder(_Envelope)
_bookmark: Final = msgspec.json.Decoder(_BookmarkObject)
_status: Final = msgspec.json.Decoder(_Status)

# The API server writes every line with these heads. Cutting the object out saves a scan of the whole line, which is a
# third of what an event costs; a line written otherwise takes the longer way.
_ADDED: Final = b'{"type":"ADDED","object":'
_MODIFIED: Final = b'{"type":"MODIFIED","object":'
_DELETED: Final = b'{"type":"DELETED","object":'

_ERRORS: Final[dict[int, type[ApiError]]] = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    410: ExpiredError,
    422: InvalidError,
    429: UnavailableError,
    500: UnavailableError,
    502: UnavailableError,
    503: UnavailableError,
    504: UnavailableError,
}


def read_page(body: bytes) -> Page:
    """Parse a list response's frame, one scan over its bytes.

    Raises:
        ConnectionFailedError: the body is not a list: cut off, or not from an API server.
    """
    try:
        return _page.decode(body)
    except UNREADABLE as error:
        raise ConnectionFailedError(
            f"the server's answer to a list is damaged: {error}", "a proxy in between may have cut it"
        ) from error


def read_line(kind: Kind[T], line: bytes) -> Line[T]:
    """Decode one watch event.

    Raises:
        ApiError: the event is an ERROR; the type follows the Status's code (ExpiredError for 410).
        ConnectionFailedError: the line is not a watch event.
    """
    try:
        if line.startswith(_MODIFIED):
            return Upsert(kind.decode(_object(line, _MODIFIED)))
        if line.startswith(_ADDED):
            return Upsert(kind.decode(_object(line, _ADDED)))
        if line.startswith(_DELETED):
            return Removal(kind.decode(_object(line, _DELETED)))
    except UNREADABLE:
        pass  # The longer way tells a damaged line from an object that does not fit.
    return _read_any(kind, line)


def _object(line: bytes, head: bytes) -> memoryview:
    return memoryview(line)[len(head) : -1]


def _read_any(kind: Kind[T], line: bytes) -> Line[T]:
    try:
        envelope = _envelope.decode(line)
    except RecursionError:
        return Unreadable(f"{kind.name}: an object is nested too deeply")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConnectionFailedError(
            f"the watch stream is damaged: {error}", "a proxy in between may have cut it"
        ) from error
    try:
        match envelope.type:
            case "ADDED" | "MODIFIED":
                return Upsert(kind.decode(envelope.object))
            case "DELETED":
                return Removal(kind.decode(envelope.object))
            case "BOOKMARK":
                metadata = _bookmark.decode(envelope.object).metadata
                return Bookmark(metadata.resource_version, INITIAL_EVENTS_END in (metadata.annotations or ()))
            case "ERROR":
                raise _error(envelope.object)
            case other:
                return Unreadable(f"{kind.name}: unknown watch event {other!r}")
    except UNREADABLE as error:
        return Unreadable(f"{kind.name}: {error}")


def _error(raw: msgspec.Raw) -> ApiError:
    try:
        status = _status.decode(raw)
    except UNREADABLE:
        status = _Status(message="the watch ended with an error that is not a Status")
    code = status.code or (410 if status.reason in ("Expired", "Gone") else 0)
    retry_after = status.details.retry_after_seconds if status.details else 0
    return _ERRORS.get(code, ApiError)(
        status.message or status.reason or "the server ended the watch with an error",
        code=code,
        reason=status.reason,
        retry_after=float(retry_after) if retry_after else None,
    )
