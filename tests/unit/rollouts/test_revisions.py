"""Revisions, cohorts and the default target of an undo."""

from __future__ import annotations

from k9py.api.kinds import CONTROLLER_REVISION, DEPLOYMENT, POD, REPLICA_SET, STATEFUL_SET
from k9py.rollouts.cohorts import cohorts
from k9py.rollouts.revisions import current_revision, revision_index, revisions
from k9py.rollouts.undo_target import undo_target
from tests import factories as make
from tests.recordings import body, typed, typed_list


def test_recorded_deployment_revisions_are_newest_first_with_the_current_one_marked() -> None:
    workload = typed(DEPLOYMENT, body("history-kubectl", 0))
    owned = typed_list(REPLICA_SET, "history-kubectl", 2)
    history = revisions(workload, owned)
    assert [
        (revision.number, revision.change_cause, revision.replicas, revision.is_current) for revision in history
    ] == [
        (4, "release 1.1", 1, True),
        (3, "release 1.1", 3, False),
        (2, "first release", 0, False),
        (1, "first release", 0, False),
    ]
    assert history[1].images == ("registry.example.com/checkout:1.1.0", "registry.example.com/proxy:2.3")
    assert history[0].key == make.key("ReplicaSet", "checkout-5bd6447bf5")


def test_recorded_stateful_set_revisions_follow_the_update_revision() -> None:
    workload = typed(STATEFUL_SET, body("statefulset", 10))
    owned = typed_list(CONTROLLER_REVISION, "statefulset", 11)
    history = revisions(workload, owned)
    assert [(revision.number, revision.name, revision.is_current) for revision in history] == [
        (2, "cart-db-579f464d64", True),
        (1, "cart-db-749dcdb79", False),
    ]
    assert history[0].replicas is None


def test_objects_of_another_workload_are_left_out() -> None:
    workload = make.deployment()
    other = make.replica_set(make.deployment("other"), "zzz", revision=9)
    history = revisions(workload, [make.replica_set(workload, "aaa"), other])
    assert [revision.name for revision in history] == ["checkout-aaa"]


def test_an_unnumbered_replica_set_counts_as_zero_and_is_not_current() -> None:
    workload = make.deployment()
    unnumbered = make.replica_set(workload, "aaa")
    unnumbered.metadata.annotations.clear()  # type: ignore[union-attr]
    history = revisions(workload, [make.replica_set(workload, "bbb", revision=1), unnumbered])
    assert [(revision.number, revision.is_current) for revision in history] == [(1, True), (0, False)]


def test_a_replica_set_not_numbered_like_the_deployment_is_not_current() -> None:
    workload = make.deployment(revision=5)
    history = revisions(
        workload, [make.replica_set(workload, "aaa", revision=3), make.replica_set(workload, "bbb", revision=4)]
    )
    assert current_revision(history) is None


def test_the_current_revision_index_a_daemon_set_is_unknown_while_its_revisions_lag_behind() -> None:
    workload = make.daemon_set(image="registry.example.com/agent:1")
    owned = [
        make.controller_revision(workload, "aaa", revision=1, image="registry.example.com/agent:1"),
        make.controller_revision(workload, "bbb", revision=2, image="registry.example.com/agent:2"),
    ]
    assert current_revision(revisions(workload, owned)) is None
    owned[0] = make.controller_revision(workload, "aaa", revision=3, image="registry.example.com/agent:1")
    current = current_revision(revisions(workload, owned))
    assert current is not None
    assert current.number == 3


def test_controller_revisions_count_their_pods_when_pods_are_given() -> None:
    stateful = make.stateful_set()
    pods = [make.pod("cart-db-0", owner=stateful, revision_hash="cart-db-aaa")]
    assert [
        (revision.replicas, revision.ready)
        for revision in revisions(stateful, [make.controller_revision(stateful)], pods)
    ] == [(1, 1)]
    daemon = make.daemon_set()
    pods = [make.pod("agent-x", owner=daemon, revision_hash="aaa", ready=False)]
    assert [
        (revision.replicas, revision.ready) for revision in revisions(daemon, [make.controller_revision(daemon)], pods)
    ] == [(1, 0)]


def test_pods_are_grouped_by_revision_current_first_unknown_last() -> None:
    workload = make.deployment(revision=2)
    old, new = make.replica_set(workload, "aaa", revision=1), make.replica_set(workload, "bbb", revision=2)
    history = revisions(workload, [old, new])
    pods = [
        make.pod("checkout-aaa-1", owner=old),
        make.pod("checkout-bbb-2", owner=new, ready=False),
        make.pod("checkout-bbb-1", owner=new),
        make.pod("checkout-zzz-1", deleted=make.NOW),
    ]
    groups = cohorts(history, pods)
    assert [
        (cohort.revision.number if cohort.revision else None, [pod.name for pod in cohort.pods]) for cohort in groups
    ] == [
        (2, ["checkout-bbb-1", "checkout-bbb-2"]),
        (1, ["checkout-aaa-1"]),
        (None, ["checkout-zzz-1"]),
    ]
    assert [(cohort.is_current, cohort.ready, cohort.ending) for cohort in groups] == [
        (True, 1, 0),
        (False, 1, 0),
        (False, 0, 1),
    ]


def test_the_current_revision_has_a_cohort_even_without_pods() -> None:
    workload = make.deployment()
    groups = cohorts(revisions(workload, [make.replica_set(workload)]), [])
    assert [(cohort.is_current, cohort.pods) for cohort in groups] == [(True, ())]


def test_recorded_pods_belong_to_the_replica_set_that_owns_them() -> None:
    workload = typed(DEPLOYMENT, body("bad-release", 2))
    owned = typed_list(REPLICA_SET, "bad-release", 3)
    history = revisions(workload, owned)
    whose = revision_index(history)
    numbers = [whose(pod) for pod in typed_list(POD, "bad-release", 4)]
    assert sorted(number.number for number in numbers if number) == [3, 3, 3, 4]


def test_undo_prefers_the_revision_whose_pods_are_ready_now() -> None:
    workload = make.deployment(revision=4)
    history = revisions(
        workload,
        [
            make.replica_set(workload, "ddd", revision=4, replicas=1, ready=0),
            make.replica_set(workload, "ccc", revision=3, replicas=1, ready=0),
            make.replica_set(workload, "bbb", revision=2, replicas=3, ready=3),
        ],
    )
    target = undo_target(history)
    assert target is not None
    assert (target.revision.number, target.reason) == (2, "3 of its pods are ready now")


def test_undo_goes_back_one_revision_when_no_old_pod_is_left() -> None:
    workload = make.deployment(revision=3)
    history = revisions(
        workload, [make.replica_set(workload, h, revision=n, replicas=0) for h, n in (("a", 1), ("b", 2), ("c", 3))]
    )
    target = undo_target(history)
    assert target is not None
    assert (target.revision.number, target.reason) == (2, "the previous revision (not known whether it was ever ready)")


def test_there_is_nothing_to_undo_to_without_an_older_revision_or_a_current_one() -> None:
    workload = make.deployment()
    only = revisions(workload, [make.replica_set(workload)])
    assert undo_target(only) is None
    assert undo_target(()) is None
    assert current_revision(()) is None


def test_while_the_current_revision_is_unknown_undo_goes_back_from_the_newest() -> None:
    workload = make.deployment(revision=9)
    history = revisions(
        workload, [make.replica_set(workload, h, revision=n, replicas=0) for h, n in (("a", 1), ("b", 2))]
    )
    target = undo_target(history)
    assert target is not None
    assert target.revision.number == 1
