"""What users feel of workloads and Services: the effects."""

from __future__ import annotations

from k9py.api.kinds import DEPLOYMENT, SERVICE
from k9py.api.severity import Severity
from k9py.diagnosis.checks.health import service_health, workload_health
from tests import factories as make
from tests.factories.graph import GraphOfObjects, findings_of


def _crashing() -> GraphOfObjects:
    deployment = make.deployment("web", replicas=1, ready=0)
    replica_set = make.replica_set(deployment, replicas=1)
    crash = make.container_status(ready=False, state=make.waiting("CrashLoopBackOff"))
    pod = make.pod("web-1", owner=replica_set, labels={"app": "web"}, ready=False, statuses=[crash])
    service = make.service("web", selector={"app": "web"})
    return GraphOfObjects(deployment, replica_set, pod, service, make.endpoint_slice(service))


def test_effects_name_what_may_cause_them() -> None:
    graph = _crashing()

    (workload,) = findings_of(workload_health, graph.subject(DEPLOYMENT, "web", "shop"), graph)
    (service,) = findings_of(service_health, graph.subject(SERVICE, "web", "shop"), graph)

    assert (workload.severity, workload.message, workload.is_effect) == (Severity.DOWN, "0 of 1 pod ready", True)
    assert [str(cause) for cause in workload.caused_by] == ["Pod shop/web-1"]
    assert service.message == "no ready endpoints"
    assert [str(cause) for cause in service.caused_by] == ["Deployment shop/web"]


def test_a_failed_rollout_is_felt_by_the_workload_alone() -> None:
    exceeded = make.condition("Progressing", "False", "ProgressDeadlineExceeded")
    deployment = make.deployment("web", replicas=1, total=2, updated=1, ready=1, available=1, conditions=[exceeded])
    old, new = (
        make.replica_set(deployment, "old", revision=1, replicas=1),
        make.replica_set(deployment, "new", revision=2),
    )
    pod = make.pod("web-1", owner=old, labels={"app": "web"})
    service = make.service("web", selector={"app": "web"})
    endpoints = make.endpoint_slice(service, [pod])
    graph = GraphOfObjects(deployment, old, new, pod, service, endpoints)

    (workload,) = findings_of(workload_health, graph.subject(DEPLOYMENT, "web", "shop"), graph)

    assert (workload.severity, workload.message) == (Severity.STUCK, "rollout failed, old pods serve")
    assert findings_of(service_health, graph.subject(SERVICE, "web", "shop"), graph) == ()


def test_a_warning_is_nothing_that_users_feel() -> None:
    deployment = make.deployment("web", replicas=1, total=1, updated=0, paused=True)
    graph = GraphOfObjects(deployment)

    health = graph.workload_health(deployment.key)
    assert health is not None
    assert health.severity is Severity.WARNING
    assert findings_of(workload_health, deployment, graph) == ()


def test_an_effect_is_stated_when_no_pod_exists() -> None:
    refused = make.condition("ReplicaFailure", "True", "FailedCreate", "no")
    deployment = make.deployment("web", replicas=2, total=0, updated=0, ready=0, available=0, conditions=[refused])
    graph = GraphOfObjects(deployment)

    (effect,) = findings_of(workload_health, deployment, graph)

    assert (effect.message, effect.caused_by) == ("0 of 2 pods ready", ())
