"""What was seen of revisions while the cluster was watched: which were ready, which never were, which were left.

The cluster itself keeps none of this: a ReplicaSet at zero does not tell whether a pod of it was ever ready.
Invariant: a revision counts as never ready only when it was watched without a gap from its beginning.
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

_JUST_MADE: Final = timedelta(seconds=60)
"""A ReplicaSet that appears older than this was made while nobody watched."""


class SeenRevisions:
    """Remembers readiness by ReplicaSet, or by the owner and hash of a pod of another kind of workload."""

    def __init__(self) -> None:
        self._ready: set[tuple[str, str]] = set()
        self._from_birth: set[str] = set()
        self._left: dict[str, tuple[datetime, str]] = {}

    def observe(self, batch: ChangeBatch[Any], now: datetime, *, is_whole: bool) -> None:
        """Take in changes of ReplicaSets or pods; others are ignored.

        Args:
            is_whole: the first list of this kind was in before: what appears is new.
        """
        for change in batch.changes:
            match change.new:
                case ReplicaSet() as one:
                    if one.status.ready_replicas:
                        self._ready.add((one.uid, ""))
                    created = one.metadata.creation_timestamp
                    if change.old is None and is_whole and created is not None and now - created <= _JUST_MADE:
                        self._from_birth.add(one.uid)
                case Pod() as pod if pod.is_ready:
                    label = pod.metadata.label(CONTROLLER_REVISION_HASH)
                    if label:
                        self._ready.add((pod.owner_uid, label))
                case None if isinstance(change.old, ReplicaSet):
                    self._forget((change.old.uid,))

    def record_gap(self) -> None:
        """Something may have been missed: what was not seen ready may have been."""
        self._from_birth.clear()

    def record_rolled_back(self, revision: Revision, now: datetime, why: str) -> None:
        """Remember that this session went back behind a revision, and what was wrong with it."""
        self._left[revision.uid] = now, why

    def outcomes(self, owner_uid: str, revisions: Sequence[Revision]) -> dict[str, RevisionOutcome]:
        """Return what was seen of a workload's revisions, by their uids."""
        found: dict[str, RevisionOutcome] = {}
        for one in revisions:
            if one.is_current:
                self._left.pop(one.uid, None)  # taken up again
            marks = {(one.uid, ""), (owner_uid, one.pod_template_hash), (owner_uid, one.name)}
            was_ready = True if marks & self._ready else False if one.uid in self._from_birth else None
            left_at, why = self._left.get(one.uid, (None, ""))
            found[one.uid] = RevisionOutcome(was_ready, one.uid in self._left, left_at, why)
        return found

    def _forget(self, uids: Iterable[str]) -> None:
        for uid in uids:
            self._ready.discard((uid, ""))
            self._from_birth.discard(uid)
            self._left.pop(uid, None)
