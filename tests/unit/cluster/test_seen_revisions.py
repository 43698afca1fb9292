"""What is remembered of revisions while the cluster is watched."""

from __future__ import annotations

from datetime import timedelta

from k9py.api.meta import KubeObject
from k9py.cluster.seen_revisions import SeenRevisions
from k9py.informer.store import ChangeBatch, ObjectChange
from k9py.rollouts.revisions import revisions
from tests import factories as make

NOW = make.NOW


def observe(seen: SeenRevisions, new: KubeObject, old: KubeObject | None = None, *, has_synced: bool = True) -> None:
    seen.observe(ChangeBatch((ObjectChange(new.key, old, new),)), NOW, has_synced=has_synced)


def was_ready(seen: SeenRevisions, *, after: timedelta = timedelta(0)) -> bool | None:
    workload = make.deployment()
    history = revisions(workload, [make.replica_set(workload, "aaa", replicas=0)])
    return seen.outcomes(workload.uid, history)[history[0].uid].was_ready


def test_readiness_is_remembered_after_the_pods_are_deleted() -> None:
    seen = SeenRevisions()
    observe(seen, make.replica_set(make.deployment(), "aaa", replicas=3, ready=1))
    observe(seen, make.replica_set(make.deployment(), "aaa", replicas=0))
    assert was_ready(seen) is True


def test_never_ready_is_known_only_of_revisions_watched_from_creation_without_a_gap() -> None:
    born = make.replica_set(make.deployment(), "aaa", replicas=3, ready=0, created=NOW - timedelta(seconds=5))
    aged = make.replica_set(make.deployment(), "aaa", replicas=3, ready=0, created=NOW - timedelta(hours=1))
    for new, has_synced, expected in ((born, True, False), (born, False, None), (aged, True, None)):
        seen = SeenRevisions()
        observe(seen, new, has_synced=has_synced)
        assert was_ready(seen) is expected
        seen.record_gap()
        assert was_ready(seen) is None


def test_ready_pods_mark_the_revision_of_a_daemon_set() -> None:
    workload = make.daemon_set()
    seen = SeenRevisions()
    observe(seen, make.pod("agent-x", owner=workload, revision_hash="aaa"))
    observe(seen, make.pod("agent-y", owner=workload, revision_hash="bbb", ready=False))
    history = revisions(
        workload, [make.controller_revision(workload, name, revision=at) for at, name in enumerate(("aaa", "bbb"), 1)]
    )
    pasts = seen.outcomes(workload.uid, history)
    assert {revision.number: pasts[revision.uid].was_ready for revision in history} == {1: True, 2: None}


def test_a_rolled_back_revision_is_remembered_until_it_is_current_again() -> None:
    workload = make.deployment(revision=2)
    sets = [make.replica_set(workload, "aaa", revision=1), make.replica_set(workload, "bbb", revision=2)]
    seen = SeenRevisions()
    left = revisions(workload, sets)[1]
    seen.record_rolled_back(left, NOW, "image not found")
    past = seen.outcomes(workload.uid, revisions(workload, sets))[left.uid]
    assert (past.was_rolled_back, past.rolled_back_at, past.reason) == (True, NOW, "image not found")
    again = make.deployment(revision=3)
    back = [make.replica_set(again, "aaa", revision=3), make.replica_set(again, "bbb", revision=2)]
    for history in (revisions(again, back), revisions(workload, sets)):
        assert not seen.outcomes(workload.uid, history)[left.uid].was_rolled_back
