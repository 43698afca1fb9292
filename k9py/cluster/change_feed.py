"""What changed since a reader last drained: sets of keys, never a queue of events.

Invariant: a set holds each key once, however often it changed, so its size is bounded by the size of the cluster, not
by the rate of events. A batch too large to trace object by object sets `everything`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from k9py.api.meta import ObjectRef

RECHECK = 5.0
"""Seconds after which unsettled rollouts are marked again: their state can change with time alone."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What to recompute.

    Args:
        services, rollouts, pods: keys whose views may differ now; a view is None when its object was deleted.
        kinds: names of the kinds with a changed object.
        health: the health of the cluster changed.
        everything: too much changed to list: compare all keys.
    """

    services: frozenset[ObjectRef] = frozenset()
    rollouts: frozenset[ObjectRef] = frozenset()
    pods: frozenset[ObjectRef] = frozenset()
    kinds: frozenset[str] = frozenset()
    health: bool = False
    everything: bool = False

    def __bool__(self) -> bool:
        return bool(self.everything or self.health or self.services or self.rollouts or self.pods or self.kinds)


@dataclass(frozen=True, slots=True)
class AffectedObjects:
    """What one batch of changes affects."""

    services: Iterable[ObjectRef] = ()
    rollouts: Iterable[ObjectRef] = ()
    pods: Iterable[ObjectRef] = ()
    kind: str = ""
    everything: bool = False


class ChangeFeed:
    """The changes for one reader. Starts with `everything`, so that a new reader needs no separate initial read.

    Args:
        recheck: called at most every RECHECK seconds by `drain`; marks objects that time alone may have changed.
        monotonic: seconds.
    """

    def __init__(self, monotonic: Callable[[], float], recheck: Callable[[], None]) -> None:
        self._monotonic = monotonic
        self._recheck = recheck
        self._checked_at = monotonic()
        self._services: set[ObjectRef] = set()
        self._rollouts: set[ObjectRef] = set()
        self._pods: set[ObjectRef] = set()
        self._kinds: set[str] = set()
        self._health = True
        self._everything = True
        self._changed = asyncio.Event()
        self._changed.set()

    def mark(self, affected: AffectedObjects) -> None:
        """Add affected objects."""
        if affected.everything:
            self._everything = True
        else:
            self._services.update(affected.services)
            self._rollouts.update(affected.rollouts)
            self._pods.update(affected.pods)
        if affected.kind:
            self._kinds.add(affected.kind)
        self._changed.set()

    def mark_health(self) -> None:
        """Record that the health of the cluster changed."""
        self._health = True
        self._changed.set()

    def drain(self) -> Changes:
        """Return what changed since the last call, and reset. Cheap when nothing changed."""
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
        for keys in (self._services, self._rollouts, self._pods):
            keys.clear()
        self._kinds.clear()
        self._health = self._everything = False
        self._changed.clear()
        return changes

    async def changed(self) -> None:
        """Wait until there is something to drain."""
        await self._changed.wait()
