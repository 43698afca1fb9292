# ruff: noqa: E501 (messages as they are reported)
"""Containers that end though they should run."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.kinds import POD
from k9py.api.severity import Severity
from k9py.diagnosis.checks.crashes import (
    container_crash,
    container_killed,
    container_oom,
    container_restarted,
    container_start,
)
from k9py.diagnosis.finding import EvidenceSource
from tests import factories as make
from tests.factories.graph import GraphOfObjects, findings_of
from tests.unit.diagnosis.checks.broken_pods import (
    Json,
    ended,
    event,
    found,
    object_json,
    pod,
    running,
    status,
    waiting,
)

BACK_OFF = waiting("CrashLoopBackOff", "back-off 40s restarting failed container=app pod=web-1_shop(uid)")
RUNC = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: "
DOWN, WARNING, INFO = Severity.DOWN, Severity.WARNING, Severity.INFO
ALL = (container_crash, container_oom, container_start, container_killed, container_restarted)


def crashed(code: int, reason: str = "Error", message: str = "", **more: Any) -> Json:
    return status(BACK_OFF, last=ended(code, reason, message=message), restarts=3, **more)


@pytest.mark.parametrize(
    ("subject", "severity", "reason", "message"),
    [
        (pod(crashed(1)), DOWN, "CrashLoopBackOff", "container app is crash-looping (exit 1)"),
        (pod(crashed(139)), DOWN, "CrashLoopBackOff", "container app is crash-looping (exit 139, SIGSEGV)"),
        (pod(crashed(127)), DOWN, "CrashLoopBackOff", "container app is crash-looping (exit 127, command not found)"),
        (
            pod(crashed(126)),
            DOWN,
            "CrashLoopBackOff",
            "container app is crash-looping (exit 126, command is not executable)",
        ),
        (
            pod(crashed(3, message="license key expired on 2026-11-01")),
            DOWN,
            "CrashLoopBackOff",
            "container app is crash-looping (exit 3): license key expired on 2026-11-01",
        ),
        (
            pod(crashed(1, message="Traceback (most recent call last):\n  File x\nKeyError: 'DB_URL'\n")),
            DOWN,
            "CrashLoopBackOff",
            "container app is crash-looping (exit 1): KeyError: 'DB_URL'",
        ),
        (pod(crashed(0, "Completed")), DOWN, "Completed", "container app keeps exiting with 0"),
        (pod(status(ended(0, "Completed"))), DOWN, "Completed", "container app keeps exiting with 0"),
        (
            pod(status(running(3), last=ended(1), restarts=4, ready=True)),
            WARNING,
            "CrashLoopBackOff",
            "container app is crash-looping (exit 1)",
        ),
        (
            pod(status(running(30), last=ended(1), restarts=1)),
            DOWN,
            "CrashLoopBackOff",
            "container app is crash-looping (exit 1)",
        ),
        (
            pod(status(ended(2)), phase="Failed", spec={"restartPolicy": "Never"}),
            DOWN,
            "Error",
            "container app failed (exit 2)",
        ),
        (
            pod(
                status(waiting("PodInitializing")),
                inits=[(crashed(4, name="migrate"), {})],
                phase="Pending",
            ),
            DOWN,
            "CrashLoopBackOff",
            "init container migrate is crash-looping (exit 4)",
        ),
        (
            pod(
                status(running(), ready=True),
                inits=[(crashed(7, name="agent"), {"restartPolicy": "Always"})],
                ready=False,
            ),
            DOWN,
            "CrashLoopBackOff",
            "sidecar agent is crash-looping (exit 7)",
        ),
        (
            pod(status(BACK_OFF, last=ended(137, "ContainerStatusUnknown"), restarts=1)),
            DOWN,
            "CrashLoopBackOff",
            "the end of container app was not observed: its node restarted, or lost it",
        ),
    ],
)
def test_a_crash_is_named_with_its_exit_code_and_what_the_program_said(
    subject: Json, severity: Severity, reason: str, message: str
) -> None:
    (finding,) = found(container_crash, subject)
    assert (finding.severity, finding.reason, finding.message) == (severity, reason, message)
    assert finding.evidence[0].where.endswith("terminated")
    assert finding.next_steps[-1].action in ("object.logs", "object.previous_logs")
    for other in (container_oom, container_start, container_killed):
        assert found(other, subject) == ()


def test_the_line_of_the_previous_run_is_evidence_and_its_error_is_named() -> None:
    lines = ["starting", "INFO ok", "FATAL: lost connection to redis:6379"]
    (finding,) = found(container_crash, pod(crashed(1)), logs={"shop/web-1/app/previous": lines})
    (log,) = [each for each in finding.evidence if each.source is EvidenceSource.LOG]
    assert (log.where, log.text) == ("app", f"connection refused by redis:6379: {lines[-1]}")
    (plain,) = found(container_crash, pod(crashed(1)), logs={"shop/web-1/app/previous": ["KeyError: 'DB_URL'"]})
    assert [each.text for each in plain.evidence if each.source is EvidenceSource.LOG] == ["KeyError: 'DB_URL'"]


@pytest.mark.parametrize(
    "time",
    [
        "2026/11/30 19:00:01 ",
        "2026-11-30 19:00:01,123 ",
        "[2026-11-30T19:00:01.5Z] ",
        "E1130 19:00:01.000000       1 ",
        "",
    ],
)
def test_the_time_of_a_termination_message_is_left_out(time: str) -> None:
    (finding,) = found(container_crash, pod(crashed(1, message=f"{time}fatal: no license")))
    assert finding.message == "container app is crash-looping (exit 1): fatal: no license"


def test_the_remedy_is_that_of_the_error_in_the_log() -> None:
    lines = ["x509: certificate has expired or is not yet valid"]
    (finding,) = found(container_crash, pod(crashed(1)), logs={"shop/web-1/app/previous": lines})
    assert finding.remedy == "renew the certificate, or let the program trust its authority"
    assert found(container_crash, pod(crashed(1)))[0].remedy == "read the last lines of its log"


def test_a_service_that_it_cannot_reach_is_its_cause() -> None:
    subject = pod(crashed(1), container={"env": [{"name": "REDIS_URL", "value": "redis://redis:6379"}]})
    lines = {"shop/web-1/app/previous": ["FATAL: connection to redis:6379: connection refused"]}
    service = object_json("Service", "redis", spec={"selector": {"app": "redis"}, "ports": [{"port": 6379}]})
    (finding,) = found(container_crash, subject, service, logs=lines)
    assert [str(cause) for cause in finding.caused_by] == ["Service shop/redis"]
    (other,) = found(container_crash, subject, service, logs={"shop/web-1/app/previous": ["KeyError: 'DB_URL'"]})
    assert other.caused_by == ()
    (unnamed,) = found(container_crash, pod(crashed(1)), service, logs=lines)
    assert [str(cause) for cause in unnamed.caused_by] == ["Service shop/redis"]


def test_a_container_crashes_since_its_first_back_off() -> None:
    subject = pod(crashed(1))
    back_off = event(subject, "BackOff", "Back-off restarting failed container app in pod web-1", first=400)
    (finding,) = found(container_crash, subject, back_off)
    assert finding.since == make.before(400)
    (unknown,) = found(container_crash, subject)
    assert unknown.since is None
    (once,) = found(container_crash, pod(status(BACK_OFF, last=ended(1, ago=30), restarts=0)))
    assert once.since == make.before(30)


def test_only_the_newest_revision_crashes_since_it_was_created() -> None:
    deployment = make.deployment("web", replicas=2, ready=1, revision=7)
    old = make.replica_set(deployment, revision=6, pod_hash="old", image="r/web:1", replicas=1, ready=1)
    new = make.replica_set(deployment, revision=7, pod_hash="new", replicas=1, ready=0)
    well = make.pod("web-old", owner=old)
    subject = pod(
        crashed(1),
        owner={"kind": "ReplicaSet", "name": new.name, "uid": new.uid},
        labels={"app": "web", "pod-template-hash": new.metadata.label("pod-template-hash")},
    )
    graph = GraphOfObjects(subject, deployment, old, new, well)
    (finding,) = findings_of(container_crash, graph.subject(POD, "web-1", "shop"), graph)
    assert finding.since == new.metadata.creation_timestamp
    assert finding.evidence[-1].text == "only pods of revision 7 fail, those of revision 6 are ready"
    assert (finding.next_steps[0].action, finding.next_steps[0].target) == ("workload.undo", deployment.key)
    alone = GraphOfObjects(subject, deployment, new)
    (without,) = findings_of(container_crash, alone.subject(POD, "web-1", "shop"), alone)
    assert "workload.undo" not in [step.action for step in without.next_steps]


JOB_OWNER = {"kind": "Job", "name": "import", "uid": "job-import"}


@pytest.mark.parametrize(("phase", "count"), [("Failed", 0), ("Running", 1)])
def test_a_failed_pod_of_a_job_is_reported_by_its_job(phase: str, count: int) -> None:
    subject = pod(status(ended(5)), phase=phase, owner=JOB_OWNER, spec={"restartPolicy": "Never"})
    others = [object_json("Job", "import", api="batch/v1", spec={}, status={"failed": 3, "active": 1})]
    assert len(found(container_crash, subject, *others)) == count


LIMITS = {"resources": {"limits": {"memory": "128Mi"}, "requests": {"memory": "64Mi"}}}


@pytest.mark.parametrize(
    ("subject", "severity", "message", "evidence"),
    [
        (
            pod(crashed(137, "OOMKilled"), container=LIMITS),
            DOWN,
            "container app was OOMKilled (limit 128Mi)",
            "memory limit 128Mi, request 64Mi",
        ),
        (
            pod(crashed(137, "OOMKilled")),
            DOWN,
            "container app was OOMKilled (no memory limit: probably the node ran out of memory)",
            "memory limit none, request none",
        ),
        (
            pod(status(running(50), last=ended(137, "OOMKilled", ago=60), restarts=5, ready=True), container=LIMITS),
            WARNING,
            "container app was OOMKilled (limit 128Mi)",
            "memory limit 128Mi, request 64Mi",
        ),
        (
            pod(status(ended(137, "OOMKilled")), container=LIMITS),
            DOWN,
            "container app was OOMKilled (limit 128Mi)",
            "memory limit 128Mi, request 64Mi",
        ),
    ],
)
def test_a_container_out_of_memory_is_named_with_its_limit(
    subject: Json, severity: Severity, message: str, evidence: str
) -> None:
    (finding,) = found(container_oom, subject)
    assert (finding.severity, finding.reason, finding.message) == (severity, "OOMKilled", message)
    assert evidence in [each.text for each in finding.evidence]
    assert found(container_crash, subject) == ()


def test_without_a_limit_the_memory_pressure_of_the_node_is_evidence() -> None:
    pressure = {"type": "MemoryPressure", "status": "True", "reason": "KubeletHasInsufficientMemory"}
    node = object_json("Node", "node-1", namespace="", status={"conditions": [pressure]})
    (finding,) = found(container_oom, pod(crashed(137, "OOMKilled")), node)
    assert any("KubeletHasInsufficientMemory" in each.text for each in finding.evidence)


def test_a_killed_child_process_is_no_oom_kill_of_the_container() -> None:
    (finding,) = found(container_crash, pod(crashed(137)))
    assert finding.message == "container app is crash-looping (exit 137, SIGKILL)"
    assert "not for the memory limit" in finding.evidence[0].text


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        (
            pod(
                crashed(
                    128,
                    "StartError",
                    f'{RUNC}error during container init: exec: "gunicorn": executable file not found in $PATH: unknown',
                )
            ),
            'container app cannot start: exec: "gunicorn": executable file not found in $PATH',
        ),
        (
            pod(crashed(127, "ContainerCannotRun", f'{RUNC}exec: "/x": permission denied: unknown')),
            'container app cannot start: exec: "/x": permission denied',
        ),
        (
            pod(
                status(
                    waiting(
                        "RunContainerError",
                        f'{RUNC}exec: "/app/start.sh": stat /app/start.sh: no such file or directory',
                    )
                )
            ),
            'container app cannot start: exec: "/app/start.sh": stat /app/start.sh: no such file or directory',
        ),
        (pod(crashed(128, "StartError")), "container app cannot start: exit 128"),
    ],
)
def test_a_command_that_cannot_be_started_keeps_the_word_that_matters(subject: Json, message: str) -> None:
    (finding,) = found(container_start, subject)
    assert (finding.severity, finding.reason, finding.message) == (DOWN, "StartError", message)
    assert found(container_crash, subject) == ()


PROBED = {
    "ports": [{"containerPort": 8080}],
    "livenessProbe": {"httpGet": {"path": "/live", "port": 8080}},
    "startupProbe": {"httpGet": {"path": "/live", "port": 9999}},
    "lifecycle": {"postStart": {"exec": {"command": ["/warmup.sh"]}}},
}


@pytest.mark.parametrize(
    ("code", "event_of", "reason", "message"),
    [
        (
            137,
            ("Unhealthy", 'Liveness probe failed: Get "http://10.0.0.1:8080/live": context deadline exceeded'),
            "Unhealthy",
            "container app is killed by its liveness probe: context deadline exceeded (GET :8080/live)",
        ),
        (
            0,
            ("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500"),
            "Unhealthy",
            "container app is killed by its liveness probe: HTTP probe failed with statuscode: 500 (GET :8080/live)",
        ),
        (
            143,
            (
                "Unhealthy",
                'Startup probe failed: Get "http://10.0.0.1:9999/live": dial tcp 10.0.0.1:9999: connect: connection refused',
            ),
            "Unhealthy",
            "container app is killed by its startup probe: connection refused (GET :9999/live): 9999 is no port of the container, it declares 8080",
        ),
        (
            137,
            ("FailedPostStartHook", "PostStartHook failed"),
            "PostStartHookError",
            "postStart hook of container app fails: /warmup.sh",
        ),
        (
            137,
            (
                "FailedPostStartHook",
                'Exec lifecycle hook ([/warmup.sh]) for Container "app" in Pod "web-1_shop(u)" failed - error: command \'/warmup.sh\' exited with 1: , message: "sh: consul: not found"',
            ),
            "PostStartHookError",
            "postStart hook of container app fails: sh: consul: not found (/warmup.sh exited with 1)",
        ),
    ],
)
def test_what_the_kubelet_kills_is_named_with_the_probe_or_hook(
    code: int, event_of: tuple[str, str], reason: str, message: str
) -> None:
    subject = pod(crashed(code), container=PROBED)
    (finding,) = found(container_killed, subject, event(subject, *event_of, seen=32))
    assert (finding.severity, finding.reason, finding.message) == (DOWN, reason, message)
    assert finding.evidence[0].source is EvidenceSource.EVENT
    assert found(container_crash, subject, event(subject, *event_of, seen=32)) == ()


@pytest.mark.parametrize(
    ("code", "seen"), [(1, 32), (137, 500)], ids=["its own exit code", "a probe of an earlier run"]
)
def test_a_failed_probe_is_not_blamed_for_another_end(code: int, seen: float) -> None:
    subject = pod(crashed(code), container=PROBED)
    failed = event(subject, "Unhealthy", "Liveness probe failed: connection refused", seen=seen)
    assert found(container_killed, subject, failed) == ()
    assert len(found(container_crash, subject, failed)) == 1


WELL = status(running(), ready=True)


@pytest.mark.parametrize(
    "subject",
    [
        pod(WELL),
        pod(status(running(90_000), last=ended(1, ago=90_001), restarts=9, ready=True)),
        pod(status(running(3500), last=ended(1, ago=3601), restarts=2, ready=True)),
        pod(status(ended(0, "Completed")), phase="Succeeded", spec={"restartPolicy": "Never"}),
        pod(status(ended(0, "Completed")), WELL | {"name": "main"}, spec={"restartPolicy": "OnFailure"}, ready=False),
        pod(status(ended(137)), deleted=5),
        pod(crashed(1), deleted=-20),
        pod(status(ended(137)), phase="Failed", reason="Evicted"),
        pod(status(ended(137)), phase="Failed", reason="NodeShutdown"),
        pod(status(running(20)), changed=20, age=20),
        pod(status(waiting("ContainerCreating")), phase="Pending", age=5),
        pod(status(running(20)), inits=[(status(ended(0, "Completed"), ready=True, name="init"), {})], changed=20),
        pod(
            WELL,
            inits=[(status(ended(0, "Completed"), last=ended(1), restarts=1, ready=True, name="init"), {})],
        ),
    ],
    ids=[
        "well",
        "restarted yesterday",
        "restarted more than an hour ago",
        "finished",
        "part of a Job is done",
        "terminating",
        "crashing, but terminating",
        "evicted",
        "node shut down",
        "starting",
        "creating",
        "init container is done",
        "init container needed two tries",
    ],
)
def test_a_pod_that_is_well_starting_or_ending_crashes_not(subject: Json) -> None:
    assert [finding for check in ALL for finding in found(check, subject)] == []


def test_a_single_restart_is_information_until_an_hour_has_passed() -> None:
    subject = pod(status(running(290), last=ended(1, ago=300), restarts=1, ready=True))
    assert [found(check, subject) for check in ALL[:-1]] == [(), (), (), ()]
    (finding,) = found(container_restarted, subject)
    assert (finding.severity, finding.message) == (INFO, "container app was restarted (exit 1) and runs again")
    assert finding.since == make.before(300)


@pytest.mark.parametrize(
    ("restarts", "since", "lasted", "severity"),
    [
        (2, 70, 5, INFO),  # it failed twice while it started
        (3, 130, 40, INFO),
        (2, 50, 5, WARNING),
        (3, 100, 40, WARNING),  # it ran 40 s before it failed: not proven yet
        (5, 130, 5, WARNING),
        (5, 700, 5, INFO),
    ],
)
def test_a_program_that_failed_while_it_started_is_well_once_it_runs_clearly_longer(
    restarts: int, since: float, lasted: float, severity: Severity
) -> None:
    last = ended(1, ago=since + 20, lasted=lasted)
    subject = pod(status(running(since), last=last, restarts=restarts, ready=True))
    (finding,) = [finding for check in ALL for finding in found(check, subject)]
    assert finding.severity is severity


def test_a_single_restart_by_a_probe_names_the_probe() -> None:
    subject = pod(status(running(290), last=ended(137, ago=300), restarts=1, ready=True), container=PROBED)
    failed = event(subject, "Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500", seen=302)
    (finding,) = found(container_restarted, subject, failed)
    assert finding.message == (
        "container app was restarted (killed by its liveness probe: HTTP probe failed with statuscode: 500 "
        "(GET :8080/live)) and runs again"
    )
