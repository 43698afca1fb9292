"""StatefulSets: held by a pod, waiting for a broken revision, without their Service; and starting in order."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from k9py.api.kinds import STATEFUL_SET
from k9py.api.severity import Severity
from k9py.diagnosis.checks.stateful_sets import broken_revision, held, without_service
from k9py.diagnosis.finding import EvidenceSource, Finding
from tests import factories as make
from tests.factories.graph import GraphOfObjects, findings_of

_CRASH = make.container_status(ready=False, state=make.waiting("CrashLoopBackOff"))
_START = make.container_status(ready=False, state=make.running(95))


def _found(check: Any, *objects: Any, **options: Any) -> tuple[Finding, ...]:
    graph = GraphOfObjects(*objects, **options)
    return findings_of(check, graph.subject(STATEFUL_SET, "db", "shop"), graph)


def _unhealthy(pod: Any, count: int) -> Any:
    event = make.event(pod, "Unhealthy", "Readiness probe failed: statuscode: 503", count=count, since=5)
    return msgspec.structs.replace(event, first_timestamp=make.before(90))


@pytest.mark.parametrize(
    ("status", "policy", "failures", "is_held"),
    [
        (_CRASH, "OrderedReady", 0, True),
        (_START, "OrderedReady", 15, True),
        (_START, "OrderedReady", 4, False),  # it starts
        (_CRASH, "Parallel", 0, False),
    ],
)
def test_the_first_pod_holds_the_others(status: Any, policy: str, failures: int, is_held: bool) -> None:
    workload = make.stateful_set("db", replicas=3, total=1, ready=0, current=1, updated=1, available=0, policy=policy)
    pod = make.pod("db-0", owner=workload, statuses=[status], ready=False, created=100)

    found = _found(held, workload, pod, *([_unhealthy(pod, failures)] if failures else []))

    expected = "pod db-0 is not ready and holds 2 pods back (OrderedReady)"
    assert [finding.message for finding in found] == ([expected] if is_held else [])
    assert all([str(cause) for cause in finding.caused_by] == ["Pod shop/db-0"] for finding in found)


@pytest.mark.parametrize(
    ("revision", "ready", "is_broken"), [("db-bad", False, True), ("db-bad", True, False), ("db-good", False, False)]
)
def test_a_pod_of_a_broken_revision_must_be_deleted(revision: str, ready: bool, is_broken: bool) -> None:
    workload = make.stateful_set("db", ready=1, current_revision="db-good", update_revision="db-good")
    statuses = [make.container_status()] if ready else [_CRASH]
    pod = make.pod("db-1", owner=workload, revision_hash=revision, ready=ready, statuses=statuses)
    good = make.pod("db-0", owner=workload, revision_hash="db-good")

    found = _found(broken_revision, workload, good, pod)

    assert len(found) == int(is_broken)
    for finding in found:
        assert finding.message.startswith("waits for pod db-1 of an old revision, which is broken: delete it")
        assert [(step.action, str(step.target)) for step in finding.next_steps] == [("object.delete", "Pod shop/db-1")]


def test_a_pod_of_a_lost_node_is_not_to_be_deleted() -> None:
    workload = make.stateful_set("db", ready=1, current_revision="db-good", update_revision="db-good")
    pod = make.pod("db-1", owner=workload, revision_hash="db-bad", ready=False, statuses=[_CRASH], node="n1")

    for ready, count in (("Unknown", 0), ("False", 0), ("True", 1)):
        status = {"conditions": [{"type": "Ready", "status": ready}]}
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "uid": "n1"}, "status": status}
        assert len(_found(broken_revision, workload, pod, node)) == count


def test_a_missing_service_is_named_with_a_similar_one() -> None:
    (finding,) = _found(without_service, make.stateful_set("db"), make.service("dbs"))

    assert finding.severity is Severity.WARNING
    assert finding.message == "its headless Service db does not exist: its pods have no DNS names; similar: dbs"
    assert finding.evidence[0].source is EvidenceSource.ABSENCE


def test_a_service_that_exists_or_cannot_be_read_is_not_missing() -> None:
    assert [f.severity for f in _found(without_service, make.stateful_set("db"), make.service("db"))] in (
        [],
        [Severity.INFO],
    )
    assert _found(without_service, make.stateful_set("db"), unread={"Service": ""}) == ()
