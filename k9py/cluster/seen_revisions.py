"""Remember which revisions were ready, were never ready, or were rolled back while the cluster was watched.

The cluster itself keeps none of this: a ReplicaSet at 0 does not show whether a pod of it was ever ready.
Invariant: a revision counts as never ready only if it was watched without a gap since its creation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from k9py.api.pods import Pod
from k9py.api.workloads import CONTROLLER_REVISION_HASH, ReplicaSet
from k9py.informer.store import ChangeBatch
from k9py.rollouts.revision_outcome import RevisionOutcome
from k9py.rollouts.revisions import Revision

_JUST_CREATED: Final = timedelta(seconds=60)
"""A ReplicaSet that appears older than this was created while nothing was watched."""


class SeenRevisions:
    """Remembers readiness by ReplicaSet, or by the owner and hash of a pod of another kind of workload."""

    def __init__(self) -> None:
        self._ready: set[tuple[str, str]] = set()
        self._from_creation: set[str] = set()
        self._rolled_back: dict[str, tuple[datetime, str]] = {}

    def observe(self, batch: ChangeBatch[Any], now: datetime, *, has_synced: bool) -> None:
        """Record changes of ReplicaSets or pods; others are ignored.

        Args:
            has_synced: the first list of this kind was complete before: what appears is new.
        """
        for change in batch.changes:
            match change.new:
                case ReplicaSet() as replica_set:
                    if replica_set.status.ready_replicas:
                        self._ready.add((replica_set.uid, ""))
                    created = replica_set.metadata.creation_timestamp
                    if change.old is None and has_synced and created is not None and now - created <= _JUST_CREATED:
                        self._from_creation.add(replica_set.uid)
                case Pod() as pod if pod.is_ready:
                    label = pod.metadata.label(CONTROLLER_REVISION_HASH)
                    if label:
                        self._ready.add((pod.owner_uid, label))
                case None if isinstance(change.old, ReplicaSet):
                    self._forget((change.old.uid,))

    def record_gap(self) -> None:
        """Record that changes may have been missed: a revision not seen ready may have been ready."""
        self._from_creation.clear()

    def record_rolled_back(self, revision: Revision, now: datetime, reason: str) -> None:
        """Record that this session rolled back from a revision, and why."""
        self._rolled_back[revision.uid] = now, reason

    def outcomes(self, owner_uid: str, revisions: Sequence[Revision]) -> dict[str, RevisionOutcome]:
        """Return what was seen of the revisions of a workload, by their uids."""
        outcomes: dict[str, RevisionOutcome] = {}
        for revision in revisions:
            uid = revision.uid
            if revision.is_current:
                self._rolled_back.pop(uid, None)  # it is in use again
            marks = {(uid, ""), (owner_uid, revision.pod_template_hash), (owner_uid, revision.name)}
            was_ready = True if marks & self._ready else False if uid in self._from_creation else None
            rolled_back_at, reason = self._rolled_back.get(uid, (None, ""))
            outcomes[uid] = RevisionOutcome(was_ready, uid in self._rolled_back, rolled_back_at, reason)
        return outcomes

    def _forget(self, uids: Iterable[str]) -> None:
        for uid in uids:
            self._ready.discard((uid, ""))
            self._from_creation.discard(uid)
            self._rolled_back.pop(uid, None)
