"""Rollout status with its cause: a table per state, recordings as ground truth, properties over all counts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.api.causes import CauseKind
from k9py.api.kinds import CONTROLLER_REVISION, DAEMON_SET, DEPLOYMENT, EVENT, POD, REPLICA_SET, STATEFUL_SET
from k9py.api.pods import Pod
from k9py.api.workloads import Deployment, RollingUpdate, Strategy, Workload
from k9py.diagnosis.rollouts import diagnose_rollout
from k9py.rollouts.revisions import revisions
from k9py.rollouts.status import RolloutState, RolloutStatus
from tests import factories as make
from tests.recordings import body, exchanges, items, typed, typed_list

TIMED_OUT = make.condition("Progressing", "False", "ProgressDeadlineExceeded")
UPDATING = make.condition("Progressing", "True", "ReplicaSetUpdated")
ON_DELETE = Strategy(type="OnDelete")
NEW_IMAGE = "registry.example.com/checkout:9.9.9"


def status(workload: Workload, *pods: Pod) -> RolloutStatus:
    return diagnose_rollout(workload, (), pods, make.NOW)


@pytest.mark.parametrize(
    ("workload", "state", "message"),
    [
        (make.deployment(), RolloutState.COMPLETE, "healthy"),
        (make.deployment(replicas=None), RolloutState.COMPLETE, "healthy"),
        (make.deployment(generation=2, observed=1), RolloutState.UNKNOWN, "waiting for the controller"),
        (make.deployment(observed=0), RolloutState.UNKNOWN, "waiting for the controller"),
        (make.deployment(replicas=5, updated=3, total=6), RolloutState.PROGRESSING, "rolling out 3/5"),
        (make.deployment(replicas=5, total=7), RolloutState.PROGRESSING, "rolling out 5/5, 2 old pods terminating"),
        (make.deployment(replicas=5, available=4, ready=4), RolloutState.PROGRESSING, "rolling out 4/5"),
        (make.deployment(replicas=5, available=4), RolloutState.PROGRESSING, "rolling out 5/5, not available yet"),
        (make.deployment(replicas=0), RolloutState.SCALED_TO_ZERO, "scaled to 0"),
        (make.stateful_set(replicas=2, total=5), RolloutState.PROGRESSING, "scaling down, 3 to go"),
        (make.stateful_set(replicas=0, total=1, ready=1), RolloutState.PROGRESSING, "scaling down, 1 left"),
        (
            make.deployment(replicas=3, total=5, updated=5, available=5),
            RolloutState.PROGRESSING,
            "scaling down, 2 to go",
        ),
        (make.deployment(replicas=0, total=2), RolloutState.PROGRESSING, "scaling down, 2 left"),
        (make.deployment(paused=True), RolloutState.PAUSED, "paused"),
        (make.deployment(paused=True, updated=1, total=4), RolloutState.PAUSED, "paused at 1/3"),
        (make.deployment(paused=True, replicas=0), RolloutState.SCALED_TO_ZERO, "scaled to 0, paused"),
        (make.deployment(updated=1, conditions=[TIMED_OUT]), RolloutState.STALLED, "stuck: no progress for 600s"),
        (
            make.deployment(generation=2, observed=1, conditions=[TIMED_OUT]),
            RolloutState.UNKNOWN,
            "waiting for the controller",
        ),
        (make.stateful_set(), RolloutState.COMPLETE, "healthy"),
        (make.stateful_set(observed=0), RolloutState.UNKNOWN, "waiting for the controller"),
        (make.stateful_set(replicas=0), RolloutState.SCALED_TO_ZERO, "scaled to 0"),
        (make.stateful_set(ready=1), RolloutState.PROGRESSING, "rolling out 1/2"),
        (
            make.stateful_set(update_revision="cart-db-bbb", updated=1),
            RolloutState.PROGRESSING,
            "rolling out 1/2",
        ),
        (
            make.stateful_set(
                replicas=3,
                updated=1,
                update_revision="cart-db-bbb",
                strategy=Strategy(rolling_update=RollingUpdate(partition=2)),
            ),
            RolloutState.COMPLETE,
            "healthy",
        ),
        (
            make.stateful_set(replicas=3, updated=0, strategy=Strategy(rolling_update=RollingUpdate(partition=2))),
            RolloutState.PROGRESSING,
            "rolling out 0/1",
        ),
        (
            make.stateful_set(updated=1, strategy=ON_DELETE),
            RolloutState.PAUSED,
            "waiting for pod deletion (OnDelete) at 1/2",
        ),
        (make.stateful_set(strategy=ON_DELETE), RolloutState.COMPLETE, "healthy"),
        (make.daemon_set(), RolloutState.COMPLETE, "healthy"),
        (make.daemon_set(observed=0), RolloutState.UNKNOWN, "waiting for the controller"),
        (make.daemon_set(desired=0), RolloutState.SCALED_TO_ZERO, "no matching nodes"),
        (make.daemon_set(updated=1), RolloutState.PROGRESSING, "rolling out 1/3"),
        (make.daemon_set(available=2, ready=2), RolloutState.PROGRESSING, "rolling out 2/3"),
        (
            make.daemon_set(updated=0, strategy=ON_DELETE),
            RolloutState.PAUSED,
            "waiting for pod deletion (OnDelete) at 0/3",
        ),
    ],
)
def test_counts_and_conditions_alone_decide_without_pods(workload: Workload, state: RolloutState, message: str) -> None:
    rollout_status = status(workload)
    assert (rollout_status.state, rollout_status.summary) == (state, message)


def test_a_complete_rollout_notes_the_pods_its_partition_keeps() -> None:
    partitioned = make.stateful_set(
        replicas=3,
        updated=1,
        update_revision="cart-db-bbb",
        strategy=Strategy(rolling_update=RollingUpdate(partition=2)),
    )
    assert status(partitioned).note == "partition keeps 2 pods on the old revision"


def test_an_unobserved_daemon_set_does_not_know_how_many_pods_it_wants() -> None:
    assert status(make.daemon_set(observed=0)).desired is None


def bad_release(*new_pods: Pod) -> RolloutStatus:
    """A Deployment of 4 whose revision 2 has these pods in addition to 4 ready ones of revision 1."""
    workload = make.deployment(replicas=4, revision=2, updated=1, total=5, image=NEW_IMAGE, conditions=[UPDATING])
    old = make.replica_set(workload, "aaa", revision=1, replicas=4)
    new = make.replica_set(workload, "bbb", revision=2, replicas=1, ready=0, image=NEW_IMAGE)
    old_pods = [make.pod(f"checkout-aaa-{number}", owner=old) for number in range(4)]
    pods = [make.pod(pod.name, owner=new, statuses=pod.status.container_statuses, ready=False) for pod in new_pods]
    return diagnose_rollout(workload, revisions(workload, (old, new)), [*old_pods, *pods], make.NOW)


def test_an_image_that_cannot_be_pulled_stalls_before_the_deadline_and_old_pods_are_noted_as_serving() -> None:
    waiting = make.waiting("ImagePullBackOff", f'Back-off pulling image "{NEW_IMAGE}"')
    pod = make.pod("checkout-bbb-1", statuses=[make.container_status(ready=False, state=waiting, image=NEW_IMAGE)])
    status = bad_release(pod)
    assert status.state is RolloutState.STALLED
    assert status.summary == "stuck: image checkout:9.9.9 cannot be pulled from registry.example.com"
    assert status.cause_kind is CauseKind.IMAGE
    assert status.note == "still served by 4 old pods"
    assert status.revision == 2


def test_a_new_pod_that_is_merely_not_ready_yet_is_progress() -> None:
    pod = make.pod("checkout-bbb-1", statuses=[make.container_status(ready=False, state=make.running(20))])
    status = bad_release(pod)
    assert status.state is RolloutState.PROGRESSING
    assert status.summary == "rolling out 0/4"
    assert status.cause_message == "container app is not ready yet"


def test_a_pod_that_does_not_get_ready_within_the_deadline_stalls_the_rollout() -> None:
    pod = make.pod("checkout-bbb-1", statuses=[make.container_status(ready=False, state=make.running(601))])
    assert bad_release(pod).summary == "stuck: container app is not ready yet"


def test_the_cause_most_new_pods_have_is_named() -> None:
    crash = make.container_status(
        ready=False, state=make.waiting("CrashLoopBackOff"), last=make.terminated(3), restarts=4
    )
    pull = make.container_status(ready=False, state=make.waiting("ErrImagePull"), image=NEW_IMAGE)
    status = bad_release(
        make.pod("checkout-bbb-1", statuses=[pull]),
        make.pod("checkout-bbb-2", statuses=[crash]),
        make.pod("checkout-bbb-3", statuses=[crash]),
    )
    assert status.summary == "stuck: container app is crash-looping (exit 3)"
    assert status.cause_kind is CauseKind.CRASH


def test_a_paused_deployment_reports_its_cause_too() -> None:
    workload = make.deployment(paused=True, available=2, ready=2)
    pod = make.pod(ready=False, statuses=[make.container_status(ready=False, state=make.waiting("ErrImagePull"))])
    rollout_status = status(workload, pod)
    assert rollout_status.state is RolloutState.PAUSED
    assert rollout_status.summary == "paused at 3/3: image checkout:1.0.0 cannot be pulled from registry.example.com"


def test_old_broken_pods_are_not_the_cause_while_the_new_ones_come_up() -> None:
    workload = make.deployment(replicas=1, revision=2, updated=1, total=2, available=0, ready=0)
    old = make.replica_set(workload, "aaa", revision=1, replicas=1, ready=0)
    new = make.replica_set(workload, "bbb", revision=2, replicas=1, ready=0)
    broken = make.container_status(ready=False, state=make.waiting("CrashLoopBackOff"), last=make.terminated())
    starting = make.container_status(ready=False, state=make.running(5))
    pods = [
        make.pod("checkout-aaa-1", owner=old, ready=False, statuses=[broken]),
        make.pod("checkout-bbb-1", owner=new, ready=False, statuses=[starting]),
    ]
    status = diagnose_rollout(workload, revisions(workload, (old, new)), pods, make.NOW)
    assert status.state is RolloutState.PROGRESSING


def test_a_stateful_set_waits_for_a_broken_pod_of_the_revision_it_leaves_and_names_it() -> None:
    workload = make.stateful_set(ready=1, update_revision="cart-db-aaa", current_revision="cart-db-aaa", updated=1)
    owned = make.controller_revision(workload, "aaa", revision=3), make.controller_revision(workload, "bbb", revision=2)
    broken = make.container_status(ready=False, state=make.waiting("ImagePullBackOff"), image=NEW_IMAGE)
    pods = [
        make.pod("cart-db-0", owner=workload, revision_hash="cart-db-aaa"),
        make.pod("cart-db-1", owner=workload, revision_hash="cart-db-bbb", ready=False, statuses=[broken]),
    ]
    got = diagnose_rollout(workload, revisions(workload, owned), pods, make.NOW)
    assert got.summary == "stuck: image checkout:9.9.9 cannot be pulled from registry.example.com"
    assert got.note == "delete the old pod cart-db-1 to continue"


def test_pods_rejected_by_a_quota_stall_a_stateful_set_by_its_event() -> None:
    workload = make.stateful_set(replicas=5, total=3, ready=3, updated=3)
    text = 'pods "cart-db-3" is forbidden: exceeded quota: tight, requested: pods=1, used: pods=3, limited: pods=3'
    event = make.event(workload, "FailedCreate", f"create Pod cart-db-3 in StatefulSet cart-db failed error: {text}")
    status = diagnose_rollout(workload, (), [], make.NOW, events=[event])
    assert status.cause_kind is CauseKind.QUOTA
    assert status.summary.startswith("stuck: ResourceQuota tight is exceeded: requested pods=1")


def test_an_event_about_another_workload_is_not_the_cause() -> None:
    workload = make.stateful_set(replicas=5, ready=3, updated=3)
    event = make.event(
        make.stateful_set("other"), "FailedCreate", "exceeded quota: q, requested: a, used: b, limited: c"
    )
    assert diagnose_rollout(workload, (), [], make.NOW, events=[event]).cause_kind is None


def test_a_failing_mount_of_a_new_pod_is_named_from_its_event() -> None:
    workload = make.deployment(replicas=1, ready=0, available=0)
    creating = make.container_status(ready=False, state=make.waiting("ContainerCreating"))
    pod = make.pod(ready=False, phase="Pending", statuses=[creating])
    event = make.event(pod, "FailedMount", 'MountVolume.SetUp failed for volume "conf" : configmap "conf" not found')
    status = diagnose_rollout(workload, (), [pod], make.NOW, events=[event])
    assert status.cause_kind is CauseKind.MOUNT
    assert 'configmap "conf" not found' in status.summary


def test_old_broken_pods_are_not_blamed_while_the_revisions_lag_behind_an_undo() -> None:
    # The Deployment is at revision 3 again, its ReplicaSets have not been seen renumbered yet.
    workload = make.deployment(replicas=1, revision=3, updated=1, total=2, image=make.IMAGE)
    good = make.replica_set(workload, "aaa", revision=1, replicas=1)
    bad = make.replica_set(workload, "bbb", revision=2, replicas=1, ready=0, image=NEW_IMAGE)
    broken = make.container_status(ready=False, state=make.waiting("ImagePullBackOff"), image=NEW_IMAGE)
    pods = [
        make.pod("checkout-aaa-1", owner=good),
        make.pod("checkout-bbb-1", owner=bad, ready=False, statuses=[broken]),
    ]
    status = diagnose_rollout(workload, revisions(workload, (good, bad)), pods, make.NOW)
    assert status.state is RolloutState.PROGRESSING


def test_a_rejection_before_the_newest_pod_is_outdated() -> None:
    workload = make.stateful_set(replicas=3, total=2, ready=2, updated=1, update_revision="cart-db-bbb")
    text = 'pods "cart-db-2" is forbidden: exceeded quota: tight, requested: pods=1, used: pods=3, limited: pods=3'
    event = make.event(workload, "FailedCreate", text, since=120)
    pods = [make.pod("cart-db-2", owner=workload, created=60)]
    assert diagnose_rollout(workload, (), pods, make.NOW, events=[event]).cause_kind is None
    older = [make.pod("cart-db-2", owner=workload, created=180)]
    assert diagnose_rollout(workload, (), older, make.NOW, events=[event]).cause_kind is CauseKind.QUOTA


# --- recorded from a real server -----------------------------------------------------------------------------------

AT = datetime(2026, 11, 22, 6, 49, tzinfo=UTC)


def recorded(
    workload: Deployment, name: str, sets: int, pods: int | None = None, events: int | None = None
) -> RolloutStatus:
    owned = typed_list(REPLICA_SET, name, sets)
    typed_pods = typed_list(POD, name, pods) if pods is not None else []
    typed_events = typed_list(EVENT, name, events) if events is not None else []
    return diagnose_rollout(workload, revisions(workload, owned), typed_pods, AT, events=typed_events)


def test_recorded_bad_release_is_stalled_by_its_image() -> None:
    status = recorded(typed(DEPLOYMENT, body("bad-release", 2)), "bad-release", 3, 4)
    assert status.summary == "stuck: image checkout:badimage cannot be pulled from registry.example.com"
    assert status.note == "still served by 3 old pods"
    assert (status.revision, status.desired, status.updated) == (4, 3, 1)


def test_recorded_quota_is_named_with_its_numbers() -> None:
    status = recorded(typed(DEPLOYMENT, body("quota", 2)), "quota", 1, events=3)
    assert status.state is RolloutState.STALLED
    assert status.cause_message == "ResourceQuota tight is exceeded: requested pods=1, used pods=3, limited to pods=3"


def test_recorded_unschedulable_pod_is_named_with_the_schedulers_message() -> None:
    pods = typed_list(POD, "unschedulable", 3)
    workload = make.deployment("huge", replicas=1, ready=0, available=0)
    status = diagnose_rollout(workload, (), pods, AT)
    assert status.cause_kind is CauseKind.UNSCHEDULABLE
    assert 'persistentvolumeclaim "missing" not found' in status.summary


def test_recorded_paused_deployment_is_paused() -> None:
    assert (
        recorded(typed(DEPLOYMENT, body("pause-resume-kubectl", 9)), "pause-resume-kubectl", 6).summary
        == "paused at 0/3"
    )


@pytest.mark.parametrize(
    ("name", "image"),
    [("broken-badimage", CauseKind.IMAGE), ("broken-crash", CauseKind.CRASH), ("broken-oom", CauseKind.OOM)],
)
def test_recorded_broken_deployments_name_their_cause(name: str, image: CauseKind) -> None:
    lists = {exchange["response"]["body"].get("kind"): number for number, exchange in enumerate(exchanges("list"))}
    raw = next(
        deployment for deployment in items("list", lists["DeploymentList"]) if deployment["metadata"]["name"] == name
    )
    pods = [pod for pod in typed_list(POD, "list", lists["PodList"]) if pod.name.startswith(name)]
    status = diagnose_rollout(typed(DEPLOYMENT, raw), (), pods, AT)
    assert status.state is RolloutState.STALLED
    assert status.cause_kind is image


def test_recorded_finished_stateful_set_and_daemon_set_are_complete() -> None:
    stateful = typed(STATEFUL_SET, body("statefulset", 10))
    owned = typed_list(CONTROLLER_REVISION, "statefulset", 11)
    status = diagnose_rollout(stateful, revisions(stateful, owned), [], AT)
    assert (status.summary, status.revision) == ("healthy", 2)
    daemon = typed(DAEMON_SET, body("daemonset", 7))
    owned = typed_list(CONTROLLER_REVISION, "daemonset", 8)
    status = diagnose_rollout(daemon, revisions(daemon, owned), [], AT)
    assert (status.summary, status.revision) == ("healthy", 2)


@pytest.mark.parametrize(
    ("name", "worst"),
    [
        ("set-image-kubectl", RolloutState.PROGRESSING),
        ("restart-kubectl", RolloutState.PROGRESSING),
        ("undo-to-revision-kubectl", RolloutState.PROGRESSING),
        ("pause-resume-kubectl", RolloutState.PAUSED),
        ("statefulset", RolloutState.PROGRESSING),
        ("daemonset", RolloutState.PROGRESSING),
    ],
)
def test_no_moment_of_a_recorded_healthy_rollout_looks_stalled(name: str, worst: RolloutState) -> None:
    kinds = {"Deployment": DEPLOYMENT, "StatefulSet": STATEFUL_SET, "DaemonSet": DAEMON_SET}
    seen: list[RolloutState] = []
    for exchange in exchanges(name):
        answer: Any = exchange["response"]["body"]
        for raw in [event["object"] for event in answer] if isinstance(answer, list) else [answer]:
            if raw.get("kind") in kinds:
                kind: Any = kinds[raw["kind"]]
                seen.append(diagnose_rollout(typed(kind, raw), (), (), AT).state)
    assert RolloutState.STALLED not in seen
    assert {RolloutState.COMPLETE, RolloutState.UNKNOWN, worst} <= set(seen)


# --- properties ----------------------------------------------------------------------------------------------------

COUNT = st.integers(0, 5)


@given(replicas=COUNT, total=COUNT, updated=COUNT, ready=COUNT, available=COUNT, observed=st.integers(0, 2))
def test_a_deployment_is_complete_only_when_all_counts_say_so(
    replicas: int, total: int, updated: int, ready: int, available: int, observed: int
) -> None:
    workload = make.deployment(
        replicas=replicas,
        total=total,
        updated=updated,
        ready=ready,
        available=available,
        generation=2,
        observed=observed,
    )
    complete = status(workload).state is RolloutState.COMPLETE
    if complete:
        assert observed == 2
        assert updated >= replicas
        assert total <= updated
        assert available >= updated


@given(desired=COUNT, updated=COUNT, available=COUNT, observed=st.integers(0, 2))
def test_a_daemon_set_is_complete_only_when_all_counts_say_so(
    desired: int, updated: int, available: int, observed: int
) -> None:
    workload = make.daemon_set(desired=desired, updated=updated, available=available, generation=2, observed=observed)
    if status(workload).state is RolloutState.COMPLETE:
        assert observed == 2
        assert min(updated, available) >= desired


@given(replicas=COUNT, ready=COUNT, updated=COUNT, same=st.booleans(), observed=st.integers(0, 2))
def test_a_stateful_set_is_complete_only_when_all_counts_say_so(
    replicas: int, ready: int, updated: int, same: bool, observed: int
) -> None:
    workload = make.stateful_set(
        replicas=replicas,
        ready=ready,
        updated=updated,
        update_revision="cart-db-aaa" if same else "cart-db-bbb",
        generation=2,
        observed=observed,
    )
    if status(workload).state is RolloutState.COMPLETE:
        assert observed == 2
        assert same
        assert ready >= replicas
