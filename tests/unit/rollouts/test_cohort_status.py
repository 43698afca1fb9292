"""The summary of the pods of a revision, and its lines."""

from __future__ import annotations

import pytest

from k9py.api.pods import Pod
from k9py.api.workloads import RollingUpdate, Strategy, Workload
from k9py.rollouts.cohort_status import CohortStatus, FailingContainer, LastExit, WaitingReason, cohort_status
from k9py.rollouts.cohorts import cohorts
from k9py.rollouts.revisions import revisions
from k9py.views.cohorts import cohort_lines, failing_log_line
from k9py.views.values import Tone
from tests.factories.meta import NOW, before, condition
from tests.factories.pods import container_status, pod, running, terminated, waiting
from tests.factories.workloads import controller_revision, daemon_set, deployment, replica_set, stateful_set

DEPLOYMENT = deployment(revision=2)
OLD = replica_set(DEPLOYMENT, "aaa", revision=1, replicas=1)
NEW = replica_set(DEPLOYMENT, "bbb", revision=2, replicas=3, image="registry.example.com/checkout:2.0.0")


def facts(*pods: Pod) -> tuple[CohortStatus, ...]:
    history = revisions(DEPLOYMENT, [OLD, NEW])
    return tuple(cohort_status(DEPLOYMENT, cohort) for cohort in cohorts(history, pods))


def new_pod(name: str = "n1", **status: object) -> Pod:
    return pod(name, owner=NEW, ready=False, statuses=[container_status(ready=False, **status)])  # type: ignore[arg-type]


CRASHED = new_pod(state=waiting("CrashLoopBackOff", "back-off"), last=terminated(3, "Error", since=40), restarts=4)


def test_a_revision_wants_what_its_replica_set_wants() -> None:
    new, old = facts(pod("o1", owner=OLD), CRASHED)
    assert (new.desired, old.desired) == (3, 1)


def test_the_current_revision_of_a_stateful_set_wants_all_but_the_partition() -> None:
    parts = Strategy(rolling_update=RollingUpdate(partition=1))
    sts = stateful_set(replicas=3, strategy=parts, update_revision="cart-db-bbb")
    history = revisions(sts, [controller_revision(sts, "aaa", revision=1), controller_revision(sts, "bbb", revision=2)])
    pods = [pod("cart-db-0", revision_hash="cart-db-aaa"), pod("cart-db-2", revision_hash="cart-db-bbb")]
    assert wanted(sts, history, pods) == [2, None]


def test_the_current_revision_of_a_daemon_set_wants_every_node() -> None:
    ds = daemon_set(desired=4)
    history = revisions(ds, [controller_revision(ds, "aaa")])
    assert wanted(ds, history, [pod("agent-1", revision_hash="aaa"), pod("stray")]) == [4, None]


def wanted(workload: Workload, history: object, pods: list[Pod]) -> list[int | None]:
    return [cohort_status(workload, cohort).desired for cohort in cohorts(history, pods)]  # type: ignore[arg-type]


def test_median_time_to_ready_is_of_pods_that_are_ready_now() -> None:
    pods = [
        pod(f"n{number}", owner=NEW, created=100, ready_since=100 - took) for number, took in enumerate((5, 10, 60))
    ]
    assert facts(*pods, pod("n9", owner=NEW, ready=False))[0].median_seconds_to_ready == 10
    assert facts(CRASHED)[0].median_seconds_to_ready is None


def test_a_crash_before_is_the_last_exit_and_its_log_the_previous_one() -> None:
    new = facts(CRASHED)[0]
    assert new.last_exit == LastExit("n1", "app", 3, "Error", before(40), previous=True)
    assert new.failing == FailingContainer("shop", "n1", "pod-n1", "app", previous=True)


def test_a_container_that_is_down_now_has_its_own_log() -> None:
    new = facts(new_pod(state=terminated(137, "OOMKilled", since=5), last=terminated(1, since=90)))[0]
    assert new.last_exit == LastExit("n1", "app", 137, "OOMKilled", before(5), previous=False)
    assert new.failing is not None
    assert not new.failing.previous


def test_a_failure_is_preferred_to_a_newer_end_without_one() -> None:
    fine = new_pod("n2", state=terminated(0, "Completed", since=1))
    exited = facts(CRASHED, fine)[0].last_exit
    assert exited is not None
    assert exited.exit_code == 3


def test_a_finished_init_container_is_no_exit() -> None:
    done = container_status("setup", state=terminated(0, "Completed"))
    new = facts(pod("n1", owner=NEW, init_statuses=[done]))[0]
    assert (new.last_exit, new.failing) == (None, None)


def test_a_failing_init_container_is_named() -> None:
    setup = container_status("setup", ready=False, state=waiting("CrashLoopBackOff"), last=terminated(2))
    app = container_status(ready=False, state=waiting("PodInitializing"))
    new = facts(pod("n1", owner=NEW, ready=False, statuses=[app], init_statuses=[setup]))[0]
    assert new.failing is not None
    assert new.failing.container == "setup"
    assert new.waiting == WaitingReason("CrashLoopBackOff", "", 1, "n1", "setup")


def test_a_pod_without_times_is_ready_immediately_and_a_waiting_message_omits_the_pod() -> None:
    message = "back-off 5m0s restarting failed container=app pod=n1_shop(0123abcd-0000-4000-8000-0123456789ab)"
    waits = new_pod(state=waiting("CrashLoopBackOff", message))
    at_once = pod("n2", owner=NEW, ready_since=600)
    lines = ["".join(text for text, _ in line) for line in cohort_lines(facts(waits, at_once), NOW)]
    assert lines[1:] == ["  1/3 ready, 0 restarts", "  1 pod waiting: CrashLoopBackOff back-off 5m0s"]


def test_a_container_that_never_gets_ready_has_its_log_read_once_the_rollouts_time_is_over() -> None:
    late = deployment(revision=2, conditions=[condition("Progressing", "False", "ProgressDeadlineExceeded")])
    waits = new_pod(state=running(900))
    for workload, expected in (
        (DEPLOYMENT, [None, None]),
        (late, [FailingContainer("shop", "n1", "pod-n1", "app", previous=False), None]),
    ):
        groups = cohorts(revisions(workload, [OLD, NEW]), [waits, pod("o1", owner=OLD)])
        assert [cohort_status(workload, cohort).failing for cohort in groups] == expected


def test_a_pod_that_is_being_deleted_does_not_fail() -> None:
    ending = pod("n1", owner=NEW, ready=False, statuses=[container_status(state=terminated(143))], deleted=NOW)
    new = facts(ending)[0]
    assert (new.last_exit, new.waiting, new.failing) == (None, None, None)


def test_a_container_that_is_healthy_again_is_not_failing() -> None:
    recovered = pod("n1", owner=NEW, statuses=[container_status(last=terminated(1), restarts=1)])
    new = facts(recovered)[0]
    assert new.failing is None
    assert new.last_exit is not None


def test_what_could_not_start_has_no_log() -> None:
    assert facts(new_pod(state=waiting("CrashLoopBackOff"), last=terminated(128, "StartError")))[0].failing is None
    assert facts(new_pod(state=waiting("ImagePullBackOff", "not found")))[0].failing is None


def test_what_most_wait_for_is_shown_and_starting_is_the_last_choice() -> None:
    starting = [new_pod(f"s{number}", state=waiting("ContainerCreating")) for number in range(3)]
    pull = new_pod("x1", state=waiting("ImagePullBackOff", "not found"))
    assert facts(*starting, pull)[0].waiting == WaitingReason("ImagePullBackOff", "not found", 1, "x1", "app")
    assert facts(*starting)[0].waiting == WaitingReason("ContainerCreating", "", 3, "s0", "app")


def test_a_pod_that_cannot_be_scheduled_waits() -> None:
    held = condition("PodScheduled", "False", "Unschedulable", "0/3 nodes are available")
    new = facts(pod("n1", owner=NEW, ready=False, statuses=[], conditions=[held]))[0]
    assert new.waiting == WaitingReason("Unschedulable", "0/3 nodes are available", 1, "n1", "")


def texts(*pods: Pod) -> list[str]:
    return ["".join(text for text, _ in line) for line in cohort_lines(facts(*pods), NOW)]


def test_lines_put_the_new_revision_above_the_old() -> None:
    assert texts(CRASHED, pod("o1", owner=OLD)) == [
        "new revision 2  checkout:2.0.0",
        "  0/3 ready, 4 restarts",
        "  n1/app last exited with code 3 (Error) 40s ago",
        "  1 pod waiting: CrashLoopBackOff back-off",
        "old revision 1  checkout:1.0.0",
        "  1/1 ready, 0 restarts, ready in 10s",
    ]


def test_the_failing_log_line_is_a_separate_line() -> None:
    line = failing_log_line(facts(CRASHED, pod("o1", owner=OLD)), "panic: no\x1b[2J config")
    assert "".join(text for text, _ in line) == "log of app (previous run): panic: no config"
    assert failing_log_line(facts(CRASHED), "") == ()
    assert failing_log_line(facts(pod("o1", owner=OLD)), "panic") == (), "the new revision does not fail"


def test_a_healthy_slow_rollout_has_no_failing_tone() -> None:
    slow = new_pod(state=running(since=300))
    starting = new_pod("n2", state=waiting("ContainerCreating"))
    lines = cohort_lines(facts(slow, starting, pod("o1", owner=OLD)), NOW)
    assert not {Tone.FAIL, Tone.WARN, Tone.UNKNOWN} & {tone for line in lines for _, tone in line}


def test_pods_of_no_known_revision_are_unknown_and_not_healthy() -> None:
    line = cohort_lines(facts(pod("stray")), NOW)[-2]
    assert line == (("unknown revision", Tone.UNKNOWN),)


def test_a_revision_without_old_pods_is_not_called_new() -> None:
    heading = cohort_lines(facts(pod("n1", owner=NEW)), NOW, has_old=False)[0]
    assert "".join(text for text, _ in heading) == "revision 2  checkout:2.0.0"


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            'Back-off pulling image "r/x:9": ErrImagePull: rpc error: code = NotFound desc = r/x:9: not found',
            "1 pod waiting: ImagePullBackOff (not found)",
        ),
        (
            'Back-off pulling image "r/checkout:9": ErrImagePull: rpc error: code = Unknown desc = broken layer',
            "1 pod waiting: ImagePullBackOff broken layer",
        ),
        ('Back-off pulling image "r/checkout:9"', "1 pod waiting: ImagePullBackOff"),
    ],
)
def test_a_pull_failure_is_not_repeated_around_its_cause(message: str, text: str) -> None:
    assert texts(new_pod(state=waiting("ImagePullBackOff", message)))[2].strip() == text
