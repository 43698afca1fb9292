"""What changed in the cluster while it was watched: old → new of what matters, in the order in which it was seen.

Owns the ring of changes of one session. What matters of a kind is in `observed_facts`. Invariants: initial lists are no
changes; the ring is bounded, and the oldest changes are dropped; changes of one object that follow each other closely
are one entry. A change that was found after a gap (a lost connection) says so: it happened at some time before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from k9py.api.meta import KubeObject, ObjectRef
from k9py.cluster.observed_facts import observed_facts
from k9py.informer.store import ChangeBatch, ObjectChange

MAX_ENTRIES: Final = 5_000
"""Entries kept, a few megabytes at most."""
MERGED_WITHIN: Final = timedelta(seconds=5)
"""Changes of one object within this time of its last entry are added to that entry."""
MAX_OBSERVED: Final = 2_000
"""Changes in one batch that are looked at; more are the list after a reconnect, where each is old news."""


class HistoryAction(Enum):
    """What happened to an object."""

    ADDED = "added"
    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class FactChange:
    """One fact about an object before and after; "" where there was none. Texts are as the cluster has them."""

    fact: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change of one object.

    Args:
        at: when it was seen first, aware UTC.
        last_at: when the last of the merged changes was seen.
        ref: the object.
        uid: its uid: an object that was deleted and created again has another one.
        owner_uid: uid of its controller, "" when it has none.
        changes: facts that differ; () for an object that was added or deleted.
        is_after_gap: it was found after a time in which nothing was watched.
    """

    at: datetime
    last_at: datetime
    ref: ObjectRef
    uid: str
    owner_uid: str
    action: HistoryAction
    changes: tuple[FactChange, ...] = ()
    is_after_gap: bool = False


class ChangeHistory:
    """The changes of a session.

    Args:
        limit: entries kept.
        facts: returns what matters of an object, by names of facts; () for a kind that has no history.
    """

    def __init__(
        self, limit: int = MAX_ENTRIES, facts: Callable[[KubeObject], Mapping[str, str] | None] = observed_facts
    ) -> None:
        self._facts = facts
        self._limit = limit
        self._entries: dict[int, HistoryEntry] = {}  # by number, in the order of `last_at`
        self._last_of: dict[str, int] = {}  # number of an object's last entry, by uid
        self._next = 0
        self._has_gap = False
        self.version = 0
        """Grows with every new entry."""

    def __len__(self) -> int:
        return len(self._entries)

    def observe(self, batch: ChangeBatch[Any], now: datetime, *, has_synced: bool) -> None:
        """Record the changes of a batch.

        Args:
            has_synced: the first list of this kind was complete before.
        """
        if not has_synced:
            return
        for change in batch.changes[:MAX_OBSERVED]:
            self._observe(change, now)

    def set_gap(self, has_gap: bool) -> None:
        """Record that nothing is watched at the moment, or that everything is again."""
        self._has_gap = has_gap

    def restore(self, entries: Iterable[HistoryEntry]) -> None:
        """Add changes that were seen before, newest first, such as those of a capsule."""
        for entry in reversed(tuple(entries)):
            self._append(entry)

    def entries(self, uids: Iterable[str] | None = None) -> tuple[HistoryEntry, ...]:
        """Return changes, newest first: of all objects, or of those with these uids and what they control."""
        if uids is None:
            return tuple(reversed(self._entries.values()))
        wanted = frozenset(uids)
        return tuple(
            entry for entry in reversed(self._entries.values()) if entry.uid in wanted or entry.owner_uid in wanted
        )

    def _observe(self, change: ObjectChange[Any], now: datetime) -> None:
        old, new = change.old, change.new
        current = new if new is not None else old
        facts = None if current is None else self._facts(current)
        if current is None or facts is None:
            return
        if old is None or new is None or old.uid != new.uid:
            action = HistoryAction.DELETED if new is None else HistoryAction.ADDED
            self._add(change.key, current, action, (), now)
            return
        before = self._facts(old) or {}
        changes = tuple(
            FactChange(fact, before.get(fact, ""), facts.get(fact, ""))
            for fact in {**before, **facts}
            if before.get(fact, "") != facts.get(fact, "")
        )
        if changes and not self._merge(new.uid, changes, now):
            self._add(change.key, new, HistoryAction.CHANGED, changes, now)

    def _add(
        self, ref: ObjectRef, value: KubeObject, action: HistoryAction, changes: tuple[FactChange, ...], now: datetime
    ) -> None:
        self._append(HistoryEntry(now, now, ref, value.uid, value.owner_uid, action, changes, self._has_gap))

    def _append(self, entry: HistoryEntry) -> None:
        self._entries[self._next] = entry
        self._last_of[entry.uid] = self._next
        self._next += 1
        self.version += 1
        if len(self._entries) > self._limit:
            oldest = next(iter(self._entries))
            dropped = self._entries.pop(oldest)
            if self._last_of.get(dropped.uid) == oldest:
                del self._last_of[dropped.uid]

    def _merge(self, uid: str, changes: tuple[FactChange, ...], now: datetime) -> bool:
        """Add changes to the object's last entry if that is recent and they do not undo it; return whether it was."""
        number = self._last_of.get(uid)
        if number is None:
            return False
        entry = self._entries[number]
        if (
            now - entry.last_at > MERGED_WITHIN
            or entry.action is not HistoryAction.CHANGED
            or entry.is_after_gap != self._has_gap
        ):
            return False
        merged = {change.fact: change for change in entry.changes}
        for change in changes:
            first = merged.get(change.fact)
            merged[change.fact] = change if first is None else FactChange(change.fact, first.old, change.new)
        if any(change.old == change.new for change in merged.values()):
            return False  # what was changed back is worth two entries
        del self._entries[number]
        self._append(replace(entry, last_at=now, changes=tuple(merged.values())))
        return True
