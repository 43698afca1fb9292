"""Rollouts: stuck, slow, paused, not observed, by hand; and the ones that go as they should."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import convert, structs

from k9py.api.kinds import DEPLOYMENT, STATEFUL_SET
from k9py.api.meta import ManagedFields, OwnedFields
from k9py.api.severity import Severity
from k9py.api.workloads import RollingUpdate, Strategy
from k9py.diagnosis.checks.rollouts import by_hand, not_observed, paused, slow, stuck
from k9py.diagnosis.finding import Finding
from tests import factories as make
from tests.factories.graph import GraphOfObjects, findings_of


def _rollout(
    *, exceeded: bool = False, new_ready: bool = False, written: float | None = None, **options: Any
) -> GraphOfObjects:
    """Return a rollout from revision 6 to 7: the old pods serve, one new pod exists.

    Args:
        written: when the template was written, seconds ago: back to an older one.
    """
    conditions = [make.condition("Progressing", "False", "ProgressDeadlineExceeded")] if exceeded else []
    total, ready = 4, 4 if new_ready else 3
    counts = {"total": total, "updated": 1, "ready": ready, "available": ready} | options
    deployment = make.deployment("web", revision=7, conditions=conditions, **counts)
    if written is not None:
        owned = convert({"f:spec": {"f:template": {}}}, OwnedFields)
        entry = ManagedFields("helm", "Update", make.before(written), "", owned)
        metadata = structs.replace(deployment.metadata, managed_fields=(entry,))
        deployment = structs.replace(deployment, metadata=metadata)
    old = make.replica_set(deployment, "old", revision=6, created=make.before(9000 if written is None else 600))
    new = make.replica_set(
        deployment,
        "new",
        revision=7,
        replicas=1,
        ready=int(new_ready),
        created=make.before(300 if written is None else 9000),
    )
    crash = make.container_status(ready=False, state=make.waiting("CrashLoopBackOff"))
    pods = [make.pod(f"web-old-{number}", owner=old) for number in range(3)]
    pods.append(
        make.pod(
            "web-new-1",
            owner=new,
            created=200 if written is None else written - 5,
            ready=new_ready,
            statuses=[] if new_ready else [crash],
        )
    )
    return GraphOfObjects(deployment, old, new, *pods)


def _found(check: Any, graph: GraphOfObjects, kind: Any = DEPLOYMENT, name: str = "web") -> tuple[Finding, ...]:
    return findings_of(check, graph.subject(kind, name, "shop"), graph)


@pytest.mark.parametrize(
    ("exceeded", "message"),
    [
        (True, "rollout of revision 7 made no progress within its deadline of 600s"),
        (False, "rollout of revision 7 is stuck"),
    ],
)
def test_a_stuck_rollout_is_explained_by_its_new_pods(exceeded: bool, message: str) -> None:
    (finding,) = _found(stuck, _rollout(exceeded=exceeded))

    assert (finding.message, finding.severity) == (message, Severity.STUCK)
    assert [str(cause) for cause in finding.caused_by] == ["Pod shop/web-new-1"]
    assert [(step.text, step.action) for step in finding.next_steps] == [("roll back to revision 6", "workload.undo")]


def test_a_rollout_that_goes_on_is_slow_at_most() -> None:
    graph = _rollout(new_ready=True)

    assert _found(stuck, graph) == ()
    (finding,) = _found(slow, graph)
    assert finding.severity is Severity.INFO
    assert finding.message == "rollout of revision 7 is slow but makes progress"
    assert finding.evidence[0].text == "1 of 3 pods updated and ready"


def test_a_rollout_to_an_older_revision_begins_when_the_template_is_written() -> None:
    assert _found(slow, _rollout(new_ready=True, written=30)) == ()
    assert len(_found(slow, _rollout(new_ready=True, written=300))) == 1


def test_a_complete_rollout_is_neither() -> None:
    graph = GraphOfObjects(make.deployment("web"))

    assert (_found(stuck, graph), _found(slow, graph)) == ((), ())


@pytest.mark.parametrize(
    ("updated", "ready", "severity", "text"),
    [
        (0, 3, Severity.WARNING, "paused by kubectl-rollout: its changed template waits until it is resumed"),
        (0, 0, Severity.DOWN, "paused by kubectl-rollout: its changed template waits until it is resumed"),
        (3, 3, Severity.INFO, "paused by kubectl-rollout: changes will wait until it is resumed"),
    ],
)
def test_a_pause_matters_while_a_template_waits(updated: int, ready: int, severity: Severity, text: str) -> None:
    deployment = make.raw_deployment("web", paused=True)
    owner = {"manager": "kubectl-rollout", "time": "2026-11-22T10:00:00Z", "fieldsV1": {"f:spec": {"f:paused": {}}}}
    deployment["metadata"] |= {"managedFields": [owner], "creationTimestamp": "2026-11-22T08:00:00Z"}
    deployment["status"] |= {"updatedReplicas": updated, "readyReplicas": ready, "availableReplicas": ready}

    (finding,) = _found(paused, GraphOfObjects(deployment))

    assert (finding.severity, finding.message) == (severity, text)
    assert finding.since is not None
    assert finding.next_steps[0].action == "workload.resume"


@pytest.mark.parametrize(
    ("observed", "ago", "expected"),
    [
        (1, 600, "the Deployment controller has not observed its generation 2: the change has no effect"),
        (1, 5, ""),
        (2, 600, ""),
    ],
)
def test_a_change_that_no_controller_observes(observed: int, ago: int, expected: str) -> None:
    deployment = make.raw_deployment("web", generation=2)
    owner = {"manager": "helm", "time": f"{make.before(ago):%Y-%m-%dT%H:%M:%SZ}"}
    deployment["metadata"] |= {"managedFields": [owner | {"fieldsV1": {"f:spec": {"f:template": {}}}}]}
    deployment["status"]["observedGeneration"] = observed
    graph = GraphOfObjects(deployment)

    assert [finding.message for finding in _found(not_observed, graph)] == ([expected] if expected else [])
    assert (graph.again_at is not None) is (ago == 5)


@pytest.mark.parametrize(
    ("strategy", "updated", "expected"),
    [
        (Strategy(type="OnDelete"), 1, "1 pod keep the old revision until somebody deletes them (OnDelete)"),
        (Strategy(rolling_update=RollingUpdate(partition=1)), 1, "a partition keeps 1 pod on the old revision"),
        (Strategy(), 1, ""),
        (Strategy(type="OnDelete"), 2, ""),
    ],
)
def test_pods_that_keep_the_old_revision_on_purpose(strategy: Strategy, updated: int, expected: str) -> None:
    workload = make.stateful_set(
        "db",
        strategy=strategy,
        updated=updated,
        current_revision="db-a",
        update_revision="db-b" if updated < 2 else "db-a",
    )

    found = _found(by_hand, GraphOfObjects(workload), STATEFUL_SET, "db")

    assert [(finding.severity, finding.message) for finding in found] == (
        [(Severity.INFO, expected)] if expected else []
    )
