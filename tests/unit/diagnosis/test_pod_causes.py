"""What keeps a pod from being ready: one row per cause, with the kubelet's own reasons, and recorded broken pods."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from k9py.api.causes import CauseKind
from k9py.api.kinds import EVENT, POD
from k9py.api.meta import Condition
from k9py.api.pods import Container, ContainerStatus, Pod
from k9py.diagnosis.creation import parse_creation_failure
from k9py.diagnosis.nodes import stuck_termination
from k9py.diagnosis.pods import unready_causes
from tests import factories as make
from tests.recordings import exchanges, typed_list

CRASHED = make.waiting("CrashLoopBackOff", "back-off 20s restarting failed container=app")


def waiting(reason: str, message: str = "") -> ContainerStatus:
    return make.container_status(ready=False, state=make.waiting(reason, message))


def crashed(exit_code: int, reason: str = "Error") -> ContainerStatus:
    return make.container_status(ready=False, state=CRASHED, last=make.terminated(exit_code, reason), restarts=3)


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (waiting("ErrImagePull"), CauseKind.IMAGE, "image checkout:1.0.0 cannot be pulled from registry.example.com"),
        (
            waiting("ErrImagePull", f'failed to pull and unpack image "{make.IMAGE}": not found'),
            CauseKind.IMAGE,
            "image checkout:1.0.0 cannot be pulled (not found) from registry.example.com",
        ),
        (
            waiting("ImagePullBackOff", "pull access denied, repository does not exist or may require authorization"),
            CauseKind.IMAGE,
            "image checkout:1.0.0 cannot be pulled (not found, or access denied) from registry.example.com",
        ),
        (
            waiting("ErrImagePull", "unexpected status: 401 Unauthorized"),
            CauseKind.IMAGE,
            "image checkout:1.0.0 cannot be pulled (access denied) from registry.example.com",
        ),
        (
            waiting("ErrImagePull", "dial tcp: lookup registry.example.com: no such host"),
            CauseKind.IMAGE,
            "image checkout:1.0.0 cannot be pulled (registry host not found) from registry.example.com",
        ),
        (
            waiting("ErrImageNeverPull"),
            CauseKind.IMAGE,
            f"image {make.IMAGE} is not on the node and its pull policy is Never",
        ),
        (waiting("InvalidImageName"), CauseKind.IMAGE, f"image name '{make.IMAGE}' of container app is not valid"),
        (
            waiting("PostStartHookError", "Exec lifecycle hook failed"),
            CauseKind.CONFIG,
            "postStart hook of container app fails: Exec lifecycle hook failed",
        ),
        (crashed(1), CauseKind.CRASH, "container app is crash-looping (exit 1)"),
        (crashed(137), CauseKind.CRASH, "container app is crash-looping (exit 137, SIGKILL)"),
        (crashed(0, "Completed"), CauseKind.CRASH, "container app keeps exiting with 0"),
        (
            crashed(137, "OOMKilled"),
            CauseKind.OOM,
            "container app was OOMKilled (no memory limit: probably the node ran out of memory)",
        ),
        (
            make.container_status(ready=False, state=make.running(5), last=make.terminated(2), restarts=1),
            CauseKind.CRASH,
            "container app is crash-looping (exit 2)",
        ),
        (
            waiting("CreateContainerConfigError", 'secret "db" not found'),
            CauseKind.CONFIG,
            "Secret db not found (needed by container app)",
        ),
        (
            waiting("CreateContainerConfigError", 'configmap "settings" not found'),
            CauseKind.CONFIG,
            "ConfigMap settings not found (needed by container app)",
        ),
        (
            waiting("CreateContainerConfigError", "couldn't find key url in Secret shop/db"),
            CauseKind.CONFIG,
            "container app cannot be created: couldn't find key url in Secret shop/db",
        ),
    ],
)
def test_a_container_that_cannot_run_is_named_with_its_cause(
    status: ContainerStatus, kind: CauseKind, message: str
) -> None:
    [cause] = unready_causes(make.pod(ready=False, statuses=[status]), make.NOW)
    assert (cause.kind, cause.message, cause.is_blocking, cause.container) == (kind, message, True, "app")


def test_the_memory_limit_is_named() -> None:
    pod = make.pod(ready=False, limits={"memory": "128Mi"}, statuses=[crashed(137, "OOMKilled")])
    assert [cause.message for cause in unready_causes(pod, make.NOW)] == ["container app was OOMKilled (limit 128Mi)"]


def test_a_failing_init_container_is_called_one_and_the_waiting_main_one_is_silent() -> None:
    init = make.container_status("migrate", ready=False, state=CRASHED, last=make.terminated(1), restarts=3)
    pod = make.pod(ready=False, phase="Pending", statuses=[waiting("PodInitializing")], init_statuses=[init])
    causes = unready_causes(pod, make.NOW)
    assert [cause.message for cause in causes] == ["init container migrate is crash-looping (exit 1)"]


@pytest.mark.parametrize(
    "pod",
    [
        make.pod(),
        make.pod(ready=False, deleted=make.NOW, statuses=[crashed(1)]),
        make.pod(ready=False, phase="Succeeded"),
        make.pod(ready=False, phase="Pending", statuses=[waiting("ContainerCreating")]),
        make.pod(ready=False, phase="Pending", statuses=[], conditions=[]),
    ],
    ids=["ready", "ending", "succeeded", "creating", "not reported"],
)
def test_a_pod_that_is_healthy_or_merely_starting_has_no_cause(pod: Pod) -> None:
    assert unready_causes(pod, make.NOW) == ()


def unready(started: float, turned: float) -> Pod:
    status = make.container_status(ready=False, state=make.running(started))
    return make.pod(ready=False, statuses=[status], conditions=[make.condition("Ready", "False", since=turned)])


def test_a_pod_that_has_not_been_ready_yet_is_not_blocked() -> None:
    [cause] = unready_causes(unready(started=300, turned=300), make.NOW)
    assert (cause.message, cause.is_blocking) == ("container app is not ready yet", False)


def test_a_pod_that_lost_its_readiness_is_blocked() -> None:
    [cause] = unready_causes(unready(started=300, turned=20), make.NOW)
    assert (cause.message, cause.is_blocking, cause.since) == (
        "container app is no longer ready",
        True,
        make.before(20),
    )


def test_a_failing_probe_is_quoted_from_its_event() -> None:
    pod = unready(started=30, turned=30)
    event = make.event(pod, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
    [cause] = unready_causes(pod, make.NOW, [event])
    message = "readiness probe of container app fails: HTTP probe failed with statuscode: 503"
    assert (cause.kind, cause.message, cause.is_blocking) == (CauseKind.PROBE, message, False)


def test_a_container_killed_by_its_liveness_probe_is_not_called_a_crash() -> None:
    pod = make.pod(ready=False, statuses=[crashed(137)])
    event = make.event(pod, "Unhealthy", "Liveness probe failed: connection refused")
    [cause] = unready_causes(pod, make.NOW, [event])
    assert cause.kind is CauseKind.PROBE
    assert cause.message == "container app is killed by its liveness probe: connection refused"


def test_events_of_another_pod_or_of_long_ago_are_ignored() -> None:
    pod = unready(started=30, turned=30)
    text = "Readiness probe failed: HTTP probe failed with statuscode: 503"
    others = [make.event(make.pod("other"), "Unhealthy", text), make.event(pod, "Unhealthy", text, since=3600)]
    [cause] = unready_causes(pod, make.NOW, others)
    assert cause.message == "container app is not ready yet"


_UNBOUND_CLAIM = "0/6 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"


@pytest.mark.parametrize(
    ("condition", "message", "blocking"),
    [
        (
            make.condition("PodScheduled", "False", "Unschedulable", "0/3 nodes are available: 3 Insufficient memory."),
            "pod cannot be scheduled: 0/3 nodes are available: 3 Insufficient memory",
            True,
        ),
        (
            make.condition("PodScheduled", "False", "Unschedulable", "0/3 fit. preemption: 0/3 nodes are available."),
            "pod cannot be scheduled: 0/3 fit",
            True,
        ),
        (
            make.condition(
                "PodScheduled",
                "False",
                "Unschedulable",
                "0/6 nodes are available: 6 Insufficient cpu. no new claims to deallocate, preemption: 0/6 nodes are "
                "available: 6 Preemption is not helpful for scheduling.",  # a 1.36 scheduler
            ),
            "pod cannot be scheduled: 0/6 nodes are available: 6 Insufficient cpu",
            True,
        ),
        (
            make.condition("PodScheduled", "False", "Unschedulable", _UNBOUND_CLAIM, since=50),
            "pod cannot be scheduled: 0/6 nodes are available: pod has unbound immediate PersistentVolumeClaims",
            False,
        ),
        (
            make.condition("PodScheduled", "False", "Unschedulable", _UNBOUND_CLAIM, since=70),
            "pod cannot be scheduled: 0/6 nodes are available: pod has unbound immediate PersistentVolumeClaims",
            True,
        ),
        (make.condition("PodScheduled", "False", "SchedulingGated"), "pod waits for a scheduling gate", True),
        (make.condition("PodScheduled", "False", "SchedulingGated", since=5), "pod waits for a scheduling gate", False),
    ],
)
def test_a_pod_without_a_node_reports_the_schedulers_message(
    condition: Condition, message: str, blocking: bool
) -> None:
    pod = make.pod(ready=False, phase="Pending", statuses=[], conditions=[condition], node="")
    [cause] = unready_causes(pod, make.NOW)
    assert (cause.kind, cause.message, cause.is_blocking) == (CauseKind.UNSCHEDULABLE, message, blocking)


def test_a_pod_on_a_lost_node_is_reported_though_its_containers_look_healthy() -> None:
    pod = make.pod(statuses=[make.container_status()], conditions=[make.condition("Ready", "False", since=50)])
    [cause] = unready_causes(pod, make.NOW)
    assert (cause.kind, cause.message) == (CauseKind.NODE, "node node-1 is NotReady")


def test_a_sandbox_that_cannot_be_made_is_named_while_nothing_has_started() -> None:
    pod = make.pod(ready=False, phase="Pending", statuses=[waiting("ContainerCreating")])
    event = make.event(pod, "FailedCreatePodSandBox", "failed to set up network: no IP addresses left")
    [cause] = unready_causes(pod, make.NOW, [event])
    assert cause.message == "pod network cannot be set up: failed to set up network: no IP addresses left"


def test_messages_of_the_cluster_are_made_printable() -> None:
    pod = make.pod(ready=False, statuses=[waiting("CreateContainerError", "evil \x1b]0;owned\x07 \x00text")])
    assert all(cause.message.isprintable() for cause in unready_causes(pod, make.NOW))


@pytest.mark.parametrize(
    ("message", "kind", "expected"),
    [
        (
            'pods "g-1" is forbidden: exceeded quota: tight, requested: pods=1, used: pods=3, limited: pods=3',
            CauseKind.QUOTA,
            "ResourceQuota tight is exceeded: requested pods=1, used pods=3, limited to pods=3",
        ),
        (
            'Error creating: pods "g-1" is forbidden: failed quota: tight: must specify limits.cpu for: app',
            CauseKind.QUOTA,
            "ResourceQuota tight rejects its pods: must specify limits.cpu for: app",
        ),
        (
            'pods "g-1" is forbidden: error looking up service account shop/robot: serviceaccount "robot" not found',
            CauseKind.ADMISSION,
            "ServiceAccount robot not found",
        ),
        (
            'Error creating: admission webhook "policy.example.com" denied the request: image is not signed',
            CauseKind.ADMISSION,
            "admission webhook policy.example.com denies its pods: image is not signed",
        ),
        (
            'Error creating: pods "g-1" is forbidden: violates PodSecurity "restricted:latest": privileged',
            CauseKind.ADMISSION,
            'its pods cannot be created: violates PodSecurity "restricted:latest": privileged',
        ),
    ],
)
def test_a_rejection_by_the_api_server_is_named_without_the_generated_pod_name(
    message: str, kind: CauseKind, expected: str
) -> None:
    cause = parse_creation_failure(message, None)
    assert (cause.kind, cause.message) == (kind, expected)


@pytest.mark.parametrize(
    ("name", "messages"),
    [
        ("broken-badimage", ["image broken:badimage cannot be pulled (not found) from registry.example.com"]),
        ("broken-crash", ["container broken is crash-looping (exit 1)"]),
        ("broken-oom", ["container broken was OOMKilled (no memory limit: probably the node ran out of memory)"]),
        ("broken-initfail", ["init container migrate is crash-looping (exit 1)"]),
        ("broken-unready", ["readiness probe of container broken fails: HTTP probe failed with statuscode: 503"]),
    ],
)
def test_recorded_broken_pods_name_their_cause(name: str, messages: list[str]) -> None:
    at = datetime(2026, 11, 22, 6, 47, 50, tzinfo=UTC)
    paths = {exchange["request"]["path"]: number for number, exchange in enumerate(exchanges("list"))}
    pod = next(
        pod for pod in typed_list(POD, "list", paths["/api/v1/namespaces/shop/pods"]) if pod.name.startswith(name)
    )
    events = typed_list(EVENT, "list", paths["/api/v1/namespaces/shop/events"])
    assert [cause.message for cause in unready_causes(pod, at, events)] == messages


def test_a_sidecar_that_repeats_the_message_of_another_container_is_not_a_second_cause() -> None:
    pods = typed_list(POD, "bad-release", 4)
    broken = next(pod for pod in pods if not pod.is_ready)
    causes = unready_causes(broken, datetime(2026, 11, 22, 6, 49, tzinfo=UTC))
    assert [cause.message for cause in causes] == ["image checkout:badimage cannot be pulled from registry.example.com"]


def test_a_terminating_pod_on_a_lost_node_is_stuck_at_once() -> None:
    overruled = (make.condition("Ready", "False", since=20),)
    pod = make.pod(conditions=overruled, node="node-7", deleted=make.before(-30))
    cause = stuck_termination(pod, make.NOW)
    assert cause is not None
    assert (cause.kind, cause.reason, cause.message) == (CauseKind.NODE, "NodeLost", "node node-7 is NotReady")
    assert unready_causes(pod, make.NOW) == ()


def test_a_pod_long_past_its_grace_is_stuck_unless_something_else_holds_it() -> None:
    late = make.pod("web-1", deleted=make.before(90), node="node-7")
    cause = stuck_termination(late, make.NOW)
    assert cause is not None
    assert cause.message == "node node-7 is unreachable: termination of pod web-1 unconfirmed"
    held = msgspec.structs.replace(late.metadata, finalizers=("example.com/backup",))
    assert stuck_termination(msgspec.structs.replace(late, metadata=held), make.NOW) is None


@pytest.mark.parametrize("deleted", [None, make.before(-20), make.before(10)], ids=["stays", "has time", "just over"])
def test_a_pod_that_terminates_in_time_is_not_stuck(deleted: datetime | None) -> None:
    assert stuck_termination(make.pod(deleted=deleted), make.NOW) is None


@pytest.mark.parametrize(
    ("reason", "age", "blocking"), [("MoonError", 5, True), ("Moonstruck", 5, False), ("Moonstruck", 60, True)]
)
def test_a_reason_nobody_listed_blocks_where_it_calls_itself_a_failure_or_stays(
    reason: str, age: float, blocking: bool
) -> None:
    [cause] = unready_causes(make.pod(ready=False, statuses=[waiting(reason)], created=age), make.NOW)
    assert (cause.reason, cause.is_blocking) == (reason, blocking)
    assert cause.message == f"container app does not start: {reason}"


@pytest.mark.parametrize("reason", ["", "ContainerCreating", "PodInitializing"])
def test_a_starting_container_is_no_cause(reason: str) -> None:
    assert unready_causes(make.pod(ready=False, statuses=[waiting(reason)]), make.NOW) == ()


def test_why_a_pod_is_not_scheduled_is_named_whatever_the_scheduler_calls_it() -> None:
    condition = make.condition("PodScheduled", "False", "SchedulerError", "running filter plugins: timed out")
    [cause] = unready_causes(make.pod(ready=False, statuses=[], conditions=[condition], node=""), make.NOW)
    assert cause.message == "pod is not scheduled: SchedulerError: running filter plugins: timed out"


def test_an_init_container_that_runs_again_after_a_crash_is_still_crash_looping() -> None:
    init = make.container_status("migrate", ready=True, state=make.running(5), last=make.terminated(4), restarts=3)
    pod = make.pod(ready=False, phase="Pending", statuses=[waiting("PodInitializing")], init_statuses=[init])
    assert [cause.message for cause in unready_causes(pod, make.NOW)] == [
        "init container migrate is crash-looping (exit 4)"
    ]


@pytest.mark.parametrize(
    ("command", "since", "messages"),
    [
        ("until nc -z db 5432; do sleep 1; done", 90, ["init container wait has not finished: it waits for db"]),
        ("until nc -z db 5432; do sleep 1; done", 30, []),
        ("curl -O http://files/dump.sql", 90, []),
        ("/migrate", 900, []),
    ],
)
def test_an_init_container_that_waits_in_a_loop_blocks_after_a_minute(
    command: str, since: float, messages: list[str]
) -> None:
    init = make.container_status("wait", ready=False, state=make.running(since))
    pod = make.pod(ready=False, phase="Pending", statuses=[waiting("PodInitializing")], init_statuses=[init])
    spec = msgspec.structs.replace(pod.spec, init_containers=(Container(name="wait", command=("sh", "-c", command)),))
    causes = unready_causes(msgspec.structs.replace(pod, spec=spec), make.NOW)
    assert [cause.message for cause in causes] == messages
