"""What a watcher tells: the life of a list and the watch after it, as values.

Order: `Init`, `InitApplied`*, `InitDone`, then `Applied` and `Deleted` as the cluster changes. `Init` may come again at
any time and makes void an initial list that was not done. `WatchOpened` says that the stream is open, `ListWatchFailed`
that something failed and when it will be tried again, `ServerRestored` that the server was restored to an older
state and nothing known of it holds (the list that follows is the truth), `DecodeFailed` that one object could not be
read.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from k9py.api.errors import KdashError
from k9py.api.meta import KubeObject

T = TypeVar("T", bound=KubeObject)


class Init(msgspec.Struct, frozen=True):
    """A new initial list begins; objects of an unfinished one before it do not count."""


class InitApplied(msgspec.Struct, Generic[T], frozen=True):
    """Objects of the initial list; many at once, since they come in pages."""

    objects: tuple[T, ...]


class InitDone(msgspec.Struct, frozen=True):
    """The initial list is complete: what was not in it no longer exists."""


class Applied(msgspec.Struct, Generic[T], frozen=True):
    """An object was added or changed."""

    object: T


class Deleted(msgspec.Struct, Generic[T], frozen=True):
    """An object is gone; this is its last state."""

    object: T


class WatchOpened(msgspec.Struct, frozen=True):
    """The watch is open: from here on what we hold is what the cluster holds.

    `heard`: the server has just said so (a bookmark, a probe answered, a stream ended in order); False: its headers are
    all that has come.
    """

    is_confirmed: bool = True


class ServerRestored(msgspec.Struct, frozen=True):
    """The server's versions are lower than those it gave before, twice in a row."""


class ListWatchFailed(msgspec.Struct, frozen=True):
    """A list or watch failed; the next try is due in `retry_in` seconds. The watcher expects its reader to wait."""

    error: KdashError
    retry_in: float


class DecodeFailed(msgspec.Struct, frozen=True):
    """One object did not decode and is left out; `message` says where and why."""

    message: str


WatchEvent = (
    Init
    | InitApplied[T]
    | InitDone
    | Applied[T]
    | Deleted[T]
    | WatchOpened
    | ListWatchFailed
    | ServerRestored
    | DecodeFailed
)
