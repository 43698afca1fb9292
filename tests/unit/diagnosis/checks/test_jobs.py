"""Jobs: failed and why, retried, suspended, without a running pod; and the healthy ones that stay silent."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.kinds import JOB
from k9py.api.severity import Severity
from k9py.diagnosis.check import Check
from k9py.diagnosis.checks.jobs import job_failed, job_health, job_retrying, job_suspended
from k9py.diagnosis.finding import EvidenceSource, Finding
from tests.factories.graph import GraphOfObjects, findings_of

_LOGS = {"shop/import-1/app": ["starting", "2026-11-22T11:58:50.123Z KeyError: DB_URL", "INFO bye"]}
_REFUSED = {"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "x": not found'}}


def _at(seconds_ago: int) -> str:
    minute, second = divmod(3600 - seconds_ago, 60)
    return f"2026-11-22T11:{minute:02}:{second:02}Z"


def _job(name: str = "import", *, created: int = 600, owner: str = "", **content: Any) -> dict[str, Any]:
    owners = [{"kind": "CronJob", "name": owner, "uid": owner, "controller": True}] if owner else []
    metadata = {"name": name, "namespace": "shop", "uid": name, "creationTimestamp": _at(created)}
    metadata |= {"ownerReferences": owners} | content.pop("metadata", {})
    spec = {"template": {"metadata": {"labels": {"app": "import", "job-name": name}}}} | content.get("spec", {})
    status = {"startTime": _at(created)} | content.get("status", {})
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec, "status": status}


def _ended(type_: str, reason: str, message: str = "", ago: int = 60) -> dict[str, Any]:
    condition = {"type": type_, "status": "True", "reason": reason, "message": message, "lastTransitionTime": _at(ago)}
    return {"conditions": [condition]}


def _pod(phase: str = "Failed", state: Any = None, name: str = "import-1", job: str = "import") -> dict[str, Any]:
    state = state or {"terminated": {"exitCode": 3, "reason": "Error", "finishedAt": _at(70)}}
    owner = {"kind": "Job", "name": job, "uid": job, "controller": True}
    status = {"phase": phase, "containerStatuses": [{"name": "app", "state": state, "ready": False}]}
    metadata = {"name": name, "namespace": "shop", "uid": name, "ownerReferences": [owner]}
    metadata["creationTimestamp"] = _at(580)
    spec = {"containers": [{"name": "app", "image": "x"}], "nodeName": "n"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}


def _found(check: Check, *objects: Any, name: str = "import") -> tuple[Finding, ...]:
    graph = GraphOfObjects(*objects, logs=_LOGS)
    return findings_of(check, graph.subject(JOB, name, "shop"), graph)


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        (
            {"backoffLimit": 1},
            _ended("Failed", "BackoffLimitExceeded"),
            (
                "failed: its pods failed more often than backoffLimit 1 allows: container app failed (exit 3): "
                "KeyError: DB_URL"
            ),
        ),
        (
            {"activeDeadlineSeconds": 15},
            _ended("Failed", "DeadlineExceeded"),
            "failed: it ran longer than its activeDeadlineSeconds of 15s",
        ),
        (
            {},
            _ended("FailureTarget", "PodFailurePolicy", "Container app for pod shop/import-1 failed with exit code 3"),
            (
                "failed by its podFailurePolicy: Container app for pod shop/import-1 failed with exit code 3: "
                "container app failed (exit 3): KeyError: DB_URL"
            ),
        ),
        (
            {},
            _ended("Failed", "FailedIndexes") | {"failedIndexes": "0-2,7"},
            "failed: indexes 0-2,7 failed: container app failed (exit 3): KeyError: DB_URL",
        ),
        (
            {"maxFailedIndexes": 1},
            _ended("Failed", "MaxFailedIndexesExceeded") | {"failedIndexes": "0-2"},
            (
                "failed: more indexes failed (0-2) than maxFailedIndexes 1 allows: container app failed (exit 3): "
                "KeyError: DB_URL"
            ),
        ),
        ({}, _ended("Failed", "", "because"), "failed: because: container app failed (exit 3): KeyError: DB_URL"),
    ],
)
def test_a_failed_job_says_why(spec: Any, status: Any, expected: str) -> None:
    finding, of_pod = _found(job_failed, _job(spec=spec, status=status), _pod())
    (effect,) = _found(job_health, _job(spec=spec, status=status), _pod())

    assert (finding.message, finding.severity) == (expected, Severity.DEGRADED)
    assert (effect.message, effect.is_effect) == ("Job failed", True)
    assert (str(of_pod.about), of_pod.message) == ("Pod shop/import-1", "container app failed (exit 3)")
    assert {cause.about for cause in of_pod.caused_by if isinstance(cause, Finding)} == {finding.about}
    is_late = "Deadline" in finding.reason
    assert (EvidenceSource.LOG in {each.source for each in finding.evidence}) is not is_late


@pytest.mark.parametrize("reason", ["OOMKilled", "StartError"])
def test_what_the_checks_of_pods_explain_better_is_left_to_them(reason: str) -> None:
    state = {"terminated": {"exitCode": 137, "reason": reason, "finishedAt": _at(70)}}
    job = _job(status=_ended("Failed", "BackoffLimitExceeded"))

    (finding,) = _found(job_failed, job, _pod(state=state))

    assert [str(cause) for cause in finding.caused_by] == ["Pod shop/import-1"]
    assert f"container app failed ({reason}, exit 137" in finding.message


@pytest.mark.parametrize("owner", ["", "nightly"])
def test_a_failed_job_with_a_later_success_is_information(owner: str) -> None:
    failed = _job(owner=owner, status=_ended("Failed", "BackoffLimitExceeded"))
    later = _job("again", owner=owner, created=120, status=_ended("Complete", "CompletionsReached"))

    (finding,) = _found(job_failed, failed, later)

    assert finding.severity is Severity.INFO
    assert finding.message.endswith("; a later run succeeded")
    assert _found(job_health, failed, later) == ()


def test_of_the_failed_runs_of_a_cron_job_the_last_counts() -> None:
    first = _job(owner="nightly", status=_ended("Failed", "BackoffLimitExceeded"))
    last = _job("again", owner="nightly", created=120, status=_ended("Failed", "BackoffLimitExceeded"))

    assert [finding.severity for finding in _found(job_failed, first, last)] == [Severity.INFO]
    assert [finding.severity for finding in _found(job_failed, first, last, name="again")] == [Severity.DEGRADED]


def test_an_earlier_success_or_one_of_another_job_makes_up_for_nothing() -> None:
    failed = _job(status=_ended("Failed", "BackoffLimitExceeded"))
    before = _job("before", created=1200, status=_ended("Complete", "CompletionsReached"))
    other = _job("other", created=100, status=_ended("Complete", "CompletionsReached"))
    other["spec"] = {"template": {"metadata": {"labels": {"app": "other"}}}}

    (finding,) = _found(job_failed, failed, before, other)

    assert finding.severity is Severity.DEGRADED


@pytest.mark.parametrize(
    ("spec", "status", "pods", "message"),
    [
        ({}, {"active": 1}, [_pod("Pending", _REFUSED)], "0 of 1 pod running"),
        ({}, {}, [], "0 of 1 pod created"),
        ({"parallelism": 3, "completions": 3}, {}, [], "0 of 3 pods created"),
        # healthy
        ({}, {"active": 1}, [_pod("Running", {"running": {}})], ""),
        ({}, {"active": 1}, [_pod("Pending", {"waiting": {"reason": "ContainerCreating"}})], ""),
        ({}, {"active": 2}, [_pod("Running", {"running": {}}), _pod("Pending", _REFUSED, "import-2")], ""),
        ({"completions": 6}, {"succeeded": 2}, [_pod("Succeeded", {"terminated": {"exitCode": 0}})], ""),
        ({"suspend": True}, {}, [], ""),
        ({}, {"failed": 1}, [_pod()], ""),
        ({"parallelism": 0}, {}, [], ""),
        ({}, _ended("Complete", "CompletionsReached"), [], ""),
    ],
)
def test_a_job_without_a_running_pod_does_not_work(spec: Any, status: Any, pods: Any, message: str) -> None:
    found = _found(job_health, _job(spec=spec, status=status), *pods)

    assert [finding.message for finding in found] == ([message] if message else [])


def test_a_new_job_may_have_no_pod_yet() -> None:
    graph = GraphOfObjects(_job(created=5))

    assert findings_of(job_health, graph.subject(JOB, "import", "shop"), graph) == ()
    assert graph.again_at is not None


@pytest.mark.parametrize("reason", ["", "forbidden: may not list pods"])
def test_nothing_is_claimed_about_pods_that_are_not_read(reason: str) -> None:
    graph = GraphOfObjects(_job(), unread={"Pod": reason})

    assert findings_of(job_health, graph.subject(JOB, "import", "shop"), graph) == ()


@pytest.mark.parametrize(
    ("failed", "limit", "severity"),
    [(0, 6, None), (1, 6, Severity.INFO), (2, 6, Severity.WARNING), (1, 1, Severity.WARNING)],
)
def test_retries_are_a_warning_once_they_repeat(failed: int, limit: int, severity: Severity | None) -> None:
    job = _job(spec={"backoffLimit": limit}, status={"failed": failed, "active": 1})

    found = _found(job_retrying, job, _pod())

    assert [finding.severity for finding in found if finding.about.kind == "Job"] == ([severity] if severity else [])
    assert len(found) == (2 if severity is Severity.WARNING else len(found[:1]))


@pytest.mark.parametrize(
    ("metadata", "ago", "severity"),
    [
        ({}, 40, Severity.WARNING),
        ({}, 600, Severity.INFO),  # created so
        ({"labels": {"kueue.x-k8s.io/queue-name": "q"}}, 40, Severity.INFO),
    ],
)
def test_a_suspended_job_waits_for_a_person_or_for_its_queue(metadata: Any, ago: int, severity: Severity) -> None:
    suspended = {"conditions": [{"type": "Suspended", "status": "True", "lastTransitionTime": _at(30)}]}
    owner = {
        "manager": "kubectl-patch",
        "operation": "Update",
        "time": _at(ago),
        "fieldsV1": {"f:spec": {"f:suspend": {}}},
    }
    metadata = metadata | {"managedFields": [owner]}

    (finding,) = _found(job_suspended, _job(metadata=metadata, spec={"suspend": True}, status=suspended))

    assert finding.severity is severity
    assert finding.message == "suspended by kubectl-patch: it does not run until it is resumed"
    assert finding.since is not None


def _event(pod: str, reason: str, message: str, ago: int = 200) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{pod}.{reason}.{ago}", "namespace": "shop"},
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": pod, "uid": f"gone-{pod}"},
        "reason": reason,
        "message": message,
        "type": "Warning",
        "firstTimestamp": _at(ago),
        "lastTimestamp": _at(ago),
    }


_UNSCHEDULED = _event(
    "import-8pclb",
    "FailedScheduling",
    "0/6 nodes are available: 6 Insufficient nvidia.com/gpu. no new claims to deallocate, preemption: 0/6 nodes are "
    "available: 6 Preemption is not helpful for scheduling.",
)
_NOT_PULLED = _event("import-8pclb", "Failed", 'Failed to pull image "x:1": rpc error: not found')


@pytest.mark.parametrize(
    ("events", "detail"),
    [
        (
            [_UNSCHEDULED, _event("import-8pclb", "FailedScheduling", "skip schedule deleting pod: shop/x", 61)],
            ": its pod could not be scheduled: 0/6 nodes are available: 6 Insufficient nvidia.com/gpu",
        ),
        (
            [_NOT_PULLED, _event("import-8pclb", "Failed", "Error: ErrImagePull", 100)],
            ': its container could not be started: Failed to pull image "x:1": rpc error: not found',
        ),
        ([_event("import-8pclb", "FailedScheduling", "0/6 nodes are available: 6 Too many pods.", 3000)], ""),
        ([_event("export-8pclb", "FailedScheduling", "0/6 nodes are available: 6 Too many pods.")], ""),
        ([], ""),
    ],
)
def test_a_job_over_its_deadline_tells_what_its_deleted_pods_waited_for(events: list[Any], detail: str) -> None:
    job = _job(spec={"activeDeadlineSeconds": 300}, status=_ended("Failed", "DeadlineExceeded"))

    (finding,) = _found(job_failed, job, *events)

    assert finding.message == f"failed: it ran longer than its activeDeadlineSeconds of 300s{detail}"
