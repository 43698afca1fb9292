# ruff: noqa: E501 (messages as they are reported)
"""Hooks, reasons that no list has, init containers that do not end, sandboxes and rejections."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.severity import Severity
from k9py.diagnosis.checks.crashes import container_crash
from k9py.diagnosis.checks.sandbox import pod_rejected, pod_sandbox
from k9py.diagnosis.checks.waiting import container_waiting, init_container_slow, pre_stop_hook
from k9py.diagnosis.finding import EvidenceSource, Finding
from tests import factories as make
from tests.unit.diagnosis.checks.broken_pods import Json, at, ended, event, found, pod, running, status, waiting

DOWN, WARNING, INFO = Severity.DOWN, Severity.WARNING, Severity.INFO
HOOK = 'Exec lifecycle hook ([/warmup.sh]) for Container "app" in Pod "web-1_shop(uid)" failed - error: command \'/warmup.sh\' exited with 1: , message: "sh: consul: not found"'


@pytest.mark.parametrize(
    ("reason", "message", "severity", "text"),
    [
        (
            "PostStartHookError",
            HOOK,
            DOWN,
            "postStart hook of container app fails: sh: consul: not found (/warmup.sh exited with 1)",
        ),
        ("CrashLoopBackOff", "back-off 10s", DOWN, "container app is crash-looping"),
        (
            "PreCreateHookError",
            "rpc error: code = Unknown desc = no device",
            DOWN,
            "container app does not start: PreCreateHookError: no device",
        ),
        ("VerifyNonRootError", "", DOWN, "container app does not start: VerifyNonRootError"),
        ("Moonstruck", "never seen before", DOWN, "container app does not start: Moonstruck: never seen before"),
    ],
)
def test_any_waiting_reason_is_named_with_its_message(reason: str, message: str, severity: Severity, text: str) -> None:
    (finding,) = found(container_waiting, pod(status(waiting(reason, message))))
    assert (finding.severity, finding.reason, finding.message) == (severity, reason, text)
    assert finding.evidence[0].text.startswith(reason)


def test_an_unknown_reason_of_a_pod_that_has_just_started_is_a_warning() -> None:
    (finding,) = found(container_waiting, pod(status(waiting("Moonstruck")), age=5))
    assert finding.severity is WARNING


@pytest.mark.parametrize(
    "subject",
    [
        pod(status(running(), ready=True)),
        pod(status(waiting("ContainerCreating")), phase="Pending"),
        pod(status(waiting("PodInitializing")), phase="Pending"),
        pod(status(waiting("ErrImagePull")), phase="Pending"),
        pod(status(waiting("CreateContainerConfigError")), phase="Pending"),
        pod(status(waiting("CrashLoopBackOff"), last=ended(1))),
        pod(status(waiting("PostStartHookError")), deleted=-5),
    ],
    ids=["runs", "creating", "initializing", "image", "config", "crash", "terminating"],
)
def test_a_reason_of_a_normal_start_or_of_another_check_is_silent(subject: Json) -> None:
    assert found(container_waiting, subject) == ()


def initializing(state: Json, *, age: float = 600, spec: Json | None = None, **more: Any) -> Json:
    init = (status(state, name="wait-for-db", **more), spec or {})
    return pod(status(waiting("PodInitializing")), inits=[init], phase="Pending", age=age)


@pytest.mark.parametrize(("since", "severity"), [(10, None), (40, INFO), (90, WARNING), (700, DOWN)])
def test_an_init_container_that_does_not_end_is_named_once_it_takes_long(
    since: float, severity: Severity | None
) -> None:
    subject = initializing(running(since))
    findings = found(init_container_slow, subject, logs={"shop/web-1/wait-for-db": ["waiting for db"]})
    assert [each.severity for each in findings] == ([] if severity is None else [severity])
    for finding in findings:
        assert finding.message == "init container wait-for-db has not finished"
        assert finding.since == make.before(since)
        assert finding.evidence[-1].source is EvidenceSource.LOG
        assert finding.evidence[-1].text == "waiting for db"


def test_the_service_that_an_init_container_waits_for_is_its_cause() -> None:
    command = ["sh", "-c", "until nc -z db 5432; do sleep 1; done"]
    subject = initializing(running(90), spec={"command": command})
    (finding,) = found(init_container_slow, subject, logs={"shop/web-1/wait-for-db": ["waiting for db"]})
    assert roots(finding)[0].startswith("Service shop/db: ")
    assert finding.severity is DOWN


@pytest.mark.parametrize(
    "subject",
    [
        initializing(running(), spec={"restartPolicy": "Always"}),
        initializing(waiting("CrashLoopBackOff"), last=ended(1)),
        initializing(ended(0, "Completed"), ready=True),
        pod(status(running(), ready=True)),
    ],
    ids=["a sidecar", "crashes", "done", "without"],
)
def test_a_sidecar_or_a_finished_init_container_is_not_slow(subject: Json) -> None:
    assert found(init_container_slow, subject) == ()


JOB = {"name": "JOB", "value": "migrate-2"}
STOPPING = {"lifecycle": {"preStop": {"exec": {"command": ["/drain.sh"]}}}}


def test_a_failed_pre_stop_hook_of_a_terminating_pod_is_named() -> None:
    subject = pod(status(running(), ready=True), container=STOPPING, deleted=-20)
    for field in ("app", ""):
        (finding,) = found(
            pre_stop_hook, subject, event(subject, "FailedPreStopHook", "PreStopHook failed", container=field)
        )
        assert (finding.severity, finding.message) == (WARNING, "preStop hook of container app failed: /drain.sh")
    assert found(pre_stop_hook, subject) == ()
    assert found(pre_stop_hook, pod(status(running(), ready=True), container=STOPPING)) == ()


ID = "f" * 64
CNI = f'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "{ID}": plugin type="calico" failed (add): ipam: no IP addresses left'
CREATING = status(waiting("ContainerCreating"))


def roots(finding: Finding) -> list[str]:
    return [f"{each.about}: {each.message}" for each in finding.caused_by if isinstance(each, Finding)]


@pytest.mark.parametrize(
    ("text", "message", "root"),
    [
        (
            CNI,
            'pod network cannot be set up: failed to setup network for sandbox: plugin type="calico" failed (add): ipam: no IP addresses left',
            'Node node-1: pod network cannot be set up: failed to setup network for sandbox: plugin type="calico" failed (add): ipam: no IP addresses left',
        ),
        (
            'Failed to create pod sandbox: rpc error: code = Unknown desc = no runtime for "gvisor" is configured',
            'pod sandbox cannot be set up: no runtime for "gvisor" is configured',
            None,
        ),
        (
            "Failed to create pod sandbox: rpc error: code = DeadlineExceeded desc = context deadline exceeded",
            "pod sandbox cannot be set up: context deadline exceeded",
            None,
        ),
    ],
)
def test_a_failing_network_is_that_of_the_node(text: str, message: str, root: str | None) -> None:
    subject = pod(CREATING, phase="Pending", age=120)
    (finding,) = found(pod_sandbox, subject, event(subject, "FailedCreatePodSandBox", text, container="", first=110))
    assert (finding.severity, finding.reason, finding.message) == (DOWN, "FailedCreatePodSandBox", message)
    assert finding.since == make.before(110)
    assert roots(finding) == ([] if root is None else [root])


def test_the_event_with_the_error_is_taken_not_the_last() -> None:
    subject = pod(CREATING, phase="Pending", age=300)
    late = "Failed to create pod sandbox: rpc error: code = DeadlineExceeded desc = context deadline exceeded"
    events = [
        event(subject, "FailedCreatePodSandBox", CNI, container="", first=290, seen=200),
        event(subject, "FailedCreatePodSandBox", late, container="", first=100, seen=5),
        event(subject, "NetworkNotReady", "network is not ready: cni plugin not initialized", container="", seen=5),
    ]
    (finding,) = found(pod_sandbox, subject, *events)
    assert finding.message.endswith("no IP addresses left")
    assert finding.since == make.before(300)


@pytest.mark.parametrize(
    ("subject", "first"),
    [
        (pod(CREATING, phase="Pending", age=12), 10),
        (pod(status(running(), ready=True)), 300),
        (pod(CREATING, phase="Pending", deleted=-5), 300),
    ],
    ids=["once, just now", "runs by now", "terminating"],
)
def test_a_sandbox_that_failed_once_is_silent(subject: Json, first: float) -> None:
    assert found(pod_sandbox, subject, event(subject, "FailedCreatePodSandBox", CNI, container="", first=first)) == ()


OWNER = {"kind": "ReplicaSet", "name": "web", "uid": "replicaset-web"}


@pytest.mark.parametrize(
    ("reason", "message", "text"),
    [
        (
            "OutOfcpu",
            "Node didn't have enough resource: cpu, requested: 2",
            "its node has no cpu left for the pod: Node didn't have enough resource: cpu, requested: 2",
        ),
        (
            "UnexpectedAdmissionError",
            "Allocate failed due to no gpu",
            "its node rejected the pod: Allocate failed due to no gpu",
        ),
        (
            "NodeAffinity",
            "Predicate NodeAffinity failed",
            "its node no longer matches the pod's node affinity: Predicate NodeAffinity failed",
        ),
        (
            "TopologyAffinityError",
            "Resources cannot be allocated",
            "its node rejected the pod: Resources cannot be allocated",
        ),
        ("SysctlForbidden", 'forbidden sysctl: "kernel.x"', 'its node rejected the pod: forbidden sysctl: "kernel.x"'),
        (
            "AppArmor",
            "Cannot enforce AppArmor: profile not loaded",
            "its node rejected the pod: Cannot enforce AppArmor: profile not loaded",
        ),
        ("Moonstruck", "never seen", "pod failed: Moonstruck: never seen"),
    ],
)
def test_a_rejection_by_the_node_is_named_with_its_message(reason: str, message: str, text: str) -> None:
    for owner, age, severity in ((None, 60, DOWN), (OWNER, 60, WARNING), (OWNER, 7200, INFO)):
        subject = pod(status(waiting("")), phase="Failed", reason=reason, message=message, owner=owner, age=age)
        (finding,) = found(pod_rejected, subject)
        assert (finding.severity, finding.reason, finding.message) == (severity, reason, text)
        assert finding.evidence[0].text == f"{reason}: {message}"


@pytest.mark.parametrize("reason", ["", "Evicted", "NodeShutdown", "Terminated", "Preempting", "NodeLost"])
def test_what_placement_names_is_no_rejection(reason: str) -> None:
    assert found(pod_rejected, pod(status(waiting("")), phase="Failed", reason=reason)) == ()
    assert found(pod_rejected, pod(status(running(), ready=True), reason=reason)) == ()


def job(name: str, *conditions: str) -> Json:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": "shop", "uid": name},
        "status": {"conditions": [{"type": each, "status": "True"} for each in conditions]},
    }


@pytest.mark.parametrize(
    "spec",
    [
        {"args": ["job", "migrate-2"]},
        {"args": ["job-wr", "migrate-2"]},
        {"command": ["kubectl", "wait", "--for=condition=complete", "--timeout=600s", "job/migrate-2"]},
        {"command": ["sh", "-c", "kubectl wait --for=condition=complete jobs.batch/$(JOB)"], "env": [JOB]},
    ],
)
def test_the_failed_job_that_an_init_container_waits_for_is_its_cause(spec: Json) -> None:
    subject = initializing(running(40), spec=spec)
    (finding,) = found(init_container_slow, subject, job("migrate-2", "Failed"), job("migrate-1", "Failed"))
    assert (finding.severity, [str(each) for each in finding.caused_by]) == (DOWN, ["Job shop/migrate-2"])
    assert finding.message == "init container wait-for-db waits for Job migrate-2, which failed"


@pytest.mark.parametrize("jobs", [[], [job("migrate-2")], [job("migrate-2", "Complete")], [job("job", "Failed")]])
def test_a_job_that_may_still_complete_is_no_cause(jobs: list[Json]) -> None:
    (finding,) = found(init_container_slow, initializing(running(40), spec={"args": ["job", "migrate-2"]}), *jobs)
    assert (finding.severity, finding.caused_by) == (INFO, ())


@pytest.mark.parametrize(
    ("counts", "started", "is_cause"),
    [
        ({"active": 1, "ready": 0}, 90, True),
        ({"active": 1, "ready": 0}, 30, False),
        ({"active": 1, "ready": 1}, 90, False),
        ({"active": 1, "ready": 0, "succeeded": 1}, 90, False),
        ({"active": 0, "ready": 0}, 90, False),
    ],
)
def test_a_job_none_of_whose_pods_starts_is_a_cause(counts: Json, started: float, *, is_cause: bool) -> None:
    stuck = job("migrate-2")
    stuck["status"] |= {**counts, "startTime": at(started)}
    subject = initializing(running(40), spec={"args": ["job", "migrate-2"]})

    (finding,) = found(init_container_slow, subject, stuck)

    assert [str(each) for each in finding.caused_by] == (["Job shop/migrate-2"] if is_cause else [])


def test_an_init_container_that_gives_up_on_a_job_is_caused_by_it() -> None:
    subject = initializing(waiting("CrashLoopBackOff"), last=ended(1), spec={"args": ["wait", "job/migrate-2"]})

    (finding,) = found(container_crash, subject, job("migrate-2", "Failed"))

    assert [str(each) for each in finding.caused_by] == ["Job shop/migrate-2"]
