"""The values of the watcher: the states it goes through, and the events it yields.

States are those of kube-rs' watcher; the transitions are in `watcher`. Invariant: a state holds everything needed to
continue from it after a failure, and nothing that is open.

Order of events: `Init`, `InitApplied`*, `InitDone`, then `Applied` and `Deleted` as the cluster changes. `Init` may
come at any time and discards an initial list that was not complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from k9py.api.errors import KdashError
from k9py.api.meta import KubeObject

T = TypeVar("T", bound=KubeObject)


@dataclass(frozen=True, slots=True)
class Empty:
    """Nothing is known; an initial list is due."""


@dataclass(frozen=True, slots=True)
class InitPage:
    """A paged list is in progress; "" is the token of the first page."""

    continue_token: str


@dataclass(frozen=True, slots=True)
class InitListed:
    """Everything up to `resource_version` is known, and no watch is open."""

    resource_version: str


@dataclass(frozen=True, slots=True)
class InitialWatch:
    """A streaming list is requested, or open and not complete."""


@dataclass(frozen=True, slots=True)
class Watching:
    """A watch is open and has yielded everything up to `resource_version`."""

    resource_version: str


State = Empty | InitPage | InitListed | InitialWatch | Watching


class Init(msgspec.Struct, frozen=True):
    """A new initial list begins; objects of an incomplete one before it do not count."""


class InitApplied(msgspec.Struct, Generic[T], frozen=True):
    """Objects of the initial list; many per event, since they come in pages."""

    objects: tuple[T, ...]


class InitDone(msgspec.Struct, frozen=True):
    """The initial list is complete: what was not in it no longer exists."""


class Applied(msgspec.Struct, Generic[T], frozen=True):
    """An object was added or changed."""

    object: T


class Deleted(msgspec.Struct, Generic[T], frozen=True):
    """An object was deleted; this is its last state."""

    object: T


class WatchOpened(msgspec.Struct, frozen=True):
    """The watch is open: from here on the store holds what the cluster holds.

    `is_confirmed`: the server has just proved it (a bookmark, an answered probe, a stream that ended in order); False:
    only its response headers have come.
    """

    is_confirmed: bool = True


class ServerRestored(msgspec.Struct, frozen=True):
    """The server's versions are lower than before, twice in a row: it was restored to an older state.

    Nothing known of it holds; the list that follows is the truth.
    """


class ColumnsChanged(msgspec.Struct, frozen=True):
    """The server prints other columns than before: every row is different, whatever its version.

    It comes before the first object of a list with the new columns; in a watch, before the list that follows.
    """


class ListedOnly(msgspec.Struct, frozen=True):
    """The list is complete, and this type cannot be watched. The reader of the events decides when to list again."""


class ListWatchFailed(msgspec.Struct, frozen=True):
    """A list or watch failed. The reader of the events waits `retry_in` seconds before it asks for the next one."""

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
    | ColumnsChanged
    | ListedOnly
    | DecodeFailed
)
