"""What changed since a reader last looked: dirty sets by dependency, never a queue of events.

Invariant: a set holds each key once, however often it changed, so its size is bounded by the cluster's, not by the
rate of events. A batch too big to be traced object by object sets `everything`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from k9py.api.meta import ObjectKey

RECHECK = 5.0
"""Seconds after which rollouts that are not settled are looked at again: time alone can change what they are."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What to compute again.

    Args:
        services, rollouts, pods: keys whose views may differ now; a view that is None is of an object that is gone.
        kinds: names of the kinds of which any object changed.
        health: the cluster's health changed.
        everything: too much changed to name: compare all keys.
    """

    services: frozenset[ObjectKey] = frozenset()
    rollouts: frozenset[ObjectKey] = frozenset()
    pods: frozenset[ObjectKey] = frozenset()
    kinds: frozenset[str] = frozenset()
    health: bool = False
    everything: bool = False

    def __bool__(self) -> bool:
        return bool(self.everything or self.health or self.services or self.rollouts or self.pods or self.kinds)


@dataclass(frozen=True, slots=True)
class AffectedObjects:
    """What one batch of changes touches."""

    services: Iterable[ObjectKey] = ()
    rollouts: Iterable[ObjectKey] = ()
    pods: Iterable[ObjectKey] = ()
    kind: str = ""
    everything: bool = False


class ChangeFeed:
    """One reader's dirty sets. Begins with `everything`, so that a new reader needs no other start.

    Args:
        recheck: called at most every RECHECK seconds by `drain`; marks what time alone may have changed.
        monotonic: seconds.
    """

    def __init__(self, monotonic: Callable[[], float], recheck: Callable[[], None]) -> None:
        self._monotonic = monotonic
        self._recheck = recheck
        self._checked_at = monotonic()
        self._services: set[ObjectKey] = set()
        self._rollouts: set[ObjectKey] = set()
        self._pods: set[ObjectKey] = set()
        self._kinds: set[str] = set()
        self._health = True
        self._everything = True
        self._changed = asyncio.Event()
        self._changed.set()

    def mark(self, dirty: AffectedObjects) -> None:
        """Add to what is dirty."""
        if dirty.everything:
            self._everything = True
        else:
            self._services.update(dirty.services)
            self._rollouts.update(dirty.rollouts)
            self._pods.update(dirty.pods)
        if dirty.kind:
            self._kinds.add(dirty.kind)
        self._changed.set()

    def mark_health(self) -> None:
        """The cluster's health changed."""
        self._health = True
        self._changed.set()

    def drain(self) -> Changes:
        """Return what changed since the last call, and forget it. Cheap when nothing did."""
        if self._monotonic() - self._checked_at >= RECHECK:
            self._checked_at = self._monotonic()
            self._recheck()
        if not self._changed.is_set():
            return Changes()
        changes = Changes(
            services=frozenset(self._services),
            rollouts=frozenset(self._rollouts),
            pods=frozenset(self._pods),
            kinds=frozenset(self._kinds),
            health=self._health,
            everything=self._everything,
        )
        for one in (self._services, self._rollouts, self._pods):
            one.clear()
        self._kinds.clear()
        self._health = self._everything = False
        self._changed.clear()
        return changes

    async def changed(self) -> None:
        """Wait until there is something to drain."""
        await self._changed.wait()
