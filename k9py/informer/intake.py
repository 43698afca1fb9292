"""From watch lines to events: what is news, what ends the initial list, and how far the watch has come."""

from __future__ import annotations

from typing import Generic, TypeVar

from k9py.api.meta import KubeObject
from k9py.informer.events import Applied, DecodeFailed, Deleted, InitApplied, InitDone, WatchEvent, WatchOpened
from k9py.informer.states import InitialWatch, State, Watching
from k9py.informer.versions import number

T = TypeVar("T", bound=KubeObject)


class Intake(Generic[T]):
    """What one slice of watch lines comes to: the events, and the state they lead to.

    Invariant: once the initial list is over, an object is told only if its version is newer than everything told so
    far. A server that repeats itself after a reconnect can neither double an object nor bring a deleted one back.
    """

    def __init__(self, state: State) -> None:
        self.heard = False
        self.fell = False
        """Something carried a lower version than was reached before: a repetition, a lagging replica, or a restore."""
        self._events: list[WatchEvent[T]] = []
        self._initial: list[T] = []
        self._in_list = not isinstance(state, Watching)
        self._version = state.resource_version if isinstance(state, Watching) else ""
        self._number = number(self._version)

    @property
    def state(self) -> State:
        """The state after what was taken."""
        return InitialWatch() if self._in_list else Watching(self._version)

    def upsert(self, new: T) -> None:
        """Take an ADDED or MODIFIED object."""
        self.heard = True
        if self._in_list:
            self._initial.append(new)
        elif self._is_news(new):
            self._events.append(Applied(new))

    def remove(self, gone: T) -> None:
        """Take a DELETED object."""
        self.heard = True
        if self._in_list:
            self._flush()
            self._events.append(Deleted(gone))
        elif self._is_news(gone):
            self._events.append(Deleted(gone))

    def bookmark(self, resource_version: str, *, ends_initial_events: bool) -> None:
        """Take a bookmark; one that ends the initial events makes the stream an ordinary watch."""
        self.heard = True
        if self._in_list:
            if not ends_initial_events:
                return
            self._in_list = False
            self._flush()
            self._events.append(InitDone())
        self._advance(resource_version)
        self._events.append(WatchOpened())

    def reject(self, message: str) -> None:
        """Take note of an object that did not decode."""
        self._events.append(DecodeFailed(message))

    def finish(self) -> tuple[WatchEvent[T], ...]:
        """Return the events."""
        self._flush()
        return tuple(self._events)

    def _flush(self) -> None:
        if self._initial:
            self._events.append(InitApplied(tuple(self._initial)))
            self._initial = []

    def _is_news(self, value: T) -> bool:
        version = value.metadata.resource_version
        at = number(version)
        if at is not None and self._number is not None and at <= self._number:
            self.fell = self.fell or at < self._number
            return False
        self._version, self._number = version, at
        return True

    def _advance(self, resource_version: str) -> None:
        at = number(resource_version)
        if at is None or self._number is None or at > self._number:
            self._version, self._number = resource_version, at
        elif at < self._number:
            self.fell = True
