"""One list and watch that any number of leases share: its reflector, its task, and who holds it.

Invariant: a `SharedWatch` belongs to one `WatchRequest`; equal requests share one. The reflector runs from the first
holder until a grace period after the last; `leases` starts and ends it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from k9py.api.errors import ApiError, ConnectionFailedError, NotFoundError
from k9py.api.kinds import Kind, TableKind
from k9py.cluster.health import WatchReport
from k9py.informer.health import Listed, Live, Loading, Stale, WatchHealth
from k9py.informer.reflector import Reflector
from k9py.informer.store import ChangeBatch


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """What is listed and watched.

    Args:
        namespace: "" for the whole cluster.
    """

    kind: Kind[Any]
    namespace: str = ""
    label_selector: str = ""
    field_selector: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """What requests that share a watch have in common: the version a type is read in is not part of it."""
        form = (type(self.kind), self.kind.type, self.kind.resource_type.qualified_name)
        return (*form, self.namespace, self.label_selector, self.field_selector)


class WatchHolder(Protocol):
    """A lease, as a watch notifies it."""

    def on_batch(self, batch: ChangeBatch[Any]) -> None:
        """Handle changes; the store has them already."""
        ...

    def on_health(self, *, became_current: bool) -> None:
        """Handle another health; `became_current`: it is live (or listed) and was not."""
        ...


class SharedWatch:
    """A reflector and the leases that hold it, in the order they came.

    Args:
        on_batch: called with its changes, before the leases are.

    Attributes:
        kind: of this watch; a TableKind of its own, because its columns are what this watch learned.
    """

    def __init__(self, request: WatchRequest, on_batch: Callable[[SharedWatch, ChangeBatch[Any]], None]) -> None:
        self.request = request
        self._observe = on_batch
        self.kind: Kind[Any] = replace(request.kind) if isinstance(request.kind, TableKind) else request.kind
        self.holders: list[WatchHolder] = []
        self.task: asyncio.Task[Any] | None = None
        self.expiry: asyncio.Task[None] | None = None
        self.reflector: Reflector[Any]
        self._was_current = True

    def watch_with(self, reflector: Reflector[Any]) -> None:
        """Take the reflector; `on_health` is to be called with its health."""
        self.reflector = reflector
        reflector.store.subscribe(self._on_batch)

    def _on_batch(self, batch: ChangeBatch[Any]) -> None:
        self._observe(self, batch)
        for holder in tuple(self.holders):
            holder.on_batch(batch)

    def on_health(self, health: WatchHealth) -> None:
        """Notify the holders."""
        is_current = isinstance(health, Live | Listed)
        became_current = is_current and not self._was_current
        self._was_current = is_current
        for holder in tuple(self.holders):
            holder.on_health(became_current=became_current)

    def retry_now(self) -> None:
        """Retry now unless it is live; list a type again that cannot be watched."""
        if not isinstance(self.reflector.health, Live):
            self.reflector.retry_now()

    @property
    def is_unreachable(self) -> bool:
        """Whether it fails because of the server or the network and not because of its request."""
        match self.reflector.health:
            case Loading(error=error) | Stale(error=error):
                return isinstance(error, ConnectionFailedError) or (isinstance(error, ApiError) and error.code >= 500)
        return False

    @property
    def is_missing(self) -> bool:
        """Whether the server does not have its type."""
        health = self.reflector.health
        return isinstance(health, Loading | Stale) and isinstance(health.error, NotFoundError)

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for its next try."""
        health = self.reflector.health
        return isinstance(health, Loading | Stale) and health.retry_at is not None

    def report(self) -> WatchReport:
        """Return its health as it is summarized."""
        reflector = self.reflector
        health = reflector.health
        if isinstance(health, Stale) and isinstance(health.error, NotFoundError):
            health = replace(health, error=_gone_error(self.kind))
        return WatchReport(
            self.kind.name,
            health,
            reflector.has_synced,
            len(reflector.store),
            reflector.last_decode_error,
            reflector.last_activity_at if reflector.is_overdue else None,
        )


def _gone_error(kind: Kind[Any]) -> NotFoundError:
    return NotFoundError(
        f"the server no longer has {kind.resource_type.qualified_name}",
        "What was read before is shown. It is read again as soon as the server has the type.",
        code=404,
    )
